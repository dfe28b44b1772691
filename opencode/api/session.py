"""Sessions: create, find, change, delete, stop. A session is found by its id alone."""

from opencode.api.operation import Call, operation
from opencode.errors import NotFoundError, SessionBusyError
from opencode.ids import MessageID, SessionID
from opencode.schema.agent import Todo
from opencode.schema.session import (
    Session,
    SessionCreateInput,
    SessionForkInput,
    SessionListQuery,
    SessionRevertInput,
    SessionStatus,
    SessionStatusIdle,
    SessionUpdateInput,
    SnapshotFileDiff,
)
from opencode.schema.wire import Encoded
from opencode.session import summary
from opencode.session.fork import fork as copy_of
from opencode.session.news import News
from opencode.session.store import Place
from opencode.session.undo import undone
from opencode.storage.records import SessionFilter

DEFAULT_LIMIT = 100


@operation("session.list", "GET /session")
async def list_sessions(call: Call, query: SessionListQuery) -> Encoded[list[Session]]:
    """List sessions

    The sessions of the project, newest change first. `directory` in the query narrows them to those
    of exactly that directory, unless `scope=project` or `path` is given.
    """
    narrow = "directory" in call.query and query.scope is None and not query.path
    return await call.app.sessions.sessions(
        SessionFilter(
            project_id=call.instance.project.id,
            directory=call.instance.directory if narrow else None,
            path=query.path,
            roots=query.roots == "true",
            since=query.start,
            search=query.search,
            limit=DEFAULT_LIMIT if query.limit is None else query.limit,
        )
    )


@operation("session.create", "POST /session")
async def create(call: Call, body: SessionCreateInput | None = None) -> Session:
    """Create session

    A new session in the directory; every field of the body may be left out.
    """
    instance = call.instance
    place = Place(instance.project.id, instance.directory, instance.location.path)
    return await call.app.sessions.create(place, body or SessionCreateInput())


@operation("session.status", "GET /session/status")
async def status(call: Call) -> dict[str, SessionStatus]:
    """Get session status

    The sessions of the directory that are at work; the others are idle.
    """
    return call.instance.runner.status()


@operation("session.get", "GET /session/{sessionID}", errors=[NotFoundError], scope="none")
async def get(call: Call, session_id: SessionID) -> Session:
    """Get session"""
    return await call.app.sessions.get(session_id)


@operation("session.update", "PATCH /session/{sessionID}", errors=[NotFoundError], scope="none")
async def update(call: Call, session_id: SessionID, body: SessionUpdateInput) -> Session:
    """Update session

    Title, archive time, metadata; permission rules are added to those the session has.
    """
    touch = body.metadata is not None or body.permission is not None
    return await call.app.sessions.update(
        session_id, lambda session: _changed(session, body), touch=touch
    )


@operation("session.delete", "DELETE /session/{sessionID}", errors=[NotFoundError], scope="none")
async def delete(call: Call, session_id: SessionID) -> bool:
    """Delete session

    What runs in it is stopped first; the sessions of its subagents go with it.
    """
    await call.app.sessions.get(session_id)
    working = call.app.at_work(session_id)
    if working is not None:
        await working.runner.abort(session_id)
    for child in await call.app.sessions.children(session_id):
        await delete(call, child.id)
    await call.app.sessions.remove(session_id)
    for instance in call.app.opened():
        instance.runner.forget(session_id)
    return True


@operation(
    "session.children", "GET /session/{sessionID}/children", errors=[NotFoundError], scope="none"
)
async def children(call: Call, session_id: SessionID) -> list[Session]:
    """Get session children

    The sessions of its subagents.
    """
    await call.app.sessions.get(session_id)
    return await call.app.sessions.children(session_id)


@operation("session.todo", "GET /session/{sessionID}/todo", errors=[NotFoundError], scope="none")
async def todo(call: Call, session_id: SessionID) -> Encoded[list[Todo]]:
    """Get session todos"""
    await call.app.sessions.get(session_id)
    return await call.app.sessions.todos(session_id)


@operation("session.diff", "GET /session/{sessionID}/diff", errors=[NotFoundError], scope="none")
async def diff(
    call: Call, session_id: SessionID, message_id: MessageID | None = None
) -> list[SnapshotFileDiff]:
    """Get session diff

    The files the session has changed, or with `messageID` the answers to that prompt. While
    something is reverted, the files it had changed.
    """
    instance = await call.app.instance_of(session_id)
    messages = await call.app.sessions.messages(session_id)
    if message_id is not None:
        messages = summary.of_turn(messages, message_id)
    elif (point := (await call.app.sessions.get(session_id)).revert) is not None:
        messages = undone(messages, point)
    return await summary.differences(instance.snapshot, messages)


@operation("session.abort", "POST /session/{sessionID}/abort", scope="none")
async def abort(call: Call, session_id: SessionID) -> bool:
    """Abort session

    Stops what runs, children of its commands included, and answers once it has ended. A session
    that does not run, or does not exist, is not an error.
    """
    working = call.app.at_work(session_id)
    if working is not None:
        await working.runner.abort(session_id)
    elif await call.app.sessions.find(session_id) is not None:
        News(call.app.sessions).status(session_id, SessionStatusIdle())
    return True


@operation(
    "session.revert",
    "POST /session/{sessionID}/revert",
    errors=[NotFoundError, SessionBusyError],
    scope="none",
)
async def revert(call: Call, session_id: SessionID, body: SessionRevertInput) -> Session:
    """Revert message

    Takes back a message and all that follow, or an answer from `partID` on, with every change of
    files they made. Their messages stay listed until the next prompt makes it final. An unknown id
    changes nothing; a session at work refuses.
    """
    instance = await call.app.instance_of(session_id)
    return await instance.reverts.revert(session_id, body.message_id, part_id=body.part_id)


@operation(
    "session.unrevert",
    "POST /session/{sessionID}/unrevert",
    errors=[NotFoundError, SessionBusyError],
    scope="none",
)
async def unrevert(call: Call, session_id: SessionID) -> Session:
    """Restore reverted messages

    Brings back what was reverted, files included.
    """
    instance = await call.app.instance_of(session_id)
    return await instance.reverts.unrevert(session_id)


@operation("session.fork", "POST /session/{sessionID}/fork", errors=[NotFoundError], scope="none")
async def fork(call: Call, session_id: SessionID, body: SessionForkInput | None = None) -> Session:
    """Fork session

    A new session with everything said before `messageID`, or everything. Files stay as they are.
    """
    return await copy_of(call.app.sessions, session_id, body.message_id if body else None)


def _changed(session: Session, body: SessionUpdateInput) -> Session | None:
    before = session.wire()
    if body.title is not None:
        session.title = body.title
    if body.metadata is not None:
        session.metadata = body.metadata
    if body.permission:
        session.permission = [*(session.permission or []), *body.permission]
    if body.time is not None and "archived" in body.time.model_fields_set:
        session.time.archived = body.time.archived
    return session if session.wire() != before else None
