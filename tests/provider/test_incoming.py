"""The finer points of reading an answer."""

import json
from pathlib import Path

import pytest

from opencode.provider.base import BlockEnd, TextDelta
from tests.provider.asking import asking, calls, finish, text
from tests.scripted_wires import JSON


def chunk(delta: JSON, reason: str | None = None) -> str:
    """A piece of a chat completion."""
    choice = {"index": 0, "delta": delta, "finish_reason": reason}
    return f"data: {json.dumps({'id': 'c', 'model': 'm', 'created': 1, 'choices': [choice]})}\n\n"


def call(index: int, **function: str) -> JSON:
    known = {"id": f"call_{index}", "type": "function"} if "name" in function else {}
    return {"tool_calls": [{"index": index, **known, "function": function}]}


async def test_arguments_that_arrive_crosswise_belong_to_their_calls(tmp_path: Path) -> None:
    pieces = [
        call(0, name="bash", arguments='{"command":'),
        call(1, name="bash", arguments='{"command":'),
        call(0, arguments='"first"}'),
        call(1, arguments='"second"}'),
    ]
    raw = "".join(map(chunk, pieces)) + chunk({}, "tool_calls")
    async with asking(tmp_path, "compatible", {"raw": raw}) as asker:
        found = calls(await asker.ask())
    assert sorted(json.loads(it.arguments)["command"] for it in found) == ["first", "second"]


async def test_broken_arguments_are_given_as_they_came(tmp_path: Path) -> None:
    turn = {"tools": [{"name": "bash", "args": '{"command": "ls'}], "finish": "length"}
    async with asking(tmp_path, "compatible", turn) as asker:
        deltas = await asker.ask()
    assert [it.arguments for it in calls(deltas)] == ['{"command": "ls']
    assert finish(deltas).reason == "length"


@pytest.mark.parametrize("protocol", ["compatible", "openai", "anthropic", "google"])
async def test_a_call_without_arguments_has_an_empty_object(protocol: str, tmp_path: Path) -> None:
    turn = {"tools": [{"name": "bash", "args": {}}]}
    async with asking(tmp_path, protocol, turn) as asker:
        assert [it.arguments for it in calls(await asker.ask())] == ["{}"]


async def test_tags_in_a_text_stay_in_the_text(tmp_path: Path) -> None:
    raw = chunk({"content": "<think>"}) + chunk({"content": "hm</think> yes"}, "stop")
    async with asking(tmp_path, "compatible", {"raw": raw}) as asker:
        assert text(await asker.ask()) == "<think>hm</think> yes"


async def test_an_ended_block_does_not_come_back(tmp_path: Path) -> None:
    raw = chunk({"content": "before"}) + chunk(call(0, name="bash", arguments="{}"))
    raw += chunk({"content": "after"}) + chunk({}, "tool_calls")
    async with asking(tmp_path, "compatible", {"raw": raw}) as asker:
        deltas = await asker.ask()
    ended: set[int] = set()
    for delta in deltas:
        if isinstance(delta, BlockEnd):
            ended.add(delta.index)
        if isinstance(delta, TextDelta):
            assert delta.index not in ended
    assert text(deltas) == "beforeafter"


async def test_a_reason_nobody_knows_is_unknown(tmp_path: Path) -> None:
    async with asking(tmp_path, "compatible", {"raw": chunk({"content": "a"}, "because")}) as asker:
        assert finish(await asker.ask()).reason == "unknown"


async def test_reasoning_under_its_other_name_is_reasoning(tmp_path: Path) -> None:
    raw = chunk({"reasoning": "hm"}) + chunk({"content": "a"}, "stop")
    async with asking(tmp_path, "compatible", {"raw": raw}) as asker:
        assert text(await asker.ask()) == "a"
