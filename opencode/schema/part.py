"""The twelve kinds of part a message is made of, and the states of a tool call."""

from typing import Annotated, Any, Literal

from pydantic import Field

from opencode.ids import MessageID, PartID, SessionID
from opencode.schema.error import APIError
from opencode.schema.wire import WireModel


class PartTime(WireModel):
    """When a streamed part began and ended, in milliseconds."""

    start: int
    end: int | None = None


class CacheTokens(WireModel):
    """Tokens the provider took from its cache, or put there."""

    read: int = 0
    write: int = 0


class Tokens(WireModel):
    """Tokens of an answer; the counts do not overlap."""

    total: int | None = None
    """What the provider itself called the total."""
    input: int = 0
    output: int = 0
    reasoning: int = 0
    cache: CacheTokens = Field(default_factory=CacheTokens)


class ModelReference(WireModel):
    """A model as a prompt names it."""

    provider_id: str
    model_id: str


class BasePart(WireModel):
    """What every stored part has."""

    id: PartID
    session_id: SessionID
    message_id: MessageID


class TextPart(BasePart):
    """Text of the user or of the model."""

    type: Literal["text"] = "text"
    text: str
    synthetic: bool | None = None
    """Made by the server, not typed by the user."""
    ignored: bool | None = None
    """Shown to people, never sent to the model."""
    time: PartTime | None = None
    metadata: dict[str, Any] | None = None


class SubtaskPart(BasePart):
    """Work handed to a subagent by the user."""

    type: Literal["subtask"] = "subtask"
    prompt: str
    description: str
    agent: str
    model: ModelReference | None = None
    command: str | None = None


class ReasoningPart(BasePart):
    """What the model thought aloud."""

    type: Literal["reasoning"] = "reasoning"
    text: str
    metadata: dict[str, Any] | None = None
    """What the provider needs to accept it back, a signature for example."""
    time: PartTime


class FilePartSourceText(WireModel):
    """The place of a mention in the prompt's text."""

    value: str
    start: float
    end: float


class FileSource(WireModel):
    """A mentioned file."""

    text: FilePartSourceText
    type: Literal["file"] = "file"
    path: str


class RangePosition(WireModel):
    """A place in a text, counted from zero."""

    line: int
    character: int


class Range(WireModel):
    """A stretch of text."""

    start: RangePosition
    end: RangePosition


class SymbolSource(WireModel):
    """A mentioned symbol."""

    text: FilePartSourceText
    type: Literal["symbol"] = "symbol"
    path: str
    range: Range
    name: str
    kind: int


class ResourceSource(WireModel):
    """A mentioned resource of an MCP server."""

    text: FilePartSourceText
    type: Literal["resource"] = "resource"
    client_name: str
    uri: str


FilePartSource = Annotated[FileSource | SymbolSource | ResourceSource, Field(discriminator="type")]


class FilePart(BasePart):
    """A file, by `file:` or `data:` URL."""

    type: Literal["file"] = "file"
    mime: str
    filename: str | None = None
    url: str
    source: FilePartSource | None = None


class ToolStatePending(WireModel):
    """The model has begun to call; its arguments are still arriving."""

    status: Literal["pending"] = "pending"
    input: dict[str, Any] = Field(default_factory=dict)
    raw: str = ""


class ToolTimeStart(WireModel):
    """When a call began, in milliseconds."""

    start: int


class ToolTime(WireModel):
    """When a call began and ended; `compacted` when the model ceased to see its output."""

    start: int
    end: int
    compacted: int | None = None


class ToolStateRunning(WireModel):
    """The tool is at work; `metadata` may grow."""

    status: Literal["running"] = "running"
    input: dict[str, Any]
    title: str | None = None
    metadata: dict[str, Any] | None = None
    time: ToolTimeStart


class ToolStateCompleted(WireModel):
    """The tool has finished."""

    status: Literal["completed"] = "completed"
    input: dict[str, Any]
    output: str
    title: str
    metadata: dict[str, Any]
    time: ToolTime
    attachments: list[FilePart] | None = None


class ToolErrorTime(WireModel):
    """When a failed call began and ended."""

    start: int
    end: int


class ToolStateError(WireModel):
    """The tool failed, was refused or was stopped."""

    status: Literal["error"] = "error"
    input: dict[str, Any]
    error: str
    metadata: dict[str, Any] | None = None
    time: ToolErrorTime


ToolState = Annotated[
    ToolStatePending | ToolStateRunning | ToolStateCompleted | ToolStateError,
    Field(discriminator="status"),
]


class ToolPart(BasePart):
    """One tool call and what became of it."""

    type: Literal["tool"] = "tool"
    call_id: str
    tool: str
    state: ToolState
    metadata: dict[str, Any] | None = None


class StepStartPart(BasePart):
    """A request to the model began; `snapshot` is the state of the files then."""

    type: Literal["step-start"] = "step-start"
    snapshot: str | None = None


class StepFinishPart(BasePart):
    """An answer of the model ended."""

    type: Literal["step-finish"] = "step-finish"
    reason: str
    snapshot: str | None = None
    cost: float
    tokens: Tokens


class SnapshotPart(BasePart):
    """A state of the files."""

    type: Literal["snapshot"] = "snapshot"
    snapshot: str


class PatchPart(BasePart):
    """The files a step changed, as absolute paths; `hash` is the state before."""

    type: Literal["patch"] = "patch"
    hash: str
    files: list[str]


class AgentPartSource(WireModel):
    """Where in the prompt an agent is mentioned."""

    value: str
    start: int
    end: int


class AgentPart(BasePart):
    """A mentioned agent."""

    type: Literal["agent"] = "agent"
    name: str
    source: AgentPartSource | None = None


class CreatedTime(WireModel):
    """The moment something was made, in milliseconds."""

    created: int


class RetryPart(BasePart):
    """A failed attempt that was repeated."""

    type: Literal["retry"] = "retry"
    attempt: int
    error: APIError
    time: CreatedTime


class CompactionPart(BasePart):
    """The conversation before this message was replaced by a summary."""

    type: Literal["compaction"] = "compaction"
    auto: bool
    overflow: bool | None = None
    tail_start_id: MessageID | None = Field(default=None, alias="tail_start_id")


Part = Annotated[
    TextPart
    | SubtaskPart
    | ReasoningPart
    | FilePart
    | ToolPart
    | StepStartPart
    | StepFinishPart
    | SnapshotPart
    | PatchPart
    | AgentPart
    | RetryPart
    | CompactionPart,
    Field(discriminator="type"),
]


class TextPartInput(WireModel):
    """Text of a prompt."""

    id: PartID | None = None
    type: Literal["text"] = "text"
    text: str
    synthetic: bool | None = None
    ignored: bool | None = None
    time: PartTime | None = None
    metadata: dict[str, Any] | None = None


class FilePartInput(WireModel):
    """A file of a prompt."""

    id: PartID | None = None
    type: Literal["file"] = "file"
    mime: str
    filename: str | None = None
    url: str
    source: FilePartSource | None = None


class AgentPartInput(WireModel):
    """An agent mentioned in a prompt."""

    id: PartID | None = None
    type: Literal["agent"] = "agent"
    name: str
    source: AgentPartSource | None = None


class SubtaskPartInput(WireModel):
    """Work for a subagent."""

    id: PartID | None = None
    type: Literal["subtask"] = "subtask"
    prompt: str
    description: str
    agent: str
    model: ModelReference | None = None
    command: str | None = None


PartInput = Annotated[
    TextPartInput | FilePartInput | AgentPartInput | SubtaskPartInput, Field(discriminator="type")
]
