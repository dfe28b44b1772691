"""What was published, in few words: the boundaries of a session's life, and the life of each part.

Documented redundancy is left out: sync twins, repeated status, deltas beyond the first, a second
idle, the summaries and titles that come when they like. Between boundaries parts may live side by
side, so order is compared within each part, within the boundaries, and of the parts' first words.
"""

from collections.abc import Iterable, Sequence
from typing import Any

JSON = dict[str, Any]
BOUNDARIES = (
    "session.error",
    "permission.",
    "question.",
    "todo.",
    "message.removed",
    "file.edited",
)
FLOATING = ("session.updated", "session.diff", "session.created")


def told(events: Iterable[JSON], sessions: Sequence[str]) -> list[JSON]:
    """Of each session: its boundaries, and its parts in the order of their first word."""
    listed = [one for one in events if one.get("type") != "sync"]
    return [_life(listed, session) for session in sessions]


def _life(events: Iterable[JSON], session: str) -> JSON:
    boundaries: list[str] = []
    parts: dict[str, list[str]] = {}
    users: set[str] = set()
    for event in events:
        given = event.get("properties", {})
        if session not in (given.get("sessionID"), given.get("info", {}).get("sessionID")):
            continue
        kind = event["type"]
        if kind.startswith("message.part."):
            _add(parts.setdefault(_part_id(given), []), _of_part(kind, given))
            line = _as_boundary(kind, given)
        elif kind == "message.updated" and given["info"]["role"] == "user":
            line = "" if given["info"]["id"] in users else "message user"
            users.add(given["info"]["id"])
        else:
            line = _boundary(kind, given)
        if line and not (line.startswith("status") and line == _last_status(boundaries)):
            boundaries.append(line)
    return {"boundaries": _once_idle(boundaries), "parts": list(parts.values())}


def _part_id(given: JSON) -> str:
    return str(given.get("partID") or given["part"]["id"])


def _of_part(kind: str, given: JSON) -> str:
    if kind != "message.part.updated":
        field = f" {given['field']}" if "field" in given else ""
        return kind.rpartition(".")[2] + field
    part = given["part"]
    state = part.get("state", {}).get("status", "")
    ended = "ended" if (part.get("time") or {}).get("end") else ""
    return " ".join(word for word in (part["type"], part.get("tool", ""), state, ended) if word)


def _as_boundary(kind: str, given: JSON) -> str:
    if kind != "message.part.updated" or not given["part"]["type"].startswith(("step-", "patch")):
        return ""
    return f"part {given['part']['type']}"


def _boundary(kind: str, given: JSON) -> str:
    match kind:
        case "message.updated":
            return _of_answer(given["info"])
        case "session.status":
            status = given["status"]
            return f"status {status['type']} {status.get('attempt', '')}".strip()
        case "session.error":
            return f"session.error {given['error']['name']}"
        case _ if kind in FLOATING:
            return ""
        case _:
            return str(kind)


def _of_answer(info: JSON) -> str:
    words = ["message assistant", info.get("finish", "")]
    words.append("completed" if info["time"].get("completed") else "")
    words.append((info.get("error") or {}).get("name", ""))
    return " ".join(word for word in words if word)


def _add(lines: list[str], line: str) -> None:
    """States and pieces that are told again and again count once."""
    if not lines or lines[-1] != line:
        lines.append(line)


def _last_status(lines: Sequence[str]) -> str | None:
    return next((one for one in reversed(lines) if one.startswith("status")), None)


def _once_idle(lines: Sequence[str]) -> list[str]:
    """A second idle after the first adds nothing."""
    found: list[str] = []
    for line in lines:
        if line == "session.idle" and not _is_at_work(found):
            continue
        found.append(line)
    return found


def _is_at_work(lines: Sequence[str]) -> bool:
    for line in reversed(lines):
        if line == "session.idle":
            return False
        if line.startswith(("status busy", "status retry")):
            return True
    return True
