"""The schema's history: functions in order, each applied once, in a transaction of its own."""

import sqlite3
import time
from collections.abc import Callable


class SchemaTooNewError(Exception):
    """The file was written by a newer version; using it could damage it."""

    def __init__(self, unknown: str) -> None:
        super().__init__(
            f"the database has the schema change '{unknown}', which this version does not know:"
            " use the newer version that wrote it, or set OPENCODE_DATA to another directory"
        )


def m001_initial(db: sqlite3.Connection) -> None:
    """Projects, sessions, messages, parts, todo lists, remembered permissions, runs under way."""
    db.execute(
        "CREATE TABLE project (id TEXT PRIMARY KEY, worktree TEXT NOT NULL, data TEXT NOT NULL)"
        " WITHOUT ROWID"
    )
    db.execute(
        "CREATE TABLE session (id TEXT PRIMARY KEY, project_id TEXT NOT NULL,"
        " directory TEXT NOT NULL, path TEXT NOT NULL, parent_id TEXT, title TEXT NOT NULL,"
        " updated INTEGER NOT NULL, data TEXT NOT NULL)"
    )
    db.execute("CREATE INDEX session_by_project ON session (project_id, updated)")
    db.execute("CREATE INDEX session_by_parent ON session (parent_id)")
    db.execute(
        "CREATE TABLE message (session_id TEXT NOT NULL REFERENCES session (id) ON DELETE CASCADE,"
        " id TEXT NOT NULL, data TEXT NOT NULL, PRIMARY KEY (session_id, id))"
    )
    db.execute(
        "CREATE TABLE part (session_id TEXT NOT NULL, message_id TEXT NOT NULL, id TEXT NOT NULL,"
        " data TEXT NOT NULL, PRIMARY KEY (session_id, message_id, id),"
        " FOREIGN KEY (session_id, message_id) REFERENCES message (session_id, id)"
        " ON DELETE CASCADE)"
    )
    db.execute(
        "CREATE TABLE todo (session_id TEXT PRIMARY KEY REFERENCES session (id) ON DELETE CASCADE,"
        " data TEXT NOT NULL)"
    )
    db.execute(
        "CREATE TABLE permission (project_id TEXT NOT NULL, permission TEXT NOT NULL,"
        " pattern TEXT NOT NULL, created INTEGER NOT NULL,"
        " PRIMARY KEY (project_id, permission, pattern)) WITHOUT ROWID"
    )
    db.execute(
        "CREATE TABLE run (session_id TEXT PRIMARY KEY REFERENCES session (id) ON DELETE CASCADE,"
        " owner TEXT NOT NULL, started INTEGER NOT NULL)"
    )


MIGRATIONS: tuple[Callable[[sqlite3.Connection], None], ...] = (m001_initial,)


def migrate(
    db: sqlite3.Connection,
    migrations: tuple[Callable[[sqlite3.Connection], None], ...] = MIGRATIONS,
) -> None:
    """Apply what is missing. Raises `SchemaTooNewError` where the file knows more than we do."""
    db.execute(
        "CREATE TABLE IF NOT EXISTS migration (name TEXT PRIMARY KEY, applied INTEGER NOT NULL)"
    )
    known = {step.__name__ for step in migrations}
    for (name,) in db.execute("SELECT name FROM migration ORDER BY name"):
        if name not in known:
            raise SchemaTooNewError(name)
    for step in migrations:
        _apply(db, step)


def _apply(db: sqlite3.Connection, step: Callable[[sqlite3.Connection], None]) -> None:
    db.execute(
        "BEGIN IMMEDIATE"
    )  # another server may be migrating: whoever is second finds it done
    try:
        done = db.execute("SELECT 1 FROM migration WHERE name = ?", (step.__name__,)).fetchone()
        if done is None:
            step(db)
            db.execute(
                "INSERT INTO migration (name, applied) VALUES (?, ?)",
                (step.__name__, time.time_ns() // 1_000_000),
            )
        db.execute("COMMIT")
    except BaseException:
        db.execute("ROLLBACK")
        raise
