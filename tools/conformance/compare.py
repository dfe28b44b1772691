"""Two views side by side: every difference with its place and both values."""

import difflib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

ABSENT = "(absent)"
LABELS = ("role", "type", "tool", "what", "path")
"""What an item of a list is called by, and paired by with the item of the other side."""


@dataclass(frozen=True)
class Difference:
    """One place in which the sides differ; values are JSON, or `ABSENT`."""

    where: str
    theirs: str
    ours: str


def differences(theirs: Any, ours: Any, where: str = "") -> Iterator[Difference]:
    """Every place in which two values differ."""
    if type(theirs) is type(ours) and isinstance(theirs, dict):
        for key in sorted({*theirs, *ours}):
            place = f"{where}/{key}" if where else str(key)
            if key not in ours:
                yield Difference(place, shown(theirs[key]), ABSENT)
            elif key not in theirs:
                yield Difference(place, ABSENT, shown(ours[key]))
            else:
                yield from differences(theirs[key], ours[key], place)
    elif type(theirs) is type(ours) and isinstance(theirs, list):
        yield from _of_lists(theirs, ours, where)
    elif theirs != ours or isinstance(theirs, bool) is not isinstance(ours, bool):
        yield Difference(where, shown(theirs), shown(ours))


def shown(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def label(value: Any) -> str:
    """What an item of a list is: enough to find its counterpart."""
    match value:
        case str():
            return value
        case dict():
            inner = value.get("info") or value
            return " ".join(inner[key] for key in LABELS if isinstance(inner.get(key), str))
        case _:
            return ""


def _of_lists(theirs: Sequence[Any], ours: Sequence[Any], where: str) -> Iterator[Difference]:
    left, right = [label(one) for one in theirs], [label(one) for one in ours]
    matcher = difflib.SequenceMatcher(None, left, right, autojunk=False)
    for change, start, end, other, stop in matcher.get_opcodes():
        if change == "replace" and end - start == stop - other:
            change = "equal"
        if change == "equal":
            for place, here in zip(range(start, end), range(other, stop), strict=True):
                yield from differences(theirs[place], ours[here], _step(where, place, left[place]))
            continue
        for place in range(start, end):
            yield Difference(_step(where, place, left[place]), shown(theirs[place]), ABSENT)
        for place in range(other, stop):
            yield Difference(_step(where, place, right[place]), ABSENT, shown(ours[place]))


def _step(where: str, place: int, name: str) -> str:
    short = name.replace("/", "|").partition("\n")[0][:40]
    return f"{where}/{place}:{short}" if short else f"{where}/{place}"
