"""Calls of operations over JSON-RPC: bound and refused like a REST request, many at a time."""

import base64
import logging
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from opencode.api.operation import AnyOperation, Call, Content
from opencode.app import App
from opencode.errors import OpencodeError, UnknownError
from opencode.server.scope import enter
from opencode.tasks import Tasks

MAX_CALLS = 64
RETRY_AFTER_MS = 1000
PARSE, INVALID, NO_METHOD, BAD_PARAMS = -32700, -32600, -32601, -32602
REFUSED, OVERLOADED, NOT_READY, READY_TWICE = -32000, -32001, -32002, -32003
UNAUTHORIZED, CANCELLED = -32010, -32800
log = logging.getLogger(__name__)


class RpcError(Exception):
    """An answer that is an error."""

    def __init__(self, code: int, message: str, data: Any = None) -> None:
        super().__init__(message)
        self.error: dict[str, Any] = {"code": code, "message": message}
        if data is not None:
            self.error["data"] = data


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an operation answered: JSON, and what HTTP would have said beside it."""

    result: bytes
    meta: dict[str, Any]


Reply = Callable[[Outcome | RpcError], None]


class Calls:
    """The calls of one connection that are still running.

    The work belongs to the server: cancelling a call, or leaving, ends only the waiting for it.
    """

    def __init__(self, app: App, methods: Mapping[str, AnyOperation], server: Tasks) -> None:
        self._app = app
        self._methods = methods
        self._server = server
        self._replies: dict[str, Reply] = {}

    def start(
        self, key: str, method: str, params: dict[str, Any], *, directory: str, reply: Reply
    ) -> None:
        """Run an operation; `reply` is called once, later. `key` names the call for `cancel`."""
        operation = self._find(method)
        if len(self._replies) >= MAX_CALLS:
            message = "Server overloaded; retry later."
            raise RpcError(OVERLOADED, message, {"retryAfter": RETRY_AFTER_MS})
        if key in self._replies:
            raise RpcError(INVALID, "Invalid request: a call with this id is still running")
        self._replies[key] = reply
        self._server.start(
            f"call {operation.id}", self._perform(key, reply, operation, params, directory)
        )

    def cancel(self, key: str) -> None:
        """Stop waiting for a call; it is answered as cancelled."""
        if (reply := self._replies.pop(key, None)) is not None:
            reply(RpcError(CANCELLED, "Request cancelled"))

    def close(self) -> None:
        """Stop waiting for all; nobody is there to be answered."""
        self._replies.clear()

    async def _perform(
        self,
        key: str,
        reply: Reply,
        operation: AnyOperation,
        params: dict[str, Any],
        directory: str,
    ) -> None:
        outcome = await perform(self._app, operation, params, directory)
        # Answered in the same step in which the operation returned: an event published later is
        # sent later, so that a client may take a read as the state between two events.
        # The key may belong to a later call by now: cancelled ids are free again.
        if self._replies.get(key) is reply:
            del self._replies[key]
            reply(outcome)

    def _find(self, method: str) -> AnyOperation:
        operation = self._methods.get(method)
        if operation is None:
            raise RpcError(NO_METHOD, f"Unknown method {method}")
        if operation.streams:
            hint = "Use subscribe: this connection is the stream"
            raise RpcError(NO_METHOD, f"{method} is a stream", {"hint": hint})
        return operation


async def perform(
    app: App, operation: AnyOperation, params: dict[str, Any], directory: str
) -> Outcome | RpcError:
    """One call from params to outcome; a fault of ours is logged and named by a reference."""
    call = Call(app, secrets.token_hex(4))
    try:
        given, rest = scope_of(operation, params)
        arguments = operation.bind_flat(rest)
    except OpencodeError as error:
        return refusal(error, BAD_PARAMS)
    try:
        await enter(call, operation, given or directory)
        result = encoded(operation, await operation(call, **arguments))
    except OpencodeError as error:
        return refusal(error, REFUSED)
    except Exception:
        ref = f"err_{secrets.token_hex(4)}"
        log.error("%s: call of %s failed", ref, operation.id, exc_info=True)
        return refusal(UnknownError(ref), REFUSED)
    meta: dict[str, Any] = {"status": operation.status}
    if (cursor := call.answer_headers.get("X-Next-Cursor")) is not None:
        meta["nextCursor"] = cursor
    return Outcome(result, meta)


def scope_of(operation: AnyOperation, params: dict[str, Any]) -> tuple[str | None, dict[str, Any]]:
    """The directory a call names, and its params without what names it."""
    if operation.scope == "global":
        return None, params
    rest = dict(params)
    if not operation.tagged:
        return _text(operation, rest.get("directory")), rest
    location = rest.pop("location", None)
    given = location.get("directory") if isinstance(location, dict) else None
    return _text(operation, given), rest


def refusal(error: OpencodeError, code: int) -> RpcError:
    """An operation's error: what REST would answer is its `data`."""
    data = {"status": error.status, "body": error.body()}
    return RpcError(code, str(error), data)


def encoded(operation: AnyOperation, value: Any) -> bytes:
    """The answer as JSON; bytes of another media type as text or base64."""
    if not isinstance(value, Content):
        return operation.encode(value) or b"null"
    if value.mime.startswith("text/"):
        return orjson.dumps(value.body.decode("utf-8", "replace"))
    content = base64.b64encode(value.body).decode()
    return orjson.dumps({"mimeType": value.mime, "encoding": "base64", "content": content})


def _text(operation: AnyOperation, value: Any) -> str | None:
    if value is not None and not isinstance(value, str):
        raise operation.refuse('Expected string\n  at ["directory"]', "Query")
    return value
