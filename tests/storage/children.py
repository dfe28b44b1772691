"""Programs for other processes that use the same file.

Usage: python -m tests.storage.children NAME PATH

Each says `ready` on stdout and waits for a line on stdin where it must keep step with the test.
"""

import asyncio
import sqlite3
import sys
from pathlib import Path

from opencode.storage import records
from opencode.storage.database import Database
from opencode.storage.owner import own_name
from tests.storage.rows import add_session


def step() -> None:
    """Tell the test how far we are, and wait for it."""
    print("ready", flush=True)
    sys.stdin.readline()


async def open_at_once(path: Path) -> None:
    """Open as soon as the test says so."""
    step()
    await (await Database.open(path)).close()


async def commit_and_wait(path: Path) -> None:
    """Commit many sessions one by one, and wait to be killed."""
    database = await Database.open(path)
    for number in range(50):
        await database.write(lambda db, n=number: add_session(db, f"ses_{n:02}"))  # type: ignore[misc]
    step()


async def hold_the_lock(path: Path) -> None:
    """Write and commit only when told so."""
    db = sqlite3.connect(path, isolation_level=None)
    db.execute("BEGIN IMMEDIATE")
    add_session(db, "ses_held")
    step()
    db.execute("COMMIT")


async def write_many(path: Path) -> None:
    """Add a hundred sessions of our own, many at a time."""
    step()
    database = await Database.open(path)
    mine = own_name().partition(":")[0]
    await asyncio.gather(
        *(
            database.write(lambda db, n=number: add_session(db, f"ses_{mine}_{n}"))  # type: ignore[misc]
            for number in range(100)
        )
    )
    await database.close()


async def claim_and_wait(path: Path) -> None:
    """Run the session `ses_1`, and wait to be killed."""
    database = await Database.open(path)
    await database.write(lambda db: records.claim_run(db, "ses_1", own_name(), 1))
    step()


PROGRAMS = (open_at_once, commit_and_wait, hold_the_lock, write_many, claim_and_wait)

if __name__ == "__main__":
    name, file = sys.argv[1:]
    asyncio.run({it.__name__: it for it in PROGRAMS}[name](Path(file)))
