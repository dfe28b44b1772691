"""What a run asks of a model and what comes back, whoever answers.

A `ModelRequest` goes in; typed deltas come out in the order they arrive, the last of them `Finish`.
A failure is one of the three errors below, and nothing of a vendor's library passes this line.
"""

from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from opencode.schema.provider import Model, Provider

FinishReason = Literal["stop", "tool-calls", "length", "content-filter", "error", "unknown"]


@dataclass(frozen=True, slots=True)
class TextContent:
    """A block of text."""

    text: str


@dataclass(frozen=True, slots=True)
class FileContent:
    """An image or document by value."""

    mime: str
    data: bytes
    filename: str | None = None


@dataclass(frozen=True, slots=True)
class ReasoningContent:
    """Earlier reasoning, sent back with what its vendor needs to accept it (signatures, ids)."""

    text: str
    metadata: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ToolCallContent:
    """A call the model made; `arguments` is the JSON text of an object."""

    call_id: str
    name: str
    arguments: str
    metadata: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ToolResultContent:
    """What a call gave; `files` are shown to the model beside the text."""

    call_id: str
    name: str
    output: str
    error: bool = False
    files: tuple[FileContent, ...] = ()


@dataclass(frozen=True, slots=True)
class UserTurn:
    """What the user said, in order."""

    content: tuple[TextContent | FileContent, ...]


@dataclass(frozen=True, slots=True)
class AssistantTurn:
    """What the model said and called, in order."""

    content: tuple[TextContent | ReasoningContent | ToolCallContent, ...]


@dataclass(frozen=True, slots=True)
class ToolTurn:
    """The results of the calls of the assistant turn before it, in call order."""

    results: tuple[ToolResultContent, ...]


ModelTurn = UserTurn | AssistantTurn | ToolTurn


@dataclass(frozen=True, slots=True)
class ToolSpec:
    """A tool as the model sees it; `parameters` is a JSON schema of an object."""

    name: str
    description: str
    parameters: dict[str, Any]


@dataclass(frozen=True, slots=True)
class ModelRequest:
    """One request to a model."""

    provider: Provider
    model: Model
    system: tuple[str, ...]
    turns: tuple[ModelTurn, ...]
    tools: tuple[ToolSpec, ...] = ()
    tool_choice: Literal["auto", "required"] = "auto"
    session_id: str = ""
    parent_session_id: str | None = None
    temperature: float | None = None
    top_p: float | None = None
    options: dict[str, Any] = field(default_factory=dict)
    """Body members beyond the common ones: the model's options, the agent's, the variant's;
    camelCase as in the configuration (`reasoningEffort`)."""


@dataclass(frozen=True, slots=True)
class TextDelta:
    """More text of the block `index`. An index never comes back once its `BlockEnd` was sent."""

    index: int
    text: str


@dataclass(frozen=True, slots=True)
class ReasoningDelta:
    """More reasoning of the block `index`."""

    index: int
    text: str


@dataclass(frozen=True, slots=True)
class BlockEnd:
    """A text or reasoning block is complete; `metadata` is what its vendor wants back later."""

    index: int
    metadata: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ToolCallStart:
    """The model has begun a call; its arguments are still arriving."""

    call_id: str
    name: str


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A complete call. `arguments` is the raw text the model sent, valid JSON or not."""

    call_id: str
    name: str
    arguments: str
    metadata: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens of one request, disjoint: `input` without cached, `output` without reasoning."""

    input: int = 0
    output: int = 0
    reasoning: int = 0
    cache_read: int = 0
    cache_write: int = 0
    total: int | None = None


@dataclass(frozen=True, slots=True)
class Finish:
    """The end of an answer: always the last delta."""

    reason: FinishReason
    usage: Usage


Delta = TextDelta | ReasoningDelta | BlockEnd | ToolCallStart | ToolCall | Finish


class ProviderError(Exception):
    """The provider refused or failed. `retryable` is decided here and nowhere else.

    `retry_after_ms` is what the provider asked for (`retry-after-ms`, else `retry-after`).
    """

    def __init__(
        self,
        message: str,
        *,
        status: int | None = None,
        retryable: bool = False,
        retry_after_ms: int | None = None,
        headers: dict[str, str] | None = None,
        body: str | None = None,
        url: str | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.status = status
        self.retryable = retryable
        self.retry_after_ms = retry_after_ms
        self.headers = headers
        self.body = body
        self.url = url


class ContextOverflow(ProviderError):
    """The request is larger than the model's context."""


class BadAnswer(Exception):
    """What the provider sent cannot be read (not JSON, not a stream). Not worth repeating."""


class LanguageModels(Protocol):
    """Who answers: `provider/llm.py`."""

    def stream(self, request: ModelRequest) -> AsyncGenerator[Delta]:
        """Ask. Closing the iterator closes the connection to the provider."""
        ...
