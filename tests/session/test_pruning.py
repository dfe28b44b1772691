"""Old results are marked, the newest are left alone, and the model sees a note."""

import json
from pathlib import Path
from typing import Any

from opencode.schema.message import MessageWithParts
from opencode.schema.part import ToolStateCompleted
from opencode.session.history import CLEARED
from opencode.session.pruning import superfluous
from tests.session.test_conversation import tool, with_parts
from tests.session.test_outcome import answer, user
from tests.session.working import JSON, working

PAGE = 51_200


def turn(number: int, *sizes: int, name: str = "read") -> list[MessageWithParts]:
    parts = [
        tool(name, {}, status="completed", output="x" * size, title=f"{number}.{position}")
        for position, size in enumerate(sizes)
    ]
    return [user(10 * number), with_parts(answer(10 * number + 1, 10 * number), *parts)]


def marked(messages: list[MessageWithParts]) -> list[str]:
    found: list[str] = []
    for part in superfluous(messages):
        assert isinstance(part.state, ToolStateCompleted)
        part.state.time.compacted = 1
        found.append(part.state.title)
    return sorted(found)


def test_old_results_are_marked_as_the_conversation_grows() -> None:
    messages: list[MessageWithParts] = []
    told: list[list[str]] = []
    for number in range(1, 8):
        messages += turn(number, PAGE, PAGE)
        told.append(marked(messages))
    assert told[:6] == [[], [], [], [], ["1.0", "1.1", "2.0"], ["2.1", "3.0"]]


def test_little_is_not_worth_it() -> None:
    messages = turn(1, 30_000) + turn(2, 160_000) + turn(3, 10) + turn(4, 10)
    assert marked(messages) == []


def test_instructions_stay() -> None:
    messages = turn(1, *[PAGE] * 9, name="skill") + turn(2, 1) + turn(3, 1)
    assert marked(messages) == []


async def test_the_model_sees_a_note_in_place_of_what_was_marked(tmp_path: Path) -> None:
    bash: Any = {"name": "bash", "args": {"command": "head -c 45000 /dev/zero | tr '\\0' x"}}
    step: list[JSON] = [{"tools": [bash, bash]}, {"text": "ok"}]
    config: Any = {"compaction": {"prune": True, "auto": False}}
    async with working(tmp_path, *step * 6, {"text": "end"}, **config) as it:
        for number in range(6):
            await it.prompt(f"q{number}")
        assert CLEARED not in json.dumps(it.asked()[1]["messages"])
        stored = json.dumps([one.plain() for one in await it.messages()])
        await it.prompt("last")
        sent = [one["content"] for one in it.asked()[-1]["messages"] if one["role"] == "tool"]
        assert sent[0] == CLEARED
        assert sent[-1] != CLEARED
        assert CLEARED not in stored
        assert stored.count('"compacted"') == sent.count(CLEARED) > 0


async def test_without_the_setting_nothing_is_marked(tmp_path: Path) -> None:
    bash: Any = {"name": "bash", "args": {"command": "head -c 45000 /dev/zero | tr '\\0' x"}}
    step: list[JSON] = [{"tools": [bash, bash]}, {"text": "ok"}]
    async with working(tmp_path, *step * 6) as it:
        for number in range(6):
            await it.prompt(f"q{number}")
        stored = json.dumps([one.plain() for one in await it.messages()])
        assert '"compacted"' not in stored
