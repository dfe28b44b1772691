"""Files and directories by a few letters of their name, the best first."""

import asyncio
import contextlib
import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from opencode.project.search import Search, SearchError

EntryKind = Literal["file", "directory"]
MAX_FILES = 100_000
"""More than these are not looked at."""
SECONDS = 4.0
"""A directory that takes longer to list is searched as far as it was listed."""
LIKENESS = 75
"""Of 100; a name less like the query is not offered at all."""


@dataclass(frozen=True, slots=True)
class Found:
    """A file or directory below the one searched."""

    path: str
    """Relative; a directory's ends with a slash."""
    type: EntryKind


class Finder:
    """Finds what is not ignored below one directory."""

    def __init__(self, search: Search, directory: str) -> None:
        self._search = search
        self._root = directory

    async def find(
        self, query: str, *, kind: EntryKind | None = None, limit: int | None = None
    ) -> list[Found]:
        """The best `limit` matches. Without a query, files by the length of their path."""
        files = await self._files()
        wanted = "directory" if query.endswith("/") else kind or (None if query else "file")
        paths = await asyncio.to_thread(_ranked, files, self._root, query.strip().lower(), wanted)
        return [
            Found(path, "directory" if path.endswith("/") else "file") for path in paths[:limit]
        ]

    async def _files(self) -> list[str]:
        found: list[str] = []
        with contextlib.suppress(TimeoutError, SearchError):
            async with (
                asyncio.timeout(SECONDS),
                contextlib.aclosing(self._search.files(self._root)) as paths,
            ):
                async for path in paths:
                    found.append(path)
                    if len(found) >= MAX_FILES:
                        break
        return found


def _ranked(files: Sequence[str], root: str, query: str, kind: EntryKind | None) -> list[str]:
    start = len(root.rstrip("/")) + 1
    names = [os.fsencode(path[start:]).decode("utf-8", "replace") for path in files]
    candidates: list[str] = [] if kind == "directory" else names
    if kind != "file":
        candidates = [*_directories(names), *candidates]
    if not query:
        return sorted(candidates, key=lambda path: (len(path), path))
    plain = _by_letters(candidates, query)
    taken = {path for _, path in plain}
    rest = [path for path in candidates if path not in taken]
    return [path for _, path in sorted(plain)] + _by_likeness(rest, query)


def _directories(names: Sequence[str]) -> Iterator[str]:
    """The directories that hold the files, each once."""
    seen: set[str] = set()
    for name in names:
        end = name.rfind("/") + 1
        while end and name[:end] not in seen:
            seen.add(name[:end])
            yield name[:end]
            end = name.rfind("/", 0, end - 1) + 1


def _by_letters(candidates: Sequence[str], query: str) -> list[tuple[tuple[int, int], str]]:
    """Paths that hold the query's letters in order: those next to each other first."""
    letters = re.compile(".*?".join(map(re.escape, query)), re.DOTALL)
    found: list[tuple[tuple[int, int], str]] = []
    for path in candidates:
        text = path.lower()
        if not letters.search(text):
            continue
        base = text[text.rstrip("/").rfind("/") + 1 :]
        found.append(((_rank(text, base, query), len(path)), path))
    return found


def _rank(text: str, base: str, query: str) -> int:
    if query in (base, base.rstrip("/"), text):
        return 0
    if base.startswith(query) or text.startswith(query):
        return 1
    if query in base:
        return 2
    return 3 if query in text else 4


def _by_likeness(candidates: Sequence[str], query: str) -> list[str]:
    """Paths that are nearly what was typed."""
    from rapidfuzz import fuzz, process

    if len(query) < 3:
        return []
    found = process.extract(
        query,
        candidates,
        scorer=fuzz.partial_ratio,
        processor=str.lower,
        score_cutoff=LIKENESS,
        limit=None,
    )
    return [path for path, _, _ in sorted(found, key=lambda one: (-one[1], len(one[0]), one[0]))]
