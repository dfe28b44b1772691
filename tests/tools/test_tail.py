"""Events as lines."""

from tools.tail import LINE, frames, told


def test_only_data_lines_are_events() -> None:
    lines = [": heartbeat", "", 'data: {"type":"a"}', "", 'data:{"type":"b"}']
    assert [one["type"] for one in frames(iter(lines))] == ["a", "b"]


def test_an_event_is_one_short_line_in_either_form() -> None:
    event = {"type": "session.idle", "properties": {"sessionID": "ses_1", "x": "y" * 500}}
    wrapped = told({"directory": "/p", "payload": event})
    assert wrapped.startswith("session.idle")
    assert "/p" in wrapped
    assert len(wrapped) == LINE
    assert told(event).startswith("session.idle")
