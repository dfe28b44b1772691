"""Identifiers: a prefix, twelve hex digits of time, fourteen random characters.

The digits are the low 48 bits of ``milliseconds * 0x1000 + counter``, so ids sort by the moment
they were made; a session's digits are the bitwise complement, so the newest session sorts first.
Only the prefix is checked when a client sends an id of its own.
"""

import re
import secrets
import time
from collections.abc import Callable
from typing import Annotated

from pydantic import Field

SessionID = Annotated[str, Field(pattern="^ses")]
MessageID = Annotated[str, Field(pattern="^msg")]
PartID = Annotated[str, Field(pattern="^prt")]
PermissionID = Annotated[str, Field(pattern="^per")]
QuestionID = Annotated[str, Field(pattern="^que")]
EventID = Annotated[str, Field(pattern="^evt")]
PtyID = Annotated[str, Field(pattern="^pty")]
WorkspaceID = Annotated[str, Field(pattern="^wrk")]

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
BASE32 = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
TIME_BITS = 48
TIME_MASK = (1 << TIME_BITS) - 1
RANDOM_LENGTH = 14
HEX_DIGITS = re.compile("[0-9a-f]{12}")


def now_ms() -> int:
    """The wall clock in integer milliseconds, the unit of every time on the wire."""
    return time.time_ns() // 1_000_000


class Ids:
    """Makes ids that ascend strictly within a process, also when the clock stands or goes back."""

    def __init__(self, clock: Callable[[], int] = now_ms) -> None:
        self._clock = clock
        self._last = 0

    def session(self) -> str:
        """A session id: descending, newer sorts before older."""
        return self._make("ses", TIME_MASK & ~self._tick())

    def message(self, *, after: str | None = None) -> str:
        """A message id, one that sorts after `after` even if that was made by a clock ahead."""
        moment = self._tick()
        if after is not None and (digits := HEX_DIGITS.match(after.partition("_")[2])):
            moment = max(moment, min(int(digits[0], 16) + 1, TIME_MASK))
        return self._make("msg", moment)

    def part(self) -> str:
        return self._make("prt", self._tick())

    def permission(self) -> str:
        return self._make("per", self._tick())

    def question(self) -> str:
        return self._make("que", self._tick())

    def event(self) -> str:
        return self._make("evt", self._tick())

    def ascending(self, prefix: str) -> str:
        """An id of a rarer kind (``pty``, ``tool``, ``wrk``), ascending."""
        return self._make(prefix, self._tick())

    def _tick(self) -> int:
        self._last = max(self._clock() * 0x1000 + 1, self._last + 1)
        return self._last & TIME_MASK

    @staticmethod
    def _make(prefix: str, moment: int) -> str:
        number = secrets.randbits(84)
        letters = []
        for _ in range(RANDOM_LENGTH):
            number, index = divmod(number, 62)
            letters.append(ALPHABET[index])
        return f"{prefix}_{moment:012x}{''.join(letters)}"


def ulid(moment: int | None = None) -> str:
    """The other form of an id that ascends: 48 bits of milliseconds and 80 random ones, in base 32.
    Calls that no model made are named so."""
    number = (now_ms() if moment is None else moment) << 80 | secrets.randbits(80)
    return "".join(BASE32[number >> shift & 31] for shift in range(125, -1, -5))


def time_of(identifier: str, *, now: int | None = None) -> int:
    """The millisecond an ascending id was made, within the 2.2 years (2**36 ms) around `now`."""
    low = int(identifier.split("_", 1)[1][:12], 16) >> 12
    moment = now_ms() if now is None else now
    window = 1 << (TIME_BITS - 12)
    candidate = (moment & ~(window - 1)) | low
    return min((candidate - window, candidate, candidate + window), key=lambda t: abs(t - moment))
