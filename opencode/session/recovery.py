"""After a crash: runs whose server is gone are closed, and say so.

Nothing is run again: a tool call that may have had an effect is told as interrupted, and the next
prompt continues from there.
"""

import logging

from opencode.errors import NotFoundError
from opencode.ids import now_ms
from opencode.schema.message import AssistantMessage, MessageWithParts
from opencode.schema.part import (
    Part,
    ReasoningPart,
    TextPart,
    ToolErrorTime,
    ToolPart,
    ToolStateError,
    ToolStatePending,
    ToolStateRunning,
)
from opencode.session import failure
from opencode.session.store import SessionStore

log = logging.getLogger(__name__)
INTERRUPTED = "Tool execution was interrupted: the server stopped"


async def recover(store: SessionStore) -> int:
    """Close every abandoned run; returns how many there were."""
    sessions = await store.abandoned()
    for session_id in sessions:
        try:
            await store.claim(session_id)
            for message in await store.messages(session_id):
                await _close(store, message)
            await store.release(session_id)
        except NotFoundError:
            continue
        log.warning("closed the interrupted run of %s", session_id)
    return len(sessions)


async def _close(store: SessionStore, message: MessageWithParts) -> None:
    info = message.info
    if not isinstance(info, AssistantMessage) or info.time.completed is not None:
        return
    for part in message.parts:
        closed = _closed(part)
        if closed is not None:
            await store.save_part(closed)
    info.error = failure.interrupted()
    info.time.completed = now_ms()
    await store.save_message(info)


def _closed(part: Part) -> Part | None:
    """The part as it ended, None where it had ended already."""
    match part:
        case ToolPart(state=ToolStatePending() | ToolStateRunning() as state):
            start = state.time.start if isinstance(state, ToolStateRunning) else now_ms()
            part.state = ToolStateError(
                input=state.input,
                error=INTERRUPTED,
                metadata={"interrupted": True},
                time=ToolErrorTime(start=start, end=now_ms()),
            )
            return part
        case TextPart() | ReasoningPart() if part.time is not None and part.time.end is None:
            part.time.end = now_ms()
            return part
        case _:
            return None
