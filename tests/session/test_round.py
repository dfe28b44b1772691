"""What follows from an answer: whether the run goes on, and that it never does for ever."""

import asyncio
import json
from pathlib import Path

import pytest

from opencode.schema.message import AssistantMessage
from opencode.session.round import GO_ON, LAST_STEP
from tests.session.working import JSON, error_of, texts, working

BASH = {"name": "bash", "args": {"command": "echo one"}}


async def test_an_answer_that_just_ends_is_continued(tmp_path: Path) -> None:
    turns: list[JSON] = [{"text": "half", "finish": None}, {"text": "and whole"}]
    async with working(tmp_path, *turns) as it:
        answer = await it.prompt("q")
        assert texts(answer) == ["and whole"]
        first, second = await it.answers()
        assert (first.finish, first.error) == ("unknown", None)
        assert (second.finish, second.error) == ("stop", None)
        *_, spoken, asked = it.asked()[-1]["messages"]
        assert (spoken["role"], spoken["content"]) == ("assistant", "half")
        assert (asked["role"], asked["content"]) == ("user", GO_ON)


@pytest.mark.parametrize(
    "turn", [{"text": "half", "finish": None}, {"finish": None}, {"text": "x", "finish": "odd"}]
)
async def test_answers_that_never_end_end_the_run(tmp_path: Path, turn: JSON) -> None:
    async with working(tmp_path, *[turn] * 9) as it:
        error = error_of(await it.prompt("q"))
        assert error is not None
        assert error["name"] == "UnknownError"
        assert "3 times" in error["data"]["message"]
        assert len(it.asked()) == 3


async def test_an_empty_answer_is_one(tmp_path: Path) -> None:
    async with working(tmp_path, {}) as it:
        answer = await it.prompt("q")
        assert isinstance(answer.info, AssistantMessage)
        assert (answer.info.finish, answer.info.error) == ("stop", None)
        assert [part.type for part in answer.parts] == ["step-start", "step-finish"]
        assert len(it.asked()) == 1


async def test_calls_count_whatever_the_finish_says(tmp_path: Path) -> None:
    turns: list[JSON] = [
        {"tools": [BASH], "finish": "stop"},
        {"tools": [BASH], "finish": None},
        {"text": "done"},
    ]
    async with working(tmp_path, *turns) as it:
        assert texts(await it.prompt("q")) == ["done"]


async def test_from_the_last_step_on_the_model_is_told_to_end(tmp_path: Path) -> None:
    turns: list[JSON] = [{"tools": [BASH]}, {"tools": [BASH]}, {"text": "done"}]
    async with working(tmp_path, *turns, agent={"build": {"steps": 2}}) as it:
        await it.prompt("q")
        told = [json.dumps(LAST_STEP) in json.dumps(body["messages"]) for body in it.asked()]
        assert told == [False, True, True]
        assert "tools" in it.asked()[-1]
        await it.prompt("another")
        assert json.dumps(LAST_STEP) not in json.dumps(it.asked()[-1]["messages"])
        stored = json.dumps([one.plain() for one in await it.messages()])
        assert "greatest number of steps" not in stored


async def test_what_waits_in_the_queue_is_not_told_before_its_turn(tmp_path: Path) -> None:
    turns: list[JSON] = [
        {"tools": [BASH], "hold": "here"},
        {"status": 429, "headers": {"retry-after-ms": "1"}},
        {"text": "both"},
    ]
    async with working(tmp_path, *turns) as it:
        first = asyncio.ensure_future(it.prompt("one"))
        await it.model.held("here")
        second = asyncio.ensure_future(it.prompt("two"))
        await it.until("message.part.updated", lambda one: one["part"].get("text") == "two")
        it.model.release("here")
        assert texts(await first) == texts(await second) == ["both"]
        for body in it.asked()[1:]:
            assert json.dumps(body["messages"]).count('"two"') == 1
        assert len(it.of("session.idle")) == 1
