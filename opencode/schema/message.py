"""What is said: messages of the user and of the assistant, and the prompt that starts a run."""

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, ConfigDict, Field

from opencode.ids import MessageID, SessionID
from opencode.schema.error import MessageError
from opencode.schema.part import FilePartInput, ModelReference, Part, PartInput, Tokens
from opencode.schema.session import SnapshotFileDiff
from opencode.schema.wire import WireModel


class OutputFormatText(WireModel):
    """Plain text."""

    type: Literal["text"] = "text"


class OutputFormatJsonSchema(WireModel):
    """An object that fits `schema`; tried again up to `retryCount` times."""

    type: Literal["json_schema"] = "json_schema"
    json_schema: dict[str, Any] = Field(alias="schema")
    retry_count: int | None = Field(default=None, ge=0)


OutputFormat = Annotated[OutputFormatText | OutputFormatJsonSchema, Field(discriminator="type")]


class UserMessageTime(WireModel):
    """When the prompt was accepted, in milliseconds."""

    created: int


class UserMessageSummary(WireModel):
    """What the turn that this message started has changed."""

    title: str | None = None
    body: str | None = None
    diffs: list[SnapshotFileDiff] = Field(default_factory=list)


class UserModel(ModelReference):
    """The model a prompt chose."""

    variant: str | None = None


class UserMessage(WireModel):
    """One prompt."""

    id: MessageID
    session_id: SessionID
    role: Literal["user"] = "user"
    time: UserMessageTime
    format: OutputFormat | None = None
    summary: UserMessageSummary | None = None
    agent: str
    model: UserModel
    system: str | None = None
    tools: dict[str, bool] | None = None


class AssistantMessageTime(WireModel):
    """Milliseconds; `completed` is absent while the answer is under way."""

    created: int
    completed: int | None = None


class MessagePath(WireModel):
    """Where the answer was given."""

    cwd: str
    root: str


class AssistantMessage(WireModel):
    """One answer of a model; a run of several tool rounds has several."""

    id: MessageID
    session_id: SessionID
    role: Literal["assistant"] = "assistant"
    time: AssistantMessageTime
    error: MessageError | None = None
    parent_id: MessageID
    """The user message it answers."""
    model_id: str
    provider_id: str
    mode: str
    agent: str
    path: MessagePath
    summary: bool | None = None
    """True for the summary that compaction wrote."""
    cost: float = 0
    tokens: Tokens = Field(default_factory=Tokens)
    structured: Any | None = None
    variant: str | None = None
    finish: str | None = None


Message = Annotated[UserMessage | AssistantMessage, Field(discriminator="role")]


class MessageWithParts(WireModel):
    """A message and its parts in order."""

    info: Message
    parts: list[Part]


class AssistantMessageWithParts(WireModel):
    """An answer and its parts in order."""

    info: AssistantMessage
    parts: list[Part]


def model_reference(value: Any) -> Any:
    """Accept a model in every spelling clients send: `{providerID,modelID}`, `{providerID,id}` and
    `provider/model`."""
    if isinstance(value, str) and "/" in value:
        provider, model = value.split("/", 1)
        return {"providerID": provider, "modelID": model}
    if isinstance(value, dict) and "id" in value and "modelID" not in value:
        return {**value, "modelID": value["id"]}
    return value


PromptModel = Annotated[ModelReference | None, BeforeValidator(model_reference)]


class SessionPromptInput(WireModel):
    """The body of `session.prompt` and `session.prompt_async`."""

    message_id: MessageID | None = None
    """An id of the client's own; message order is the order of ids."""
    model: PromptModel = None
    """Else the agent's, else the session's last, else the configured one."""
    agent: str | None = None
    no_reply: bool | None = None
    """Store the prompt, start nothing."""
    tools: dict[str, bool] | None = None
    """Tools switched on or off for the session from here on."""
    format: OutputFormat | None = None
    system: str | None = None
    """Added to the system prompt."""
    variant: str | None = None
    parts: list[PartInput]


class SessionCommandInput(WireModel):
    """The body of `session.command`."""

    message_id: MessageID | None = None
    agent: str | None = None
    """Who answers, where the command does not say."""
    model: PromptModel = None
    """`provider/model`, where neither the command nor its agent say."""
    arguments: str
    """What was typed after the command's name."""
    command: str
    variant: str | None = None
    parts: list[FilePartInput] = Field(default_factory=list)


class SessionShellInput(WireModel):
    """The body of `session.shell`."""

    message_id: MessageID | None = None
    agent: str
    model: PromptModel = None
    command: str


class SessionInitInput(WireModel):
    """The body of `session.init`."""

    model_id: str
    provider_id: str
    message_id: MessageID


class SessionMessagesQuery(WireModel):
    """The window of `session.messages`: the newest `limit` messages, or those before a cursor."""

    model_config = ConfigDict(extra="ignore")

    limit: int | None = Field(default=None, ge=0)
    before: str | None = None
    """The cursor of an earlier page's `x-next-cursor`."""
