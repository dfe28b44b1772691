"""A user's command line in a session: what it shows, what stays of it, how it ends."""

import asyncio
from pathlib import Path

import pytest

from opencode.errors import BadRequestError, SessionBusyError
from opencode.schema.message import AssistantMessage, MessageWithParts, SessionShellInput
from opencode.schema.part import TextPart, ToolPart, ToolStateCompleted
from tests.project.repositories import repository
from tests.session.working import Working, exists, texts, tools, working


async def shell(it: Working, command: str) -> MessageWithParts:
    body = SessionShellInput(agent="build", command=command)
    return await it.instance.shell.run(it.session_id, body)


def completed(message: MessageWithParts) -> ToolStateCompleted:
    (part,) = tools(message)
    assert part.tool == "bash"
    assert len(part.call_id) == 26
    assert isinstance(part.state, ToolStateCompleted)
    return part.state


async def test_a_command_line_becomes_two_messages(tmp_path: Path) -> None:
    async with working(tmp_path) as it:
        shown = await shell(it, "echo hi; echo e >&2")
        state = completed(shown)
        assert (state.output, state.title) == ("hi\ne\n", "")
        assert (state.input, state.metadata) == (
            {"command": "echo hi; echo e >&2"},
            {"output": "hi\ne\n"},
        )
        prompt, answer = await it.messages()
        (said,) = prompt.parts
        assert isinstance(said, TextPart)
        assert (said.text, said.synthetic) == (
            "The following tool was executed by the user",
            True,
        )
        assert answer == shown
        assert isinstance(answer.info, AssistantMessage)
        assert answer.info.time.completed is not None
        assert (answer.info.finish, answer.info.error) == (None, None)
        assert answer.info.parent_id == prompt.info.id
        assert it.asked() == []


async def test_it_is_told_as_it_runs(tmp_path: Path) -> None:
    async with working(tmp_path) as it:
        running = asyncio.ensure_future(shell(it, "echo one; read -t 0.5 x <> <(:); echo two"))
        await it.until(
            "message.part.updated",
            lambda told: (
                told["part"].get("state", {}).get("metadata") == {"output": "one\n"}
                and told["part"]["state"]["status"] == "running"
            ),
        )
        assert it.instance.runner.busy(it.session_id)
        with pytest.raises(SessionBusyError):
            await shell(it, "true")
        assert completed(await running).output == "one\ntwo\n"
        kinds = [one["status"]["type"] for one in it.of("session.status")]
        assert (kinds[0], kinds[-1]) == ("busy", "idle")


async def test_silence_is_shown_as_such_and_a_failure_is_no_error(tmp_path: Path) -> None:
    async with working(tmp_path) as it:
        state = completed(await shell(it, "exit 3"))
        assert (state.output, state.metadata) == ("", {"output": ""})


async def test_an_abort_ends_its_processes_and_keeps_what_they_said(tmp_path: Path) -> None:
    async with working(tmp_path) as it:
        running = asyncio.ensure_future(shell(it, "echo $$ > pid; echo so far; sleep 60 & wait"))
        await it.until(
            "message.part.updated",
            lambda told: (
                (told["part"].get("state", {}).get("metadata") or {}).get("output") == "so far\n"
            ),
        )
        await it.accept("after it")
        await it.instance.runner.abort(it.session_id)
        state = completed(await running)
        assert state.output.startswith("so far\n")
        assert "User aborted the command" in state.output
        assert not exists(int(Path(it.instance.directory, "pid").read_text()))
        assert not it.instance.runner.busy(it.session_id)
        assert [one.error and one.error.name for one in await it.answers()] == [
            None,
            "MessageAbortedError",
        ]
        assert it.asked() == []


async def test_a_prompt_waits_for_it_and_sees_it(tmp_path: Path) -> None:
    async with working(tmp_path, {"text": "I see."}) as it:
        running = asyncio.ensure_future(shell(it, "echo seen; read -t 0.3 x <> <(:)"))
        await it.until("session.status")
        answer = await it.prompt("what was it?")
        assert texts(answer) == ["I see."]
        assert completed(await running).output == "seen\n"
        said = it.asked()[-1]["messages"][1:]
        assert [one["role"] for one in said] == ["user", "assistant", "tool", "user"]
        assert said[2]["content"] == "seen\n"


async def test_the_files_it_changed_are_noted(tmp_path: Path) -> None:
    repo = repository(tmp_path / "project")
    async with working(tmp_path) as it:
        shown = await shell(it, "echo b > b.txt")
        (patch,) = (part for part in shown.parts if part.type == "patch")
        assert patch.files == [str(repo / "b.txt")]
        again = await shell(it, "cat b.txt")
        assert [part.type for part in again.parts] == ["tool"]


async def test_what_cannot_be_run_is_refused(tmp_path: Path) -> None:
    async with working(tmp_path) as it:
        with pytest.raises(BadRequestError, match="command"):
            await shell(it, "  ")
        with pytest.raises(BadRequestError):
            await it.instance.shell.run(
                it.session_id, SessionShellInput(agent="nobody", command="true")
            )
        assert await it.messages() == []


async def test_nobody_is_asked_for_permission(tmp_path: Path) -> None:
    rules = {"bash": "deny", "external_directory": "deny"}
    async with working(tmp_path, permission=rules) as it:
        state = completed(await shell(it, "ls -d /etc"))
        assert state.output == "/etc\n"
        assert it.of("permission.asked") == []


async def test_its_message_takes_the_id_of_the_client(tmp_path: Path) -> None:
    async with working(tmp_path) as it:
        own = "msg_00000000000000000000000000"
        given = SessionShellInput(agent="build", command="true", message_id=own)
        await it.instance.shell.run(it.session_id, given)
        first, second = await it.messages()
        assert first.info.id == own
        assert isinstance(second.parts[0], ToolPart)
