"""The types of `opencode.schema.message` as they travel."""

from typing import Any

import pytest

from opencode.schema.message import SessionPromptInput
from tests.wire.golden import examples, survives, untold

UNTOLD = ["SessionMessagesQuery"]
"""Queries, which travel as text and not as JSON."""


@pytest.mark.parametrize(("name", "example"), examples("message"))
def test_an_example_survives_reading_and_writing(name: str, example: Any) -> None:
    survives("message", name, example)


def test_every_type_has_an_example() -> None:
    assert sorted(untold("message")) == UNTOLD


@pytest.mark.parametrize(
    "model",
    ["fake/a/b", {"providerID": "fake", "modelID": "a/b"}, {"providerID": "fake", "id": "a/b"}],
)
def test_a_model_is_accepted_in_every_spelling(model: Any) -> None:
    given = SessionPromptInput.model_validate({"parts": [], "model": model})
    assert given.model is not None
    assert given.model.plain() == {"providerID": "fake", "modelID": "a/b"}


def test_no_model_is_no_model() -> None:
    assert SessionPromptInput.parse('{"parts":[],"model":null}').model is None
