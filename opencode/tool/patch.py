"""Patches in the envelope some models are trained to write: read, and applied to text. Pure.

*** Begin Patch
*** Add File: path          then lines that begin with +
*** Update File: path       maybe *** Move to: path, then hunks
@@ a line above the hunk    then lines that begin with a blank, - or +, maybe *** End of File
*** Delete File: path
*** End Patch
"""

import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

BEGIN, END = "*** Begin Patch", "*** End Patch"
ADD, UPDATE, DELETE = "*** Add File: ", "*** Update File: ", "*** Delete File: "
MOVE, LAST = "*** Move to: ", "*** End of File"
HEREDOC = re.compile(
    r"\A\s*(?:cat\s+)?<<-?\s*(['\"]?)(\w+)\1[ \t]*\n(.*?)\n[ \t]*\2\s*\Z", re.DOTALL
)
ALIKE = str.maketrans(
    dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2015\u2212", "-")
    | dict.fromkeys("\u2018\u2019\u201a\u201b", "'")
    | dict.fromkeys("\u201c\u201d\u201e\u201f", '"')
)
"""Letters that models write for those of a keyboard, and the other way round."""


def writes_patches(model: str) -> bool:
    """Whether this model changes files by patches rather than by edit and write."""
    return "gpt-5" in model


class PatchError(Exception):
    """The patch cannot be read, or does not fit the file; the text says where."""


@dataclass(slots=True)
class Hunk:
    """Lines as they stand in the file, and those to put there."""

    above: list[str] = field(default_factory=list)
    """Lines that come before it, in this order, anywhere above."""
    lines: list[tuple[str, str]] = field(default_factory=list)
    """Each with its sign: a blank for one that stays, `-` or `+`."""
    at_end: bool = False
    """It belongs at the end of the file."""

    @property
    def old(self) -> list[str]:
        """What must stand in the file."""
        return [line for sign, line in self.lines if sign != "+"]

    def applied(self, before: Sequence[str]) -> Iterator[str]:
        """The new lines; those that stay as they are in the file, not as the patch writes them."""
        place = 0
        for sign, line in self.lines:
            if sign == "+":
                yield line
                continue
            if sign == " ":
                yield before[place]
            place += 1


@dataclass(slots=True)
class AddFile:
    """A file that is new, or replaced as a whole."""

    path: str
    lines: list[str] = field(default_factory=list)


@dataclass(slots=True)
class DeleteFile:
    """A file that goes."""

    path: str


@dataclass(slots=True)
class UpdateFile:
    """A file that changes in places, and may get another name."""

    path: str
    hunks: list[Hunk] = field(default_factory=list)
    move: str | None = None


Change = AddFile | DeleteFile | UpdateFile


def read_patch(text: str) -> list[Change]:
    """What a patch does, file by file. Raises `PatchError`."""
    wrapped = HEREDOC.match(text)
    lines = (wrapped[3] if wrapped else text).replace("\r\n", "\n").split("\n")
    marks = [line.strip() for line in lines]
    if BEGIN not in marks or END not in marks or marks.index(BEGIN) > _last(marks, END):
        raise PatchError("Invalid patch format: missing Begin/End markers")
    found: list[Change] = []
    for line in lines[marks.index(BEGIN) + 1 : _last(marks, END)]:
        _take(line, found)
    for change in found:
        if isinstance(change, UpdateFile):
            change.hunks = [hunk for hunk in change.hunks if hunk.lines]
    return found


def apply(text: str, hunks: Sequence[Hunk], path: str) -> str:
    """`text` with every hunk applied, each below the one before. Raises `PatchError`.

    The line ends of `text` are kept, also the lack of one at its end unless a hunk changes the end.
    """
    crlf = "\r\n" in text
    lines = (text.replace("\r\n", "\n") if crlf else text).split("\n")
    ended = lines[-1] == ""
    if ended:
        lines.pop()
    result: list[str] = []
    place = 0
    for hunk in hunks:
        start = _locate(lines, hunk, place, path)
        count = len(hunk.old)
        result += lines[place:start]
        result += hunk.applied(lines[start : start + count])
        place = start + count
        ended = ended or (place == len(lines) and hunk.lines[-1][0] != " ")
    result += lines[place:]
    joined = "\n".join(result) + ("\n" if ended and result else "")
    return joined.replace("\n", "\r\n") if crlf else joined


def _last(lines: list[str], line: str) -> int:
    return len(lines) - 1 - lines[::-1].index(line)


def _take(line: str, found: list[Change]) -> None:
    """Add a line to what was read so far."""
    opened = _opened(line)
    if opened is not None:
        found.append(opened)
        return
    current = found[-1] if found else None
    match current:
        case AddFile() if line.startswith("+"):
            current.lines.append(line[1:])
        case UpdateFile():
            _take_hunk(line, current)
        case _ if not line.strip():
            return
        case _:
            raise PatchError(f"Invalid patch format: unexpected line: {line}")


def _opened(line: str) -> Change | None:
    if line.startswith(ADD):
        return AddFile(line.removeprefix(ADD).strip())
    if line.startswith(DELETE):
        return DeleteFile(line.removeprefix(DELETE).strip())
    if line.startswith(UPDATE):
        return UpdateFile(line.removeprefix(UPDATE).strip())
    return None


def _take_hunk(line: str, change: UpdateFile) -> None:
    if line.startswith(MOVE) and not change.hunks:
        change.move = line.removeprefix(MOVE).strip()
        return
    if line.startswith("@@"):
        _take_above(line.removeprefix("@@").strip(), change)
        return
    if not change.hunks or change.hunks[-1].at_end:
        if not line.strip():
            return
        change.hunks.append(Hunk())
    hunk = change.hunks[-1]
    if line.strip() == LAST:
        hunk.at_end = True
        return
    sign, rest = line[:1], line[1:]
    if sign not in ("", " ", "-", "+"):
        raise PatchError(f"Invalid patch format: unexpected line: {line}")
    hunk.lines.append((sign or " ", rest))


def _take_above(line: str, change: UpdateFile) -> None:
    """`@@` begins a hunk; several in a row narrow down where it is."""
    if not change.hunks or change.hunks[-1].lines:
        change.hunks.append(Hunk())
    if line:
        change.hunks[-1].above.append(line)


def _locate(lines: list[str], hunk: Hunk, start: int, path: str) -> int:
    """Where the hunk stands, at or below `start`."""
    for above in hunk.above:
        found = _find(lines, [above], start)
        if found is None:
            raise PatchError(f"Failed to find context '{above}' in {path}")
        start = found + 1
    while old := hunk.old:
        place = _find(lines, old, start, at_end=hunk.at_end)
        if place is not None:
            return place
        if len(hunk.lines) == 1 or hunk.lines[-1][0] != " " or hunk.lines[-1][1].strip():
            raise PatchError(f"Failed to find expected lines in {path}:\n" + "\n".join(old))
        hunk.lines.pop()  # a blank line before the next marker is often no line of the file
    return start if hunk.above and not hunk.at_end else len(lines)


def _find(lines: list[str], wanted: list[str], start: int, *, at_end: bool = False) -> int | None:
    """The first place of `wanted`, compared ever more generously; the last one with `at_end`."""
    last = len(lines) - len(wanted)
    places: list[int] = [*([last] if at_end and last >= start else []), *range(start, last + 1)]
    for alike in _COMPARISONS:
        sought = [alike(line) for line in wanted]
        for place in places:
            if alike(lines[place]) != sought[0]:
                continue
            if [alike(line) for line in lines[place : place + len(sought)]] == sought:
                return place
    return None


def _same(line: str) -> str:
    return line


def _normal(line: str) -> str:
    return unicodedata.normalize("NFKC", line).translate(ALIKE).strip()


_COMPARISONS: tuple[Callable[[str], str], ...] = (_same, str.rstrip, str.strip, _normal)
