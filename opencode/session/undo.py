"""The end of a conversation that was taken back: which it is, and its removal from the record."""

from collections.abc import Sequence

from opencode.bus import Publishable
from opencode.ids import Ids
from opencode.schema import event as events
from opencode.schema.message import AssistantMessage, MessageWithParts
from opencode.schema.session import Session, SessionRevert, SessionTokens
from opencode.session import summary
from opencode.session.rows import put_session
from opencode.session.store import SessionStore
from opencode.storage import records

CENTS = 12
"""Decimal places of a cost; what lies beyond is the noise of subtraction."""


def undone(messages: Sequence[MessageWithParts], point: SessionRevert) -> list[MessageWithParts]:
    """What was taken back: the messages from the point on, the first perhaps in part."""
    return [one for one in (_split(message, point)[1] for message in messages) if one is not None]


def remaining(messages: Sequence[MessageWithParts], point: SessionRevert) -> list[MessageWithParts]:
    """What was not."""
    return [one for one in (_split(message, point)[0] for message in messages) if one is not None]


async def settle(store: SessionStore, differences: summary.Differences, session: Session) -> bool:
    """Make final what was taken back; False where nothing was.

    Messages, parts, sums and the session change in one transaction.
    """
    point = session.revert
    if point is None:
        return False
    messages = await store.messages(session.id)
    changed = await summary.differences(differences, remaining(messages, point))
    gone = undone(messages, point)

    def job(db: records.Connection) -> list[Publishable]:
        found = records.get_session(db, session.id)
        if found is None:
            return []
        now = Session.parse(found)
        news = [event for message in gone for event in _remove(db, message, point, store.ids)]
        _subtract(now, [one for one in gone if _goes_whole(one, point)])
        now.revert = None
        now.summary = summary.totals(changed)
        put_session(db, now)
        news.append(
            events.EventSessionUpdated(
                id=store.ids.event(),
                properties=events.SessionInfoProperties(session_id=now.id, info=now),
            )
        )
        return news

    await store.rewrite(session.id, job)
    return True


def _split(
    message: MessageWithParts, point: SessionRevert
) -> tuple[MessageWithParts | None, MessageWithParts | None]:
    """What of a message stands before the point, and what after it."""
    if message.info.id < point.message_id:
        return message, None
    if _goes_whole(message, point):
        return None, message
    part_id = point.part_id or ""
    before = [part for part in message.parts if part.id < part_id]
    after = [part for part in message.parts if part.id >= part_id]
    return (
        MessageWithParts(info=message.info, parts=before),
        MessageWithParts(info=message.info, parts=after),
    )


def _goes_whole(message: MessageWithParts, point: SessionRevert) -> bool:
    return message.info.id != point.message_id or point.part_id is None


def _remove(
    db: records.Connection, message: MessageWithParts, point: SessionRevert, ids: Ids
) -> list[Publishable]:
    session_id, message_id = message.info.session_id, message.info.id
    if _goes_whole(message, point):
        records.remove_message(db, session_id, message_id)
        gone = events.MessageRemovedProperties(session_id=session_id, message_id=message_id)
        return [events.EventMessageRemoved(id=ids.event(), properties=gone)]
    news: list[Publishable] = []
    for part in message.parts:
        records.remove_part(db, session_id, message_id, part.id)
        lost = events.PartRemovedProperties(
            session_id=session_id, message_id=message_id, part_id=part.id
        )
        news.append(events.EventMessagePartRemoved(id=ids.event(), properties=lost))
    return news


def _subtract(session: Session, gone: Sequence[MessageWithParts]) -> None:
    """The session's sums without these answers."""
    sums, cost = session.tokens or SessionTokens(), session.cost or 0.0
    for message in gone:
        if not isinstance(message.info, AssistantMessage):
            continue
        tokens = message.info.tokens
        cost -= message.info.cost
        sums.input = max(0, sums.input - tokens.input)
        sums.output = max(0, sums.output - tokens.output)
        sums.reasoning = max(0, sums.reasoning - tokens.reasoning)
        sums.cache.read = max(0, sums.cache.read - tokens.cache.read)
        sums.cache.write = max(0, sums.cache.write - tokens.cache.write)
    session.tokens, session.cost = sums, max(0.0, round(cost, CENTS))
