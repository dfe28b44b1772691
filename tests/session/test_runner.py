"""Runs through a scripted model: prompts, answers, what joins, what stops, what fails."""

import asyncio
import json
import random
from pathlib import Path
from typing import Any

import pytest

from opencode.errors import BadRequestError, ModelNotFoundError, NotFoundError, SessionBusyError
from opencode.schema.message import AssistantMessage, UserMessage
from opencode.storage import records
from tests.session.working import JSON, error_of, texts, tools, working
from tests.storage.processes import child

BASH = {"name": "bash", "args": {"command": "echo one"}}
USAGE = {
    "prompt_tokens": 1000,
    "completion_tokens": 50,
    "total_tokens": 1050,
    "prompt_tokens_details": {"cached_tokens": 400},
    "completion_tokens_details": {"reasoning_tokens": 20},
}


def described(event: JSON) -> str:
    """An event in a line, without what differs from run to run."""
    properties = event["properties"]
    match event["type"]:
        case "session.status":
            return f"status {properties['status']['type']}"
        case "message.updated":
            info = properties["info"]
            ended = " completed" if info["time"].get("completed") else ""
            return " ".join(filter(None, ("message", info["role"], info.get("finish")))) + ended
        case "message.part.updated":
            part = properties["part"]
            state = part.get("state", {}).get("status") or part.get("reason")
            return f"part {part['type']}" + (f" {state}" if state else "")
        case "message.part.delta":
            return "delta"
        case kind:
            return str(kind)


def transcript(seen: list[JSON]) -> list[str]:
    """Every event, repeated deltas as one."""
    found: list[str] = []
    for line in map(described, seen):
        if line != "delta" or found[-1:] != ["delta"]:
            found.append(line)
    return found


# Answers ------------------------------------------------------------------------------------------


async def test_an_answer_is_told_step_by_step(tmp_path: Path) -> None:
    async with working(tmp_path, {"reasoning": "let me think", "text": "Hello you"}) as it:
        answer = await it.prompt("hi")
        assert texts(answer) == ["Hello you"]
        assert transcript(it.follow()) == [
            "session.updated",
            "message user",
            "part text",
            "status busy",
            "message assistant",
            "status busy",
            "part step-start",
            "part reasoning",
            "delta",
            "part reasoning",
            "part text",
            "delta",
            "part text",
            "part step-finish stop",
            "message assistant stop",
            "session.updated",
            "message assistant stop completed",
            "status idle",
            "session.idle",
        ]
        assert it.instance.runner.status() == {}
        assert await it.app.database.read(records.runs) == []


async def test_a_tool_call_is_told_step_by_step_and_its_result_sent_back(tmp_path: Path) -> None:
    turns: list[JSON] = [{"text": "I look", "tools": [BASH]}, {"text": "done"}]
    async with working(tmp_path, *turns) as it:
        answer = await it.prompt("hi")
        assert texts(answer) == ["done"]
        lines = transcript(it.follow())
        first = lines.index("part step-start")
        last = lines.index("message assistant tool-calls completed")
        kept = [line for line in lines[first:last] if line != "delta"]
        assert kept[:2] == ["part step-start", "part text"]
        calls = [line for line in kept if line.startswith("part tool")]
        assert list(dict.fromkeys(calls)) == [
            "part tool pending",
            "part tool running",
            "part tool completed",
        ]
        assert kept[-3:] == [
            "part step-finish tool-calls",
            "message assistant tool-calls",
            "session.updated",
        ]
        question, result = it.asked()[1]["messages"][-2:]
        assert question["tool_calls"][0]["function"]["name"] == "bash"
        assert (result["role"], result["content"]) == ("tool", "one\n")
        first_answer, second = await it.answers()
        assert first_answer.parent_id == second.parent_id
        assert first_answer.id < second.id


async def test_tokens_and_cost_are_summed_to_the_cent(tmp_path: Path) -> None:
    turns: list[JSON] = [{"tools": [BASH], "usage": USAGE}, {"text": "done", "usage": USAGE}]
    async with working(tmp_path, *turns) as it:
        answer = await it.prompt()
        assert isinstance(answer.info, AssistantMessage)
        assert answer.info.cost == pytest.approx(0.00074, abs=1e-12)
        assert answer.info.tokens.plain() == {
            "total": 1050,
            "input": 600,
            "output": 30,
            "reasoning": 20,
            "cache": {"read": 400, "write": 0},
        }
        session = await it.app.sessions.get(it.session_id)
        assert session.cost == pytest.approx(0.00148, abs=1e-12)
        assert session.tokens is not None
        assert session.tokens.plain() == {
            "input": 1200,
            "output": 60,
            "reasoning": 40,
            "cache": {"read": 800, "write": 0},
        }


async def test_a_prompt_without_reply_only_stores_it(tmp_path: Path) -> None:
    async with working(tmp_path) as it:
        message = await it.prompt("remember", no_reply=True, message_id="msg_own")
        assert isinstance(message.info, UserMessage)
        assert message.info.id == "msg_own"
        assert it.model.requests == []
        assert transcript(it.follow()) == ["session.updated", "message user", "part text"]


async def test_the_session_remembers_agent_and_model(tmp_path: Path) -> None:
    async with working(tmp_path) as it:
        await it.prompt("plan it", agent="plan", variant="high")
        session = await it.app.sessions.get(it.session_id)
        assert session.agent == "plan"
        assert session.model is not None
        assert session.model.plain() == {"id": "m1", "providerID": "fake", "variant": "high"}
        await it.prompt("and now")
        assert [answer.agent for answer in await it.answers()] == ["plan", "plan"]


async def test_a_system_text_and_tool_switches_reach_the_model(tmp_path: Path) -> None:
    async with working(tmp_path) as it:
        await it.prompt("hi", system="Speak Latin.", tools={"bash": False})
        body = it.asked()[0]
        assert "Speak Latin." in json.dumps(body["messages"][0])
        names = [tool["function"]["name"] for tool in body["tools"]]
        assert "bash" not in names
        assert names == sorted(names)
        session = await it.app.sessions.get(it.session_id)
        assert [rule.plain() for rule in session.permission or []] == [
            {"permission": "bash", "pattern": "*", "action": "deny"}
        ]


async def test_plan_is_reminded_in_the_request_only(tmp_path: Path) -> None:
    async with working(tmp_path) as it:
        await it.prompt("hi", agent="plan")
        last = it.asked()[0]["messages"][-1]
        assert last["role"] == "user"
        assert len(last["content"]) > 1
        (prompt, _) = await it.messages()
        assert len(prompt.parts) == 1


# The title ----------------------------------------------------------------------------------------


async def test_the_first_prompt_gives_the_session_its_title(tmp_path: Path) -> None:
    async with working(tmp_path) as it:
        session_id = await it.session()
        await it.prompt("what is this?", session=session_id)
        await it.until(
            "session.updated", lambda one: bool(one["info"]["title"] == "A scripted title")
        )
        session = await it.app.sessions.get(session_id)
        assert session.title == "A scripted title"
        await it.prompt("and that?", session=session_id)
        titles = [request.body for request in it.model.requests if not request.body.get("tools")]
        assert len(titles) == 1


async def test_a_session_with_a_name_or_a_parent_keeps_it(tmp_path: Path) -> None:
    async with working(tmp_path) as it:
        of_parent = await it.session(parent_id=it.session_id)
        await it.prompt("hi")
        await it.prompt("hi", session=of_parent)
        assert len(it.model.requests) == len(it.asked()) == 2


# What cannot begin --------------------------------------------------------------------------------


async def test_an_unknown_agent_is_refused_by_name(tmp_path: Path) -> None:
    async with working(tmp_path) as it:
        with pytest.raises(BadRequestError, match=r'Unknown agent "nope".*build'):
            await it.prompt(agent="nope")
        assert await it.messages() == []
        assert it.follow() == []


async def test_an_unknown_model_is_refused_by_name(tmp_path: Path) -> None:
    async with working(tmp_path) as it:
        for model in ("fake/nope", {"providerID": "nope", "id": "m1"}):
            with pytest.raises(ModelNotFoundError, match="nope"):
                await it.prompt(model=model)
        assert await it.messages() == []


async def test_without_a_provider_a_prompt_says_what_to_do(tmp_path: Path) -> None:
    async with working(tmp_path, model=None, provider={}) as it:
        with pytest.raises(ModelNotFoundError) as caught:
            await it.prompt()
        assert "provider" in str(caught.value)
        assert await it.messages() == []


async def test_an_unknown_session_is_refused(tmp_path: Path) -> None:
    async with working(tmp_path) as it:
        with pytest.raises(NotFoundError, match="Session not found: ses_x"):
            await it.prompt(session="ses_x")


async def test_a_file_that_cannot_be_taken_leaves_nothing_behind(tmp_path: Path) -> None:
    async with working(tmp_path) as it:
        parts = [{"type": "file", "mime": "image/png", "url": "http://x/y.png"}]
        with pytest.raises(BadRequestError, match=r'\["parts"\]\[0\]\["url"\]'):
            await it.prompt(parts=parts)
        assert await it.messages() == []
        assert await it.app.database.read(records.runs) == []


async def test_a_session_another_server_runs_is_busy(tmp_path: Path) -> None:
    async with working(tmp_path) as it:
        place = "UPDATE session SET id = 'ses_1', data = replace(data, ?, 'ses_1')"
        await it.app.database.write(lambda db: db.execute(place, (it.session_id,)).rowcount)
        async with child("claim_and_wait", it.app.database.path) as other:
            await other.ready()
            with pytest.raises(SessionBusyError):
                await it.prompt(session="ses_1")
            await other.kill()
        it.session_id = "ses_1"
        assert texts(await it.prompt()) == ["Hello from the scripted model."]


# What fails at the provider -----------------------------------------------------------------------


async def test_what_the_provider_refuses_is_told_once_and_by_the_answer(tmp_path: Path) -> None:
    async with working(tmp_path, {"status": 400}) as it:
        answer = await it.prompt()
        error = error_of(answer)
        assert error is not None
        assert error["name"] == "APIError"
        assert error["data"]["message"] == "scripted error 400"
        assert (error["data"]["statusCode"], error["data"]["isRetryable"]) == (400, False)
        assert len(it.asked()) == 1
        assert [one["error"] for one in it.of("session.error")] == [error]
        assert transcript(it.follow())[-3:] == [
            "message assistant completed",
            "status idle",
            "session.idle",
        ]


async def test_a_busy_provider_is_tried_again_when_it_says_so(tmp_path: Path) -> None:
    refusal = {"status": 429, "headers": {"retry-after-ms": "1"}}
    async with working(tmp_path, refusal, refusal, {"text": "at last"}) as it:
        answer = await it.prompt()
        assert texts(answer) == ["at last"]
        assert error_of(answer) is None
        states = [one["status"] for one in it.of("session.status")]
        kinds = [state["type"] for state in states]
        assert kinds == ["busy", "busy", "retry", "busy", "retry", "busy", "idle"]
        retries = [state for state in states if state["type"] == "retry"]
        assert [(one["attempt"], one["message"]) for one in retries] == [
            (1, "scripted error 429"),
            (2, "scripted error 429"),
        ]
        assert len(await it.answers()) == 1
        assert it.of("session.error") == []


async def test_after_five_retries_the_failure_is_final(tmp_path: Path) -> None:
    refusal = {"status": 503, "headers": {"retry-after-ms": "1"}}
    async with working(tmp_path, *[refusal] * 6) as it:
        error = error_of(await it.prompt())
        assert error is not None
        assert (error["data"]["statusCode"], error["data"]["isRetryable"]) == (503, True)
        assert len(it.asked()) == 6
        attempts = [one["status"].get("attempt") for one in it.of("session.status")]
        assert [one for one in attempts if one] == [1, 2, 3, 4, 5]


async def test_an_answer_withheld_by_the_provider_says_so(tmp_path: Path) -> None:
    async with working(tmp_path, {"text": "I", "finish": "content_filter"}) as it:
        error = error_of(await it.prompt())
        assert error is not None
        assert error["name"] == "ContentFilterError"


async def test_a_failed_answer_is_not_repeated_to_the_model(tmp_path: Path) -> None:
    async with working(tmp_path, {"status": 400}, {"text": "better"}) as it:
        await it.prompt("first")
        await it.prompt("second")
        roles = [one["role"] for one in it.asked()[1]["messages"]]
        assert "assistant" not in roles


# What joins ---------------------------------------------------------------------------------------


async def test_a_prompt_to_a_session_at_work_is_answered_in_the_same_run(tmp_path: Path) -> None:
    turns: list[JSON] = [{"text": "one", "hold": "here"}, {"text": "two"}]
    async with working(tmp_path, *turns) as it:
        first = asyncio.ensure_future(it.prompt("first"))
        await it.model.held("here")
        second = asyncio.ensure_future(it.prompt("second"))
        await it.until("message.part.updated", lambda one: one["part"].get("text") == "second")
        it.model.release("here")
        assert texts(await first) == ["one"]
        assert texts(await second) == ["two"]
        assert len(it.of("session.idle")) == 1
        parents = [answer.parent_id for answer in await it.answers()]
        assert len(set(parents)) == 2


async def test_a_prompt_between_tool_rounds_is_part_of_the_next_request(tmp_path: Path) -> None:
    turns: list[JSON] = [{"text": "wait", "hold": "here", "tools": [BASH]}, {"text": "both"}]
    async with working(tmp_path, *turns) as it:
        await it.accept("first")
        await it.model.held("here")
        late = await it.accept("second")
        it.model.release("here")
        await it.idle()
        assert len(it.asked()) == 2
        assert "second" in json.dumps(it.asked()[1]["messages"])
        assert [answer.parent_id for answer in await it.answers()][1] == late


@pytest.mark.parametrize("seed", range(4))
async def test_no_prompt_is_ever_lost(tmp_path: Path, seed: int) -> None:
    dice = random.Random(seed)
    count = 25
    async with working(tmp_path) as it:

        async def ask(number: int) -> None:
            for _ in range(dice.randrange(0, 400)):
                await asyncio.sleep(0)
            answer = await it.prompt(f"prompt {number}")
            assert texts(answer) == ["Hello from the scripted model."]

        await asyncio.gather(*(ask(number) for number in range(count)))
        assert it.instance.runner.status() == {}
        prompts = [one for one in await it.messages() if one.info.role == "user"]
        assert len(prompts) == count
        answers = await it.answers()
        assert all(answer.time.completed and answer.error is None for answer in answers)
        newest = max(answer.parent_id for answer in answers)
        assert newest == max(one.info.id for one in prompts)
        assert await it.app.database.read(records.runs) == []
        last = it.asked()[-1]["messages"]
        assert all(f"prompt {number}" in json.dumps(last) for number in range(count))


async def test_answers_sort_after_a_prompt_of_a_clock_ahead(tmp_path: Path) -> None:
    turns: list[JSON] = [{"tools": [BASH]}, {"text": "two"}, {"text": "three"}]
    async with working(tmp_path, *turns) as it:
        ahead = "msg_" + "e" * 12 + "A" * 14
        await it.prompt("from the future", message_id=ahead)
        await it.prompt("from now")
        roles = [one.info.role for one in await it.messages()]
        assert roles == ["user", "assistant", "assistant", "user", "assistant"]


async def test_several_sessions_work_side_by_side(tmp_path: Path) -> None:
    turns: list[JSON] = [{"text": "x", "hold": "all"}] * 3
    async with working(tmp_path, *turns) as it:
        sessions = [await it.session(title="t") for _ in range(3)]
        waiting = [asyncio.ensure_future(it.prompt("go", session=one)) for one in sessions]
        await it.model.received(3)
        assert set(it.instance.runner.status()) == set(sessions)
        it.model.release("all")
        await asyncio.gather(*waiting)


# What stops ---------------------------------------------------------------------------------------


async def test_a_run_is_stopped_in_mid_stream(tmp_path: Path) -> None:
    async with working(tmp_path, {"text": "half an answ", "hold": "for ever"}) as it:
        answer = asyncio.ensure_future(it.prompt())
        await it.model.held("for ever")
        await it.until("message.part.delta")
        await it.instance.runner.abort(it.session_id)
        found = await answer
        assert error_of(found) == {"name": "MessageAbortedError", "data": {"message": "Aborted"}}
        assert isinstance(found.info, AssistantMessage)
        assert found.info.time.completed is not None
        assert texts(found)[0] in "half an answ"
        (part,) = [one for one in found.parts if one.type == "text"]
        assert part.time is not None
        assert part.time.end is not None
        assert transcript(it.follow())[-3:] == [
            "message assistant completed",
            "status idle",
            "session.idle",
        ]
        await it.model.disconnected()
        await it.prompt("go on")
        assert "half" in json.dumps(it.asked()[1]["messages"])


async def test_stopping_twice_is_stopping_once(tmp_path: Path) -> None:
    async with working(tmp_path, {"text": "x", "hold": "for ever"}) as it:
        answer = asyncio.ensure_future(it.prompt())
        await it.model.held("for ever")
        runner = it.instance.runner
        await asyncio.gather(*(runner.abort(it.session_id) for _ in range(5)))
        assert error_of(await answer) is not None
        (one,) = await it.answers()
        assert one.time.completed is not None
        assert [error["error"]["name"] for error in it.of("session.error")] == [
            "MessageAbortedError"
        ]


@pytest.mark.parametrize("turns", [*range(0, 60, 4), 100, 200, 400, 800])
async def test_a_run_stopped_at_any_moment_has_one_end(tmp_path: Path, turns: int) -> None:
    async with working(tmp_path, {"text": "a b c", "tools": [BASH]}, {"text": "d"}) as it:
        prompt = await it.accept()
        for _ in range(turns):
            await asyncio.sleep(0)
        await it.instance.runner.abort(it.session_id)
        assert it.instance.runner.status() == {}
        answers = await it.answers()
        assert answers
        assert {answer.parent_id for answer in answers} == {prompt}
        assert all(answer.time.completed for answer in answers)
        assert answers[-1].error is not None or answers[-1].finish == "stop"
        for message in await it.messages():
            states = [tool.state.status for tool in tools(message)]
            assert not {"pending", "running"} & set(states)
        told = {
            one["info"]["id"]: one["info"]
            for one in it.of("message.updated")
            if one["info"]["role"] == "assistant"
        }
        assert told == {answer.id: answer.plain() for answer in answers}
        assert await it.app.database.read(records.runs) == []


async def test_a_prompt_after_stopping_begins_when_the_stopped_run_has_ended(
    tmp_path: Path,
) -> None:
    turns: list[JSON] = [{"text": "x", "hold": "for ever"}, {"text": "fresh"}]
    async with working(tmp_path, *turns) as it:
        await it.accept("first")
        await it.model.held("for ever")
        stopping = asyncio.ensure_future(it.instance.runner.abort(it.session_id))
        await asyncio.sleep(0)
        assert texts(await it.prompt("second")) == ["fresh"]
        await stopping
        first, second = await it.answers()
        assert first.error is not None
        assert second.error is None


async def test_a_prompt_that_joined_a_run_that_is_stopped_is_told_so(tmp_path: Path) -> None:
    async with working(tmp_path, {"text": "x", "hold": "for ever"}) as it:
        await it.accept("first")
        await it.model.held("for ever")
        late = await it.accept("second")
        await it.instance.runner.abort(it.session_id)
        first, second = await it.answers()
        assert (first.parent_id == late, second.parent_id == late) == (False, True)
        assert second.error is not None
        assert second.error.name == "MessageAbortedError"
        assert second.time.completed is not None


async def test_waiting_for_another_attempt_is_stopped_at_once(tmp_path: Path) -> None:
    refusal = {"status": 429, "headers": {"retry-after": "3600"}}
    async with working(tmp_path, refusal) as it:
        answer = asyncio.ensure_future(it.prompt())
        await it.until("session.status", lambda one: one["status"]["type"] == "retry")
        await it.instance.runner.abort(it.session_id)
        error = error_of(await answer)
        assert error is not None
        assert error["name"] == "MessageAbortedError"


async def test_stopping_what_does_not_run_says_idle(tmp_path: Path) -> None:
    async with working(tmp_path) as it:
        await it.instance.runner.abort(it.session_id)
        assert transcript(it.follow()) == ["status idle", "session.idle"]


async def test_who_no_longer_waits_stops_nothing(tmp_path: Path) -> None:
    async with working(tmp_path, {"text": "all of it", "hold": "here"}) as it:
        waiting = asyncio.ensure_future(it.prompt())
        await it.model.held("here")
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        it.model.release("here")
        await it.idle()
        (answer,) = await it.answers()
        assert answer.finish == "stop"


async def test_who_leaves_while_a_prompt_is_accepted_leaves_nothing_half(tmp_path: Path) -> None:
    async with working(tmp_path) as it:
        waiting = asyncio.ensure_future(it.prompt())
        for _ in range(5):
            await asyncio.sleep(0)
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
        await it.until("session.idle")
        (answer,) = await it.answers()
        assert answer.finish == "stop"


async def test_closing_the_directory_ends_its_runs(tmp_path: Path) -> None:
    async with working(tmp_path, {"text": "x", "hold": "for ever"}) as it:
        waiting = asyncio.ensure_future(it.prompt())
        await it.model.held("for ever")
        await it.instance.close()
        error = error_of(await waiting)
        assert error is not None
        assert error["name"] == "MessageAbortedError"


async def test_a_fault_of_ours_ends_the_prompt_with_a_reference(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*given: Any) -> None:
        raise ZeroDivisionError("ours")

    async with working(tmp_path) as it:
        monkeypatch.setattr(it.instance.runner, "_rounds", broken)
        error = error_of(await it.prompt())
        assert error is not None
        assert error["name"] == "UnknownError"
        assert error["data"]["ref"] in caplog.text
        assert "ours" not in json.dumps(error)


async def test_the_next_life_of_the_server_reads_what_this_one_wrote(tmp_path: Path) -> None:
    async with working(tmp_path) as it:
        await it.prompt()
        session_id = it.session_id
        before = await it.messages()
    async with working(tmp_path) as again:
        again.session_id = session_id
        assert await again.messages() == before
