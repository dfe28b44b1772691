"""JSON-RPC 2.0 on one connection: calls by operation id, events as notifications. No Tornado here.

A client says `initialize` first, `subscribe`s with filters, calls any operation with flat params.
Its calls run at the same time and are answered in any order, each after the events it caused.
"""

import itertools
import logging
import os
import secrets
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol, TypeGuard

import orjson

from opencode.api.operation import AnyOperation
from opencode.app import App
from opencode.bus import Envelope, Subscription
from opencode.errors import OpencodeError
from opencode.ids import now_ms
from opencode.server.calls import (
    BAD_PARAMS,
    INVALID,
    NOT_READY,
    PARSE,
    READY_TWICE,
    UNAUTHORIZED,
    Calls,
    Outcome,
    RpcError,
    perform,
)
from opencode.server.filter import MEMBERS, BadFilter, Filter, Types
from opencode.server.guard import Guard, Tickets
from opencode.server.scope import absolute
from opencode.tasks import Tasks

PROTOCOL = "opencode.bus.v1"
MAX_MESSAGE = 8 * 1024 * 1024
HEARTBEAT = 10.0
CLOSE_BAD_REQUEST, CLOSE_UNAUTHORIZED, CLOSE_LATE, CLOSE_SLOW = 4400, 4401, 4408, 1013
CLOSE_GOING_AWAY = 1001
LATER: Any = object()
log = logging.getLogger(__name__)


class Hub:
    """What all connections of a server share."""

    def __init__(
        self, app: App, guard: Guard, operations: Sequence[AnyOperation], tickets: Tickets
    ) -> None:
        self.app = app
        self.guard = guard
        self.tickets = tickets
        self.tasks = Tasks()
        self.peers: set[Peer] = set()
        self.epoch = secrets.token_hex(8)
        self.methods = {one.id: one for one in operations}
        self.methods |= {f"{one.method} {one.path}": one for one in operations}
        self._numbers = itertools.count(1)

    def connection_id(self) -> str:
        """A name for a new connection."""
        return f"conn_{next(self._numbers)}"

    async def close(self) -> None:
        """The server stops: tell every client to come back later, and end what still waits."""
        for peer in tuple(self.peers):
            peer.leave()
        await self.tasks.close()


class Line(Protocol):
    """What carries a conversation."""

    def send(self, message: bytes) -> None:
        """Write one message; returns at once."""

    async def drain(self) -> None:
        """Wait until what was sent has left."""

    def close(self, code: int, reason: str) -> None:
        """End it."""


class Peer:
    """One client's side of the conversation, whatever carries it."""

    def __init__(self, hub: Hub, line: Line, connection_id: str, *, authorized: bool) -> None:
        self.connection_id = connection_id
        self.authorized = authorized
        self.initialized = False
        self._hub = hub
        self._app = hub.app
        self._line = line
        self._directory = hub.app.settings.directory
        self._tasks = Tasks()
        self._calls = Calls(hub.app, hub.methods, hub.tasks)
        self._filters: dict[str, Filter] = {}
        self._opt_out = Types(())
        self._subscription: Subscription | None = None
        self._sending = False
        self._last: str | None = None
        self._names = itertools.count(1)
        self._methods: dict[str, Callable[[dict[str, Any]], Any]] = {
            "initialize": self._initialize,
            "initialized": lambda params: None,
            "subscribe": self._subscribe,
            "unsubscribe": self._unsubscribe,
            "ping": lambda params: {"t": params.get("t"), "now": now_ms()},
            "$/cancelRequest": self._cancel,
        }
        hub.peers.add(self)

    # Life ----------------------------------------------------------------------------------------

    def start(self, given: Mapping[str, Any], last_event_id: str | None) -> None:
        """Begin delivery at once when the address already carried a filter."""
        try:
            wanted = Filter.parse(given, self._absolute)
            if isinstance(directory := given.get("directory"), list) and directory:
                self._directory = self._absolute(directory[-1])
            self._resume(self._add(wanted, None), last_event_id)
        except (BadFilter, OpencodeError) as error:
            self._line.close(CLOSE_BAD_REQUEST, str(error))

    def leave(self) -> None:
        """The server goes away."""
        self._line.close(CLOSE_GOING_AWAY, "server shutting down")

    async def stop(self) -> None:
        """The connection is gone."""
        self._hub.peers.discard(self)
        if self._subscription is not None:
            self._subscription.close("gone")
        self._calls.close()
        await self._tasks.close()

    def beat(self) -> None:
        """Called every ten seconds: say we live, or end a client that has fallen too far behind."""
        if self._subscription is not None and self._subscription.closed == "overflow":
            log.warning("connection %s is cut: reader too slow", self.connection_id)
            self._line.close(CLOSE_SLOW, "slow consumer")
        elif self.initialized and not self._sending:
            self._notify("heartbeat", {"now": now_ms(), "lastEventId": self._last})

    # Messages ------------------------------------------------------------------------------------

    def receive(self, text: str) -> None:
        """One message of the client: a request, a notification, or a batch of them."""
        try:
            message = orjson.loads(text)
        except orjson.JSONDecodeError as error:
            self._reply(None, RpcError(PARSE, f"Parse error: {error}"))
            return
        batch = message if isinstance(message, list) else [message]
        if not batch:
            self._reply(None, RpcError(INVALID, "Invalid request: an empty batch"))
        for one in batch:
            self._handle(one)

    def _handle(self, message: Any) -> None:
        if isinstance(message, dict) and "method" not in message and "id" in message:
            return
        identity = message.get("id") if isinstance(message, dict) else None
        try:
            method, params = _request(message)
            result = self._dispatch(method, params, identity, notification="id" not in message)
        except RpcError as error:
            self._reply(identity, error)
            if not self.authorized:
                self._line.close(CLOSE_UNAUTHORIZED, "authentication needed")
            return
        if result is not LATER and "id" in message:
            self._reply(identity, Outcome(orjson.dumps(result), {}))

    def _dispatch(
        self, method: str, params: dict[str, Any], identity: Any, *, notification: bool
    ) -> Any:
        """The result, or LATER when an answer comes by itself."""
        if not self.authorized and method != "initialize":
            raise RpcError(UNAUTHORIZED, "Unauthorized")
        own = self._methods.get(method)
        if own is not None:
            if method in ("subscribe", "unsubscribe") and not self.initialized:
                raise RpcError(NOT_READY, "Not initialized")
            return own(params)
        if not self.initialized:
            raise RpcError(NOT_READY, "Not initialized")
        key = f"notification {next(self._names)}" if notification else repr(identity)

        def reply(outcome: Outcome | RpcError) -> None:
            if not notification:
                self._reply(identity, outcome)

        self._calls.start(key, method, params, directory=self._directory, reply=reply)
        return LATER

    # The protocol's own methods ------------------------------------------------------------------

    def _initialize(self, params: dict[str, Any]) -> dict[str, Any]:
        if self.initialized:
            raise RpcError(READY_TWICE, "Already initialized")
        if not self.authorized and not self._credentials(params.get("auth")):
            raise RpcError(UNAUTHORIZED, "Unauthorized")
        filters = params.get("subscribe") or []
        capabilities = params.get("capabilities") or {}
        if not isinstance(filters, list) or not isinstance(capabilities, dict):
            raise RpcError(BAD_PARAMS, "subscribe must be a list, capabilities an object")
        parsed = [self._filter(one) for one in filters]
        directory = params.get("directory")
        if isinstance(directory, str):
            self._directory = self._absolute(directory)
        self._opt_out = Types([one for one in capabilities.get("optOut") or () if _is_text(one)])
        self.authorized = self.initialized = True
        names = [self._add(one, None) for one in parsed]
        if names or self._filters:
            self._resume(names[0] if names else None, params.get("lastEventId"))
        return {
            "protocol": PROTOCOL,
            "serverInfo": {"name": "opencode", "version": self._app.version},
            "connectionID": self.connection_id,
            "epoch": self._hub.epoch,
            "heartbeat": int(HEARTBEAT * 1000),
            "maxMessage": MAX_MESSAGE,
            "replay": {"oldest": None, "newest": self._last, "size": 0},
            "capabilities": {"calls": True, "pty": False, "coalesce": False},
            "subscriptions": names,
        }

    def _credentials(self, auth: Any) -> bool:
        if not isinstance(auth, dict):
            return not self._hub.guard.guarded
        if auth.get("type") == "ticket":
            return self._hub.tickets.redeem(str(auth.get("ticket", "")))
        name, word = auth.get("username", ""), auth.get("password", "")
        return self._hub.guard.matches(str(name), str(word))

    def _subscribe(self, params: dict[str, Any]) -> dict[str, Any]:
        wanted = params.get("id")
        if wanted is not None and (not _is_text(wanted) or wanted in self._filters):
            raise RpcError(BAD_PARAMS, "id must be a string that names no other subscription")
        found = self._filter(params)
        name = self._add(found, wanted)
        resumed = self._resume(name, params.get("lastEventId"))
        if params.get("snapshot") is True:
            self._snapshot(name, found)
        return {"subscription": name, "resumed": resumed, "from": self._last}

    def _unsubscribe(self, params: dict[str, Any]) -> bool:
        if self._filters.pop(str(params.get("subscription")), None) is None:
            raise RpcError(BAD_PARAMS, "No such subscription")
        return True

    def _cancel(self, params: dict[str, Any]) -> None:
        self._calls.cancel(repr(params.get("id")))

    # Events --------------------------------------------------------------------------------------

    def _filter(self, given: Any) -> Filter:
        if not isinstance(given, dict):
            raise RpcError(BAD_PARAMS, f"A filter is an object of {', '.join(MEMBERS)}")
        try:
            return Filter.parse(given, self._absolute)
        except (BadFilter, OpencodeError) as error:
            raise RpcError(BAD_PARAMS, str(error)) from None

    def _absolute(self, directory: str) -> str:
        # Events carry the real path of their directory.
        return os.path.realpath(absolute(directory, self._app.settings.directory))

    def _add(self, wanted: Filter, name: str | None) -> str:
        while name is None or name in self._filters:
            name = f"s{next(self._names)}"
        self._filters[name] = wanted
        if wanted.children:
            self._tasks.start(f"children for {self.connection_id}", self._adopt(wanted))
        if self._subscription is None:
            self._subscription = self._app.bus.subscribe(self._wanted)
            self._tasks.start(f"events of {self.connection_id}", self._pump(self._subscription))
        return name

    async def _adopt(self, wanted: Filter) -> None:
        """Let a filter know the sessions that already descend from those it names."""
        operation = self._hub.methods.get("session.children")
        waiting = list(wanted.sessions or ())
        while waiting and operation is not None:
            params = {"sessionID": waiting.pop()}
            outcome = await perform(self._app, operation, params, self._directory)
            found = orjson.loads(outcome.result) if isinstance(outcome, Outcome) else []
            waiting += [one["id"] for one in found]
            wanted.adopt(one["id"] for one in found)

    def _wanted(self, envelope: Envelope) -> bool:
        if self._opt_out.match(envelope.event.type):
            return False
        # Every filter sees every event: each learns of its own child sessions.
        passed = [one.passes(envelope) for one in self._filters.values()]
        return any(passed)

    def _resume(self, name: str | None, last_event_id: Any) -> bool:
        """Whether what came after `last_event_id` was sent; if not, the client must refetch."""
        if not last_event_id:
            return False
        self._notify(
            "resync",
            {"reason": "gap", "subscription": name, "oldest": None, "newest": self._last},
        )
        return False

    def _snapshot(self, name: str, wanted: Filter) -> None:
        for directory in wanted.directories or (None,):
            for envelope in self._app.greeting(directory):
                if wanted.passes(envelope):
                    self._line.send(event_message(envelope, [name], replay=True))

    async def _pump(self, subscription: Subscription) -> None:
        while await subscription.wait():
            self._sending = True
            self._deliver()
            await self._line.drain()
            self._sending = False

    def _deliver(self) -> None:
        """Write the events that are queued."""
        for envelope in self._subscription.take() if self._subscription else ():
            names = [name for name, one in self._filters.items() if one.passes(envelope)]
            if names:
                self._last = envelope.event.id
                self._line.send(event_message(envelope, names))

    def _reply(self, identity: Any, outcome: Outcome | RpcError) -> None:
        """Answer a request, after the events it caused."""
        self._deliver()
        if isinstance(outcome, RpcError):
            error = {"jsonrpc": "2.0", "id": identity, "error": outcome.error}
            self._line.send(orjson.dumps(error))
            return
        meta = b',"meta":' + orjson.dumps(outcome.meta) if outcome.meta else b""
        head = orjson.dumps(identity)
        self._line.send(b'{"jsonrpc":"2.0","id":%b,"result":%b%b}' % (head, outcome.result, meta))

    def _notify(self, method: str, params: dict[str, Any]) -> None:
        self._line.send(orjson.dumps({"jsonrpc": "2.0", "method": method, "params": params}))


def event_form(envelope: Envelope) -> bytes:
    """The `event` notification, open at its end: whose subscription it is differs by client."""
    head = [("id", envelope.event.id), ("directory", envelope.directory)]
    known = {name: value for name, value in [*head, ("project", envelope.project)] if value}
    params = orjson.dumps(known)[:-1]
    start = b'{"jsonrpc":"2.0","method":"event","params":'
    return b'%b%b,"payload":%b' % (start, params, envelope.payload)


def event_message(envelope: Envelope, names: list[str], *, replay: bool = False) -> bytes:
    """The whole notification for one client."""
    mark = b',"replay":true' if replay else b""
    return b'%b%b,"subscription":%b}}' % (envelope.frame(event_form), mark, orjson.dumps(names))


def _request(message: Any) -> tuple[str, dict[str, Any]]:
    """A request's method and params."""
    if not isinstance(message, dict) or not isinstance(message.get("method"), str):
        raise RpcError(INVALID, "Invalid request: an object with a method is needed")
    identity = message.get("id")
    if not (identity is None or _is_text(identity) or isinstance(identity, int | float)):
        raise RpcError(INVALID, "Invalid request: id must be a string or a number")
    params = message.get("params")
    if params is not None and not isinstance(params, dict):
        raise RpcError(BAD_PARAMS, "params must be an object")
    return message["method"], params or {}


def _is_text(value: Any) -> TypeGuard[str]:
    return isinstance(value, str)
