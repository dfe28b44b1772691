"""The database: groups, failures, order; other processes; crashes; odd file systems."""

import asyncio
import logging
import sqlite3
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest

from opencode.storage import database as module
from opencode.storage.database import Database, file_system
from opencode.storage.migrations import SchemaTooNewError
from tests.storage.processes import child
from tests.storage.rows import add_session, session_ids

MOUNTS = """\
/dev/sda1 / ext4 rw 0 0
tmpfs /tmp tmpfs rw 0 0
server:/home /home nfs4 rw 0 0
/dev/sdb1 /home/local ext4 rw 0 0
//nas/my\\040files /mnt/my\\040files cifs rw 0 0
broken
"""


@asynccontextmanager
async def opened(path: Path) -> AsyncIterator[Database]:
    database = await Database.open(path)
    try:
        yield database
    finally:
        await database.close()


def adding(identifier: str) -> Callable[[sqlite3.Connection], str]:
    def job(db: sqlite3.Connection) -> str:
        add_session(db, identifier)
        return identifier

    return job


async def test_what_is_written_is_there_for_readers_and_after_opening_again(
    tmp_path: Path,
) -> None:
    path = tmp_path / "deep" / "server.db"
    async with opened(path) as database:
        assert await database.write(adding("ses_1")) == "ses_1"
        assert await database.read(session_ids) == ["ses_1"]
    async with opened(path) as database:
        assert await database.read(session_ids) == ["ses_1"]


async def test_jobs_that_wait_share_a_transaction_and_one_that_fails_takes_no_other_with_it(
    tmp_path: Path,
) -> None:
    statements: list[str] = []
    running, go_on = threading.Event(), threading.Event()

    def hold(db: sqlite3.Connection) -> None:
        running.set()
        go_on.wait()
        db.set_trace_callback(statements.append)

    def fail(db: sqlite3.Connection) -> None:
        add_session(db, "ses_half")
        raise LookupError("no such thing")

    async with opened(tmp_path / "server.db") as database:
        held = database.begin(hold)
        await asyncio.to_thread(running.wait)
        first, failing, second = (
            database.begin(adding("ses_1")),
            database.begin(fail),
            database.begin(adding("ses_2")),
        )
        go_on.set()
        await held
        assert (await first, await second) == ("ses_1", "ses_2")
        with pytest.raises(LookupError, match="no such thing"):
            await failing
        assert await database.read(session_ids) == ["ses_1", "ses_2"]
    assert statements.count("BEGIN IMMEDIATE") == statements.count("COMMIT") - 1 == 1


async def test_results_come_in_the_order_the_jobs_were_given(tmp_path: Path) -> None:
    order: list[int] = []
    async with opened(tmp_path / "server.db") as database:
        futures = [database.begin(lambda db, n=number: n) for number in range(1200)]  # type: ignore[misc]
        for future in futures:
            future.add_done_callback(lambda done: order.append(done.result()))
        await asyncio.gather(*futures)
    assert order == list(range(1200))


async def test_one_who_stops_waiting_stops_nothing(tmp_path: Path) -> None:
    async with opened(tmp_path / "server.db") as database:
        abandoned = database.begin(adding("ses_1"))
        abandoned.cancel()
        await database.write(adding("ses_2"))
        assert await database.read(session_ids) == ["ses_1", "ses_2"]


async def test_a_reader_cannot_write(tmp_path: Path) -> None:
    async with opened(tmp_path / "server.db") as database:
        with pytest.raises(sqlite3.OperationalError, match="readonly"):
            await database.read(adding("ses_1"))


async def test_readers_see_the_old_state_while_a_write_is_under_way(tmp_path: Path) -> None:
    running, go_on = threading.Event(), threading.Event()

    def slow(db: sqlite3.Connection) -> None:
        add_session(db, "ses_1")
        running.set()
        go_on.wait()

    async with opened(tmp_path / "server.db") as database:
        writing = database.begin(slow)
        await asyncio.to_thread(running.wait)
        assert await database.read(session_ids) == []
        go_on.set()
        await writing
        assert await database.read(session_ids) == ["ses_1"]


async def test_closing_finishes_what_is_queued(tmp_path: Path) -> None:
    path = tmp_path / "server.db"
    database = await Database.open(path)
    futures = [database.begin(adding(f"ses_{number:04}")) for number in range(1200)]
    await database.close()
    await asyncio.gather(*futures)
    async with opened(path) as again:
        assert len(await again.read(session_ids)) == 1200


async def test_a_closed_database_refuses_instead_of_waiting_for_ever(tmp_path: Path) -> None:
    database = await Database.open(tmp_path / "server.db")
    await database.close()
    await database.close()
    with pytest.raises(RuntimeError, match="closed"):
        await database.write(adding("ses_1"))


async def test_what_was_committed_survives_a_kill(tmp_path: Path) -> None:
    path = tmp_path / "server.db"
    async with child("commit_and_wait", path) as other:
        await other.ready()
        await other.kill()
    async with opened(path) as database:
        assert await database.read(session_ids) == [f"ses_{number:02}" for number in range(50)]


async def test_a_lock_of_another_process_is_waited_for(tmp_path: Path) -> None:
    path = tmp_path / "server.db"
    async with opened(path) as database, child("hold_the_lock", path) as other:
        await other.ready()
        writing = database.begin(adding("ses_mine"))
        assert await database.read(session_ids) == []
        assert not writing.done()
        other.go_on()
        await writing
        assert await database.read(session_ids) == ["ses_held", "ses_mine"]


async def test_a_lock_that_is_never_released_fails_the_write_and_not_the_next(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "BUSY_TIMEOUT_MS", 20)
    path = tmp_path / "server.db"
    async with opened(path) as database, child("hold_the_lock", path) as other:
        await other.ready()
        with pytest.raises(sqlite3.OperationalError, match="locked"):
            await database.write(adding("ses_mine"))
        other.go_on()
        await other.ended()
        await database.write(adding("ses_mine"))
        assert await database.read(session_ids) == ["ses_held", "ses_mine"]
    assert "a write to" in caplog.text


async def test_several_processes_create_the_file_and_write_at_once(tmp_path: Path) -> None:
    path = tmp_path / "server.db"
    async with AsyncExitStack() as stack:
        others = [await stack.enter_async_context(child("write_many", path)) for _ in range(4)]
        for other in others:
            await other.ready()
        for other in others:
            other.go_on()
        for other in others:
            await other.ended()
    async with opened(path) as database:
        assert len(await database.read(session_ids)) == 400


@pytest.mark.parametrize("attempt", range(3))
async def test_of_processes_that_open_at_once_one_migrates(tmp_path: Path, attempt: int) -> None:
    path = tmp_path / "server.db"
    async with AsyncExitStack() as stack:
        others = [await stack.enter_async_context(child("open_at_once", path)) for _ in range(4)]
        for other in others:
            await other.ready()
        for other in others:
            other.go_on()
        for other in others:
            await other.ended()
    db = sqlite3.connect(path)
    assert db.execute("SELECT name FROM migration").fetchall() == [("m001_initial",)]
    db.close()


async def test_a_newer_schema_is_refused_with_what_to_do(tmp_path: Path) -> None:
    path = tmp_path / "server.db"
    async with opened(path) as database:
        await database.write(
            lambda db: db.execute("INSERT INTO migration VALUES ('m999_future', 1)").rowcount
        )
    with pytest.raises(SchemaTooNewError, match=r"'m999_future'.*newer version.*OPENCODE_DATA"):
        await Database.open(path)


async def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "server.db"
    path.write_text("this is not a database, not at all" * 100)
    with pytest.raises(sqlite3.DatabaseError, match="not a database"):
        await Database.open(path)


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/var/lib", "ext4"),
        ("/tmp", "tmpfs"),
        ("/tmpfoo", "ext4"),
        ("/home/me/.local", "nfs4"),
        ("/home/local/x", "ext4"),
        ("/mnt/my files/x", "cifs"),
    ],
)
def test_the_file_system_is_that_of_the_longest_mount_point(path: str, kind: str) -> None:
    assert file_system(Path(path), MOUNTS) == kind


def test_no_mounts_no_file_system() -> None:
    assert file_system(Path("/x"), "") == ""


async def test_on_a_network_the_write_ahead_log_stays_off_and_says_so(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "on_network", lambda path: True)
    with caplog.at_level(logging.WARNING):
        async with opened(tmp_path / "server.db") as database:
            await database.write(adding("ses_1"))
            mode = await database.read(lambda db: db.execute("PRAGMA journal_mode").fetchone())
            assert await database.read(session_ids) == ["ses_1"]
    assert mode == ("delete",)
    assert "network file system" in caplog.text


async def test_here_the_write_ahead_log_is_on(tmp_path: Path) -> None:
    async with opened(tmp_path / "server.db") as database:
        mode = await database.read(lambda db: db.execute("PRAGMA journal_mode").fetchone())
    assert mode == ("wal",)
