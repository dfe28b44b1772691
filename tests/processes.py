"""Waiting for what other processes do, without guessing how long they take."""

import asyncio
from collections.abc import Callable


async def until(condition: Callable[[], bool]) -> None:
    """Return when `condition` holds; a test that never gets there is ended by its runner."""
    while not condition():  # noqa: ASYNC110 - nobody could set an event for another process
        await asyncio.sleep(0.01)


def running(pid: int) -> bool:
    """Whether the process exists and is not merely waiting to be collected."""
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rsplit(")", 1)[1].split()[0] not in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return False
