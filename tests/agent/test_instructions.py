"""Instruction files: which are found, in which order, what is left out."""

import os
from collections.abc import Sequence
from pathlib import Path

from opencode.agent.instructions import MAX_BYTES, instructions
from opencode.settings import Paths


def write(path: Path, text: str | bytes) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return str(path)


async def found(
    tmp_path: Path, directory: str = "p", extra: Sequence[str] = (), *, worktree: str = "p"
) -> list[tuple[str, str]]:
    (tmp_path / directory).mkdir(parents=True, exist_ok=True)
    paths = Paths.from_environ({"HOME": str(tmp_path / "home")})
    root = worktree if worktree == "/" else str(tmp_path / worktree)
    return await instructions(str(tmp_path / directory), root, paths, extra)


async def test_the_users_own_come_first_then_the_project_from_inside_out(tmp_path: Path) -> None:
    own = write(tmp_path / "home/.config/opencode/AGENTS.md", "own")
    write(tmp_path / "home/.claude/CLAUDE.md", "not read")
    root = write(tmp_path / "p/AGENTS.md", "root")
    inner = write(tmp_path / "p/src/AGENTS.md", "inner")
    write(tmp_path / "AGENTS.md", "above the root")
    write(tmp_path / "p/other/AGENTS.md", "beside")
    assert await found(tmp_path, "p/src") == [(own, "own"), (inner, "inner"), (root, "root")]


async def test_only_the_first_name_that_is_found_counts(tmp_path: Path) -> None:
    claude = write(tmp_path / "p/CLAUDE.md", "claude")
    write(tmp_path / "p/CONTEXT.md", "context")
    assert await found(tmp_path) == [(claude, "claude")]
    inner = write(tmp_path / "p/src/AGENTS.md", "inner")
    assert await found(tmp_path, "p/src") == [(inner, "inner")]


async def test_claude_of_the_home_stands_in_for_the_users_own(tmp_path: Path) -> None:
    own = write(tmp_path / "home/.claude/CLAUDE.md", "own")
    assert await found(tmp_path) == [(own, "own")]


async def test_outside_of_a_repository_nobody_looks_further_up(tmp_path: Path) -> None:
    write(tmp_path / "AGENTS.md", "above")
    own = write(tmp_path / "p/AGENTS.md", "here")
    assert await found(tmp_path, worktree="/") == [(own, "here")]


async def test_the_configuration_adds_globs_without_repeating(tmp_path: Path) -> None:
    root = write(tmp_path / "p/AGENTS.md", "root")
    first, second = (write(tmp_path / f"p/docs/{name}.md", name) for name in "ab")
    home = write(tmp_path / "home/mine.md", "mine")
    absolute = write(tmp_path / "elsewhere/x.md", "x")
    extra = ["docs/*.md", "AGENTS.md", "~/mine.md", absolute, "none/*.md", "https://x/y.md"]
    assert await found(tmp_path, extra=extra) == [
        (root, "root"),
        (first, "a"),
        (second, "b"),
        (home, "mine"),
        (absolute, "x"),
    ]


async def test_what_is_empty_or_cannot_be_read_is_left_out(tmp_path: Path) -> None:
    write(tmp_path / "p/AGENTS.md", " \n")
    os.makedirs(tmp_path / "p/docs/directory.md")
    os.symlink("nowhere", tmp_path / "p/docs/broken.md")
    odd = write(tmp_path / "p/docs/odd.md", b"caf\xe9")
    assert await found(tmp_path, extra=["docs/*.md"]) == [(odd, "caf\ufffd")]


async def test_a_huge_file_is_cut(tmp_path: Path) -> None:
    write(tmp_path / "p/AGENTS.md", "x" * (MAX_BYTES + 5))
    ((_, text),) = await found(tmp_path)
    assert len(text) == MAX_BYTES
