"""What waits for a person: permissions and questions, of the directory asked for."""

from opencode.api.operation import Call, operation
from opencode.errors import NotFoundError, PermissionNotFoundError, QuestionNotFoundError
from opencode.ids import PermissionID, QuestionID, SessionID
from opencode.instance import Instance
from opencode.schema.request import (
    PermissionReplyInput,
    PermissionRequest,
    PermissionRespondInput,
    QuestionReplyInput,
    QuestionRequest,
)


def _holder_of_permission(call: Call, request_id: str) -> Instance:
    """The opened directory in which a request waits, whichever was asked for."""
    for instance in call.app.opened():
        if any(request.id == request_id for request in instance.broker.pending()):
            return instance
    raise PermissionNotFoundError(request_id)


def _holder_of_question(call: Call, request_id: str) -> Instance:
    for instance in call.app.opened():
        if any(request.id == request_id for request in instance.broker.pending_questions()):
            return instance
    raise QuestionNotFoundError(request_id)


@operation("permission.list", "GET /permission")
async def list_permissions(call: Call) -> list[PermissionRequest]:
    """List pending permissions"""
    return call.instance.broker.pending()


@operation(
    "permission.reply",
    "POST /permission/{requestID}/reply",
    errors=[PermissionNotFoundError],
    scope="none",
)
async def reply(call: Call, request_id: PermissionID, body: PermissionReplyInput) -> bool:
    """Respond to permission request

    `always` also allows what the request's `always` patterns cover from now on, for the project.
    """
    instance = _holder_of_permission(call, request_id)
    await instance.broker.reply(request_id, body.reply, body.message)
    return True


@operation(
    "permission.respond",
    "POST /session/{sessionID}/permissions/{permissionID}",
    errors=[NotFoundError, PermissionNotFoundError],
    scope="none",
    tag="session",
)
async def respond(
    call: Call,
    session_id: SessionID,
    permission_id: PermissionID,
    body: PermissionRespondInput,
) -> bool:
    """Respond to permission

    The older form of `permission.reply`.
    """
    await call.app.sessions.get(session_id)
    instance = _holder_of_permission(call, permission_id)
    await instance.broker.reply(permission_id, body.response)
    return True


@operation("question.list", "GET /question")
async def list_questions(call: Call) -> list[QuestionRequest]:
    """List pending questions"""
    return call.instance.broker.pending_questions()


@operation(
    "question.reply",
    "POST /question/{requestID}/reply",
    errors=[QuestionNotFoundError],
    scope="none",
)
async def answer(call: Call, request_id: QuestionID, body: QuestionReplyInput) -> bool:
    """Reply to question request

    For each question the labels chosen, or the text typed.
    """
    _holder_of_question(call, request_id).broker.reply_question(request_id, body.answers)
    return True


@operation(
    "question.reject",
    "POST /question/{requestID}/reject",
    errors=[QuestionNotFoundError],
    scope="none",
)
async def reject(call: Call, request_id: QuestionID) -> bool:
    """Reject question request"""
    _holder_of_question(call, request_id).broker.reject_question(request_id)
    return True
