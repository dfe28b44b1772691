"""Taking back the end of a conversation with what it did to the files, and changing one's mind.

Only files that answers changed are restored: what a person did beside them stays. The messages stay
listed until the next prompt makes it final, which is `undo.settle`.
"""

from collections.abc import Iterator, Mapping, Sequence

from opencode.errors import BadRequestError
from opencode.project.process import GitError
from opencode.schema.message import MessageWithParts, UserMessage
from opencode.schema.part import (
    PatchPart,
    StepFinishPart,
    StepStartPart,
    TextPart,
    ToolPart,
)
from opencode.schema.session import Session, SessionRevert, SessionSummary, SnapshotFileDiff
from opencode.session import summary
from opencode.session.calls import READ_ONLY
from opencode.session.news import News
from opencode.session.runner import Runner
from opencode.session.states import KnownStates
from opencode.session.store import SessionStore
from opencode.session.undo import undone


class Reverts:
    """Takes back and restores, in sessions that are not at work."""

    def __init__(self, runner: Runner, store: SessionStore, files: KnownStates) -> None:
        self._runner = runner
        self._store = store
        self._files = files
        self._news = News(store)

    async def revert(
        self, session_id: str, message_id: str, *, part_id: str | None = None
    ) -> Session:
        """Take back everything from a message on, or from a part of an answer on.

        An answer without anything to keep is taken back with its prompt. An unknown id changes
        nothing. Raises `SessionBusyError`.
        """
        async with self._runner.alone(session_id):
            session = await self._store.get(session_id)
            messages = await self._store.messages(session_id)
            point = _point(messages, message_id, part_id)
            if point is None:
                return session
            before = session.revert
            point.snapshot = before.snapshot if before else await self._files.look()
            if point.snapshot is None:
                return await self._note(session_id, point, [])
            wanted = await self._earlier(messages, before) if before else {}
            wanted |= await self._states(undone(messages, point), point.snapshot)
            await self._restore(wanted)
            return await self._reverted(session_id, point, point.snapshot)

    async def unrevert(self, session_id: str) -> Session:
        """Bring back what was taken back, if anything was. Raises `SessionBusyError`."""
        async with self._runner.alone(session_id):
            session = await self._store.get(session_id)
            if session.revert is None:
                return session
            messages = await self._store.messages(session_id)
            await self._restore(await self._earlier(messages, session.revert))
            whole = await summary.differences(self._files, messages)
            return await self._note(session_id, None, whole)

    async def _reverted(self, session_id: str, point: SessionRevert, snapshot: str) -> Session:
        """Say what taking back has changed, in both directions."""
        after = await self._files.look()
        if after is None:
            return await self._note(session_id, point, [])
        point.diff = (await self._files.patch(snapshot, after)).rstrip("\n")
        return await self._note(session_id, point, await self._files.diff(after, snapshot))

    async def _note(
        self, session_id: str, point: SessionRevert | None, diff: list[SnapshotFileDiff]
    ) -> Session:
        self._news.diff(session_id, diff)
        totals = summary.totals(diff)
        return await self._store.update(session_id, lambda it: _noted(it, point, totals))

    async def _restore(self, wanted: Mapping[str, str]) -> None:
        """All of it or nothing."""
        before = await self._files.look()
        try:
            await self._files.restore_each(wanted)
        except (GitError, OSError) as error:
            if before is not None:
                await self._restore_anyhow(dict.fromkeys(wanted, before))
            raise BadRequestError(f"The files could not be restored: {error}") from None

    async def _restore_anyhow(self, wanted: Mapping[str, str]) -> None:
        try:
            await self._files.restore_each(wanted)
        except (GitError, OSError) as error:
            raise BadRequestError(f"Some files could not be restored: {error}") from None

    async def _earlier(
        self, messages: Sequence[MessageWithParts], point: SessionRevert
    ) -> dict[str, str]:
        """The files an earlier taking back has touched, as they were before it."""
        if point.snapshot is None:
            return {}
        touched = await self._states(undone(messages, point), point.snapshot)
        return dict.fromkeys(touched, point.snapshot)

    async def _states(self, messages: Sequence[MessageWithParts], last: str) -> dict[str, str]:
        """Every file that these messages changed, with the state from before the first change."""
        found: dict[str, str] = {}
        for before, files, after in _steps(messages, last):
            if files is None:
                files = await self._files.changed_files(before, after)
            for file in files:
                found.setdefault(file, before)
        return found


def _point(
    messages: Sequence[MessageWithParts], message_id: str, part_id: str | None
) -> SessionRevert | None:
    """Where to take back from: the prompt, unless an answer keeps something before the part."""
    prompt: str | None = None
    for message in messages:
        if isinstance(message.info, UserMessage):
            prompt = message.info.id
        if message.info.id != message_id:
            continue
        kept = [part for part in message.parts if part_id is not None and part.id < part_id]
        if part_id is not None and not any(part.id == part_id for part in message.parts):
            return None
        if isinstance(message.info, UserMessage) or not any(_says(part) for part in kept):
            return SessionRevert(message_id=prompt or message_id)
        return SessionRevert(message_id=message_id, part_id=part_id)
    return None


def _says(part: object) -> bool:
    return isinstance(part, ToolPart) or (isinstance(part, TextPart) and bool(part.text))


def _steps(
    messages: Sequence[MessageWithParts], last: str
) -> Iterator[tuple[str, list[str] | None, str]]:
    """The state before each step, the files it changed, and the state after it.

    None for the files of a step that a crash has cut off: nobody has compared the states.
    """
    began: str | None = None
    called = False
    for message in messages:
        for part in message.parts:
            match part:
                case StepStartPart(snapshot=str(snapshot)):
                    if began is not None and called:
                        yield began, None, snapshot
                    began, called = snapshot, False
                case ToolPart():
                    called = called or part.tool not in READ_ONLY
                case PatchPart():
                    yield part.hash, part.files, last
                    began = None
                case StepFinishPart():
                    began = None
                case _:
                    continue
    if began is not None and called:
        yield began, None, last


def _noted(session: Session, point: SessionRevert | None, totals: SessionSummary) -> Session:
    session.revert, session.summary = point, totals
    return session
