"""What a session is asked beyond prompts: what waits in its queue, to go on, to sum up."""

from opencode.api.operation import Call, operation
from opencode.errors import (
    BadRequestError,
    ModelNotFoundError,
    NotFoundError,
    SessionBusyError,
)
from opencode.ids import MessageID, SessionID
from opencode.schema.message import MessageWithParts, UserModel
from opencode.schema.session import SessionSummarizeInput


@operation(
    "session.queue",
    "GET /session/{sessionID}/queue",
    errors=[NotFoundError],
    scope="none",
    tag="session",
)
async def queue(call: Call, session_id: SessionID) -> list[MessageWithParts]:
    """List queued prompts

    The prompts a session at work has accepted and not yet taken up, oldest first; all of them are
    taken up with its next request to the model.
    """
    await call.app.sessions.get(session_id)
    working = call.app.at_work(session_id)
    if working is None:
        return []
    messages = await call.app.sessions.messages(session_id)
    queued = set(working.runner.queued(session_id))
    return [one for one in messages if one.info.id in queued]


@operation(
    "session.queue.cancel",
    "DELETE /session/{sessionID}/queue/{messageID}",
    errors=[NotFoundError],
    scope="none",
    tag="session",
)
async def cancel(call: Call, session_id: SessionID, message_id: MessageID) -> bool:
    """Cancel queued prompt

    It is removed and never answered. A prompt that has been taken up, or was never queued, is not
    found.
    """
    await call.app.sessions.get(session_id)
    working = call.app.at_work(session_id)
    if working is None:
        raise NotFoundError(f"Not in the queue: {message_id}")
    await working.runner.cancel(session_id, message_id)
    return True


@operation(
    "session.continue",
    "POST /session/{sessionID}/continue",
    errors=[NotFoundError, BadRequestError, SessionBusyError],
    scope="none",
    tag="session",
)
async def go_on(call: Call, session_id: SessionID) -> bool:
    """Continue session

    Runs on without a new prompt where the last answer was interrupted: by a server that stopped, by
    an abort, by a provider that failed. Tool calls that were interrupted are not made again; the
    model is told of them. Answers at once; the events tell the rest.
    """
    instance = await call.app.instance_of(session_id)
    await instance.runner.go_on(session_id)
    return True


@operation(
    "session.summarize",
    "POST /session/{sessionID}/summarize",
    errors=[NotFoundError, BadRequestError, ModelNotFoundError, SessionBusyError],
    scope="none",
    tag="session",
)
async def summarize(call: Call, session_id: SessionID, body: SessionSummarizeInput) -> bool:
    """Summarize session

    Replaces the conversation, for the model, by a summary that the given model writes; nothing is
    removed. Waits for a run under way, and for the summary.
    """
    instance = await call.app.instance_of(session_id)
    model = UserModel(provider_id=body.provider_id, model_id=body.model_id)
    await instance.runner.summarise(session_id, model)
    return True
