"""After a crash: runs whose server is gone are closed, and say so.

Nothing is run again: a tool call that may have had an effect is told as interrupted. The next
prompt goes on from there, or `session.continue` without one.
"""

import logging

from opencode.errors import NotFoundError, SessionBusyError
from opencode.ids import now_ms
from opencode.schema.message import (
    AssistantMessage,
    AssistantMessageTime,
    MessagePath,
    MessageWithParts,
    UserMessage,
)
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
from opencode.schema.session import Session
from opencode.session import failure, outcome
from opencode.session.store import SessionStore

log = logging.getLogger(__name__)
INTERRUPTED = "Tool execution was interrupted: the server stopped"


async def recover(store: SessionStore) -> int:
    """Close every abandoned run; returns how many there were."""
    closed = 0
    for session_id in await store.abandoned():
        try:
            await store.claim(session_id)
        except (NotFoundError, SessionBusyError):
            continue  # another server that starts has been faster
        try:
            await _close_all(store, session_id)
        finally:
            await store.release(session_id)
        closed += 1
        log.warning("closed the interrupted run of %s", session_id)
    return closed


async def _close_all(store: SessionStore, session_id: str) -> None:
    messages = await store.messages(session_id)
    for message in messages:
        await _close(store, message)
    if not messages:
        return
    last = messages[-1].info
    prompt = last if isinstance(last, UserMessage) else outcome.broken_off(messages)
    if prompt is not None:
        session = await store.get(session_id)
        await store.save_message(_never_begun(store, session, prompt, after=last.id))


def _never_begun(
    store: SessionStore, session: Session, prompt: UserMessage, *, after: str
) -> AssistantMessage:
    """The next answer to a prompt, which no round had begun yet."""
    now = now_ms()
    return AssistantMessage(
        id=store.ids.message(after=max(after, prompt.id)),
        session_id=session.id,
        time=AssistantMessageTime(created=now, completed=now),
        error=failure.interrupted(),
        parent_id=prompt.id,
        model_id=prompt.model.model_id,
        provider_id=prompt.model.provider_id,
        mode=prompt.agent,
        agent=prompt.agent,
        path=MessagePath(cwd=session.directory, root=session.directory),
        variant=prompt.model.variant,
    )


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
