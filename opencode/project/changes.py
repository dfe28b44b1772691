"""Reads what `git diff --raw --numstat -z` says, patches included: one entry a changed file."""

import re
from dataclasses import dataclass
from typing import Literal

ChangeStatus = Literal["added", "deleted", "modified"]

FORMAT = (
    "--raw",
    "--numstat",
    "-z",
    "--no-renames",
    "--no-abbrev",
    "--no-color",
    "--no-ext-diff",
    "--no-textconv",
    "--src-prefix=a/",
    "--dst-prefix=b/",
)
"""Arguments of `git diff` whose output `read_changes` understands, whatever the user's settings."""
STATUS: dict[str, ChangeStatus] = {"A": "added", "D": "deleted"}
NUMBERS = re.compile(r"(\d+|-)\t(\d+|-)\t")
CHUNK = re.compile(r"^(?=diff --git )", re.MULTILINE)


@dataclass(slots=True)
class Change:
    """A file that differs."""

    file: str
    """Relative to the worktree."""
    status: ChangeStatus
    additions: int = 0
    deletions: int = 0
    patch: str = ""
    """In git's format; empty where none was asked for."""
    retyped: bool = False
    """A file became a link or the other way: its patch is two."""


def read_changes(output: bytes) -> list[Change]:
    """The entries in git's order, which is that of the paths."""
    text = output.decode("utf-8", "replace")
    changes, place = _read_raw(text)
    place = _read_numbers(text, place, changes)
    chunks = iter(CHUNK.split(text[place:].lstrip("\0"))[1:])
    if place < len(text):
        for change in changes.values():
            change.patch = "".join(next(chunks, "") for _ in range(2 if change.retyped else 1))
    return list(changes.values())


def _read_raw(text: str) -> tuple[dict[str, Change], int]:
    """`:<modes> <hashes> <letter> NUL <path> NUL`, again and again."""
    changes: dict[str, Change] = {}
    place = 0
    while text.startswith(":", place):
        middle = text.index("\0", place)
        end = text.index("\0", middle + 1)
        letter, path = text[place:middle].rsplit(" ", 1)[1], text[middle + 1 : end]
        if letter != "U":  # an unmerged path comes a second time, as what it is now
            changes[path] = Change(path, STATUS.get(letter[0], "modified"), retyped=letter == "T")
        place = end + 1
    return changes, place


def _read_numbers(text: str, place: int, changes: dict[str, Change]) -> int:
    """`<added> TAB <removed> TAB <path> NUL`; dashes for a binary file."""
    while found := NUMBERS.match(text, place):
        end = text.index("\0", found.end())
        change = changes.get(text[found.end() : end])
        if change is not None:
            change.additions, change.deletions = _count(found[1]), _count(found[2])
        place = end + 1
    return place


def _count(text: str) -> int:
    return 0 if text == "-" else int(text)
