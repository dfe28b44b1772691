"""The only writer of sessions, messages and parts: each write is saved, then published, also when
whoever asked for it does not wait any more.

Text that streams is published as it comes and saved in groups; until a part is complete its newest
state is kept here, so that whoever reads the record in mid-stream gets exactly what was published
before.
"""

import asyncio
import logging
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeVar

from pydantic import TypeAdapter

from opencode.bus import Bus, Publishable
from opencode.errors import NotFoundError, SessionBusyError
from opencode.ids import Ids, now_ms
from opencode.schema import event as events
from opencode.schema.agent import Todo
from opencode.schema.message import Message, MessageWithParts
from opencode.schema.part import Part, ReasoningPart, TextPart
from opencode.schema.session import Session, SessionCreateInput, SessionTime, SessionTokens
from opencode.schema.wire import Encoded
from opencode.session.rows import (
    encode_list,
    encode_row,
    missing_message,
    missing_session,
    put_session,
    read_cursor,
    write_cursor,
)
from opencode.session.slug import slug
from opencode.storage import records
from opencode.storage.database import Database
from opencode.storage.owner import alive, own_name

T = TypeVar("T")
log = logging.getLogger(__name__)

SAVE_EVERY_S = 0.05


@dataclass(frozen=True, slots=True)
class Place:
    """Where a session lives: what it is filed under."""

    project_id: str
    directory: str
    path: str


class SessionStore:
    """The record of every session of the process's database."""

    def __init__(self, database: Database, bus: Bus, ids: Ids, version: str) -> None:
        self._db = database
        self._bus = bus
        self.ids = ids
        self._version = version
        self._owner = own_name()
        self._places: dict[str, tuple[str, str]] = {}
        self._live: dict[str, dict[str, TextPart | ReasoningPart]] = {}
        self._dirty: dict[str, TextPart | ReasoningPart] = {}
        self._saving: asyncio.TimerHandle | None = None
        self._revision: Counter[str] = Counter()
        self._in_flight: Counter[str] = Counter()
        self._todos: TypeAdapter[list[Todo]] = TypeAdapter(list[Todo])
        self._parts: TypeAdapter[Part] = TypeAdapter(Part)
        self._messages: TypeAdapter[Message] = TypeAdapter(Message)

    # Sessions -------------------------------------------------------------------------------------

    async def create(self, place: Place, given: SessionCreateInput) -> Session:
        """A new session, published."""
        now = now_ms()
        moment = datetime.fromtimestamp(now / 1000, UTC).isoformat(timespec="milliseconds")
        kind = "Child session" if given.parent_id else "New session"
        default = f"{kind} - {moment.replace('+00:00', 'Z')}"
        session = Session(
            id=self.ids.session(),
            slug=slug(),
            project_id=place.project_id,
            workspace_id=given.workspace_id,
            directory=place.directory,
            path=place.path,
            parent_id=given.parent_id,
            cost=0,
            tokens=SessionTokens(),
            title=default if given.title is None else given.title,
            agent=given.agent,
            model=given.model,
            version=self._version,
            metadata=given.metadata,
            time=SessionTime(created=now, updated=now),
            permission=given.permission,
        )
        self.locate(session)
        await self._write(
            session.id,
            lambda db: put_session(db, session),
            lambda _: events.EventSessionCreated(
                id=self.ids.event(),
                properties=events.SessionInfoProperties(session_id=session.id, info=session),
            ),
        )
        return session

    async def find(self, session_id: str) -> Session | None:
        data = await self._db.read(lambda db: records.get_session(db, session_id))
        if data is None:
            return None
        session = Session.parse(data)
        self.locate(session)
        return session

    async def get(self, session_id: str) -> Session:
        """Raises `NotFoundError`."""
        session = await self.find(session_id)
        if session is None:
            raise missing_session(session_id)
        return session

    async def sessions(self, wanted: records.SessionFilter) -> Encoded[list[Session]]:
        """Newest change first."""
        rows = await self._db.read(lambda db: records.list_sessions(db, wanted))
        return Encoded(encode_list(rows))

    async def children(self, session_id: str) -> list[Session]:
        """The sessions of its subagents, and nobody's beyond those."""
        rows = await self._db.read(lambda db: records.children(db, session_id))
        return [Session.parse(row) for row in rows]

    async def update(
        self, session_id: str, change: Callable[[Session], Session | None], *, touch: bool = True
    ) -> Session:
        """Apply `change` to the session as it is now, save and publish.

        `change` is pure and runs within the transaction; None leaves the session as it is. `touch`
        moves the time of its last change.
        """

        def job(db: records.Connection) -> tuple[Session, bool]:
            data = records.get_session(db, session_id)
            if data is None:
                raise missing_session(session_id)
            session = Session.parse(data)
            changed = change(session)
            if changed is None:
                return session, False
            if touch:
                changed.time.updated = max(now_ms(), changed.time.updated)
            put_session(db, changed)
            return changed, True

        def news(done: tuple[Session, bool]) -> Publishable | None:
            session, changed = done
            self.locate(session)
            if not changed:
                return None
            return events.EventSessionUpdated(
                id=self.ids.event(),
                properties=events.SessionInfoProperties(session_id=session_id, info=session),
            )

        return (await self._write(session_id, job, news))[0]

    async def remove(self, session_id: str) -> None:
        """Delete the session and its children, children first, each reported."""
        session = await self.get(session_id)
        for child in await self.children(session_id):
            await self.remove(child.id)
        await self._write(
            session_id,
            lambda db: records.remove_session(db, session_id),
            lambda _: events.EventSessionDeleted(
                id=self.ids.event(),
                properties=events.SessionInfoProperties(session_id=session_id, info=session),
            ),
        )
        for kept in (self._live, self._places, self._revision):
            kept.pop(session_id, None)

    # Messages and parts ---------------------------------------------------------------------------

    async def save_message(self, message: Message, parts: list[Part] | None = None) -> None:
        """Save and publish a message, and with it `parts` in the same transaction."""
        told, data = message.model_copy(deep=True), message.wire()
        rows = [(part.id, part.wire()) for part in parts or ()]

        def job(db: records.Connection) -> None:
            if records.get_session(db, message.session_id) is None:
                raise missing_session(message.session_id)
            records.put_message(db, message.session_id, message.id, data)
            for part_id, row in rows:
                records.put_part(db, message.session_id, message.id, part_id, row)

        def news(_: None) -> None:
            self._publish(
                message.session_id,
                events.EventMessageUpdated(
                    id=self.ids.event(),
                    properties=events.MessageUpdatedProperties(
                        session_id=message.session_id, info=told
                    ),
                ),
            )
            for part in parts or ():
                self._publish(part.session_id, self._part_updated(part))

        await self._write(message.session_id, job, news)

    async def save_part(self, part: Part) -> None:
        """Save and publish a part as it is. Raises `NotFoundError` where its message is gone."""
        self._dirty.pop(part.id, None)
        told, data = part.model_copy(deep=True), part.wire()

        def job(db: records.Connection) -> None:
            if records.get_message(db, part.session_id, part.message_id) is None:
                raise missing_message(part.message_id)
            records.put_part(db, part.session_id, part.message_id, part.id, data)

        def news(_: None) -> Publishable:
            self._end_stream(told.session_id, told.id)
            return self._part_updated(told)

        await self._write(part.session_id, job, news)

    def stream(self, part: TextPart | ReasoningPart, delta: str) -> None:
        """Append `delta` to a part that streams and publish it at once; it is saved soon after."""
        part.text += delta
        live = self._live.setdefault(part.session_id, {})
        # A copy: what its owner changes later is not shown before it is saved and published.
        kept = live.setdefault(part.id, part.model_copy())
        kept.text = part.text
        self._dirty[part.id] = kept
        self._publish(
            part.session_id,
            events.EventMessagePartDelta(
                id=self.ids.event(),
                properties=events.PartDeltaProperties(
                    session_id=part.session_id,
                    message_id=part.message_id,
                    part_id=part.id,
                    field="text",
                    delta=delta,
                ),
            ),
        )
        if self._saving is None:
            self._saving = asyncio.get_running_loop().call_later(SAVE_EVERY_S, self._save_streams)

    async def remove_message(self, session_id: str, message_id: str) -> bool:
        """Remove a message and its parts; False where there was none."""

        def news(done: bool) -> Publishable | None:
            for part in tuple(self._live.get(session_id, {}).values()):
                if part.message_id == message_id:
                    self._end_stream(session_id, part.id)
            if not done:
                return None
            return events.EventMessageRemoved(
                id=self.ids.event(),
                properties=events.MessageRemovedProperties(
                    session_id=session_id, message_id=message_id
                ),
            )

        return await self._write(
            session_id, lambda db: records.remove_message(db, session_id, message_id), news
        )

    async def remove_part(self, session_id: str, message_id: str, part_id: str) -> bool:
        """Remove one part; False where there was none."""

        def news(done: bool) -> Publishable | None:
            self._end_stream(session_id, part_id)
            if not done:
                return None
            return events.EventMessagePartRemoved(
                id=self.ids.event(),
                properties=events.PartRemovedProperties(
                    session_id=session_id, message_id=message_id, part_id=part_id
                ),
            )

        return await self._write(
            session_id, lambda db: records.remove_part(db, session_id, message_id, part_id), news
        )

    async def messages(self, session_id: str) -> list[MessageWithParts]:
        """The whole conversation, oldest first."""
        rows, _ = await self._read(session_id, lambda db: records.messages(db, session_id))
        # A long conversation takes long to read.
        found = await asyncio.to_thread(lambda: [self._decode(row) for row in rows])
        return [self._with_live(session_id, message) for message in found]

    async def newest(self, session_id: str) -> str | None:
        """The id of the last message, None where there is none."""
        rows, _ = await self._read(session_id, lambda db: records.messages(db, session_id, limit=1))
        return rows[0].id if rows else None

    async def message(self, session_id: str, message_id: str) -> MessageWithParts:
        """One message with its parts. Raises `NotFoundError`."""
        row = await self._read(session_id, lambda db: records.message(db, session_id, message_id))
        if row is None:
            raise missing_message(message_id)
        return self._with_live(session_id, self._decode(row))

    async def part(self, session_id: str, message_id: str, part_id: str) -> Part:
        """One part. Raises `NotFoundError`."""
        data = await self._db.read(lambda db: records.get_part(db, session_id, message_id, part_id))
        if data is None:
            raise NotFoundError(f"Part not found: {part_id}")
        return self._parts.validate_json(data)

    async def page(
        self, session_id: str, *, limit: int | None = None, before: str | None = None
    ) -> tuple[Encoded[list[MessageWithParts]], str | None]:
        """The newest messages as they are stored, oldest first, and the cursor of the older ones.

        What it shows is exactly what was published before it returns, no more and no less.
        """
        oldest = None if before is None else read_cursor(before)
        rows, more = await self._read(
            session_id, lambda db: records.messages(db, session_id, limit=limit, before=oldest)
        )
        live = self._live.get(session_id, {})
        cursor = write_cursor(rows[0].id) if more and rows else None
        return Encoded(encode_list([encode_row(row, live) for row in rows])), cursor

    # Todos, status, runs --------------------------------------------------------------------------

    async def set_todos(self, session_id: str, todos: list[Todo]) -> None:
        """Replace the todo list."""
        data = self._todos.dump_json(todos, by_alias=True, exclude_none=True)
        await self._write(
            session_id,
            lambda db: records.put_todos(db, session_id, data),
            lambda _: events.EventTodoUpdated(
                id=self.ids.event(),
                properties=events.TodoUpdatedProperties(session_id=session_id, todos=todos),
            ),
        )

    async def todos(self, session_id: str) -> Encoded[list[Todo]]:
        data = await self._db.read(lambda db: records.get_todos(db, session_id))
        return Encoded(b"[]" if data is None else data.encode())

    async def claim(self, session_id: str) -> None:
        """Become the process that runs the session, until `release`.

        Raises `SessionBusyError` where another living server runs it.
        """

        def job(db: records.Connection) -> str:
            holder = records.claim_run(db, session_id, self._owner, now_ms())
            if holder != self._owner and not alive(holder):
                records.release_run(db, session_id, holder)
                holder = records.claim_run(db, session_id, self._owner, now_ms())
            return holder

        if await self._db.write(job) != self._owner:
            raise SessionBusyError(session_id)

    async def release(self, session_id: str) -> None:
        await self._db.write(lambda db: records.release_run(db, session_id, self._owner))

    async def abandoned(self) -> list[str]:
        """The sessions whose run ended with its server."""
        rows = await self._db.read(records.runs)
        return [session_id for session_id, owner in rows if not alive(owner)]

    def announce(self, session_id: str, event: Publishable) -> None:
        """Publish news of a session that is no part of its record: status, errors, asks."""
        self._publish(session_id, event)

    async def rewrite(
        self, session_id: str, job: Callable[[records.Connection], list[Publishable]]
    ) -> None:
        """Change more than one thing in one transaction; `job` answers what is published of it."""

        def news(events: list[Publishable]) -> None:
            for event in events:
                self._publish(session_id, event)

        await self._write(session_id, job, news)

    def locate(self, session: Session) -> None:
        """Remember where a session lives: its news is published there."""
        self._places[session.id] = (session.directory, session.project_id)

    async def close(self) -> None:
        """Save what still streams."""
        if self._saving is not None:
            self._saving.cancel()
        self._save_streams()

    # ----------------------------------------------------------------------------------------------

    async def _write(
        self,
        session_id: str,
        job: Callable[[records.Connection], T],
        news: Callable[[T], Publishable | None],
    ) -> T:
        """Save, and once that is committed publish. Not waiting for it any longer stops neither."""

        def saved(done: "asyncio.Future[T]") -> None:
            self._in_flight[session_id] -= 1
            if not self._in_flight[session_id]:
                del self._in_flight[session_id]
            if done.exception() is None and (event := news(done.result())) is not None:
                self._publish(session_id, event)

        future = self._db.begin(job)
        self._in_flight[session_id] += 1
        future.add_done_callback(saved)
        return await asyncio.shield(future)

    async def _read(self, session_id: str, job: Callable[[records.Connection], T]) -> T:
        """Read what was published and nothing else: where something is being saved meanwhile, the
        reading takes its place among the writes."""
        revision = self._revision[session_id]
        found = await self._db.read(job)
        if self._in_flight[session_id] or revision != self._revision[session_id]:
            found = await self._db.write(job)
        return found

    def _publish(self, session_id: str, event: Publishable) -> None:
        self._revision[session_id] += event.type != "message.part.delta"
        directory, project = self._places.get(session_id, (None, None))
        self._bus.publish(event, directory=directory, project=project)

    def _part_updated(self, part: Part) -> Publishable:
        return events.EventMessagePartUpdated(
            id=self.ids.event(),
            properties=events.PartUpdatedProperties(
                session_id=part.session_id, part=part, time=now_ms()
            ),
        )

    def _end_stream(self, session_id: str, part_id: str) -> None:
        """What was saved, or removed, takes the place of what was kept."""
        live = self._live.get(session_id, {})
        live.pop(part_id, None)
        if not live:
            self._live.pop(session_id, None)

    def _save_streams(self) -> None:
        self._saving = None
        dirty = [
            (part.session_id, part.message_id, part.id, part.wire())
            for part in self._dirty.values()
        ]
        self._dirty.clear()
        if not dirty:
            return

        def job(db: records.Connection) -> None:
            for session_id, message_id, part_id, data in dirty:
                if records.get_part(db, session_id, message_id, part_id) is not None:
                    records.put_part(db, session_id, message_id, part_id, data)

        self._db.begin(job).add_done_callback(_log_failure)

    def _decode(self, row: records.MessageRow) -> MessageWithParts:
        return MessageWithParts(
            info=self._messages.validate_json(row.data),
            parts=[self._parts.validate_json(data) for _, data in row.parts],
        )

    def _with_live(self, session_id: str, message: MessageWithParts) -> MessageWithParts:
        """The message with the text that streams as far as it was published."""
        live = self._live.get(session_id)
        if live:
            message.parts = [
                live[part.id].model_copy() if part.id in live else part for part in message.parts
            ]
        return message


def _log_failure(saved: "asyncio.Future[None]") -> None:
    """Nobody waits for text that streams to be saved; its part's end saves it again."""
    if not saved.cancelled() and (error := saved.exception()) is not None:
        log.warning("text that streams could not be saved: %s", error)
