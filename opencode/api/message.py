"""Messages and their parts; prompts, which start the work."""

from opencode.api.operation import Call, operation
from opencode.errors import (
    BadRequestError,
    ModelNotFoundError,
    NotFoundError,
    SessionBusyError,
)
from opencode.ids import MessageID, PartID, SessionID
from opencode.schema.message import (
    MessageWithParts,
    SessionCommandInput,
    SessionInitInput,
    SessionMessagesQuery,
    SessionPromptInput,
    SessionShellInput,
)
from opencode.schema.part import Part
from opencode.schema.wire import Encoded


@operation(
    "session.messages", "GET /session/{sessionID}/message", errors=[NotFoundError], scope="none"
)
async def messages(
    call: Call, session_id: SessionID, query: SessionMessagesQuery
) -> Encoded[list[MessageWithParts]]:
    """Get session messages

    Oldest first. With `limit` the newest ones; the headers `X-Next-Cursor` and `Link` lead to the
    older ones, which `before` asks for.
    """
    if query.before is not None and query.limit is None:
        raise BadRequestError('"before" needs a "limit"\n  at ["before"]', "Query")
    await call.app.sessions.get(session_id)
    page, cursor = await call.app.sessions.page(session_id, limit=query.limit, before=query.before)
    if cursor is not None:
        call.next_page("before", cursor)
    return page


@operation(
    "session.message",
    "GET /session/{sessionID}/message/{messageID}",
    errors=[NotFoundError],
    scope="none",
)
async def message(call: Call, session_id: SessionID, message_id: MessageID) -> MessageWithParts:
    """Get message"""
    return await call.app.sessions.message(session_id, message_id)


@operation(
    "session.prompt",
    "POST /session/{sessionID}/message",
    errors=[NotFoundError, ModelNotFoundError, SessionBusyError],
    scope="none",
)
async def prompt(call: Call, session_id: SessionID, body: SessionPromptInput) -> MessageWithParts:
    """Send message

    Stores the prompt and waits for the end of its run; the answer is the last message of it. What
    fails at the provider is told in that message, not by the status. A client that stops waiting
    stops nothing.
    """
    instance = await call.app.instance_of(session_id)
    return await instance.runner.prompt(session_id, body)


@operation(
    "session.prompt_async",
    "POST /session/{sessionID}/prompt_async",
    errors=[NotFoundError, ModelNotFoundError, SessionBusyError],
    scope="none",
)
async def prompt_async(call: Call, session_id: SessionID, body: SessionPromptInput) -> None:
    """Send async message

    Stores the prompt and answers at once; the events tell the rest.
    """
    instance = await call.app.instance_of(session_id)
    await instance.runner.accept(session_id, body)


@operation(
    "session.command",
    "POST /session/{sessionID}/command",
    errors=[NotFoundError, ModelNotFoundError, SessionBusyError],
    scope="none",
)
async def command(call: Call, session_id: SessionID, body: SessionCommandInput) -> MessageWithParts:
    """Send command

    Fills in the command's template, sends it as a prompt and waits for the answer. An unknown
    command is told with the names of the known ones.
    """
    instance = await call.app.instance_of(session_id)
    return await instance.command_runner.run(session_id, body)


@operation(
    "session.shell",
    "POST /session/{sessionID}/shell",
    errors=[NotFoundError, ModelNotFoundError, SessionBusyError],
    scope="none",
)
async def shell(call: Call, session_id: SessionID, body: SessionShellInput) -> MessageWithParts:
    """Run shell command

    Runs the user's command line and makes it a part of the conversation; the answer comes when it
    has ended. A session at work refuses.
    """
    instance = await call.app.instance_of(session_id)
    return await instance.shell.run(session_id, body)


@operation(
    "session.init",
    "POST /session/{sessionID}/init",
    errors=[NotFoundError, ModelNotFoundError, SessionBusyError],
    scope="none",
)
async def init(call: Call, session_id: SessionID, body: SessionInitInput) -> bool:
    """Initialize session

    Runs the command `init`, which has the project looked at and AGENTS.md written.
    """
    instance = await call.app.instance_of(session_id)
    return await instance.command_runner.initialise(session_id, body)


@operation(
    "session.deleteMessage",
    "DELETE /session/{sessionID}/message/{messageID}",
    errors=[NotFoundError, SessionBusyError],
    scope="none",
)
async def delete_message(call: Call, session_id: SessionID, message_id: MessageID) -> bool:
    """Delete message

    With its parts. A session at work refuses.
    """
    instance = await call.app.instance_of(session_id)
    if instance.runner.busy(session_id):
        raise SessionBusyError(session_id)
    await call.app.sessions.remove_message(session_id, message_id)
    return True


@operation(
    "part.update",
    "PATCH /session/{sessionID}/message/{messageID}/part/{partID}",
    errors=[NotFoundError],
    scope="none",
    tag="session",
)
async def update_part(
    call: Call, session_id: SessionID, message_id: MessageID, part_id: PartID, body: Part
) -> Part:
    """Update part

    The whole part as it shall be; its ids must be those of the path.
    """
    if (body.session_id, body.message_id, body.id) != (session_id, message_id, part_id):
        raise BadRequestError('The ids of the part are not those of the path\n  at ["id"]')
    await call.app.sessions.message(session_id, message_id)
    await call.app.sessions.save_part(body)
    return body


@operation(
    "part.delete",
    "DELETE /session/{sessionID}/message/{messageID}/part/{partID}",
    errors=[NotFoundError],
    scope="none",
    tag="session",
)
async def delete_part(
    call: Call, session_id: SessionID, message_id: MessageID, part_id: PartID
) -> bool:
    """Delete part"""
    await call.app.sessions.get(session_id)
    await call.app.sessions.remove_part(session_id, message_id, part_id)
    return True
