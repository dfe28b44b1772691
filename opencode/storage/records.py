"""The rows of sessions, messages and parts: every statement on them, and no rule.

Functions of a connection, to be given to `Database.write` and `Database.read`. JSON goes in and out
as text, as it is on the wire.
"""

import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

Connection = sqlite3.Connection


@dataclass(frozen=True, slots=True)
class SessionFilter:
    """Which sessions a list is made of; None does not filter."""

    project_id: str | None = None
    directory: str | None = None
    path: str | None = None
    """This path and everything below it."""
    roots: bool = False
    since: float | None = None
    search: str | None = None
    limit: int = 100


def put_session(
    db: Connection,
    *,
    identifier: str,
    project_id: str,
    directory: str,
    path: str,
    parent_id: str | None,
    title: str,
    updated: int,
    data: bytes,
) -> None:
    db.execute(
        "INSERT INTO session (id, project_id, directory, path, parent_id, title, updated, data)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET"
        " project_id = excluded.project_id, directory = excluded.directory, path = excluded.path,"
        " parent_id = excluded.parent_id, title = excluded.title, updated = excluded.updated,"
        " data = excluded.data",
        (identifier, project_id, directory, path, parent_id, title, updated, data.decode()),
    )


def get_session(db: Connection, session_id: str) -> str | None:
    row = db.execute("SELECT data FROM session WHERE id = ?", (session_id,)).fetchone()
    return None if row is None else row[0]


def list_sessions(db: Connection, wanted: SessionFilter) -> list[str]:
    """Newest change first."""
    clauses: list[str] = []
    values: list[object] = []

    def where(clause: str, *given: object) -> None:
        clauses.append(clause)
        values.extend(given)

    if wanted.project_id is not None:
        where("project_id = ?", wanted.project_id)
    if wanted.directory is not None:
        where("directory = ?", wanted.directory)
    if wanted.path:
        where("(path = ? OR path LIKE ? ESCAPE '\\')", wanted.path, f"{_literal(wanted.path)}/%")
    if wanted.roots:
        where("parent_id IS NULL")
    if wanted.since is not None:
        where("updated >= ?", wanted.since)
    if wanted.search:
        where("title LIKE ? ESCAPE '\\'", f"%{_literal(wanted.search)}%")
    condition = f" WHERE {' AND '.join(clauses)}" if clauses else ""
    query = f"SELECT data FROM session{condition} ORDER BY updated DESC, id LIMIT ?"
    return [row[0] for row in db.execute(query, (*values, wanted.limit))]


def children(db: Connection, session_id: str) -> list[str]:
    rows = db.execute("SELECT data FROM session WHERE parent_id = ? ORDER BY id", (session_id,))
    return [row[0] for row in rows]


def remove_session(db: Connection, session_id: str) -> None:
    """Its messages, parts, todo list and run go with it."""
    db.execute("DELETE FROM session WHERE id = ?", (session_id,))


def put_message(db: Connection, session_id: str, message_id: str, data: bytes) -> None:
    db.execute(
        "INSERT INTO message (session_id, id, data) VALUES (?, ?, ?)"
        " ON CONFLICT (session_id, id) DO UPDATE SET data = excluded.data",
        (session_id, message_id, data.decode()),
    )


def put_part(db: Connection, session_id: str, message_id: str, part_id: str, data: bytes) -> None:
    db.execute(
        "INSERT INTO part (session_id, message_id, id, data) VALUES (?, ?, ?, ?)"
        " ON CONFLICT (session_id, message_id, id) DO UPDATE SET data = excluded.data",
        (session_id, message_id, part_id, data.decode()),
    )


def get_message(db: Connection, session_id: str, message_id: str) -> str | None:
    row = db.execute(
        "SELECT data FROM message WHERE session_id = ? AND id = ?", (session_id, message_id)
    ).fetchone()
    return None if row is None else row[0]


def get_part(db: Connection, session_id: str, message_id: str, part_id: str) -> str | None:
    row = db.execute(
        "SELECT data FROM part WHERE session_id = ? AND message_id = ? AND id = ?",
        (session_id, message_id, part_id),
    ).fetchone()
    return None if row is None else row[0]


def remove_message(db: Connection, session_id: str, message_id: str) -> bool:
    done = db.execute(
        "DELETE FROM message WHERE session_id = ? AND id = ?", (session_id, message_id)
    )
    return done.rowcount > 0


def remove_part(db: Connection, session_id: str, message_id: str, part_id: str) -> bool:
    done = db.execute(
        "DELETE FROM part WHERE session_id = ? AND message_id = ? AND id = ?",
        (session_id, message_id, part_id),
    )
    return done.rowcount > 0


@dataclass(frozen=True, slots=True)
class MessageRow:
    """A message and its parts, as JSON."""

    id: str
    data: str
    parts: Sequence[tuple[str, str]]
    """Part ids with their JSON, in order."""


def messages(
    db: Connection, session_id: str, *, limit: int | None = None, before: str | None = None
) -> tuple[list[MessageRow], bool]:
    """The newest `limit` messages before `before`, oldest first; and whether there are more."""
    query = "SELECT id, data FROM message WHERE session_id = ?"
    values: list[object] = [session_id]
    if before is not None:
        query += " AND id < ?"
        values.append(before)
    query += " ORDER BY id DESC"
    if limit is not None:
        query += " LIMIT ?"
        values.append(limit + 1)
    found = db.execute(query, values).fetchall()
    more = limit is not None and len(found) > limit
    rows = list(reversed(found[:limit] if more else found))
    if not rows:
        return [], more
    parts = _parts(db, session_id, rows[0][0], rows[-1][0])
    return [MessageRow(id, data, parts.get(id, ())) for id, data in rows], more


def message(db: Connection, session_id: str, message_id: str) -> MessageRow | None:
    data = get_message(db, session_id, message_id)
    if data is None:
        return None
    parts = _parts(db, session_id, message_id, message_id)
    return MessageRow(message_id, data, parts.get(message_id, ()))


def _parts(
    db: Connection, session_id: str, first: str, last: str
) -> dict[str, list[tuple[str, str]]]:
    found: dict[str, list[tuple[str, str]]] = {}
    for message_id, part_id, data in db.execute(
        "SELECT message_id, id, data FROM part WHERE session_id = ? AND message_id BETWEEN ? AND ?"
        " ORDER BY message_id, id",
        (session_id, first, last),
    ):
        found.setdefault(message_id, []).append((part_id, data))
    return found


def put_todos(db: Connection, session_id: str, data: bytes) -> None:
    db.execute(
        "INSERT INTO todo (session_id, data) VALUES (?, ?)"
        " ON CONFLICT (session_id) DO UPDATE SET data = excluded.data",
        (session_id, data.decode()),
    )


def get_todos(db: Connection, session_id: str) -> str | None:
    row = db.execute("SELECT data FROM todo WHERE session_id = ?", (session_id,)).fetchone()
    return None if row is None else row[0]


def claim_run(db: Connection, session_id: str, owner: str, started: int) -> str:
    """Make `owner` the one that runs the session, unless there is one; returns who it is."""
    db.execute(
        "INSERT INTO run (session_id, owner, started) VALUES (?, ?, ?)"
        " ON CONFLICT (session_id) DO NOTHING",
        (session_id, owner, started),
    )
    row = db.execute("SELECT owner FROM run WHERE session_id = ?", (session_id,)).fetchone()
    return str(row[0])


def release_run(db: Connection, session_id: str, owner: str) -> None:
    db.execute("DELETE FROM run WHERE session_id = ? AND owner = ?", (session_id, owner))


def runs(db: Connection) -> list[tuple[str, str]]:
    """Sessions under way with their owners."""
    return db.execute("SELECT session_id, owner FROM run").fetchall()


def remember_permission(
    db: Connection, project_id: str, permission: str, patterns: Iterable[str], created: int
) -> None:
    db.executemany(
        "INSERT OR IGNORE INTO permission (project_id, permission, pattern, created)"
        " VALUES (?, ?, ?, ?)",
        [(project_id, permission, pattern, created) for pattern in patterns],
    )


def remembered_permissions(db: Connection, project_id: str) -> list[tuple[str, str]]:
    return db.execute(
        "SELECT permission, pattern FROM permission WHERE project_id = ? ORDER BY created, pattern",
        (project_id,),
    ).fetchall()


def get_project(db: Connection, project_id: str) -> str | None:
    row = db.execute("SELECT data FROM project WHERE id = ?", (project_id,)).fetchone()
    return None if row is None else row[0]


def put_project(db: Connection, project_id: str, worktree: str, data: bytes) -> None:
    db.execute(
        "INSERT INTO project (id, worktree, data) VALUES (?, ?, ?) ON CONFLICT (id) DO UPDATE SET"
        " worktree = excluded.worktree, data = excluded.data",
        (project_id, worktree, data.decode()),
    )


def list_projects(db: Connection) -> list[str]:
    return [row[0] for row in db.execute("SELECT data FROM project ORDER BY id")]


def _literal(text: str) -> str:
    """`text` with the wildcards of LIKE taken literally."""
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
