"""A conversation's copy, up to a message: new ids throughout, the same words."""

import asyncio
import re
from collections.abc import Sequence

from opencode.bus import Publishable
from opencode.ids import Ids, now_ms
from opencode.schema import event as events
from opencode.schema.message import AssistantMessage, MessageWithParts
from opencode.schema.part import (
    CompactionPart,
    Part,
    ReasoningPart,
    TextPart,
    ToolErrorTime,
    ToolPart,
    ToolStateCompleted,
    ToolStateError,
    ToolStatePending,
    ToolStateRunning,
)
from opencode.schema.session import Session, SessionTime, SessionTokens
from opencode.session import failure
from opencode.session.calls import ABORTED
from opencode.session.rows import missing_message, put_session
from opencode.session.slug import slug
from opencode.session.store import SessionStore
from opencode.session.undo import remaining
from opencode.storage import records

TITLE = re.compile(r"(.*) \(fork #(\d+)\)", re.DOTALL)
SLICE = 50
"""So many messages at once; between them the loop does other work."""


async def fork(store: SessionStore, session_id: str, message_id: str | None = None) -> Session:
    """A new session with all messages, or those before one. What was taken back is left out, what
    is under way is copied as far as it came. Raises `NotFoundError`.
    """
    source = await store.get(session_id)
    messages: Sequence[MessageWithParts] = await store.messages(session_id)
    if source.revert is not None:
        messages = remaining(messages, source.revert)
    if message_id is not None:
        messages = _before(messages, message_id)
    session = _session(source, store.ids)
    copies = await _copies(messages, session.id, store.ids)
    store.locate(session)
    await store.rewrite(session.id, lambda db: _save(db, session, copies, store.ids))
    await _publish(store, copies)
    return session


def _before(messages: Sequence[MessageWithParts], message_id: str) -> list[MessageWithParts]:
    if not any(message.info.id == message_id for message in messages):
        raise missing_message(message_id)
    return [message for message in messages if message.info.id < message_id]


def _session(source: Session, ids: Ids) -> Session:
    """As the source is set up, without what it has spent and what it has done."""
    now = now_ms()
    return source.model_copy(
        deep=True,
        update={
            "id": ids.session(),
            "slug": slug(),
            "title": forked_title(source.title),
            "parent_id": None,
            "cost": 0,
            "tokens": SessionTokens(),
            "summary": None,
            "share": None,
            "revert": None,
            "time": SessionTime(created=now, updated=now),
        },
    )


def forked_title(title: str) -> str:
    """The title with the number of the fork."""
    match = TITLE.fullmatch(title)
    return f"{match[1]} (fork #{int(match[2]) + 1})" if match else f"{title} (fork #1)"


async def _copies(
    messages: Sequence[MessageWithParts], session_id: str, ids: Ids
) -> list[MessageWithParts]:
    """New ids ascend as the old ones did; parents and marks point at the copies."""
    names: dict[str, str] = {}
    for position, message in enumerate(messages):
        info = message.info
        info.session_id = session_id
        names[info.id] = info.id = ids.message()
        for part in message.parts:
            _rename(part, info.session_id, info.id, ids)
            if isinstance(part, CompactionPart) and part.tail_start_id is not None:
                part.tail_start_id = names.get(part.tail_start_id, part.tail_start_id)
        if isinstance(info, AssistantMessage):
            info.parent_id = names.get(info.parent_id, info.parent_id)
            if info.time.completed is None:
                _end(info, message.parts)
        if position % SLICE == SLICE - 1:
            await asyncio.sleep(0)
    return list(messages)


def _rename(part: Part, session_id: str, message_id: str, ids: Ids) -> None:
    part.id, part.session_id, part.message_id = ids.part(), session_id, message_id
    if isinstance(part, ToolPart) and isinstance(part.state, ToolStateCompleted):
        for attachment in part.state.attachments or ():
            _rename(attachment, session_id, message_id, ids)


def _end(answer: AssistantMessage, parts: Sequence[Part]) -> None:
    """What is under way goes on in the source; here it has ended."""
    now = now_ms()
    answer.time.completed = now
    answer.error = answer.error or failure.ABORTED
    for part in parts:
        match part:
            case ToolPart(state=ToolStatePending() | ToolStateRunning() as state):
                start = state.time.start if isinstance(state, ToolStateRunning) else now
                part.state = ToolStateError(
                    input=state.input,
                    error=ABORTED,
                    metadata={"interrupted": True},
                    time=ToolErrorTime(start=start, end=now),
                )
            case TextPart() | ReasoningPart() if part.time is not None and part.time.end is None:
                part.time.end = now
            case _:
                continue


def _save(
    db: records.Connection, session: Session, copies: Sequence[MessageWithParts], ids: Ids
) -> list[Publishable]:
    put_session(db, session)
    for message in copies:
        records.put_message(db, session.id, message.info.id, message.info.wire())
        for part in message.parts:
            records.put_part(db, session.id, message.info.id, part.id, part.wire())
    created = events.SessionInfoProperties(session_id=session.id, info=session)
    return [events.EventSessionCreated(id=ids.event(), properties=created)]


async def _publish(store: SessionStore, copies: Sequence[MessageWithParts]) -> None:
    """Tell of the copies, a few at a time: those who listen have bounded queues."""
    for position, message in enumerate(copies):
        session_id = message.info.session_id
        said = events.MessageUpdatedProperties(session_id=session_id, info=message.info)
        store.announce(
            session_id, events.EventMessageUpdated(id=store.ids.event(), properties=said)
        )
        for part in message.parts:
            told = events.PartUpdatedProperties(session_id=session_id, part=part, time=now_ms())
            store.announce(
                session_id, events.EventMessagePartUpdated(id=store.ids.event(), properties=told)
            )
        if position % SLICE == SLICE - 1:
            await asyncio.sleep(0)
