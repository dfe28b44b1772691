"""The only writer of sessions, messages and parts: each write is saved, then published.

Text that streams is published as it comes and saved in groups; until a part is complete its newest
state is kept here, so that whoever reads the record in mid-stream gets exactly what was published
before.
"""

import asyncio
import base64
import binascii
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from pydantic import TypeAdapter

from opencode.bus import Bus, Publishable
from opencode.errors import BadRequestError, NotFoundError, SessionBusyError
from opencode.ids import Ids, now_ms
from opencode.schema import event as events
from opencode.schema.agent import Todo
from opencode.schema.message import Message, MessageWithParts
from opencode.schema.part import Part, ReasoningPart, TextPart
from opencode.schema.session import Session, SessionCreateInput, SessionTime, SessionTokens
from opencode.schema.wire import Encoded
from opencode.session.slug import slug
from opencode.storage import records
from opencode.storage.database import Database
from opencode.storage.owner import alive, own_name

SAVE_EVERY_S = 0.05
READ_ATTEMPTS = 8


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
        self._revision: dict[str, int] = {}
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
        await self._db.write(lambda db: _put_session(db, session))
        self._places[session.id] = (session.directory, session.project_id)
        self._publish(
            session.id,
            events.EventSessionCreated(
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
        self._places[session_id] = (session.directory, session.project_id)
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
        return Encoded(_array(rows))

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
            _put_session(db, changed)
            return changed, True

        session, changed = await self._db.write(job)
        self._places[session_id] = (session.directory, session.project_id)
        if changed:
            self._publish(
                session_id,
                events.EventSessionUpdated(
                    id=self.ids.event(),
                    properties=events.SessionInfoProperties(session_id=session_id, info=session),
                ),
            )
        return session

    async def remove(self, session_id: str) -> None:
        """Delete the session and its children, children first, each reported."""
        session = await self.get(session_id)
        for child in await self.children(session_id):
            await self.remove(child.id)
        await self._db.write(lambda db: records.remove_session(db, session_id))
        self._live.pop(session_id, None)
        self._publish(
            session_id,
            events.EventSessionDeleted(
                id=self.ids.event(),
                properties=events.SessionInfoProperties(session_id=session_id, info=session),
            ),
        )
        self._places.pop(session_id, None)
        self._revision.pop(session_id, None)

    # Messages and parts ---------------------------------------------------------------------------

    async def save_message(self, message: Message, parts: list[Part] | None = None) -> None:
        """Save and publish a message, and with it `parts` in the same transaction."""
        data = message.wire()
        rows = [(part.id, part.wire()) for part in parts or ()]

        def job(db: records.Connection) -> None:
            if records.get_session(db, message.session_id) is None:
                raise missing_session(message.session_id)
            records.put_message(db, message.session_id, message.id, data)
            for part_id, row in rows:
                records.put_part(db, message.session_id, message.id, part_id, row)

        await self._db.write(job)
        self._publish(
            message.session_id,
            events.EventMessageUpdated(
                id=self.ids.event(),
                properties=events.MessageUpdatedProperties(
                    session_id=message.session_id, info=message
                ),
            ),
        )
        for part in parts or ():
            self._publish_part(part)

    async def save_part(self, part: Part) -> None:
        """Save and publish a part as it is. Raises `NotFoundError` where its message is gone."""
        if isinstance(part, TextPart | ReasoningPart):
            self._end_stream(part)
        data = part.wire()

        def job(db: records.Connection) -> None:
            if records.get_message(db, part.session_id, part.message_id) is None:
                raise missing_message(part.message_id)
            records.put_part(db, part.session_id, part.message_id, part.id, data)

        await self._db.write(job)
        self._publish_part(part)

    def stream(self, part: TextPart | ReasoningPart, delta: str) -> None:
        """Append `delta` to a part that streams and publish it at once; it is saved soon after."""
        part.text += delta
        self._live.setdefault(part.session_id, {})[part.id] = part
        self._dirty[part.id] = part
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
        done = await self._db.write(lambda db: records.remove_message(db, session_id, message_id))
        if done:
            self._publish(
                session_id,
                events.EventMessageRemoved(
                    id=self.ids.event(),
                    properties=events.MessageRemovedProperties(
                        session_id=session_id, message_id=message_id
                    ),
                ),
            )
        return done

    async def remove_part(self, session_id: str, message_id: str, part_id: str) -> bool:
        """Remove one part; False where there was none."""
        done = await self._db.write(
            lambda db: records.remove_part(db, session_id, message_id, part_id)
        )
        if done:
            self._publish(
                session_id,
                events.EventMessagePartRemoved(
                    id=self.ids.event(),
                    properties=events.PartRemovedProperties(
                        session_id=session_id, message_id=message_id, part_id=part_id
                    ),
                ),
            )
        return done

    async def messages(self, session_id: str) -> list[MessageWithParts]:
        """The whole conversation, oldest first."""
        rows, _ = await self._db.read(lambda db: records.messages(db, session_id))
        return [self._decode(row) for row in rows]

    async def message(self, session_id: str, message_id: str) -> MessageWithParts:
        """One message with its parts. Raises `NotFoundError`."""
        row = await self._db.read(lambda db: records.message(db, session_id, message_id))
        if row is None:
            raise missing_message(message_id)
        return self._decode(row)

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

        What it shows is exactly what was published before it returns: read again when something
        was saved meanwhile, with the parts that stream as they are at this moment.
        """
        oldest = None if before is None else read_cursor(before)
        for _ in range(READ_ATTEMPTS):
            revision = self._revision.get(session_id, 0)
            rows, more = await self._db.read(
                lambda db: records.messages(db, session_id, limit=limit, before=oldest)
            )
            if revision == self._revision.get(session_id, 0):
                break
        live = self._live.get(session_id, {})
        cursor = write_cursor(rows[0].id) if more and rows else None
        return Encoded(_array([_encode_row(row, live) for row in rows])), cursor

    # Todos, status, runs --------------------------------------------------------------------------

    async def set_todos(self, session_id: str, todos: list[Todo]) -> None:
        """Replace the todo list."""
        data = self._todos.dump_json(todos, by_alias=True, exclude_none=True)
        await self._db.write(lambda db: records.put_todos(db, session_id, data))
        self._publish(
            session_id,
            events.EventTodoUpdated(
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

    async def close(self) -> None:
        """Save what still streams."""
        if self._saving is not None:
            self._saving.cancel()
        self._save_streams()

    # ----------------------------------------------------------------------------------------------

    def _publish(self, session_id: str, event: Publishable) -> None:
        if event.type != "message.part.delta":
            self._revision[session_id] = self._revision.get(session_id, 0) + 1
        directory, project = self._places.get(session_id, (None, None))
        self._bus.publish(event, directory=directory, project=project)

    def _publish_part(self, part: Part) -> None:
        self._publish(
            part.session_id,
            events.EventMessagePartUpdated(
                id=self.ids.event(),
                properties=events.PartUpdatedProperties(
                    session_id=part.session_id, part=part, time=now_ms()
                ),
            ),
        )

    def _end_stream(self, part: TextPart | ReasoningPart) -> None:
        self._dirty.pop(part.id, None)
        live = self._live.get(part.session_id)
        if live is not None:
            live.pop(part.id, None)
            if not live:
                del self._live[part.session_id]

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
                if records.get_message(db, session_id, message_id) is not None:
                    records.put_part(db, session_id, message_id, part_id, data)

        self._db.begin(job)

    def _decode(self, row: records.MessageRow) -> MessageWithParts:
        return MessageWithParts(
            info=self._messages.validate_json(row.data),
            parts=[self._parts.validate_json(data) for _, data in row.parts],
        )


def missing_session(session_id: str) -> NotFoundError:
    return NotFoundError(f"Session not found: {session_id}")


def missing_message(message_id: str) -> NotFoundError:
    return NotFoundError(f"Message not found: {message_id}")


def write_cursor(message_id: str) -> str:
    """The opaque name of the page that ends before `message_id`."""
    return base64.urlsafe_b64encode(json.dumps({"id": message_id}).encode()).decode().rstrip("=")


def read_cursor(cursor: str) -> str:
    """Raises `BadRequestError` for what `write_cursor` did not make."""
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        found: Any = json.loads(base64.urlsafe_b64decode(padded))
        return str(found["id"])
    except (binascii.Error, ValueError, KeyError, TypeError):
        raise BadRequestError(
            'Expected the cursor of an earlier page\n  at ["before"]', "Query"
        ) from None


def _put_session(db: records.Connection, session: Session) -> None:
    records.put_session(
        db,
        identifier=session.id,
        project_id=session.project_id,
        directory=session.directory,
        path=session.path or "",
        parent_id=session.parent_id,
        title=session.title,
        updated=session.time.updated,
        data=session.wire(),
    )


def _encode_row(row: records.MessageRow, live: dict[str, TextPart | ReasoningPart]) -> str:
    parts = ",".join(
        live[part_id].wire().decode() if part_id in live else data for part_id, data in row.parts
    )
    return f'{{"info":{row.data},"parts":[{parts}]}}'


def _array(rows: list[str]) -> bytes:
    return f"[{','.join(rows)}]".encode()
