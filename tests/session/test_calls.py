"""Tool calls of an answer: side by side, refused, asked about, stopped, gone wrong."""

import asyncio
import json
from pathlib import Path

import pytest

from opencode.schema.part import ToolStateCompleted, ToolStateError
from opencode.tool.read import Read
from tests.processes import until
from tests.session.working import JSON, error_of, exists, texts, tools, working


def bash(command: str) -> JSON:
    return {"name": "bash", "args": {"command": command}}


async def test_calls_run_side_by_side_and_answer_in_their_order(tmp_path: Path) -> None:
    # Each waits for what only the other one makes: one after the other they would never end.
    meet = ["touch a; until [ -e b ]; do sleep 0.01; done; echo first", "until [ -e a ]; do sleep"]
    meet[1] += " 0.01; done; touch b; echo second"
    turns: list[JSON] = [{"tools": [bash(one) for one in meet]}, {"text": "met"}]
    async with working(tmp_path, *turns) as it:
        assert texts(await it.prompt()) == ["met"]
        results = [one for one in it.asked()[1]["messages"] if one["role"] == "tool"]
        assert [one["content"] for one in results] == ["first\n", "second\n"]


async def test_a_call_that_a_rule_forbids_is_told_to_the_model(tmp_path: Path) -> None:
    turns: list[JSON] = [{"tools": [bash("echo no"), bash("ls")]}, {"text": "I see"}]
    rules = {"bash": {"*": "allow", "echo *": "deny"}}
    async with working(tmp_path, *turns, permission=rules) as it:
        assert texts(await it.prompt()) == ["I see"]
        denied, allowed = tools((await it.messages())[1])
        assert isinstance(denied.state, ToolStateError)
        assert denied.state.error.startswith("The user has specified a rule which prevents you")
        assert allowed.state.status == "completed"
        result = next(one for one in it.asked()[1]["messages"] if one["role"] == "tool")
        assert result["content"] == denied.state.error


async def test_an_unknown_tool_is_told_to_the_model(tmp_path: Path) -> None:
    turns: list[JSON] = [{"tools": [{"name": "nosuch", "args": {}}]}, {"text": "sorry"}]
    async with working(tmp_path, *turns) as it:
        assert texts(await it.prompt()) == ["sorry"]
        (part,) = tools((await it.messages())[1])
        assert (part.tool, part.state.status) == ("invalid", "completed")
        assert "unavailable tool 'nosuch'" in json.dumps(it.asked()[1]["messages"])


async def test_arguments_that_do_not_fit_are_told_to_the_model(tmp_path: Path) -> None:
    turns: list[JSON] = [{"tools": [{"name": "read", "args": {}}]}, {"text": "sorry"}]
    async with working(tmp_path, *turns) as it:
        await it.prompt()
        (part,) = tools((await it.messages())[1])
        assert isinstance(part.state, ToolStateError)
        assert 'Missing key\n  at ["filePath"]' in part.state.error


async def test_a_call_that_is_allowed_once_runs(tmp_path: Path) -> None:
    turns: list[JSON] = [{"tools": [bash("echo yes")]}, {"text": "done"}]
    async with working(tmp_path, *turns, permission={"bash": "ask"}) as it:
        waiting = asyncio.ensure_future(it.prompt())
        asked = await it.until("permission.asked")
        assert (asked["permission"], asked["patterns"]) == ("bash", ["echo yes"])
        (message,) = [one for one in await it.answers() if one.id == asked["tool"]["messageID"]]
        assert message.time.completed is None
        await it.instance.broker.reply(asked["id"], "once")
        assert texts(await waiting) == ["done"]
        (part,) = tools((await it.messages())[1])
        assert part.call_id == asked["tool"]["callID"]
        assert part.state.status == "completed"
        assert [one["reply"] for one in it.of("permission.replied")] == ["once"]


async def test_a_call_that_is_rejected_stops_the_run(tmp_path: Path) -> None:
    turns: list[JSON] = [{"tools": [bash("echo a"), bash("echo b")]}, {"text": "never"}]
    async with working(tmp_path, *turns, permission={"bash": "ask"}) as it:
        waiting = asyncio.ensure_future(it.prompt())
        await it.until("permission.asked", lambda one: one["patterns"] == ["echo b"])
        first = it.of("permission.asked")[0]
        await it.instance.broker.reply(first["id"], "reject")
        answer = await waiting
        assert error_of(answer) is None
        states = [part.state for part in tools(answer)]
        assert [getattr(state, "error", "") for state in states] == [
            "The user rejected permission to use this specific tool call."
        ] * 2
        assert len(it.asked()) == 1
        assert it.instance.broker.pending() == []


async def test_a_call_that_is_rejected_with_feedback_goes_on(tmp_path: Path) -> None:
    turns: list[JSON] = [{"tools": [bash("echo a")]}, {"text": "otherwise then"}]
    async with working(tmp_path, *turns, permission={"bash": "ask"}) as it:
        waiting = asyncio.ensure_future(it.prompt())
        asked = await it.until("permission.asked")
        await it.instance.broker.reply(asked["id"], "reject", "use another file")
        assert texts(await waiting) == ["otherwise then"]
        assert "feedback: use another file" in json.dumps(it.asked()[1]["messages"])


async def test_what_is_always_allowed_is_not_asked_again_after_a_restart(tmp_path: Path) -> None:
    turns: list[JSON] = [{"tools": [bash("echo a")]}, {"text": "done"}]
    async with working(tmp_path, *turns, permission={"bash": "ask"}) as it:
        waiting = asyncio.ensure_future(it.prompt())
        asked = await it.until("permission.asked")
        await it.instance.broker.reply(asked["id"], "always")
        await waiting
    async with working(tmp_path, *turns, permission={"bash": "ask"}) as again:
        await again.prompt()
        assert again.of("permission.asked") == []


QUESTION = {
    "name": "question",
    "args": {
        "questions": [
            {
                "question": "Which color?",
                "header": "Color",
                "options": [{"label": "Red", "description": "r"}],
            }
        ]
    },
}


async def test_a_question_is_answered(tmp_path: Path) -> None:
    async with working(tmp_path, {"tools": [QUESTION]}, {"text": "red it is"}) as it:
        waiting = asyncio.ensure_future(it.prompt())
        asked = await it.until("question.asked")
        it.instance.broker.reply_question(asked["id"], [["Red"]])
        assert texts(await waiting) == ["red it is"]
        assert '\\"Which color?\\"=\\"Red\\"' in json.dumps(it.asked()[1]["messages"])


async def test_a_question_that_is_dismissed_stops_the_run(tmp_path: Path) -> None:
    async with working(tmp_path, {"tools": [QUESTION]}, {"text": "never"}) as it:
        waiting = asyncio.ensure_future(it.prompt())
        asked = await it.until("question.asked")
        it.instance.broker.reject_question(asked["id"])
        (part,) = tools(await waiting)
        assert isinstance(part.state, ToolStateError)
        assert part.state.error == "The user dismissed this question"
        assert len(it.asked()) == 1


async def test_stopping_kills_the_whole_group_of_a_command(tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    command = f"echo begun; sleep 600 & echo $! $$ > {pids}.new; mv {pids}.new {pids}; wait"
    async with working(tmp_path, {"tools": [bash(command)]}, permission={"*": "allow"}) as it:
        waiting = asyncio.ensure_future(it.prompt())
        await until(pids.exists)
        running = [int(pid) for pid in pids.read_text().split()]
        assert all(map(exists, running))
        await it.instance.runner.abort(it.session_id)
        assert not any(map(exists, running))
        answer = await waiting
        error = error_of(answer)
        assert error is not None
        assert error["name"] == "MessageAbortedError"
        (part,) = tools(answer)
        assert isinstance(part.state, ToolStateCompleted)
        assert "User aborted the command" in part.state.output


async def test_stopping_withdraws_what_was_asked(tmp_path: Path) -> None:
    calls = [bash("echo a"), QUESTION]
    async with working(tmp_path, {"tools": calls}, permission={"bash": "ask"}) as it:
        waiting = asyncio.ensure_future(it.prompt())
        await it.until("permission.asked")
        await it.until("question.asked")
        await it.instance.runner.abort(it.session_id)
        assert it.instance.broker.pending() == []
        assert it.instance.broker.pending_questions() == []
        assert [one["reply"] for one in it.of("permission.replied")] == ["reject"]
        assert len(it.of("question.rejected")) == 1
        for part in tools(await waiting):
            assert isinstance(part.state, ToolStateError)
            assert part.state.error == "Tool execution aborted"
            assert part.state.metadata == {"interrupted": True}


async def test_three_equal_calls_are_taken_for_a_loop(tmp_path: Path) -> None:
    turns: list[JSON] = [{"tools": [bash("echo a")] * 3}, {"text": "done"}]
    async with working(tmp_path, *turns) as it:
        waiting = asyncio.ensure_future(it.prompt())
        asked = await it.until("permission.asked")
        assert (asked["permission"], asked["patterns"]) == ("doom_loop", ["bash"])
        assert asked["metadata"] == {"tool": "bash", "input": {"command": "echo a"}}
        await it.instance.broker.reply(asked["id"], "once")
        assert texts(await waiting) == ["done"]


async def test_a_tool_that_breaks_is_told_to_the_model_and_logged(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*given: object) -> None:
        raise ZeroDivisionError("by nought")

    monkeypatch.setattr(Read, "run", broken)
    read = {"name": "read", "args": {"filePath": "x"}}
    async with working(tmp_path, {"tools": [read]}, {"text": "so be it"}) as it:
        assert texts(await it.prompt()) == ["so be it"]
        (part,) = tools((await it.messages())[1])
        assert isinstance(part.state, ToolStateError)
        assert part.state.error == "The tool failed: ZeroDivisionError: by nought"
    assert "the tool read failed" in caplog.text


async def test_what_a_tool_writes_todos_and_edits_is_told(tmp_path: Path) -> None:
    todo = {"content": "a", "status": "pending", "priority": "high"}
    calls = [
        {"name": "write", "args": {"filePath": "new.txt", "content": "x"}},
        {"name": "todowrite", "args": {"todos": [todo]}},
    ]
    async with working(tmp_path, {"tools": calls}, {"text": "done"}) as it:
        await it.prompt()
        path = Path(it.instance.directory, "new.txt")
        assert path.read_text() == "x"
        assert it.of("file.edited") == [{"file": str(path)}]
        assert it.of("todo.updated") == [{"sessionID": it.session_id, "todos": [todo]}]


async def test_a_running_command_shows_its_output(tmp_path: Path) -> None:
    go = tmp_path / "go"
    command = f"echo one; until [ -e {go} ]; do sleep 0.01; done; echo two"
    turns: list[JSON] = [{"tools": [bash(command)]}, {"text": "done"}]
    async with working(tmp_path, *turns, permission={"*": "allow"}) as it:
        waiting = asyncio.ensure_future(it.prompt())
        await it.until(
            "message.part.updated",
            lambda one: (
                (one["part"].get("state", {}).get("metadata") or {}).get("output") == "one\n"
            ),
        )
        go.touch()
        await waiting
        (part,) = tools((await it.messages())[1])
        assert isinstance(part.state, ToolStateCompleted)
        assert part.state.metadata == {"output": "one\ntwo\n", "exit": 0, "truncated": False}


async def test_a_call_whose_arguments_never_came_gets_a_result(tmp_path: Path) -> None:
    frame = {
        "choices": [
            {
                "index": 0,
                "delta": {
                    "tool_calls": [
                        {
                            "index": 0,
                            "id": "call_x",
                            "type": "function",
                            "function": {"name": "bash", "arguments": '{"comm'},
                        }
                    ]
                },
            }
        ]
    }
    raw = f"data: {json.dumps(frame)}\n\n"
    async with working(tmp_path, {"raw": raw}, {"text": "sorry"}) as it:
        await it.prompt()
        states = [part.state.status for one in await it.messages() for part in tools(one)]
        assert states
        assert not {"pending", "running"} & set(states)
