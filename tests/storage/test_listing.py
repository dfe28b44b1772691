"""Pages of sessions across projects, and permissions given for always."""

import json
import sqlite3
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from opencode.storage import records
from opencode.storage.database import connect
from opencode.storage.listing import (
    CreatedFilter,
    GlobalFilter,
    created_sessions,
    forget_permission,
    global_sessions,
    saved_permissions,
)
from opencode.storage.migrations import migrate


def database() -> sqlite3.Connection:
    db = connect(Path(":memory:"), wal=False)
    migrate(db)
    return db


def put(db: sqlite3.Connection, number: int, *, project: str = "p", **changes: object) -> None:
    """A session whose id and times follow its number."""
    data = {"id": f"ses_{number:02}", "time": {"updated": number}, **changes}
    records.put_session(
        db,
        identifier=f"ses_{number:02}",
        project_id=project,
        directory=str(changes.get("directory", "/d")),
        path=str(changes.get("path", "")),
        parent_id=None,
        title=str(changes.get("title", "t")),
        updated=number,
        data=json.dumps(data).encode(),
    )


def ids(rows: list[str]) -> list[int]:
    return [int(json.loads(row)["id"][4:]) for row in rows]


def everywhere(db: sqlite3.Connection, wanted: GlobalFilter) -> list[int]:
    return ids([row.data for row in global_sessions(db, wanted)[0]])


def test_a_session_comes_with_its_project_or_null() -> None:
    db = database()
    records.put_project(db, "p", "/w", b'{"name":"N"}')
    records.put_project(db, "q", "/v", b"{}")
    for number, project in enumerate("pqr"):
        put(db, number, project=project)
    rows, more = global_sessions(db, GlobalFilter())
    assert not more
    assert [json.loads(row.data)["project"] for row in rows] == [
        None,
        {"id": "q", "worktree": "/v"},
        {"id": "p", "name": "N", "worktree": "/w"},
    ]


def test_filters_narrow_the_list_of_all_projects() -> None:
    db = database()
    put(db, 1, title="50% done", directory="/a")
    put(db, 2, title="500 done", directory="/b")
    put(db, 3, time={"updated": 3, "archived": 9})
    assert everywhere(db, GlobalFilter()) == [2, 1]
    assert everywhere(db, GlobalFilter(archived=True)) == [3, 2, 1]
    assert everywhere(db, GlobalFilter(search="50% ")) == [1]
    assert everywhere(db, GlobalFilter(directory="/b", roots=True)) == [2]
    assert everywhere(db, GlobalFilter(since=2)) == [2]
    assert everywhere(db, GlobalFilter(before=2)) == [1]
    assert global_sessions(db, GlobalFilter(limit=1))[1] is True


@given(st.integers(0, 9), st.integers(1, 4), st.booleans())
def test_pages_add_up_to_the_list_in_both_directions(
    count: int, limit: int, oldest_first: bool
) -> None:
    db = database()
    for number in range(count):
        put(db, number)
    # Ids of sessions descend in time: the smallest was made last.
    whole = sorted(range(count), reverse=oldest_first)
    seen: list[int] = []
    anchor = None
    while rows := ids(created_sessions(db, _page(oldest_first, anchor, limit=limit))):
        if seen:
            before = created_sessions(db, _page(oldest_first, f"ses_{rows[0]:02}", back=limit))
            assert ids(before) == seen[-limit:]
        seen += rows
        anchor = f"ses_{rows[-1]:02}"
    assert seen == whole


def _page(
    oldest_first: bool, anchor: str | None, *, limit: int = 0, back: int = 0
) -> CreatedFilter:
    return CreatedFilter(
        oldest_first=oldest_first,
        anchor=anchor,
        direction="previous" if back else "next",
        limit=back or limit,
    )


def test_a_page_may_be_of_one_place() -> None:
    db = database()
    put(db, 1, path="src", directory="/d/src")
    put(db, 2, path="src/lib", project="q", workspaceID="wrk_1")
    put(db, 3, path="srcs")
    assert ids(created_sessions(db, CreatedFilter(path="src"))) == [1, 2]
    assert ids(created_sessions(db, CreatedFilter(directory="/d/src"))) == [1]
    assert ids(created_sessions(db, CreatedFilter(project_id="q", search="T"))) == [2]
    assert ids(created_sessions(db, CreatedFilter(workspace="wrk_1"))) == [2]


def test_saved_permissions_have_ids_that_stay() -> None:
    db = database()
    records.remember_permission(db, "p", "bash", ["ls *", "git *"], 1)
    records.remember_permission(db, "q", "bash", ["ls *"], 2)
    rows = saved_permissions(db)
    assert [(row.project_id, row.pattern) for row in rows] == [
        ("p", "git *"),
        ("p", "ls *"),
        ("q", "ls *"),
    ]
    assert len({row.id for row in rows}) == 3
    assert saved_permissions(db, "q") == rows[2:]


def test_a_saved_permission_is_forgotten_by_its_id() -> None:
    db = database()
    records.remember_permission(db, "p", "bash", ["ls *", "git *"], 1)
    first, second = saved_permissions(db)
    assert forget_permission(db, first.id)
    assert saved_permissions(db) == [second]
    assert not forget_permission(db, first.id)
