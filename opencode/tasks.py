"""The only place that creates tasks: named, kept, cancelled on close, failures logged."""

import asyncio
import logging
from collections.abc import Coroutine
from typing import Any, TypeVar

from opencode.errors import OpencodeError

T = TypeVar("T")
log = logging.getLogger(__name__)


class Tasks:
    """The background work of one owner."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[Any]] = set()

    def start(self, name: str, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        """Run `work` in the background. A failure is logged under its name, unless it is an error
        made to be told to a client: whoever awaits the task tells it."""
        task = asyncio.get_running_loop().create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._ended)
        return task

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if task.cancelled() or (error := task.exception()) is None:
            return
        if isinstance(error, OpencodeError):
            log.info("task %s ended: %s", task.get_name(), error)
        else:
            log.error("task %s failed", task.get_name(), exc_info=error)

    async def close(self) -> None:
        """Cancel everything and wait until it has ended."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
