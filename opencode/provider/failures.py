"""What goes wrong with a provider, as one of our errors: by status, by kind, by the words it uses.

Imported only through `provider/llm.py`.
"""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

import httpx2
from pydantic_ai.exceptions import (
    ModelAPIError,
    ModelContextWindowExceededError,
    ModelRequestRejectedError,
    ModelRequestTimeout,
    UserError,
)

from opencode.provider.base import BadAnswer, ContextOverflow, ProviderError

RETRYABLE = (408, 409, 429, 529)
MAX_WORDS = 500
OVERFLOW = re.compile(
    r"maximum context length|context_length_exceeded|context window|prompt is too long"
    r"|input is too long|exceeds the (?:context|maximum number of tokens|available context size)"
    r"|input token count .*exceeds|too many tokens|request_too_large|exceed_context_size_error"
    r"|reduce the length of the messages",
    re.IGNORECASE,
)
CANNOT_CONNECT = "Cannot connect to API: Unable to connect. Is the computer able to access the url?"
CLOSED = "Cannot connect to API: The socket connection was closed unexpectedly."
SILENT = "Cannot connect to API: The provider did not answer in time."
TIMED_OUT = "The operation timed out."


def translate(error: Exception) -> ProviderError | BadAnswer:
    """Our error for what the model library, an SDK or the connection raised."""
    chain = list(_chain(error))
    for found in chain:
        if isinstance(found, BadAnswer | ProviderError):
            return found
    if isinstance(error, ModelRequestTimeout):
        return BadAnswer(TIMED_OUT)
    response = next((it for it in map(_response, chain) if it is not None), None)
    if response is not None and response.status_code >= 400:
        return _refused(response, error)
    for found in chain:
        if isinstance(found, json.JSONDecodeError):
            return BadAnswer(f"JSON parsing failed: Text: {found.doc}.\nError message: {found.msg}")
        if isinstance(found, httpx2.TransportError):
            return _broken(found)
    body = next((it for it in map(_body, chain) if it is not None), None)
    if body is not None:
        return _in_stream(body, error)
    if isinstance(error, ModelAPIError):
        return _in_stream(error.message, error)
    if isinstance(error, UserError | NotImplementedError):
        return BadAnswer(str(error))
    return BadAnswer(f"The answer cannot be read: {type(error).__name__}: {error}")


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _response(error: BaseException) -> httpx2.Response | None:
    found = getattr(error, "response", None)
    return found if isinstance(found, httpx2.Response) else None


def _body(error: BaseException) -> Any:
    """The object of an error that arrived inside a stream."""
    return getattr(error, "body", None) or getattr(error, "details", None)


def _refused(response: httpx2.Response, error: Exception) -> ProviderError:
    text = _text(response, error)
    status = response.status_code
    message = _message(text) or _plain_message(response, text)
    headers = {name.lower(): value for name, value in response.headers.items()}
    overflow = status == 413 or (status == 400 and bool(OVERFLOW.search(text)))
    overflow = overflow or isinstance(error, ModelContextWindowExceededError)
    kind = ContextOverflow if overflow else ProviderError
    return kind(
        message,
        status=status,
        retryable=not overflow and (status in RETRYABLE or status >= 500),
        retry_after_ms=_retry_after(headers, error),
        headers=headers,
        body=text,
        url=str(response.request.url),
    )


def _text(response: httpx2.Response, error: Exception) -> str:
    try:
        return response.text
    except httpx2.StreamError:
        # A streamed answer whose body the SDK has read for itself.
        body = next((it for it in map(_body, _chain(error)) if it is not None), "")
        return body if isinstance(body, str) else json.dumps(body)


def _message(text: str) -> str | None:
    """`error.message` of a JSON body, in the forms providers give it."""
    try:
        body = json.loads(text)
    except ValueError:
        return None
    if isinstance(body, list) and body:
        body = body[0]
    if not isinstance(body, dict):
        return None
    inner = body.get("error")
    found = inner.get("message") if isinstance(inner, dict) else (body.get("message") or inner)
    return found if isinstance(found, str) and found else None


def _plain_message(response: httpx2.Response, text: str) -> str:
    """The reason of a refusal, with the body where that is a few words of plain text."""
    reason = response.reason_phrase or f"HTTP {response.status_code}"
    words = text.strip()
    if not words or len(words) > MAX_WORDS or words.startswith(("<", "{", "[")):
        return reason
    return f"{reason}: {words}"


def _broken(error: httpx2.TransportError) -> ProviderError:
    if isinstance(error, httpx2.ConnectError | httpx2.ConnectTimeout):
        text = CANNOT_CONNECT
    elif isinstance(error, httpx2.TimeoutException):
        text = SILENT
    else:
        text = CLOSED
    url = str(error.request.url) if _has_request(error) else None
    return ProviderError(text, retryable=True, url=url)


def _has_request(error: httpx2.TransportError) -> bool:
    return getattr(error, "_request", None) is not None


def _in_stream(body: Any, error: Exception) -> ProviderError:
    """An error object in the middle of an answer: worth another try, unless it says it is not."""
    inner = body.get("error", body) if isinstance(body, Mapping) else body
    text = inner if isinstance(inner, str) else json.dumps(inner, separators=(",", ":"))
    if OVERFLOW.search(text) or isinstance(error, ModelContextWindowExceededError):
        return ContextOverflow(_message(json.dumps({"error": inner})) or text, body=text)
    final = isinstance(error, ModelRequestRejectedError)
    return ProviderError(text, retryable=not final, body=text)


def _retry_after(headers: Mapping[str, str], error: Exception) -> int | None:
    for name, scale in (("retry-after-ms", 1), ("retry-after", 1000)):
        try:
            return max(0, round(float(headers[name]) * scale))
        except (KeyError, ValueError):
            continue
    seconds = getattr(error, "retry_after", None)
    return round(seconds * 1000) if isinstance(seconds, int | float) else None
