"""The differences that are known, each with its reason, as `differences.toml` lists them."""

import re
import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from tools.conformance.compare import Difference

FILE = Path(__file__).with_name("differences.toml")
FIELDS = {"where", "why", "scenarios", "theirs", "ours"}


class KnownError(Exception):
    """The list of known differences cannot be used; the text says why."""


@dataclass(frozen=True)
class Known:
    """One kind of difference."""

    where: str
    """A pattern of places; `*` is any text."""
    why: str
    """Why ours is better, or why it does not matter."""
    scenarios: tuple[str, ...] = ("*",)
    theirs: str | None = None
    """A regular expression found in their value."""
    ours: str | None = None

    def explains(self, scenario: str, difference: Difference) -> bool:
        return (
            any(fnmatchcase(scenario, pattern) for pattern in self.scenarios)
            and fnmatchcase(difference.where, self.where)
            and _found(self.theirs, difference.theirs)
            and _found(self.ours, difference.ours)
        )


def load(path: Path = FILE) -> list[Known]:
    """The list. Raises `KnownError` naming the entry that is wrong."""
    found = []
    for number, entry in enumerate(tomllib.loads(path.read_text("utf-8"))["difference"], 1):
        unknown = set(entry) - FIELDS
        if unknown or not entry.get("where") or not entry.get("why"):
            raise KnownError(f"{path.name}: entry {number} needs where and why, and no {unknown}")
        entry["scenarios"] = tuple(entry.get("scenarios", ("*",)))
        found.append(Known(**entry))
    return found


def explanation(known: Iterable[Known], scenario: str, difference: Difference) -> Known | None:
    """The first entry that explains a difference."""
    return next((one for one in known if one.explains(scenario, difference)), None)


def unused(known: Sequence[Known], used: Iterable[Known]) -> list[Known]:
    """The entries nothing needed: what they excuse does not happen any more."""
    seen = set(used)
    return [one for one in known if one not in seen]


def _found(pattern: str | None, text: str) -> bool:
    return pattern is None or re.search(pattern, text, re.DOTALL) is not None
