"""The only SQLite: one writer thread that commits in groups, readers apart, write-ahead log.

A job is a function of a connection. Jobs that are waiting when the writer comes round share one
transaction, each within a savepoint of its own, so that one that fails takes no other with it; a
job's future is resolved after the commit, in the order the jobs were given.
"""

import asyncio
import contextlib
import logging
import queue
import sqlite3
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Self, TypeVar

from opencode.storage.migrations import migrate

T = TypeVar("T")
log = logging.getLogger(__name__)

BUSY_TIMEOUT_MS = 10_000
READERS = 2
NETWORK_FILE_SYSTEMS = frozenset(
    {"nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "afs", "ceph", "fuse.sshfs", "fuse.glusterfs"}
)

Job = tuple[Callable[[sqlite3.Connection], Any], "asyncio.Future[Any]"]


def connect(path: Path, *, wal: bool) -> sqlite3.Connection:
    """A connection with our settings; transactions are begun and ended by hand."""
    connection = sqlite3.connect(
        path,
        timeout=BUSY_TIMEOUT_MS / 1000,
        isolation_level=None,
        check_same_thread=False,
        cached_statements=256,
    )
    connection.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}")
    connection.execute("PRAGMA foreign_keys=ON")
    if wal:
        _switch_on_log(connection)
        connection.execute("PRAGMA synchronous=NORMAL")
    return connection


def _switch_on_log(connection: sqlite3.Connection) -> None:
    """The switch needs the file for itself, and SQLite does not wait for that as it does else: of
    several servers that create the file at once, all but one must try again."""
    deadline = time.monotonic() + BUSY_TIMEOUT_MS / 1000
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL")
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                raise
        time.sleep(0.01)


def file_system(path: Path, mounts: str) -> str:
    """The type of the file system that holds `path`, by the text of /proc/mounts."""
    best, kind = "", ""
    for line in mounts.splitlines():
        fields = line.split()
        if len(fields) < 3:
            continue
        point = fields[1].replace("\\040", " ")
        inside = str(path) == point or str(path).startswith(point.rstrip("/") + "/")
        if inside and len(point) >= len(best):
            best, kind = point, fields[2]
    return kind


def on_network(path: Path) -> bool:
    """Whether the file lies on a network file system, where a write-ahead log is not safe."""
    try:
        mounts = Path("/proc/mounts").read_text()
    except OSError:
        return False
    return file_system(path, mounts) in NETWORK_FILE_SYSTEMS


class Database:
    """A database file, open. `write` and `read` run a function of a connection on a thread."""

    def __init__(self, path: Path, writer: sqlite3.Connection, *, wal: bool) -> None:
        self.path = path
        self._writer = writer
        self._wal = wal
        self._jobs: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
        self._local = threading.local()
        self._readers: list[sqlite3.Connection] = []
        self._closed = False
        self._loop = asyncio.get_running_loop()
        self._pool = ThreadPoolExecutor(READERS, thread_name_prefix="database-read")
        self._thread = threading.Thread(target=self._work, name="database-write", daemon=True)
        self._thread.start()

    @classmethod
    async def open(cls, path: Path) -> Self:
        """Open or create the file and bring its schema up to date.

        Raises `SchemaTooNewError` for a file written by a newer version.
        """
        path.parent.mkdir(parents=True, exist_ok=True)
        wal = not on_network(path.parent.resolve())
        if not wal:
            log.warning(
                "%s is on a network file system: the write-ahead log is not safe there and stays"
                " off; let only one server use it, or set OPENCODE_DATA to a local directory",
                path,
            )
        writer = await asyncio.to_thread(cls._prepare, path, wal=wal)
        return cls(path, writer, wal=wal)

    @staticmethod
    def _prepare(path: Path, *, wal: bool) -> sqlite3.Connection:
        writer = connect(path, wal=wal)
        try:
            migrate(writer)
        except BaseException:
            writer.close()
            raise
        return writer

    async def write(self, job: Callable[[sqlite3.Connection], T]) -> T:
        """Run `job` in a transaction; returns its result once that is committed."""
        return await self.begin(job)

    def begin(self, job: Callable[[sqlite3.Connection], T]) -> "asyncio.Future[T]":
        """Queue `job` without waiting for it. Jobs run in the order they were queued."""
        if self._closed:
            raise RuntimeError(f"the database {self.path} is closed")
        future: asyncio.Future[T] = self._loop.create_future()
        self._jobs.put((job, future))
        return future

    async def read(self, job: Callable[[sqlite3.Connection], T]) -> T:
        """Run `job` on a reader: it sees what was committed before."""
        return await self._loop.run_in_executor(self._pool, self._run_read, job)

    async def close(self) -> None:
        """Finish what is queued, then close."""
        if self._closed:
            return
        self._closed = True
        self._jobs.put(None)
        await asyncio.to_thread(self._shut)

    def _shut(self) -> None:
        self._thread.join()
        self._pool.shutdown()
        for reader in self._readers:
            reader.close()
        with contextlib.suppress(sqlite3.Error):
            self._writer.execute("PRAGMA optimize")
        self._writer.close()

    def _run_read(self, job: Callable[[sqlite3.Connection], T]) -> T:
        connection: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if connection is None:
            connection = self._local.connection = connect(self.path, wal=self._wal)
            connection.execute("PRAGMA query_only=ON")
            self._readers.append(connection)
        return job(connection)

    def _work(self) -> None:
        while (first := self._jobs.get()) is not None:
            group: list[Job] = [first]
            last = False
            with contextlib.suppress(queue.Empty):
                while not last and len(group) < 500:
                    following = self._jobs.get_nowait()
                    last = following is None
                    if following is not None:
                        group.append(following)
            self._deliver(self._commit(group))
            if last:
                return

    def _commit(self, group: list[Job]) -> list[tuple["asyncio.Future[Any]", Any, bool]]:
        outcomes: list[tuple[asyncio.Future[Any], Any, bool]] = []
        try:
            self._writer.execute("BEGIN IMMEDIATE")
            for job, future in group:
                outcomes.append((future, *self._attempt(job)))
            self._writer.execute("COMMIT")
        except sqlite3.Error as error:
            with contextlib.suppress(sqlite3.Error):
                self._writer.execute("ROLLBACK")
            log.error("a write to %s failed: %s", self.path, error)
            return [(future, error, False) for _, future in group]
        return outcomes

    def _attempt(self, job: Callable[[sqlite3.Connection], Any]) -> tuple[Any, bool]:
        self._writer.execute("SAVEPOINT job")
        try:
            result = job(self._writer)
        except Exception as error:
            self._writer.execute("ROLLBACK TO job")
            self._writer.execute("RELEASE job")
            return error, False
        self._writer.execute("RELEASE job")
        return result, True

    def _deliver(self, outcomes: list[tuple["asyncio.Future[Any]", Any, bool]]) -> None:
        with contextlib.suppress(RuntimeError):  # the loop is gone: nobody waits any more
            self._loop.call_soon_threadsafe(_resolve, outcomes)


def _resolve(outcomes: list[tuple["asyncio.Future[Any]", Any, bool]]) -> None:
    for future, outcome, succeeded in outcomes:
        if future.done():
            continue
        if succeeded:
            future.set_result(outcome)
        else:
            future.set_exception(outcome)
