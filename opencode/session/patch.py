"""Notes which files an answer has changed: they come back when it is taken back."""

from typing import Protocol

from opencode.schema.message import AssistantMessage
from opencode.schema.part import PatchPart
from opencode.session.store import SessionStore


class Comparing(Protocol):
    """Compares two states of a directory's files."""

    async def changed_files(self, before: str, after: str) -> list[str]:
        """Paths that differ between two states."""
        ...


async def note_changes(
    store: SessionStore,
    states: Comparing,
    message: AssistantMessage,
    *,
    before: str | None,
    after: str | None,
) -> None:
    """A part of the answer with the files that differ, if any do and states are kept."""
    if before is None or after is None or before == after:
        return
    files = await states.changed_files(before, after)
    if files:
        await store.save_part(
            PatchPart(
                id=store.ids.part(),
                session_id=message.session_id,
                message_id=message.id,
                hash=before,
                files=files,
            )
        )
