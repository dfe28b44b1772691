"""The rows: what is found, in which order, and what goes with what."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from opencode.storage import records
from opencode.storage.database import connect
from opencode.storage.migrations import migrate
from opencode.storage.records import SessionFilter
from tests.storage.rows import add_session, session_ids


@pytest.fixture
def db(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    connection = connect(tmp_path / "server.db", wal=True)
    migrate(connection)
    yield connection
    connection.close()


def found(db: sqlite3.Connection, **wanted: object) -> list[str]:
    rows = records.list_sessions(db, SessionFilter(**wanted))  # type: ignore[arg-type]
    return [row[7:-2] for row in rows]


def add_messages(db: sqlite3.Connection, session_id: str, *identifiers: str) -> None:
    add_session(db, session_id)
    for identifier in identifiers:
        records.put_message(db, session_id, identifier, f'"{identifier}"'.encode())
        for part in ("a", "b"):
            name = f"prt_{identifier}_{part}"
            records.put_part(db, session_id, identifier, name, f'"{part}"'.encode())


def test_sessions_come_newest_change_first(db: sqlite3.Connection) -> None:
    for name, updated in (("ses_1", 5), ("ses_2", 9), ("ses_3", 5)):
        add_session(db, name, updated=updated)
    assert found(db) == ["ses_2", "ses_1", "ses_3"]
    assert found(db, limit=2) == ["ses_2", "ses_1"]
    assert found(db, limit=0) == []
    assert found(db, since=5.5) == ["ses_2"]


def test_sessions_are_filtered_by_where_they_are(db: sqlite3.Connection) -> None:
    add_session(db, "ses_1", project_id="q")
    add_session(db, "ses_2", directory="/d/src", path="src")
    add_session(db, "ses_3", directory="/d/src/lib", path="src/lib")
    add_session(db, "ses_4", directory="/d/srcs", path="srcs", parent_id="ses_2")
    assert found(db, project_id="q") == ["ses_1"]
    assert found(db, directory="/d/src") == ["ses_2"]
    assert found(db, path="src") == ["ses_2", "ses_3"]
    assert found(db, roots=True) == ["ses_1", "ses_2", "ses_3"]
    assert found(db, project_id="p", roots=True, path="") == ["ses_2", "ses_3"]


@pytest.mark.parametrize(
    ("search", "expected"),
    [("ALPHA", ["ses_1"]), ("%", ["ses_2"]), ("_", ["ses_3"]), ("\\", ["ses_4"]), ("x", [])],
)
def test_a_search_takes_its_text_literally(
    db: sqlite3.Connection, search: str, expected: list[str]
) -> None:
    for name, title in (
        ("ses_1", "alphabet"),
        ("ses_2", "100%"),
        ("ses_3", "a_b"),
        ("ses_4", "c:\\d"),
    ):
        add_session(db, name, title=title)
    assert found(db, search=search) == expected


def test_a_path_takes_its_wildcards_literally(db: sqlite3.Connection) -> None:
    add_session(db, "ses_1", path="a_b/c")
    add_session(db, "ses_2", path="axb/c")
    assert found(db, path="a_b") == ["ses_1"]


def test_a_session_is_replaced_as_a_whole(db: sqlite3.Connection) -> None:
    add_session(db, "ses_1", title="old")
    add_messages(db, "ses_1", "msg_1")
    assert found(db, search="old") == []
    rows, _ = records.messages(db, "ses_1")
    assert [row.id for row in rows] == ["msg_1"]


def test_what_belongs_to_a_session_goes_with_it(db: sqlite3.Connection) -> None:
    add_messages(db, "ses_1", "msg_1", "msg_2")
    add_messages(db, "ses_2", "msg_1")
    records.put_todos(db, "ses_1", b"[]")
    records.claim_run(db, "ses_1", "me", 1)
    records.remove_session(db, "ses_1")
    counts = {
        table: db.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
        for table in ("session", "message", "part", "todo", "run")
    }
    assert counts == {"session": 1, "message": 1, "part": 2, "todo": 0, "run": 0}


def test_parts_go_with_their_message(db: sqlite3.Connection) -> None:
    add_messages(db, "ses_1", "msg_1", "msg_2")
    assert records.remove_message(db, "ses_1", "msg_1")
    assert not records.remove_message(db, "ses_1", "msg_1")
    assert records.get_part(db, "ses_1", "msg_1", "prt_msg_1_a") is None
    assert records.get_part(db, "ses_1", "msg_2", "prt_msg_2_a") == '"a"'
    assert records.remove_part(db, "ses_1", "msg_2", "prt_msg_2_a")
    assert not records.remove_part(db, "ses_1", "msg_2", "prt_msg_2_a")


def test_nothing_is_kept_for_what_does_not_exist(db: sqlite3.Connection) -> None:
    with pytest.raises(sqlite3.IntegrityError):
        records.put_message(db, "ses_1", "msg_1", b"{}")
    add_session(db, "ses_1")
    with pytest.raises(sqlite3.IntegrityError):
        records.put_part(db, "ses_1", "msg_1", "prt_1", b"{}")


def test_a_page_holds_the_newest_messages_oldest_first(db: sqlite3.Connection) -> None:
    add_messages(db, "ses_1", *(f"msg_{number}" for number in range(5)))
    add_messages(db, "ses_2", "msg_9")
    rows, more = records.messages(db, "ses_1", limit=2)
    assert ([row.id for row in rows], more) == (["msg_3", "msg_4"], True)
    assert rows[0].parts == [("prt_msg_3_a", '"a"'), ("prt_msg_3_b", '"b"')]
    rows, more = records.messages(db, "ses_1", limit=3, before="msg_3")
    assert ([row.id for row in rows], more) == (["msg_0", "msg_1", "msg_2"], False)
    rows, more = records.messages(db, "ses_1", limit=0)
    assert ([row.id for row in rows], more) == ([], True)
    rows, more = records.messages(db, "ses_1")
    assert (len(rows), more) == (5, False)


def test_one_message_has_its_own_parts_only(db: sqlite3.Connection) -> None:
    add_messages(db, "ses_1", "msg_1", "msg_2")
    row = records.message(db, "ses_1", "msg_2")
    assert row is not None
    assert [name for name, _ in row.parts] == ["prt_msg_2_a", "prt_msg_2_b"]
    assert records.message(db, "ses_1", "msg_3") is None


def test_a_run_has_one_owner(db: sqlite3.Connection) -> None:
    add_session(db, "ses_1")
    assert records.claim_run(db, "ses_1", "me", 1) == "me"
    assert records.claim_run(db, "ses_1", "you", 2) == "me"
    records.release_run(db, "ses_1", "you")
    assert records.runs(db) == [("ses_1", "me")]
    records.release_run(db, "ses_1", "me")
    assert records.claim_run(db, "ses_1", "you", 3) == "you"


def test_a_permission_is_remembered_once_for_its_project(db: sqlite3.Connection) -> None:
    records.remember_permission(db, "p", "bash", ["git *", "ls *"], 1)
    records.remember_permission(db, "p", "bash", ["git *"], 2)
    records.remember_permission(db, "q", "edit", ["*"], 3)
    assert records.remembered_permissions(db, "p") == [("bash", "git *"), ("bash", "ls *")]


def test_projects_are_replaced_by_id(db: sqlite3.Connection) -> None:
    records.put_project(db, "p", "/old", b"1")
    records.put_project(db, "p", "/new", b"2")
    records.put_project(db, "a", "/a", b"3")
    assert records.get_project(db, "p") == "2"
    assert records.list_projects(db) == ["3", "2"]
    assert records.get_project(db, "z") is None


def test_children_are_those_of_one_parent(db: sqlite3.Connection) -> None:
    add_session(db, "ses_1")
    add_session(db, "ses_3", parent_id="ses_1")
    add_session(db, "ses_2", parent_id="ses_1")
    add_session(db, "ses_4", parent_id="ses_2")
    assert [row[7:-2] for row in records.children(db, "ses_1")] == ["ses_2", "ses_3"]
    assert session_ids(db) == ["ses_1", "ses_2", "ses_3", "ses_4"]
