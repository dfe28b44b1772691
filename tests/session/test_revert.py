"""Taking back: where to, which files, in which state; and restoring."""

import asyncio
import shutil
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from opencode.errors import BadRequestError, SessionBusyError
from opencode.schema.message import SessionCommandInput, SessionShellInput, UserMessage
from opencode.schema.part import ToolPart
from opencode.schema.session import Session
from opencode.session.revert import Reverts
from opencode.session.states import KnownStates
from tests.project.repositories import repository
from tests.project.test_snapshot import state
from tests.session.working import JSON, Working, working

TEXT = "said"


def bash(command: str, text: str | None = None) -> JSON:
    said: JSON = {"text": text} if text else {}
    return {**said, "tools": [{"name": "bash", "args": {"command": command}}]}


def turns(*commands: str) -> list[JSON]:
    """For each command a prompt's answers: the call, then a word."""
    return [turn for command in commands for turn in (bash(command), {"text": "done"})]


def project(tmp_path: Path) -> Path:
    return repository(tmp_path / "project")


async def prompts(it: Working) -> list[str]:
    return [one.info.id for one in await it.messages() if isinstance(one.info, UserMessage)]


async def revert(it: Working, message_id: str, part_id: str | None = None) -> Session:
    return await it.instance.reverts.revert(it.session_id, message_id, part_id=part_id)


async def unrevert(it: Working) -> Session:
    return await it.instance.reverts.unrevert(it.session_id)


async def test_every_kind_of_change_comes_back_and_goes_again(tmp_path: Path) -> None:
    repo = project(tmp_path)
    (repo / "script").write_text("#!/bin/sh\n")
    (repo / "gone").write_text("g")
    (repo / "blob").write_bytes(bytes(range(256)))
    (repo / "link").symlink_to("gone")
    (repo / "swap").write_text("a file")
    commands = (
        "echo changed >> a.txt; rm gone; mkdir -p new/deep; echo n > new/deep/n",
        "chmod +x script; printf '\\000' > blob; ln -sfn a.txt link; rm swap; mkdir swap;"
        " echo i > swap/inner; rm -r new",
    )
    async with working(tmp_path, *turns(*commands)) as it:
        before = state(repo)
        for _ in commands:
            await it.prompt()
        after = state(repo)
        first, second = await prompts(it)

        await revert(it, second)
        between = state(repo)
        assert (repo / "new" / "deep" / "n").read_text() == "n\n"
        await revert(it, first)
        assert state(repo) == before
        await revert(it, second)
        assert state(repo) == between
        restored = await unrevert(it)
        assert state(repo) == after
        assert restored.revert is None
        assert restored.summary is not None
        assert restored.summary.files == 7


async def test_what_a_person_did_beside_it_stays(tmp_path: Path) -> None:
    repo = project(tmp_path)
    async with working(tmp_path, *turns("echo b > b.txt", "echo c > c.txt")) as it:
        await it.prompt()
        (repo / "a.txt").write_text("mine\n")
        await it.prompt()
        (repo / "own.txt").write_text("mine too\n")
        first, _ = await prompts(it)
        await revert(it, first)
        assert not (repo / "b.txt").exists()
        assert not (repo / "c.txt").exists()
        assert (repo / "a.txt").read_text() == "mine\n"
        (repo / "own.txt").write_text("changed meanwhile\n")
        await unrevert(it)
        assert (repo / "c.txt").read_text() == "c\n"
        assert (repo / "own.txt").read_text() == "changed meanwhile\n"


async def test_an_answer_is_taken_back_from_a_part_on(tmp_path: Path) -> None:
    project(tmp_path)
    answers: list[JSON] = [bash("echo 1 > one", TEXT), bash("echo 2 > two", TEXT), {"text": "end"}]
    async with working(tmp_path, *answers) as it:
        await it.prompt()
        _, first, second, last = await it.messages()
        tool = next(part for part in second.parts if isinstance(part, ToolPart))
        session = await revert(it, second.info.id, tool.id)
        assert session.revert is not None
        assert (session.revert.message_id, session.revert.part_id) == (second.info.id, tool.id)
        root = Path(it.instance.directory)
        assert (root / "one").exists()
        assert not (root / "two").exists()

        it.model.queue({"text": "again"})
        await it.prompt("now")
        kept = await it.messages()
        assert [one.info.id for one in kept[:3]] == [one.info.id for one in (_, first, second)]
        assert last.info.id not in {one.info.id for one in kept}
        assert [part.type for part in kept[2].parts] == ["step-start", "text"]
        removed = [one["partID"] for one in it.of("message.part.removed")]
        assert removed == [part.id for part in second.parts if part.id >= tool.id]


async def test_an_answer_with_nothing_to_keep_goes_with_its_prompt(tmp_path: Path) -> None:
    project(tmp_path)
    async with working(tmp_path, *turns("echo 1 > one")) as it:
        await it.prompt()
        prompt, first, last = await it.messages()
        tool = next(part for part in first.parts if isinstance(part, ToolPart))
        for message, part_id in ((first, tool.id), (last, None), (prompt, prompt.parts[0].id)):
            session = await revert(it, message.info.id, part_id)
            assert session.revert is not None
            assert (session.revert.message_id, session.revert.part_id) == (prompt.info.id, None)
            assert not Path(it.instance.directory, "one").exists()


async def test_what_is_unknown_changes_nothing(tmp_path: Path) -> None:
    project(tmp_path)
    async with working(tmp_path, *turns("echo 1 > one")) as it:
        await it.prompt()
        prompt, *_ = await it.messages()
        before = await it.app.sessions.get(it.session_id)
        assert await revert(it, "msg_nobody") == before
        assert await revert(it, prompt.info.id, "prt_nobody") == before
        assert await unrevert(it) == before
        assert Path(it.instance.directory, "one").exists()


async def test_a_session_at_work_refuses(tmp_path: Path) -> None:
    project(tmp_path)
    async with working(tmp_path, {"text": "x", "hold": "h"}) as it:
        message_id = await it.accept()
        await it.model.held("h")
        with pytest.raises(SessionBusyError):
            await revert(it, message_id)
        with pytest.raises(SessionBusyError):
            await unrevert(it)
        it.model.release("h")
        await it.idle()


async def test_outside_of_a_repository_only_messages_are_taken_back(tmp_path: Path) -> None:
    async with working(tmp_path, *turns("echo 1 > one"), {"text": "again"}) as it:
        await it.prompt()
        (target,) = await prompts(it)
        session = await revert(it, target)
        assert session.revert is not None
        assert (session.revert.snapshot, session.revert.diff) == (None, None)
        assert Path(it.instance.directory, "one").exists()
        await it.prompt("anew")
        assert len(await it.messages()) == 2


async def test_what_an_aborted_call_did_is_taken_back_too(tmp_path: Path) -> None:
    repo = project(tmp_path)
    async with working(tmp_path, bash("echo half > half; sleep 60")) as it:
        message_id = await it.accept()
        while not (repo / "half").exists():  # noqa: ASYNC110 - a file says nothing
            await asyncio.sleep(0.01)
        await it.instance.runner.abort(it.session_id)
        await revert(it, message_id)
        assert not (repo / "half").exists()
        await unrevert(it)
        assert (repo / "half").read_text() == "half\n"


async def test_a_step_that_a_crash_cut_off_is_taken_back_too(tmp_path: Path) -> None:
    repo = project(tmp_path)
    async with working(tmp_path, *turns("echo 1 > one")) as it:
        await it.prompt()
        _, first, _ = await it.messages()
        for part in first.parts:
            if part.type in ("patch", "step-finish"):
                await it.app.sessions.remove_part(it.session_id, first.info.id, part.id)
        (target,) = await prompts(it)
        await revert(it, target)
        assert not (repo / "one").exists()
        await unrevert(it)
        assert (repo / "one").exists()


async def test_what_the_users_command_line_did_is_taken_back_too(tmp_path: Path) -> None:
    repo = project(tmp_path)
    async with working(tmp_path) as it:
        given = SessionShellInput(agent="build", command="echo s > shell.txt")
        await it.instance.shell.run(it.session_id, given)
        (target,) = await prompts(it)
        await revert(it, target)
        assert not (repo / "shell.txt").exists()
        await unrevert(it)
        assert (repo / "shell.txt").read_text() == "s\n"


async def test_what_a_subagent_did_for_a_command_is_taken_back_too(tmp_path: Path) -> None:
    repo = project(tmp_path)
    command = {"do": {"template": "Do it", "subtask": True, "agent": "general"}}
    answers = [bash("echo sub > sub.txt"), {"text": "did it"}, {"text": "It is done."}]
    async with working(tmp_path, *answers, command=command) as it:
        given = SessionCommandInput(command="do", arguments="")
        await it.instance.command_runner.run(it.session_id, given)
        assert (repo / "sub.txt").exists()
        target, *_ = await prompts(it)
        await revert(it, target)
        assert not (repo / "sub.txt").exists()
        await unrevert(it)
        assert (repo / "sub.txt").read_text() == "sub\n"


class Failing(KnownStates):
    """Restores what it is told, and then says that it could not, once."""

    failed = False

    async def restore_each(self, wanted: Mapping[str, str]) -> list[str]:
        done = await super().restore_each(wanted)
        if not self.failed:
            self.failed = True
            raise OSError("disk full")
        return done


async def test_files_that_cannot_be_restored_are_told_and_nothing_is_noted(tmp_path: Path) -> None:
    repo = project(tmp_path)
    async with working(tmp_path, *turns("echo b > a.txt; echo x > new")) as it:
        await it.prompt()
        (target,) = await prompts(it)
        failing = Reverts(it.instance.runner, it.app.sessions, Failing(it.instance.snapshot))
        with pytest.raises(BadRequestError, match="could not be restored: disk full"):
            await failing.revert(it.session_id, target)
        assert (await it.app.sessions.get(it.session_id)).revert is None
        assert ((repo / "a.txt").read_text(), (repo / "new").read_text()) == ("b\n", "x\n")


async def test_a_prompt_while_files_are_restored_waits_for_it(tmp_path: Path) -> None:
    repo = project(tmp_path)
    async with working(tmp_path, *turns("echo 1 > one"), {"text": "new"}) as it:
        await it.prompt()
        (target,) = await prompts(it)
        _, answer = await asyncio.gather(revert(it, target), it.prompt("next"))
        assert not (repo / "one").exists()
        assert (await it.app.sessions.get(it.session_id)).revert is None
        assert [one.info.id for one in await it.messages()][-1] == answer.info.id
        assert len(await it.messages()) == 2


# Random work on random files ---------------------------------------------------------------------

NAMES = st.sampled_from(["a.txt", "b", "d/e", "d/f/g", "d", "link", "ü x"])
CONTENT = st.sampled_from(["", "x", "a\\r\\nb", "\\000\\377", "longer text\\n"])
OPERATIONS: list[Callable[[str, str], str]] = [
    lambda name, text: f"mkdir -p \"$(dirname '{name}')\"; printf '{text}' > '{name}'",
    lambda name, text: f"rm -rf '{name}'",
    lambda name, text: f"chmod +x '{name}'",
    lambda name, text: f"chmod -x '{name}'",
    lambda name, text: f"ln -sfn a.txt '{name}'",
    lambda name, text: f"mv '{name}' moved",
    lambda name, text: f"rm -rf '{name}'; mkdir -p '{name}'; printf '{text}' > '{name}/inner'",
]
LINES = st.builds(
    lambda act, name, text: act(name, text) + " 2>/dev/null || true",
    st.sampled_from(OPERATIONS),
    NAMES,
    CONTENT,
)


@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(st.lists(LINES, min_size=1, max_size=3), min_size=2, max_size=4), st.data())
def test_any_point_can_be_gone_back_to(steps: list[list[str]], data: Any) -> None:
    points = data.draw(st.lists(st.integers(0, len(steps) - 1), min_size=1, max_size=3))
    asyncio.run(_there_and_back(["; ".join(lines) for lines in steps], points))


async def _there_and_back(commands: list[str], points: list[int]) -> None:
    folder = Path(tempfile.mkdtemp())
    try:
        repo = repository(folder / "project")
        async with working(folder, *turns(*commands)) as it:
            seen = []
            for _ in commands:
                seen.append(state(repo))
                await it.prompt()
            last, targets = state(repo), await prompts(it)
            for point in points:
                await revert(it, targets[point])
                assert state(repo) == seen[point]
            await unrevert(it)
            assert state(repo) == last
            point = points[0]
            await revert(it, targets[point])
            it.model.queue({"text": "on"})
            await it.prompt("on")
            assert state(repo) == seen[point]
            assert len(await prompts(it)) == point + 1
    finally:
        shutil.rmtree(folder)
