"""A conversation as one text: what stands in it, and that it never exceeds its bounds by much."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from opencode.schema.message import MessageWithParts
from opencode.session.conversation import _fitting, as_text
from tests.session.test_outcome import answer, user


def with_parts(message: MessageWithParts, *parts: dict[str, Any]) -> MessageWithParts:
    place = {"sessionID": "ses_1", "messageID": message.info.id, "id": "prt_1"}
    given = {"info": message.info.plain(), "parts": [{**place, **part} for part in parts]}
    return MessageWithParts.model_validate(given)


def tool(name: str, arguments: Any, **state: Any) -> dict[str, Any]:
    given = {"input": arguments, "time": {"start": 1, "end": 2}, "metadata": {}, **state}
    return {"type": "tool", "callID": "c", "tool": name, "state": given}


def test_everything_said_and_done_stands_in_order() -> None:
    messages = [
        with_parts(
            user(1),
            {"type": "text", "text": "look"},
            {"type": "file", "mime": "image/png", "url": "data:,x", "filename": "a.png"},
            {"type": "text", "text": "not for the model", "ignored": True},
        ),
        with_parts(
            answer(2, 1),
            {"type": "reasoning", "text": "hm", "time": {"start": 1}},
            {"type": "text", "text": "I look"},
            tool("read", {"filePath": "a"}, status="completed", output="1: x", title="a"),
            tool("bash", {"command": "x"}, status="error", error="no such thing"),
        ),
    ]
    assert as_text(messages) == (
        "<conversation>\n"
        "[User]: look\n\n"
        "[User attached]: a.png (image/png)\n\n"
        "[Assistant]: I look\n\n"
        '[Assistant tool call]: read({"filePath": "a"})\n\n'
        "[Tool result]: 1: x\n\n"
        '[Assistant tool call]: bash({"command": "x"})\n\n'
        "[Tool error]: no such thing\n"
        "</conversation>"
    )


def test_long_results_are_cut_in_the_middle() -> None:
    output = "begin" + "x" * 100_000 + "end"
    state: dict[str, Any] = {"status": "completed", "output": output, "title": "t"}
    text = as_text([with_parts(answer(2, 1), tool("bash", {}, **state))])
    assert len(text) < 2_300
    assert "begin" in text
    assert "end" in text
    assert "characters" in text


def test_a_result_that_was_cleared_is_not_told_again() -> None:
    state: dict[str, Any] = {"status": "completed", "output": "secret", "title": "t"}
    part = tool("bash", {}, **state)
    part["state"]["time"] = {"start": 1, "end": 2, "compacted": 3}
    assert "secret" not in as_text([with_parts(answer(2, 1), part)])


@given(st.lists(st.text(min_size=1, max_size=300), max_size=30), st.integers(400, 2_000))
def test_what_does_not_fit_is_left_out_from_the_oldest_on(blocks: list[str], most: int) -> None:
    kept = _fitting(blocks, most)
    assert sum(len(block) + 2 for block in kept) <= most + 100 + 80 * len(kept)
    if blocks:
        assert kept[0][:10] == blocks[0][:10]
        assert kept[-1][-10:] == blocks[-1][-10:] or len(kept) <= 2
    if sum(len(block) + 2 for block in blocks) <= most:
        assert kept == blocks
