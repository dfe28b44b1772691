"""What may end an answer badly: the errors a message carries and `session.error` reports."""

from typing import Annotated, Literal

from pydantic import Field

from opencode.schema.wire import WireModel


class MessageErrorData(WireModel):
    """What went wrong, in a sentence."""

    message: str


class ProviderAuthErrorData(MessageErrorData):
    """Which provider lacks credentials."""

    provider_id: str


class ProviderAuthError(WireModel):
    """No usable credentials."""

    name: Literal["ProviderAuthError"] = "ProviderAuthError"
    data: ProviderAuthErrorData


class UnknownErrorData(MessageErrorData):
    """`ref` is repeated in the server's log where there is one."""

    ref: str | None = None


class UnknownError(WireModel):
    """Anything without a kind of its own."""

    name: Literal["UnknownError"] = "UnknownError"
    data: UnknownErrorData


class NoData(WireModel):
    """Nothing to add."""


class MessageOutputLengthError(WireModel):
    """The answer was cut at the model's limit."""

    name: Literal["MessageOutputLengthError"] = "MessageOutputLengthError"
    data: NoData = Field(default_factory=NoData)


class MessageAbortedError(WireModel):
    """Somebody stopped the run, or the server did."""

    name: Literal["MessageAbortedError"] = "MessageAbortedError"
    data: MessageErrorData


class StructuredOutputErrorData(MessageErrorData):
    """How often it was tried again."""

    retries: int


class StructuredOutputError(WireModel):
    """The model did not produce the structure asked for."""

    name: Literal["StructuredOutputError"] = "StructuredOutputError"
    data: StructuredOutputErrorData


class ContextOverflowErrorData(MessageErrorData):
    """What the provider answered."""

    response_body: str | None = None


class ContextOverflowError(WireModel):
    """The conversation is larger than the model's context."""

    name: Literal["ContextOverflowError"] = "ContextOverflowError"
    data: ContextOverflowErrorData


class ContentFilterError(WireModel):
    """The provider withheld its answer."""

    name: Literal["ContentFilterError"] = "ContentFilterError"
    data: MessageErrorData


class APIErrorData(MessageErrorData):
    """The provider's refusal, as it came."""

    status_code: int | None = None
    is_retryable: bool
    response_headers: dict[str, str] | None = None
    response_body: str | None = None
    metadata: dict[str, str] | None = None


class APIError(WireModel):
    """The provider refused or failed."""

    name: Literal["APIError"] = "APIError"
    data: APIErrorData


MessageError = Annotated[
    ProviderAuthError
    | UnknownError
    | MessageOutputLengthError
    | MessageAbortedError
    | StructuredOutputError
    | ContextOverflowError
    | ContentFilterError
    | APIError,
    Field(discriminator="name"),
]
