"""What waits for a person: requests for permission, questions, and their replies."""

from typing import Any, Literal

from opencode.ids import MessageID, PermissionID, QuestionID, SessionID
from opencode.schema.wire import WireModel

PermissionAction = Literal["allow", "deny", "ask"]


class PermissionRule(WireModel):
    """Both names are wildcards; of several rules that match, the last decides."""

    permission: str
    pattern: str
    action: PermissionAction


class PermissionTool(WireModel):
    """The call that asks."""

    message_id: str
    call_id: str


class PermissionRequest(WireModel):
    """A tool call that waits to be allowed."""

    id: PermissionID
    session_id: SessionID
    permission: str
    patterns: list[str]
    metadata: dict[str, Any]
    always: list[str]
    """The patterns that `always` will allow from then on."""
    tool: PermissionTool | None = None


PermissionReplyKind = Literal["once", "always", "reject"]


class PermissionReplyInput(WireModel):
    """The body of `permission.reply`; `message` tells the model why it was rejected."""

    reply: PermissionReplyKind
    message: str | None = None


class PermissionRespondInput(WireModel):
    """The body of the older `permission.respond`."""

    response: PermissionReplyKind


class QuestionOption(WireModel):
    """One choice."""

    label: str
    """Display text (1-5 words, concise)"""
    description: str
    """Explanation of choice"""


class QuestionInfo(WireModel):
    """One question with its choices."""

    question: str
    """Complete question"""
    header: str
    """Very short label (max 30 chars)"""
    options: list[QuestionOption]
    """Available choices"""
    multiple: bool | None = None
    """Allow selecting multiple choices"""
    custom: bool | None = None
    """Allow typing a custom answer"""


class QuestionTool(WireModel):
    """The call that asks."""

    message_id: MessageID
    call_id: str


class QuestionRequest(WireModel):
    """Questions that wait for answers."""

    id: QuestionID
    session_id: SessionID
    questions: list[QuestionInfo]
    """Questions to ask"""
    tool: QuestionTool | None = None


QuestionAnswer = list[str]


class QuestionReplyInput(WireModel):
    """The body of `question.reply`: for each question the labels chosen or the text typed."""

    answers: list[QuestionAnswer]
