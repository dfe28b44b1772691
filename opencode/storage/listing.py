"""Lists across projects: pages of sessions with their projects, and what was allowed for always."""

import base64
import hashlib
import sqlite3
from dataclasses import dataclass
from typing import Any, Literal

Connection = sqlite3.Connection
Direction = Literal["next", "previous"]


class _Where:
    """Conditions that hold together, with their values."""

    def __init__(self) -> None:
        self._clauses: list[str] = []
        self.values: list[Any] = []

    def add(self, clause: str, *given: Any) -> None:
        self._clauses.append(clause)
        self.values.extend(given)

    def __str__(self) -> str:
        return f" WHERE {' AND '.join(self._clauses)}" if self._clauses else ""


@dataclass(frozen=True, slots=True)
class GlobalFilter:
    """Which sessions of all projects; None does not filter."""

    directory: str | None = None
    roots: bool = False
    since: float | None = None
    before: float | None = None
    search: str | None = None
    archived: bool = False
    limit: int = 100


@dataclass(frozen=True, slots=True)
class GlobalRow:
    """A session as JSON, its project within."""

    updated: int
    data: str


def global_sessions(db: Connection, wanted: GlobalFilter) -> tuple[list[GlobalRow], bool]:
    """Newest change first; and whether there are more. An unknown project is null."""
    where = _Where()
    if wanted.directory is not None:
        where.add("s.directory = ?", wanted.directory)
    if wanted.roots:
        where.add("s.parent_id IS NULL")
    if wanted.since is not None:
        where.add("s.updated >= ?", wanted.since)
    if wanted.before is not None:
        where.add("s.updated < ?", wanted.before)
    if wanted.search:
        where.add("s.title LIKE ? ESCAPE '\\'", like(wanted.search))
    if not wanted.archived:
        where.add("json_extract(s.data, '$.time.archived') IS NULL")
    rows = db.execute(
        "SELECT s.updated, s.data, CASE WHEN p.id IS NULL THEN 'null' ELSE json_patch('{}',"
        " json_object('id', p.id, 'name', json_extract(p.data, '$.name'), 'worktree', p.worktree))"
        f" END FROM session s LEFT JOIN project p ON p.id = s.project_id{where}"
        " ORDER BY s.updated DESC, s.id LIMIT ?",
        (*where.values, wanted.limit + 1),
    ).fetchall()
    found = [
        GlobalRow(updated, f'{data[:-1]},"project":{project}}}') for updated, data, project in rows
    ]
    return found[: wanted.limit], len(rows) > wanted.limit


@dataclass(frozen=True, slots=True)
class CreatedFilter:
    """A page of sessions in the order of their creation; None does not filter."""

    oldest_first: bool = False
    directory: str | None = None
    project_id: str | None = None
    path: str | None = None
    """This path and everything below it."""
    workspace: str | None = None
    search: str | None = None
    anchor: str | None = None
    """The session the page is next to."""
    direction: Direction = "next"
    limit: int = 50


def created_sessions(db: Connection, wanted: CreatedFilter) -> list[str]:
    """Session ids sort by creation, the newest first, so the order is that of the key."""
    where = _Where()
    if wanted.directory is not None:
        where.add("directory = ?", wanted.directory)
    if wanted.project_id is not None:
        where.add("project_id = ?", wanted.project_id)
    if wanted.path:
        where.add("(path = ? OR path LIKE ? ESCAPE '\\')", wanted.path, f"{_plain(wanted.path)}/%")
    if wanted.workspace is not None:
        where.add("json_extract(data, '$.workspaceID') = ?", wanted.workspace)
    if wanted.search:
        where.add("title LIKE ? ESCAPE '\\'", like(wanted.search))
    backward = wanted.direction == "previous"
    ascending = wanted.oldest_first == backward
    if wanted.anchor is not None:
        where.add(f"id {'>' if ascending else '<'} ?", wanted.anchor)
    order = "ASC" if ascending else "DESC"
    rows = db.execute(
        f"SELECT data FROM session{where} ORDER BY id {order} LIMIT ?",
        (*where.values, wanted.limit),
    ).fetchall()
    return [row[0] for row in (reversed(rows) if backward else rows)]


@dataclass(frozen=True, slots=True)
class SavedPermission:
    """What was allowed for always in a project."""

    id: str
    project_id: str
    permission: str
    pattern: str


def saved_permissions(db: Connection, project_id: str | None = None) -> list[SavedPermission]:
    """Of one project, or of all, in the order in which they were given."""
    where = _Where()
    if project_id is not None:
        where.add("project_id = ?", project_id)
    rows = db.execute(
        f"SELECT project_id, permission, pattern FROM permission{where} ORDER BY created, pattern",
        where.values,
    )
    return [SavedPermission(_identifier(*row), *row) for row in rows]


def forget_permission(db: Connection, identifier: str) -> bool:
    """Take back what was allowed for always; False where there is no such thing."""
    for row in saved_permissions(db):
        if row.id == identifier:
            db.execute(
                "DELETE FROM permission WHERE project_id = ? AND permission = ? AND pattern = ?",
                (row.project_id, row.permission, row.pattern),
            )
            return True
    return False


def like(text: str) -> str:
    """A pattern of LIKE for what holds `text`, its wildcards taken literally."""
    return f"%{_plain(text)}%"


def _plain(text: str) -> str:
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def _identifier(*key: str) -> str:
    """The rows have no id of their own: made of the key, it is the same each time."""
    digest = hashlib.sha256("\0".join(key).encode()).digest()
    return "psv_" + base64.urlsafe_b64encode(digest[:15]).decode()
