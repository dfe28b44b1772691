"""Migrations: in order, once, whole or not at all."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from opencode.storage.migrations import MIGRATIONS, SchemaTooNewError, migrate


@pytest.fixture
def db(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    connection = sqlite3.connect(tmp_path / "server.db", isolation_level=None)
    yield connection
    connection.close()


def m001_shelf(db: sqlite3.Connection) -> None:
    db.execute("CREATE TABLE shelf (name TEXT)")


def m002_book(db: sqlite3.Connection) -> None:
    db.execute("INSERT INTO shelf VALUES ('second')")


def m003_broken(db: sqlite3.Connection) -> None:
    db.execute("INSERT INTO shelf VALUES ('half')")
    raise ValueError("broken")


def applied(db: sqlite3.Connection) -> list[str]:
    return [row[0] for row in db.execute("SELECT name FROM migration ORDER BY name")]


def test_they_are_applied_in_order_and_once(db: sqlite3.Connection) -> None:
    migrate(db, (m001_shelf,))
    migrate(db, (m001_shelf, m002_book))
    migrate(db, (m001_shelf, m002_book))
    assert applied(db) == ["m001_shelf", "m002_book"]
    assert db.execute("SELECT name FROM shelf").fetchall() == [("second",)]


def test_one_that_fails_leaves_nothing_behind(db: sqlite3.Connection) -> None:
    with pytest.raises(ValueError, match="broken"):
        migrate(db, (m001_shelf, m003_broken))
    assert applied(db) == ["m001_shelf"]
    assert db.execute("SELECT name FROM shelf").fetchall() == []
    migrate(db, (m001_shelf, m002_book))
    assert applied(db) == ["m001_shelf", "m002_book"]


def test_one_that_is_not_known_here_is_refused_before_anything_is_changed(
    db: sqlite3.Connection,
) -> None:
    migrate(db, (m001_shelf, m002_book))
    with pytest.raises(SchemaTooNewError, match="m002_book"):
        migrate(db, (m001_shelf,))
    assert applied(db) == ["m001_shelf", "m002_book"]


def test_the_real_ones_are_numbered_without_a_gap() -> None:
    numbers = [int(step.__name__[1:4]) for step in MIGRATIONS]
    assert numbers == list(range(1, len(MIGRATIONS) + 1))
    assert all(step.__doc__ for step in MIGRATIONS)


def test_the_first_makes_every_table(db: sqlite3.Connection) -> None:
    migrate(db)
    tables = {row[0] for row in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    assert tables >= {"project", "session", "message", "part", "todo", "permission", "run"}
