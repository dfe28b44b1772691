"""The types of `opencode.schema.event` as they travel."""

from typing import Any, get_args

import pytest
from pydantic import TypeAdapter

from opencode.schema.event import Event
from tests.wire.golden import examples, survives, untold


@pytest.mark.parametrize(("name", "example"), examples("event"))
def test_an_example_survives_reading_and_writing(name: str, example: Any) -> None:
    survives("event", name, example)


def test_every_type_has_an_example() -> None:
    assert sorted(untold("event")) == []


def test_an_event_is_known_by_its_type() -> None:
    adapter: TypeAdapter[Any] = TypeAdapter(Event)
    for name, example in examples("event"):
        if name.startswith("Event"):
            assert type(adapter.validate_python(example)).__name__ == name


def test_every_event_says_when_it_is_published() -> None:
    union = get_args(get_args(Event)[0])
    assert all(kind.__doc__ and kind.__doc__.endswith(".") for kind in union)
    types = [kind.model_fields["type"].default for kind in union]
    assert len(set(types)) == len(types) == 35
