"""What is published: one class per event, its docstring saying when.

An event is `{id, type, properties}`. The union of all is at the end.
"""

from typing import Annotated, Literal

from pydantic import Field

from opencode.ids import EventID, MessageID, PartID, PermissionID, QuestionID, SessionID
from opencode.schema.agent import Todo
from opencode.schema.error import MessageError
from opencode.schema.message import Message
from opencode.schema.part import Part
from opencode.schema.project import Project
from opencode.schema.request import (
    PermissionReplyKind,
    PermissionRequest,
    QuestionAnswer,
    QuestionRequest,
)
from opencode.schema.session import Session, SessionStatus, SnapshotFileDiff
from opencode.schema.wire import WireModel


class BaseEvent(WireModel):
    """What every event has."""

    id: EventID


class NoProperties(WireModel):
    """Nothing to say but the type."""


class SessionInfoProperties(WireModel):
    """A session as it is now."""

    session_id: SessionID
    info: Session


class SessionIDProperties(WireModel):
    """Which session."""

    session_id: SessionID


class EventServerConnected(BaseEvent):
    """First on every stream."""

    type: Literal["server.connected"] = "server.connected"
    properties: NoProperties = Field(default_factory=NoProperties)


class EventServerHeartbeat(BaseEvent):
    """Every ten seconds on every stream."""

    type: Literal["server.heartbeat"] = "server.heartbeat"
    properties: NoProperties = Field(default_factory=NoProperties)


class InstanceDisposedProperties(WireModel):
    """Which directory."""

    directory: str


class EventServerInstanceDisposed(BaseEvent):
    """A directory was closed; its next request opens it afresh."""

    type: Literal["server.instance.disposed"] = "server.instance.disposed"
    properties: InstanceDisposedProperties


class EventGlobalDisposed(BaseEvent):
    """All directories were closed."""

    type: Literal["global.disposed"] = "global.disposed"
    properties: NoProperties = Field(default_factory=NoProperties)


class EventSessionCreated(BaseEvent):
    """A session was created."""

    type: Literal["session.created"] = "session.created"
    properties: SessionInfoProperties


class EventSessionUpdated(BaseEvent):
    """A session's record changed: title, sums, time, revert point."""

    type: Literal["session.updated"] = "session.updated"
    properties: SessionInfoProperties


class EventSessionDeleted(BaseEvent):
    """A session was deleted; its children were reported before it."""

    type: Literal["session.deleted"] = "session.deleted"
    properties: SessionInfoProperties


class SessionStatusProperties(WireModel):
    """A session's state of work."""

    session_id: SessionID
    status: SessionStatus


class EventSessionStatus(BaseEvent):
    """A run began, waits to try again, or ended."""

    type: Literal["session.status"] = "session.status"
    properties: SessionStatusProperties


class EventSessionIdle(BaseEvent):
    """A run ended; follows the idle status."""

    type: Literal["session.idle"] = "session.idle"
    properties: SessionIDProperties


class EventSessionCompacted(BaseEvent):
    """The conversation was replaced by a summary for the model."""

    type: Literal["session.compacted"] = "session.compacted"
    properties: SessionIDProperties


class SessionDiffProperties(WireModel):
    """What the session changed."""

    session_id: SessionID
    diff: list[SnapshotFileDiff]


class EventSessionDiff(BaseEvent):
    """The files a session changed were computed anew."""

    type: Literal["session.diff"] = "session.diff"
    properties: SessionDiffProperties


class SessionErrorProperties(WireModel):
    """What failed."""

    session_id: SessionID | None = None
    error: MessageError | None = None


class EventSessionError(BaseEvent):
    """A run failed or was stopped."""

    type: Literal["session.error"] = "session.error"
    properties: SessionErrorProperties


class MessageUpdatedProperties(WireModel):
    """A message as it is now."""

    session_id: SessionID
    info: Message


class EventMessageUpdated(BaseEvent):
    """A message was created or changed."""

    type: Literal["message.updated"] = "message.updated"
    properties: MessageUpdatedProperties


class MessageRemovedProperties(WireModel):
    """Which message."""

    session_id: SessionID
    message_id: MessageID


class EventMessageRemoved(BaseEvent):
    """A message and its parts were removed."""

    type: Literal["message.removed"] = "message.removed"
    properties: MessageRemovedProperties


class PartUpdatedProperties(WireModel):
    """A part as it is now."""

    session_id: SessionID
    part: Part
    time: int


class EventMessagePartUpdated(BaseEvent):
    """A part was created or changed; replaces what was known of it."""

    type: Literal["message.part.updated"] = "message.part.updated"
    properties: PartUpdatedProperties


class PartDeltaProperties(WireModel):
    """Text to append to `field` of a part."""

    session_id: SessionID
    message_id: MessageID
    part_id: PartID
    field: str
    delta: str


class EventMessagePartDelta(BaseEvent):
    """More of a part that streams; superseded by the part's next update."""

    type: Literal["message.part.delta"] = "message.part.delta"
    properties: PartDeltaProperties


class PartRemovedProperties(WireModel):
    """Which part."""

    session_id: SessionID
    message_id: MessageID
    part_id: PartID


class EventMessagePartRemoved(BaseEvent):
    """A part was removed."""

    type: Literal["message.part.removed"] = "message.part.removed"
    properties: PartRemovedProperties


class EventPermissionAsked(BaseEvent):
    """A tool call waits to be allowed."""

    type: Literal["permission.asked"] = "permission.asked"
    properties: PermissionRequest


class PermissionRepliedProperties(WireModel):
    """How it was answered."""

    session_id: SessionID
    request_id: PermissionID
    reply: PermissionReplyKind


class EventPermissionReplied(BaseEvent):
    """A request for permission was answered or withdrawn."""

    type: Literal["permission.replied"] = "permission.replied"
    properties: PermissionRepliedProperties


class EventQuestionAsked(BaseEvent):
    """A tool call waits for answers."""

    type: Literal["question.asked"] = "question.asked"
    properties: QuestionRequest


class QuestionReplied(WireModel):
    """The answers."""

    session_id: SessionID
    request_id: QuestionID
    answers: list[QuestionAnswer]


class EventQuestionReplied(BaseEvent):
    """Questions were answered."""

    type: Literal["question.replied"] = "question.replied"
    properties: QuestionReplied


class QuestionRejected(WireModel):
    """Which questions."""

    session_id: SessionID
    request_id: QuestionID


class EventQuestionRejected(BaseEvent):
    """Questions were dismissed or withdrawn."""

    type: Literal["question.rejected"] = "question.rejected"
    properties: QuestionRejected


class TodoUpdatedProperties(WireModel):
    """The whole list."""

    session_id: SessionID
    todos: list[Todo]


class EventTodoUpdated(BaseEvent):
    """A session's todo list was replaced."""

    type: Literal["todo.updated"] = "todo.updated"
    properties: TodoUpdatedProperties


class CommandExecutedProperties(WireModel):
    """Which command ran."""

    name: str
    session_id: SessionID
    arguments: str
    message_id: MessageID


class EventCommandExecuted(BaseEvent):
    """A command's run ended."""

    type: Literal["command.executed"] = "command.executed"
    properties: CommandExecutedProperties


class FileEditedProperties(WireModel):
    """The absolute path."""

    file: str


class EventFileEdited(BaseEvent):
    """A tool wrote a file."""

    type: Literal["file.edited"] = "file.edited"
    properties: FileEditedProperties


class FileWatcherProperties(WireModel):
    """The absolute path and what happened."""

    file: str
    event: Literal["add", "change", "unlink"]


class EventFileWatcherUpdated(BaseEvent):
    """A file of the directory changed."""

    type: Literal["file.watcher.updated"] = "file.watcher.updated"
    properties: FileWatcherProperties


class BranchProperties(WireModel):
    """The branch now checked out."""

    branch: str | None = None


class EventVcsBranchUpdated(BaseEvent):
    """Another branch was checked out."""

    type: Literal["vcs.branch.updated"] = "vcs.branch.updated"
    properties: BranchProperties


class EventProjectUpdated(BaseEvent):
    """A project's record changed; published without a directory."""

    type: Literal["project.updated"] = "project.updated"
    properties: Project


class EventCatalogUpdated(BaseEvent):
    """Providers or models changed."""

    type: Literal["catalog.updated"] = "catalog.updated"
    properties: NoProperties = Field(default_factory=NoProperties)


class EventIntegrationUpdated(BaseEvent):
    """Credentials changed."""

    type: Literal["integration.updated"] = "integration.updated"
    properties: NoProperties = Field(default_factory=NoProperties)


class EventLspUpdated(BaseEvent):
    """A language server changed its state."""

    type: Literal["lsp.updated"] = "lsp.updated"
    properties: NoProperties = Field(default_factory=NoProperties)


class TextProperties(WireModel):
    """What to append."""

    text: str


class EventTuiPromptAppend(BaseEvent):
    """Type this into the terminal client's prompt."""

    type: Literal["tui.prompt.append"] = "tui.prompt.append"
    properties: TextProperties


class CommandProperties(WireModel):
    """A name of the terminal client's key map."""

    command: str


class EventTuiCommandExecute(BaseEvent):
    """Run a command of the terminal client."""

    type: Literal["tui.command.execute"] = "tui.command.execute"
    properties: CommandProperties


class ToastProperties(WireModel):
    """What to show, for how many milliseconds."""

    title: str | None = None
    message: str
    variant: Literal["info", "success", "warning", "error"]
    duration: int | None = Field(default=None, gt=0)


class EventTuiToastShow(BaseEvent):
    """Show a notice in the terminal client."""

    type: Literal["tui.toast.show"] = "tui.toast.show"
    properties: ToastProperties


class SessionSelectProperties(WireModel):
    """Where to go."""

    session_id: SessionID
    """Session ID to navigate to"""


class EventTuiSessionSelect(BaseEvent):
    """Open a session in the terminal client."""

    type: Literal["tui.session.select"] = "tui.session.select"
    properties: SessionSelectProperties


Event = Annotated[
    EventServerConnected
    | EventServerHeartbeat
    | EventServerInstanceDisposed
    | EventGlobalDisposed
    | EventSessionCreated
    | EventSessionUpdated
    | EventSessionDeleted
    | EventSessionStatus
    | EventSessionIdle
    | EventSessionCompacted
    | EventSessionDiff
    | EventSessionError
    | EventMessageUpdated
    | EventMessageRemoved
    | EventMessagePartUpdated
    | EventMessagePartDelta
    | EventMessagePartRemoved
    | EventPermissionAsked
    | EventPermissionReplied
    | EventQuestionAsked
    | EventQuestionReplied
    | EventQuestionRejected
    | EventTodoUpdated
    | EventCommandExecuted
    | EventFileEdited
    | EventFileWatcherUpdated
    | EventVcsBranchUpdated
    | EventProjectUpdated
    | EventCatalogUpdated
    | EventIntegrationUpdated
    | EventLspUpdated
    | EventTuiPromptAppend
    | EventTuiCommandExecute
    | EventTuiToastShow
    | EventTuiSessionSelect,
    Field(discriminator="type"),
]


class GlobalEvent(WireModel):
    """An event on the stream of the whole server, with the directory it belongs to."""

    directory: str | None = None
    project: str | None = None
    workspace: str | None = None
    payload: Event
