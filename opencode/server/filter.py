"""Which events a subscription wants: by directory, by session and its children, by type.

Members are ANDed, their values ORed; an absent member lets everything pass. Events of the whole
server pass every directory filter; `tui.*`, meant for one kind of client, only when asked for.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from opencode.bus import Envelope
from opencode.schema.event import EventSessionCreated, EventSessionUpdated

MEMBERS = ("directory", "session", "children", "types")
SERVER_WIDE = ("server.", "installation.", "global.")
ASKED_ONLY = "tui."


class BadFilter(ValueError):
    """A filter whose member is of the wrong kind; the text names it."""


class Filter:
    """One subscription's taste. It learns of child sessions as they are created."""

    def __init__(
        self,
        *,
        directories: Sequence[str] | None = None,
        sessions: Sequence[str] | None = None,
        children: bool = False,
        types: Sequence[str] | None = None,
    ) -> None:
        self.directories = None if directories is None else frozenset(directories)
        self.sessions = None if sessions is None else set(sessions)
        self.children = children
        self._types = Types(types) if types is not None else None

    @classmethod
    def parse(cls, given: Mapping[str, Any], absolute: Callable[[str], str]) -> "Filter":
        """Read a client's filter; `absolute` makes its directories comparable."""
        children = given.get("children", False)
        if not isinstance(children, bool):
            raise BadFilter("children must be true or false")
        directories = _strings(given, "directory")
        return cls(
            directories=None if directories is None else [absolute(one) for one in directories],
            sessions=_strings(given, "session"),
            children=children,
            types=_strings(given, "types"),
        )

    def passes(self, envelope: Envelope) -> bool:
        """Whether this event is wanted."""
        kind = envelope.event.type
        if self.children:
            self._learn(envelope)
        if self._types is None:
            if kind.startswith(ASKED_ONLY):
                return False
        elif not self._types.match(kind):
            return False
        if self.directories is not None and not self._near(envelope, kind):
            return False
        return self.sessions is None or session_of(envelope) in self.sessions

    def adopt(self, sessions: Iterable[str]) -> None:
        """Count these among the sessions it names."""
        if self.sessions is not None:
            self.sessions.update(sessions)

    def _near(self, envelope: Envelope, kind: str) -> bool:
        directory = envelope.directory
        if directory is None or directory == "global" or kind.startswith(SERVER_WIDE):
            return True
        return self.directories is not None and directory in self.directories

    def _learn(self, envelope: Envelope) -> None:
        event = envelope.event
        if isinstance(event, EventSessionCreated | EventSessionUpdated) and self.sessions:
            info = event.properties.info
            if info.parent_id in self.sessions:
                self.sessions.add(info.id)


class Types:
    """A list of event types, each exact or a beginning followed by `*`."""

    def __init__(self, types: Sequence[str]) -> None:
        self._exact = frozenset(one for one in types if not one.endswith("*"))
        self._beginnings = tuple(one[:-1] for one in types if one.endswith("*"))

    def match(self, kind: str) -> bool:
        return kind in self._exact or kind.startswith(self._beginnings)


def session_of(envelope: Envelope) -> str | None:
    """The session an event is about."""
    properties = getattr(envelope.event, "properties", None)
    found = getattr(properties, "session_id", None)
    return found if isinstance(found, str) else None


def _strings(given: Mapping[str, Any], name: str) -> list[str] | None:
    value = given.get(name)
    if value is None:
        return None
    values = [value] if isinstance(value, str) else value
    if not isinstance(values, list) or not all(isinstance(one, str) for one in values):
        raise BadFilter(f"{name} must be a string or a list of strings")
    return values
