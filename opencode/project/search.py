"""Text and file-name search below a directory: ripgrep where it is installed, Python otherwise.

Both ways leave out what `.gitignore` names and the `.git` directory, show hidden files, and give
results sorted by path. Nothing is capped here: a caller takes what it needs from the iterator and
closes it, which also ends the search.
"""

import asyncio
import base64
import contextlib
import json
import os
import re
import shutil
import signal
import time
from collections.abc import AsyncGenerator, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

T = TypeVar("T")

CHUNK = 64 * 1024
MAX_LINE = 16 * 1024 * 1024
SLICE_SECONDS = 0.05
SLICE_ITEMS = 500
BINARY_PROBE = 8192
IGNORE_FILES = (".gitignore", ".ignore", ".rgignore")


class SearchError(Exception):
    """The search could not be made: a bad expression, a missing directory."""


@dataclass(frozen=True, slots=True)
class Submatch:
    """Where the expression matched within a line, in bytes of UTF-8."""

    text: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Match:
    """One matching line."""

    path: str
    """Absolute."""
    line_number: int
    """From 1."""
    line: str
    """With its line end, as it stands in the file."""
    absolute_offset: int
    """Bytes before the line."""
    submatches: tuple[Submatch, ...] = field(default=())


class Search:
    """Searches for one instance; `program` is the path of ripgrep, None to search in Python."""

    def __init__(self, program: str | None) -> None:
        self._program = program

    @classmethod
    def installed(cls) -> "Search":
        """With ripgrep if it is on the PATH."""
        return cls(shutil.which("rg"))

    async def files(
        self, directory: str, *, globs: Sequence[str] = (), hidden: bool = True
    ) -> AsyncGenerator[str, None]:
        """Absolute paths of the files below `directory` that match one of `globs`, if given."""
        if not os.path.isdir(directory):
            raise SearchError(f"Not a directory: {directory}")
        if self._program is None:
            walk = _Walk(directory, globs, hidden=hidden)
            async with contextlib.aclosing(_in_thread(walk.files())) as found:
                async for path in found:
                    yield path
            return
        command = [self._program, "--files", "--null", *_flags(globs, hidden=hidden)]
        async with contextlib.aclosing(_records(command, directory, b"\0")) as records:
            async for record in records:
                yield os.path.join(directory, os.fsdecode(record))

    async def matches(
        self,
        expression: str,
        path: str,
        *,
        globs: Sequence[str] = (),
        hidden: bool = True,
    ) -> AsyncGenerator[Match, None]:
        """Lines that match the regular expression, in the file `path` or below the directory."""
        if not os.path.exists(path):
            raise SearchError(f"No such file or directory: {path}")
        if self._program is None:
            source = _in_thread(_python_matches(expression, path, globs, hidden=hidden))
        else:
            source = _ripgrep_matches(self._program, expression, path, globs, hidden=hidden)
        async with contextlib.aclosing(source) as found:
            async for match in found:
                yield match


# ripgrep


def _flags(globs: Sequence[str], *, hidden: bool) -> list[str]:
    flags = ["--no-config", "--sort", "path", "--no-messages", *(["--hidden"] if hidden else [])]
    for glob in globs:
        flags += ["--glob", glob]
    return [*flags, "--glob", "!.git"]


async def _ripgrep_matches(
    program: str, expression: str, path: str, globs: Sequence[str], *, hidden: bool
) -> AsyncGenerator[Match, None]:
    inside = os.path.isdir(path)
    directory = path if inside else os.path.dirname(path)
    command = [program, "--json", *_flags(globs, hidden=hidden), "--regexp", expression, "--"]
    command.append("./" if inside else f"./{os.path.basename(path)}")
    async with contextlib.aclosing(_records(command, directory, b"\n")) as records:
        async for record in records:
            item = json.loads(record)
            if item["type"] == "match":
                yield _match(item["data"], directory)


def _match(data: dict[str, Any], directory: str) -> Match:
    name = os.fsdecode(_raw(data["path"]))
    return Match(
        os.path.normpath(os.path.join(directory, name)),
        data["line_number"] or 0,
        _raw(data["lines"]).decode(errors="replace"),
        data["absolute_offset"],
        tuple(
            Submatch(_raw(item["match"]).decode(errors="replace"), item["start"], item["end"])
            for item in data["submatches"]
        ),
    )


def _raw(item: dict[str, str]) -> bytes:
    """Ripgrep gives text where it is UTF-8, base64 otherwise."""
    return item["text"].encode() if "text" in item else base64.b64decode(item["bytes"])


async def _records(
    command: list[str], directory: str, separator: bytes
) -> AsyncGenerator[bytes, None]:
    """The records the program prints. Closing the iterator ends the program."""
    process = await asyncio.create_subprocess_exec(
        *command,
        cwd=directory,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        start_new_session=True,
    )
    assert process.stdout is not None and process.stderr is not None
    found = False
    try:
        async for record in _split(process.stdout, separator):
            found = True
            yield record
        complaint = (await process.stderr.read(CHUNK)).decode(errors="replace")
        if await process.wait() > 1 and not found:
            raise SearchError(complaint.removeprefix("rg: ").strip() or "ripgrep failed")
    finally:
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
        # Only what was read to its end is closed, also where nobody wanted the rest.
        await process.communicate()


async def _split(stream: asyncio.StreamReader, separator: bytes) -> AsyncGenerator[bytes, None]:
    """Records of any length; one beyond `MAX_LINE` is dropped."""
    rest = bytearray()
    dropping = False
    while chunk := await stream.read(CHUNK):
        *complete, last = chunk.split(separator)
        for index, piece in enumerate(complete):
            record = bytes(rest) + piece if index == 0 else piece
            rest.clear()
            if record and not dropping:
                yield record
            dropping = False
        rest += last
        if len(rest) > MAX_LINE:
            dropping = True
            rest.clear()
    if rest and not dropping:
        yield bytes(rest)


# Python


async def _in_thread(source: Iterator[T | None]) -> AsyncGenerator[T, None]:
    """Draw from a slow iterator in short slices on a thread; None is a sign of life, no result."""
    finished = False
    batch: list[T]
    while not finished:
        batch, finished = await asyncio.to_thread(_slice, source)
        for item in batch:
            yield item


def _slice(source: Iterator[Any]) -> tuple[list[Any], bool]:
    batch: list[Any] = []
    deadline = time.monotonic() + SLICE_SECONDS
    for item in source:
        if item is not None:
            batch.append(item)
        if len(batch) >= SLICE_ITEMS or time.monotonic() > deadline:
            return batch, False
    return batch, True


def _python_matches(
    expression: str, path: str, globs: Sequence[str], *, hidden: bool
) -> Iterator[Match | None]:
    try:
        pattern = re.compile(expression.encode())
    except (re.error, UnicodeEncodeError) as error:
        raise SearchError(f"regex parse error:\n    {expression}\nerror: {error}") from None
    paths = _Walk(path, globs, hidden=hidden).files() if os.path.isdir(path) else iter([path])
    for name in paths:
        yield None
        if name is not None:
            with contextlib.suppress(OSError):
                yield from _matches_in(name, pattern)


def _matches_in(path: str, pattern: re.Pattern[bytes]) -> Iterator[Match | None]:
    offset = 0
    with open(path, "rb") as file:
        if b"\0" in file.read(BINARY_PROBE):
            return
        file.seek(0)
        for number, line in enumerate(file, 1):
            found = [item for item in pattern.finditer(line.rstrip(b"\r\n")) if item.group()]
            if found or pattern.search(line):
                submatches = tuple(
                    Submatch(item.group().decode(errors="replace"), item.start(), item.end())
                    for item in found
                )
                yield Match(path, number, line.decode(errors="replace"), offset, submatches)
            offset += len(line)
            if number % 1000 == 0:
                yield None


class _Walk:
    """A sorted walk that honours ignore files the way git does."""

    def __init__(self, root: str, globs: Sequence[str], *, hidden: bool) -> None:
        self._root = root
        self._hidden = hidden
        self._wanted = _matcher(_expanded(glob) for glob in globs if not glob.startswith("!"))
        self._unwanted = _matcher(_expanded(glob[1:]) for glob in globs if glob.startswith("!"))

    def files(self) -> Iterator[str | None]:
        repository = _repository(self._root)
        rules: list[tuple[str, Any]] = []
        if repository is not None:
            between = os.path.relpath(self._root, repository).split(os.sep)
            for count in range(len(between)):
                above = os.path.normpath(os.path.join(repository, *between[:count]))
                if above != os.path.normpath(self._root):
                    rules += _ignore_rules(above, in_repository=True)
        yield from self._below(self._root, rules, in_repository=repository is not None)

    def _below(
        self, directory: str, rules: list[tuple[str, Any]], *, in_repository: bool
    ) -> Iterator[str | None]:
        try:
            entries = sorted(os.scandir(directory), key=lambda entry: entry.name)
        except OSError:
            return
        rules = rules + _ignore_rules(directory, in_repository=in_repository)
        for entry in entries:
            yield None
            if entry.name == ".git" or (entry.name.startswith(".") and not self._hidden):
                continue
            is_directory = entry.is_dir(follow_symlinks=False)
            if _ignored(entry.path, rules, is_directory=is_directory):
                continue
            if is_directory:
                yield from self._below(entry.path, rules, in_repository=in_repository)
            elif entry.is_file(follow_symlinks=False) and self._fits(entry.path):
                yield entry.path

    def _fits(self, path: str) -> bool:
        name = os.path.relpath(path, self._root)
        if self._unwanted is not None and self._unwanted.match_file(name):
            return False
        return self._wanted is None or bool(self._wanted.match_file(name))


def _repository(directory: str) -> str | None:
    """The working tree that holds `directory`; ignore files of git mean something only there."""
    current = os.path.abspath(directory)
    while not os.path.exists(os.path.join(current, ".git")):
        parent = os.path.dirname(current)
        if parent == current:
            return None
        current = parent
    return current


def _ignore_rules(directory: str, *, in_repository: bool) -> list[tuple[str, Any]]:
    rules = []
    for name in IGNORE_FILES if in_repository else IGNORE_FILES[1:]:
        with (
            contextlib.suppress(OSError),
            open(os.path.join(directory, name), encoding="utf-8", errors="replace") as file,
        ):
            rules.append((directory, _specification(file.read().splitlines())))
    return rules


def _ignored(path: str, rules: list[tuple[str, Any]], *, is_directory: bool) -> bool:
    """The nearest ignore file that says anything about `path` decides."""
    for base, specification in reversed(rules):
        name = os.path.relpath(path, base) + ("/" if is_directory else "")
        verdict = specification.check_file(name).include
        if verdict is not None:
            return bool(verdict)
    return False


def _matcher(groups: Iterator[list[str]]) -> Any:
    lines = [line for group in groups for line in group]
    return _specification(lines) if lines else None


def _specification(lines: list[str]) -> Any:
    from pathspec import GitIgnoreSpec

    return GitIgnoreSpec.from_lines(lines)


def _expanded(glob: str) -> list[str]:
    """`*.{a,b}` as `*.a` and `*.b`: ignore patterns know no braces."""
    found = re.search(r"\{([^{}]*)\}", glob)
    if found is None:
        return [glob]
    head, tail = glob[: found.start()], glob[found.end() :]
    return [line for option in found[1].split(",") for line in _expanded(head + option + tail)]
