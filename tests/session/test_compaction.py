"""Long conversations become summaries: when, what is stored, what the model sees afterwards."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from opencode.errors import ModelNotFoundError
from opencode.schema.config import CompactionConfig
from opencode.schema.message import AssistantMessage, UserModel
from opencode.schema.part import CacheTokens, TextPart, Tokens
from opencode.schema.provider import Model
from opencode.session.compaction import due
from tests.session.working import JSON, Working, error_of, texts, working

FULL = {"prompt_tokens": 119_000, "completion_tokens": 1_000, "total_tokens": 120_000}
TOO_LONG = {
    "status": 400,
    "body": {
        "error": {
            "message": "This model's maximum context length is 8192 tokens.",
            "code": "context_length_exceeded",
        }
    },
}
M1 = UserModel(provider_id="fake", model_id="m1")


def model(**limit: int) -> Model:
    facts: dict[str, Any] = {
        "id": "m",
        "providerID": "p",
        "api": {"id": "m", "url": "", "npm": ""},
        "name": "M",
        "capabilities": {
            "temperature": True,
            "reasoning": False,
            "attachment": False,
            "toolcall": True,
            "input": dict.fromkeys(("text", "audio", "image", "video", "pdf"), False),
            "output": dict.fromkeys(("text", "audio", "image", "video", "pdf"), False),
            "interleaved": False,
        },
        "cost": {"input": 0, "output": 0, "cache": {"read": 0, "write": 0}},
        "limit": limit,
        "status": "active",
        "options": {},
        "headers": {},
        "release_date": "",
    }
    return Model.model_validate(facts)


@pytest.mark.parametrize(
    ("limit", "config", "total", "expected"),
    [
        ({"context": 10_000, "output": 1_000}, {}, 8_900, False),
        ({"context": 10_000, "output": 1_000}, {}, 9_000, True),
        ({"context": 10_000, "output": 1_000}, {"reserved": 3_000}, 8_900, False),
        ({"context": 10_000, "output": 1_000}, {"auto": False}, 9_900, False),
        ({"context": 0, "output": 0}, {}, 10**9, False),
        ({"context": 200_000, "output": 64_000}, {}, 167_999, False),
        ({"context": 200_000, "output": 64_000}, {}, 168_000, True),
        ({"context": 50_000, "input": 40_000, "output": 1_000}, {"reserved": 5_000}, 34_999, False),
        ({"context": 50_000, "input": 40_000, "output": 1_000}, {"reserved": 5_000}, 35_000, True),
        ({"context": 500_000, "input": 400_000, "output": 64_000}, {}, 379_999, False),
        ({"context": 500_000, "input": 400_000, "output": 64_000}, {}, 380_000, True),
    ],
)
def test_it_is_due_when_the_next_answer_would_not_fit(
    limit: dict[str, int], config: JSON, total: int, expected: bool
) -> None:
    tokens = Tokens(total=total)
    assert due(CompactionConfig.model_validate(config), model(**limit), tokens) is expected


def test_without_a_total_the_parts_are_added() -> None:
    tokens = Tokens(input=5_000, output=1_000, reasoning=1_000, cache=CacheTokens(read=2_000))
    assert due(CompactionConfig(), model(context=10_000, output=1_000), tokens)
    tokens.cache.read = 1_999
    assert not due(CompactionConfig(), model(context=10_000, output=1_000), tokens)


def said(body: JSON) -> list[tuple[str, str]]:
    """Role and text of a request's messages, without the system's."""
    return [
        (one["role"], json.dumps(one["content"]))
        for one in body["messages"]
        if one["role"] != "system"
    ]


async def kinds(it: Working) -> list[str]:
    """Each message: its role, its parts, how it ended."""
    found = []
    for message in await it.messages():
        parts = ",".join(part.type for part in message.parts)
        finish = getattr(message.info, "finish", None)
        found.append(f"{message.info.role} {parts}" + (f" {finish}" if finish else ""))
    return found


async def test_by_hand_the_summary_stands_for_what_was_said(tmp_path: Path) -> None:
    turns: list[JSON] = [
        {"text": "a1", "tools": [{"name": "bash", "args": {"command": "echo one"}}]},
        {"text": "a2"},
        {"text": "THE SUMMARY"},
        {"text": "a3"},
    ]
    async with working(tmp_path, *turns) as it:
        await it.prompt("first question")
        await it.instance.runner.summarise(it.session_id, M1)
        assert len(it.of("session.compacted")) == 1
        assert await kinds(it) == [
            "user text",
            "assistant step-start,text,tool,step-finish tool-calls",
            "assistant step-start,text,step-finish stop",
            "user compaction",
            "assistant step-start,text,step-finish stop",
        ]
        *_, marker, summary = await it.messages()
        assert marker.parts[0].plain() | {"id": ""} == {
            "id": "",
            "sessionID": it.session_id,
            "messageID": marker.info.id,
            "type": "compaction",
            "auto": False,
        }
        assert isinstance(summary.info, AssistantMessage)
        assert (summary.info.summary, summary.info.agent, summary.info.mode) == (
            True,
            "compaction",
            "compaction",
        )
        asked = it.model.requests[-1].body
        assert "tools" not in asked
        [(role, text)] = said(asked)
        assert role == "user"
        for piece in ("<conversation>", "[User]: first question", "[Assistant]: a1", "one\\n"):
            assert piece in text
        assert '[Assistant tool call]: bash({\\"command\\": \\"echo one\\"})' in text.replace(
            '\\\\"', '\\"'
        )
        await it.prompt("next")
        assert said(it.asked()[-1]) == [
            ("user", '"What have we done so far?"'),
            ("assistant", '"THE SUMMARY"'),
            ("user", '"next"'),
        ]


async def test_a_second_summary_sums_up_the_first(tmp_path: Path) -> None:
    turns: list[JSON] = [{"text": "a1"}, {"text": "SUM ONE"}, {"text": "a2"}, {"text": "SUM TWO"}]
    async with working(tmp_path, *turns) as it:
        await it.prompt("q1")
        await it.instance.runner.summarise(it.session_id, M1)
        await it.prompt("q2")
        await it.instance.runner.summarise(it.session_id, M1)
        [(_, text)] = said(it.model.requests[-1].body)
        assert "SUM ONE" in text
        assert "q2" in text
        assert "q1" not in text


async def test_an_empty_session_has_nothing_to_sum_up(tmp_path: Path) -> None:
    async with working(tmp_path) as it:
        await it.instance.runner.summarise(it.session_id, M1)
        assert await it.messages() == []
        assert it.model.requests == []


async def test_an_unknown_model_is_refused_before_anything_is_stored(tmp_path: Path) -> None:
    async with working(tmp_path) as it:
        await it.prompt()
        before = await it.messages()
        with pytest.raises(ModelNotFoundError):
            await it.instance.runner.summarise(
                it.session_id, UserModel(provider_id="fake", model_id="nope")
            )
        assert await it.messages() == before


async def test_a_session_at_work_is_summed_up_afterwards(tmp_path: Path) -> None:
    turns: list[JSON] = [{"text": "a1", "hold": "here"}, {"text": "SUM"}]
    async with working(tmp_path, *turns) as it:
        await it.accept("q1")
        await it.model.held("here")
        summing = asyncio.ensure_future(it.instance.runner.summarise(it.session_id, M1))
        it.model.release("here")
        await summing
        roles = [one.info.role for one in await it.messages()]
        assert roles == ["user", "assistant", "user", "assistant"]


async def test_a_full_context_is_summed_up_and_the_work_goes_on(tmp_path: Path) -> None:
    turns: list[JSON] = [
        {"tools": [{"name": "bash", "args": {"command": "echo one"}}], "usage": FULL},
        {"text": "AUTOSUM"},
        {"text": "finished"},
    ]
    async with working(tmp_path, *turns) as it:
        answer = await it.prompt("do it", system="be brief")
        assert texts(answer) == ["finished"]
        assert await kinds(it) == [
            "user text",
            "assistant step-start,tool,step-finish tool-calls",
            "user compaction",
            "assistant step-start,text,step-finish stop",
            "user text",
            "assistant step-start,text,step-finish stop",
        ]
        messages = await it.messages()
        part = messages[2].parts[0].plain()
        assert (part["auto"], part["overflow"]) == (True, False)
        following = messages[4].parts[0]
        assert isinstance(following, TextPart)
        assert following.synthetic
        assert following.metadata == {"compaction_continue": True}
        assert len(it.of("session.compacted")) == 1
        assert len(it.of("session.idle")) == 1
        last = it.asked()[-1]
        assert "be brief" in last["messages"][0]["content"]
        assert [role for role, _ in said(last)] == ["user", "assistant", "user"]


async def test_switched_off_nothing_is_summed_up(tmp_path: Path) -> None:
    turns: list[JSON] = [{"text": "a1", "usage": FULL}]
    async with working(tmp_path, *turns, compaction={"auto": False}) as it:
        await it.prompt()
        assert await kinds(it) == ["user text", "assistant step-start,text,step-finish stop"]


async def test_a_request_too_long_is_summed_up_and_asked_again(tmp_path: Path) -> None:
    turns: list[JSON] = [{"text": "a1"}, TOO_LONG, {"text": "SUM"}, {"text": "done after all"}]
    async with working(tmp_path, *turns) as it:
        await it.prompt("q1")
        answer = await it.prompt("q2")
        assert texts(answer) == ["done after all"]
        assert [one["error"]["name"] for one in it.of("session.error")] == ["ContextOverflowError"]
        _, _, _, failed, marker, *_ = await it.messages()
        assert isinstance(failed.info, AssistantMessage)
        assert (failed.info.error, failed.parts) == (None, [])
        assert failed.info.time.completed is not None
        part = marker.parts[0].plain()
        assert (part["auto"], part["overflow"]) == (True, True)


async def test_a_body_too_large_is_too_long_as_well(tmp_path: Path) -> None:
    turns: list[JSON] = [{"status": 413}, {"text": "SUM"}, {"text": "done after all"}]
    async with working(tmp_path, *turns) as it:
        assert texts(await it.prompt("q1")) == ["done after all"]


async def test_a_request_too_long_even_after_a_summary_is_an_error(tmp_path: Path) -> None:
    turns: list[JSON] = [TOO_LONG, {"text": "SUM"}, TOO_LONG]
    async with working(tmp_path, *turns) as it:
        error = error_of(await it.prompt("q1"))
        assert error is not None
        assert error["name"] == "ContextOverflowError"
        assert len(it.model.requests) == 3


async def test_a_summary_too_long_itself_is_asked_of_less(tmp_path: Path) -> None:
    turns: list[JSON] = [{"text": "a1 " * 2_000}, TOO_LONG, {"text": "SUM"}]
    async with working(tmp_path, *turns) as it:
        await it.prompt("q1")
        await it.instance.runner.summarise(it.session_id, M1)
        first, second = (said(one.body)[0][1] for one in it.model.requests[-2:])
        assert len(second) < 0.7 * len(first)
        *_, summary = await it.messages()
        assert texts(summary) == ["SUM"]


async def test_a_summary_that_fails_leaves_the_conversation_as_it_was(tmp_path: Path) -> None:
    turns: list[JSON] = [{"text": "a1"}, {"status": 400}, {"text": "a2"}]
    async with working(tmp_path, *turns) as it:
        await it.prompt("q1")
        await it.instance.runner.summarise(it.session_id, M1)
        assert it.of("session.compacted") == []
        *_, summary = await it.messages()
        error = error_of(summary)
        assert error is not None
        assert error["name"] == "APIError"
        await it.prompt("q2")
        assert said(it.asked()[-1]) == [
            ("user", '"q1"'),
            ("assistant", '"a1"'),
            ("user", '"q2"'),
        ]


async def test_a_summary_is_stopped_like_any_answer(tmp_path: Path) -> None:
    turns: list[JSON] = [{"text": "a1"}, {"text": "SU", "hold": "for ever"}]
    async with working(tmp_path, *turns) as it:
        await it.prompt("q1")
        summing = asyncio.ensure_future(it.instance.runner.summarise(it.session_id, M1))
        await it.model.held("for ever")
        await it.instance.runner.abort(it.session_id)
        await summing
        *_, summary = await it.messages()
        error = error_of(summary)
        assert error is not None
        assert error["name"] == "MessageAbortedError"
        assert it.instance.runner.status() == {}


async def test_a_prompt_during_a_summary_is_answered_after_it(tmp_path: Path) -> None:
    turns: list[JSON] = [{"text": "a1"}, {"text": "SUM", "hold": "here"}, {"text": "a2"}]
    async with working(tmp_path, *turns) as it:
        await it.prompt("q1")
        summing = asyncio.ensure_future(it.instance.runner.summarise(it.session_id, M1))
        await it.model.held("here")
        late = asyncio.ensure_future(it.prompt("q2"))
        await it.until("message.part.updated", lambda one: one["part"].get("text") == "q2")
        it.model.release("here")
        await summing
        assert texts(await late) == ["a2"]


@pytest.mark.parametrize("moment", [*range(0, 240, 12), 400, 800])
async def test_stopped_at_any_moment_every_prompt_has_an_end(tmp_path: Path, moment: int) -> None:
    turns: list[JSON] = [{"text": "a1", "usage": FULL}, {"text": "SUM"}, {"text": "cont"}]
    async with working(tmp_path, *turns) as it:
        await it.accept("q1")
        await it.until("message.part.updated", lambda one: one["part"]["type"] == "step-finish")
        for _ in range(moment):
            await asyncio.sleep(0)
        await it.instance.runner.abort(it.session_id)
        *_, last = await it.messages()
        assert isinstance(last.info, AssistantMessage)
        assert last.info.error is not None or texts(last) in (["a1"], ["cont"])
        for answer in await it.answers():
            assert answer.time.completed is not None
        assert it.instance.runner.status() == {}


async def test_a_context_full_from_the_start_is_not_summed_up_for_ever(tmp_path: Path) -> None:
    bash = {"name": "bash", "args": {"command": "echo one"}}
    turns: list[JSON] = [
        {"text": "a1", "usage": FULL},
        {"text": "SUM"},
        {"tools": [bash], "usage": FULL},
        {"tools": [bash], "usage": FULL},
        {"text": "SUM TWO"},
        {"text": "cont", "usage": FULL},
    ]
    async with working(tmp_path, *turns) as it:
        assert texts(await it.prompt("q1")) == ["cont"]
        assert len(it.model.requests) == len(turns)
        assert len(it.of("session.compacted")) == 2
