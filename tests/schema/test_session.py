"""The types of `opencode.schema.session` as they travel."""

from typing import Any

import pytest

from opencode.schema.session import SessionCreateInput, SessionListQuery, SessionUpdateInput
from tests.wire.golden import examples, survives, untold

UNTOLD = ["SessionListQuery"]
"""Queries, which travel as text and not as JSON."""


@pytest.mark.parametrize(("name", "example"), examples("session"))
def test_an_example_survives_reading_and_writing(name: str, example: Any) -> None:
    survives("session", name, example)


def test_every_type_has_an_example() -> None:
    assert sorted(untold("session")) == UNTOLD


@pytest.mark.parametrize(
    "model",
    ["fake/a/b", {"providerID": "fake", "modelID": "a/b"}, {"providerID": "fake", "id": "a/b"}],
)
def test_a_model_is_accepted_in_every_spelling(model: Any) -> None:
    given = SessionCreateInput.model_validate({"model": model})
    assert given.model is not None
    assert given.model.plain() == {"id": "a/b", "providerID": "fake"}


def test_an_archive_time_of_null_differs_from_none_at_all() -> None:
    brought_back = SessionUpdateInput.parse('{"time":{"archived":null}}')
    assert brought_back.time is not None
    assert "archived" in brought_back.time.model_fields_set
    untouched = SessionUpdateInput.parse('{"time":{}}')
    assert untouched.time is not None
    assert "archived" not in untouched.time.model_fields_set


def test_a_query_is_made_of_text() -> None:
    query = SessionListQuery.model_validate({"start": "1.5", "limit": "0", "roots": "true"})
    assert (query.start, query.limit, query.roots) == (1.5, 0, "true")
