"""Instruction files: what a project, its parts and its user tell every agent."""

import asyncio
import glob
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from opencode.settings import Paths

NAMES = ("AGENTS.md", "CLAUDE.md", "CONTEXT.md")
MAX_BYTES = 512 * 1024


async def instructions(
    directory: str, worktree: str, paths: Paths, extra: Sequence[str]
) -> list[tuple[str, str]]:
    """Paths with their contents, in the order a model is told them.

    The user's own file, then those of the project from the directory up to its root, then `extra`:
    globs relative to the directory, of the configuration. A file that cannot be read is left out.
    """
    return await asyncio.to_thread(_read_all, directory, worktree, paths, extra)


def _read_all(
    directory: str, worktree: str, paths: Paths, extra: Sequence[str]
) -> list[tuple[str, str]]:
    found: dict[str, str] = {}
    for path in (*_own(paths), *_project(directory, worktree), *_named(directory, paths, extra)):
        if path not in found and (text := _read(path)):
            found[path] = text
    return list(found.items())


def _own(paths: Paths) -> Iterator[str]:
    own = os.path.join(paths.config, "AGENTS.md")
    yield own if os.path.isfile(own) else os.path.join(paths.home, ".claude", "CLAUDE.md")


def _project(directory: str, worktree: str) -> list[str]:
    """All files of the first name that is found anywhere on the way up."""
    places = list(_upward(directory, worktree))
    for name in NAMES:
        found = [path for place in places if os.path.isfile(path := os.path.join(place, name))]
        if found:
            return found
    return []


def _upward(directory: str, worktree: str) -> Iterator[str]:
    if worktree == "/":
        yield directory
        return
    here = directory
    while True:
        yield here
        above = os.path.dirname(here)
        if here == worktree or above == here:
            return
        here = above


def _named(directory: str, paths: Paths, extra: Sequence[str]) -> Iterator[str]:
    for pattern in extra:
        if "://" in pattern:
            continue
        if pattern.startswith("~/"):
            pattern = os.path.join(paths.home, pattern[2:])
        yield from sorted(glob.glob(os.path.join(directory, pattern), recursive=True))


def _read(path: str) -> str | None:
    try:
        with Path(path).open("rb") as file:
            return file.read(MAX_BYTES).decode(errors="replace").strip() or None
    except OSError:
        return None
