"""What templates include: what command lines print, files, directories, images, agents."""

import asyncio
import os
from pathlib import Path

import pytest

from opencode.agent.agents import Agents
from opencode.agent.markdown import Piece
from opencode.errors import BadRequestError
from opencode.schema.config import Config
from opencode.schema.part import AgentPartInput, FilePartInput
from opencode.session import inclusion
from opencode.session.inclusion import Includer
from opencode.settings import Paths
from tests.session.working import exists


def includer(directory: Path, worktree: Path | None = None) -> Includer:
    root = worktree or directory
    paths = Paths.from_environ({"HOME": str(root / "home")})
    return Includer(
        str(directory),
        str(root),
        shell="/bin/sh",
        environ={"PATH": os.environ["PATH"], "GIVEN": "given"},
        agents=Agents(Config(), paths, str(root)),
    )


async def test_what_is_printed_takes_the_place_of_the_command_line(tmp_path: Path) -> None:
    pieces = [Piece("a "), Piece("echo $GIVEN; echo no >&2; exit 1", runs=True), Piece("b")]
    filled = await includer(tmp_path).fill(pieces)
    assert filled == [Piece("a "), Piece("given\n", runs=True), Piece("b")]
    assert await includer(tmp_path).output("pwd") == f"{tmp_path}\n"
    assert await includer(tmp_path).output("printf '\\377'") == "\ufffd"


async def test_nothing_is_read_from_the_terminal_and_nothing_stays_behind(tmp_path: Path) -> None:
    printed = await includer(tmp_path).output("cat; sleep 60 >/dev/null & echo $!")
    while exists(int(printed)):  # noqa: ASYNC110 - it was killed; nothing tells when it is gone
        await asyncio.sleep(0.01)


async def test_output_without_end_is_cut(tmp_path: Path) -> None:
    assert len(await includer(tmp_path).output("yes")) == inclusion.MOST


async def test_a_command_line_that_does_not_end_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inclusion, "PATIENCE", 0.2)
    with pytest.raises(BadRequestError, match="'echo \\$\\$ > pid; sleep 60' in the template did"):
        await includer(tmp_path).output("echo $$ > pid; sleep 60")
    assert not exists(int((tmp_path / "pid").read_text()))


async def test_one_that_nobody_waits_for_is_ended(tmp_path: Path) -> None:
    running = asyncio.ensure_future(includer(tmp_path).output("echo $$ > pid; sleep 60"))
    while not (tmp_path / "pid").exists() or not (tmp_path / "pid").read_text():  # noqa: ASYNC110
        await asyncio.sleep(0.01)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert not exists(int((tmp_path / "pid").read_text()))


async def test_a_directory_that_is_gone_is_told(tmp_path: Path) -> None:
    with pytest.raises(BadRequestError, match="could not be started"):
        await includer(tmp_path / "none").output("true")


async def test_files_and_agents_are_found_by_their_mention(tmp_path: Path) -> None:
    inside = tmp_path / "sub"
    inside.mkdir()
    (tmp_path / "top.py").write_text("")
    (inside / "in.txt").write_text("")
    (inside / "p.png").write_bytes(b"x")
    text = "see @in.txt @top.py @../sub/ @p.png @explore @title @nobody, me@in.txt"
    found = await includer(inside, tmp_path).mentioned([Piece(text)], [])
    assert [
        (part.filename, part.mime, part.url) for part in found if isinstance(part, FilePartInput)
    ] == [
        ("in.txt", "text/plain", (inside / "in.txt").as_uri()),
        ("top.py", "text/plain", (tmp_path / "top.py").as_uri()),
        ("../sub/", "application/x-directory", inside.as_uri()),
        ("p.png", "image/png", (inside / "p.png").as_uri()),
    ]
    assert [part.name for part in found if isinstance(part, AgentPartInput)] == ["explore"]


async def test_what_is_given_already_is_not_given_again(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("")
    given = FilePartInput(mime="text/plain", url=(tmp_path / "a").as_uri() + "?start=1")
    assert await includer(tmp_path).mentioned([Piece("@a")], [given]) == []


async def test_what_is_printed_reaches_only_files_in_here(tmp_path: Path) -> None:
    inside = tmp_path / "in"
    inside.mkdir()
    (tmp_path / "secret").write_text("")
    (inside / "a").write_text("")
    (inside / "link").symlink_to(tmp_path / "secret")
    printed = f"@a @../secret @{tmp_path}/secret @link @explore"
    found = await includer(inside, tmp_path).mentioned([Piece(printed, runs=True)], [])
    assert [part.url for part in found if isinstance(part, FilePartInput)] == [
        (inside / "a").as_uri()
    ]
    assert len(found) == 1
    typed = await includer(inside, tmp_path).mentioned([Piece("@../secret")], [])
    assert len(typed) == 1
