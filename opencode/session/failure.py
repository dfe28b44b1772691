"""What ends an answer badly, as the error its message carries."""

import logging
import secrets

from opencode.errors import NamedError, OpencodeError, ProviderAuthError
from opencode.provider import base
from opencode.schema import error as wire
from opencode.schema.error import MessageError

log = logging.getLogger(__name__)

ABORTED = wire.MessageAbortedError(data=wire.MessageErrorData(message="Aborted"))
FILTERED = wire.ContentFilterError(
    data=wire.MessageErrorData(message="The response was blocked by the provider's content filter")
)


def interrupted() -> MessageError:
    """The server ended in mid-answer."""
    return wire.MessageAbortedError(
        data=wire.MessageErrorData(message="The server stopped before this answer was complete")
    )


def no_structure(problem: str | None, retries: int) -> MessageError:
    """The model was asked for structured data and gave none that fits."""
    reason = "" if problem is None else f": {problem}"
    return wire.StructuredOutputError(
        data=wire.StructuredOutputErrorData(
            message=f"Model did not produce structured output{reason}", retries=retries
        )
    )


def unknown(message: str, ref: str | None = None) -> MessageError:
    return wire.UnknownError(data=wire.UnknownErrorData(message=message, ref=ref))


def describe(error: Exception) -> MessageError | None:
    """The error as a client is told of it; None for a fault of ours."""
    match error:
        case base.ContextOverflow():
            return wire.ContextOverflowError(
                data=wire.ContextOverflowErrorData(message=error.message, response_body=error.body)
            )
        case base.ProviderError():
            return wire.APIError(
                data=wire.APIErrorData(
                    message=error.message,
                    status_code=error.status,
                    is_retryable=error.retryable,
                    response_headers=error.headers,
                    response_body=error.body,
                    metadata={"url": error.url} if error.url else None,
                )
            )
        case ProviderAuthError():
            return wire.ProviderAuthError(
                data=wire.ProviderAuthErrorData(
                    message=error.message, provider_id=str(error.data.get("providerID", ""))
                )
            )
        case base.BadAnswer():
            return unknown(str(error))
        case NamedError():
            return unknown(error.message)
        case OpencodeError():
            return unknown(str(error))
        case _:
            return None


def reportable(error: Exception) -> MessageError:
    """What a client is told; a fault of ours is logged under the reference it gets."""
    described = describe(error)
    if described is not None:
        return described
    ref = f"err_{secrets.token_hex(4)}"
    log.error("a run failed (%s)", ref, exc_info=error)
    return unknown("Unexpected server error. Check server logs for details.", ref)
