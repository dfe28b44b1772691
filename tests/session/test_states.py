"""What is known of files between two looks at them."""

import asyncio
from pathlib import Path

from opencode.project.locate import locate
from opencode.project.snapshot import Snapshot
from opencode.session.states import KnownStates
from opencode.settings import Paths
from tests.project.repositories import repository
from tests.session.working import working


class Counted(Snapshot):
    """Counts how often it looks."""

    looks = 0

    async def track(self) -> str | None:
        self.looks += 1
        return await super().track()


async def counted(tmp_path: Path) -> tuple[Path, Counted, KnownStates]:
    repo = repository(tmp_path / "r")
    keeper = Counted(await locate(str(repo)), Paths.from_environ({"HOME": str(tmp_path / "h")}))
    return repo, keeper, KnownStates(keeper)


async def test_a_known_state_is_not_looked_at_again(tmp_path: Path) -> None:
    repo, keeper, states = await counted(tmp_path)
    first = await states.track()
    (repo / "a.txt").write_text("b\n")
    assert await states.track() == first
    assert keeper.looks == 1
    states.forget()
    second = await states.track()
    assert second not in (None, first)
    assert await states.look() == second
    assert keeper.looks == 3


async def test_while_somebody_is_at_work_nothing_is_known(tmp_path: Path) -> None:
    repo, keeper, states = await counted(tmp_path)
    first = await states.track()
    with states.changing(), states.changing():
        (repo / "a.txt").write_text("b\n")
        second = await states.track()
        (repo / "a.txt").write_text("c\n")
        third = await states.track()
    assert len({first, second, third}) == 3
    assert await states.track() == third
    assert await states.track() == third
    assert keeper.looks == 4


async def test_a_look_during_which_work_began_is_not_remembered(tmp_path: Path) -> None:
    repo, keeper, states = await counted(tmp_path)

    looking = asyncio.ensure_future(states.track())
    await asyncio.sleep(0)
    assert keeper.looks == 1
    with states.changing():
        (repo / "a.txt").write_text("meanwhile\n")
    await looking
    await states.track()
    assert keeper.looks == 2


async def test_restoring_and_comparing_are_passed_on(tmp_path: Path) -> None:
    repo, _, states = await counted(tmp_path)
    first = await states.track()
    (repo / "a.txt").write_text("b\n")
    second = await states.look()
    assert first is not None
    assert second is not None
    assert [one.file for one in await states.diff(first, second)] == ["a.txt"]
    assert "-a\n+b\n" in await states.patch(first, second)
    files = await states.changed_files(first, second)
    assert await states.restore_each(dict.fromkeys(files, first)) == files
    assert (repo / "a.txt").read_text() == "a\n"
    assert await states.track() == first


async def test_a_run_looks_once_at_its_start_and_after_each_change(tmp_path: Path) -> None:
    repository(tmp_path / "project")
    read = {"tools": [{"name": "read", "args": {"filePath": "a.txt"}}]}
    write = {"tools": [{"name": "bash", "args": {"command": "echo b > b"}}]}
    async with working(tmp_path, read, read, write, read, {"text": "done"}, {"text": "x"}) as it:
        keeper = Counted(it.instance.location, it.app.settings.paths)
        it.instance.states._keeper = keeper
        await it.prompt()
        assert keeper.looks == 2
        await it.prompt()
        assert keeper.looks == 3
        steps = [
            part.snapshot
            for message in await it.messages()
            for part in message.parts
            if part.type in ("step-start", "step-finish")
        ]
        assert len(set(steps)) == 2
        assert len(steps) == 12
