"""Commands: what they ask, of whom, with what; what is told when they have been executed."""

from pathlib import Path
from typing import Any

import pytest

from opencode.errors import BadRequestError, NotFoundError
from opencode.schema.message import MessageWithParts, SessionCommandInput, SessionInitInput
from opencode.schema.message import UserMessage as User
from opencode.schema.part import ModelReference, SubtaskPart
from tests.session.working import JSON, Working, texts, working

COMMANDS: JSON = {
    "plain": {"template": "Say hello", "description": "greets"},
    "args": {"template": "a=$1 rest=$2 all=$ARGUMENTS"},
    "shell": {"template": 'out: !`printf "$1"` end @notes.txt'},
    "planned": {"template": "Plan it", "agent": "plan"},
    "mine": {"template": "Mine", "model": "fake/m1"},
    "broken": {"template": "Broken", "model": "m1"},
    "part": {"template": "Look for $ARGUMENTS", "subtask": True, "description": "looks"},
    "other": {"template": "Explore", "agent": "explore"},
    "inline": {"template": "Inline", "agent": "explore", "subtask": False},
}


async def run(it: Working, name: str, typed: str = "", **given: Any) -> MessageWithParts:
    body = SessionCommandInput(command=name, arguments=typed, **given)
    return await it.instance.command_runner.run(it.session_id, body)


async def prompted(it: Working) -> tuple[User, list[str]]:
    """The newest prompt and its texts."""
    message = [one for one in await it.messages() if isinstance(one.info, User)][-1]
    assert isinstance(message.info, User)
    return message.info, texts(message)


async def test_a_command_is_answered_and_then_told_as_executed(tmp_path: Path) -> None:
    async with working(tmp_path, {"text": "Hello!"}, command=COMMANDS) as it:
        answer = await run(it, "plain", "everybody")
        assert texts(answer) == ["Hello!"]
        assert (await prompted(it))[1] == ["Say hello\n\neverybody"]
        assert it.of("command.executed") == [
            {
                "name": "plain",
                "sessionID": it.session_id,
                "arguments": "everybody",
                "messageID": answer.info.id,
            }
        ]
        kinds = [one["type"] for one in it.follow()]
        assert kinds.index("session.idle") < kinds.index("command.executed")


async def test_arguments_take_their_places(tmp_path: Path) -> None:
    async with working(tmp_path, command=COMMANDS) as it:
        await run(it, "args", "one 'two three' four")
        assert (await prompted(it))[1] == ["a=one rest=two three four all=one 'two three' four"]


async def test_command_lines_and_files_are_included(tmp_path: Path) -> None:
    (tmp_path / "project").mkdir()
    (tmp_path / "project" / "notes.txt").write_text("remember\n")
    async with working(tmp_path, command=COMMANDS) as it:
        await run(it, "shell", "shown")
        _, (text, called, content) = await prompted(it)
        assert text == "out: shown end @notes.txt"
        assert called.startswith("Called the Read tool with the following input:")
        assert "1: remember" in content
        message = next(one for one in await it.messages() if isinstance(one.info, User))
        (file,) = (part for part in message.parts if part.type == "file")
        assert (file.filename, file.mime) == ("notes.txt", "text/plain")


async def test_the_agent_and_the_model_are_the_commands_else_the_callers(tmp_path: Path) -> None:
    m1 = ModelReference(provider_id="fake", model_id="m1")
    own = {"agent": {"plan": {"model": "fake/m1"}}, "command": COMMANDS}
    async with working(tmp_path, **own) as it:
        for name, given, agent in (
            ("planned", {"agent": "build"}, "plan"),
            ("plain", {"agent": "plan", "model": m1}, "plan"),
            ("mine", {"agent": "build"}, "build"),
        ):
            await run(it, name, **given)
            info, _ = await prompted(it)
            assert (info.agent, info.model.model_id) == (agent, "m1")
        await run(it, "inline")
        assert (await prompted(it))[0].agent == "explore"


async def test_a_model_that_cannot_be_is_refused_before_anything_is_stored(tmp_path: Path) -> None:
    async with working(tmp_path, command=COMMANDS) as it:
        with pytest.raises(BadRequestError, match='"broken" names the model "m1"'):
            await run(it, "broken")
        with pytest.raises(BadRequestError, match="nobody"):
            await run(it, "plain", agent="nobody")
        assert await it.messages() == []


async def test_an_unknown_command_is_told_with_the_known_ones(tmp_path: Path) -> None:
    async with working(tmp_path, command=COMMANDS) as it:
        with pytest.raises(NotFoundError) as caught:
            await run(it, "plan")
        assert str(caught.value).startswith('Command not found: "plan". Available commands: args,')
        assert "init" in str(caught.value)
        with pytest.raises(NotFoundError, match="ses_nobody"):
            await it.instance.command_runner.run(
                "ses_nobody", SessionCommandInput(command="plain", arguments="")
            )


@pytest.mark.parametrize(
    ("name", "agent", "text", "described"),
    [("part", "build", "Look for it", "looks"), ("other", "explore", "Explore\n\nit", "")],
)
async def test_work_for_a_subagent_becomes_such_a_part(
    tmp_path: Path, name: str, agent: str, text: str, described: str
) -> None:
    async with working(tmp_path, command=COMMANDS) as it:
        await run(it, name, "it", model=ModelReference(provider_id="fake", model_id="m1"))
        first = (await it.messages())[0]
        assert isinstance(first.info, User)
        assert first.info.agent == "build"
        (part,) = first.parts
        assert isinstance(part, SubtaskPart)
        assert (part.agent, part.prompt, part.description) == (agent, text, described)
        assert part.command == name
        assert part.model == ModelReference(provider_id="fake", model_id="m1")


async def test_initialising_runs_the_command_under_the_given_id(tmp_path: Path) -> None:
    async with working(tmp_path, {"text": "written"}) as it:
        own = "msg_" + "0" * 26
        given = SessionInitInput(model_id="m1", provider_id="fake", message_id=own)
        assert await it.instance.command_runner.initialise(it.session_id, given)
        info, (text,) = await prompted(it)
        assert info.id == own
        assert "AGENTS.md" in text
        assert it.of("command.executed")[0]["name"] == "init"
