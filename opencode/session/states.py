"""The states of a directory's files as runs note them: looked at again only where a file may have
changed since, because looking costs three processes.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Protocol

from opencode.schema.session import SnapshotFileDiff


class Keeper(Protocol):
    """Keeps states of files, and brings them back."""

    async def track(self) -> str | None: ...

    async def diff(self, before: str, after: str) -> list[SnapshotFileDiff]: ...

    async def patch(self, before: str, after: str) -> str: ...

    async def changed_files(self, before: str, after: str) -> list[str]: ...

    async def restore_each(self, wanted: Mapping[str, str]) -> list[str]: ...


class KnownStates:
    """One directory's states, shared by all its runs.

    What a person changes while a run is at work is seen with the run's next change, or with the
    next run.
    """

    def __init__(self, keeper: Keeper) -> None:
        self._keeper = keeper
        self._known: str | None = None
        self._at_work = 0
        self._moment = 0

    async def track(self) -> str | None:
        """The state now; the one known last where nobody has been at work since."""
        if self._known is not None:
            return self._known
        moment = self._moment
        tree = await self._keeper.track()
        if moment == self._moment and not self._at_work:
            self._known = tree
        return tree

    async def look(self) -> str | None:
        """The state now, whatever is known."""
        self.forget()
        return await self.track()

    def forget(self) -> None:
        """Somebody may have changed files."""
        self._moment += 1
        self._known = None

    @contextmanager
    def changing(self) -> Iterator[None]:
        """Files may change at any time until this is left."""
        self._at_work += 1
        self.forget()
        try:
            yield
        finally:
            self._at_work -= 1
            self.forget()

    async def diff(self, before: str, after: str) -> list[SnapshotFileDiff]:
        return await self._keeper.diff(before, after)

    async def patch(self, before: str, after: str) -> str:
        return await self._keeper.patch(before, after)

    async def changed_files(self, before: str, after: str) -> list[str]:
        return await self._keeper.changed_files(before, after)

    async def restore_each(self, wanted: Mapping[str, str]) -> list[str]:
        """Bring back each of these files as it was in a state of its own."""
        with self.changing():
            return await self._keeper.restore_each(wanted)
