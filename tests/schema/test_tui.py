"""Events for a terminal client as a client sends them: without an id."""

import pytest
from pydantic import TypeAdapter, ValidationError

from opencode.schema.tui import TuiEvent, TuiToastShow

ADAPTER: TypeAdapter[TuiEvent] = TypeAdapter(TuiEvent)


def test_an_event_is_known_by_its_type() -> None:
    text = '{"type":"tui.toast.show","properties":{"message":"m","variant":"error"}}'
    found = ADAPTER.validate_json(text)
    assert isinstance(found, TuiToastShow)
    assert found.properties.duration is None


def test_other_events_are_not_taken() -> None:
    with pytest.raises(ValidationError):
        ADAPTER.validate_json('{"type":"session.idle","properties":{"sessionID":"ses_1"}}')
