"""`/ws`, the socket that mirrors the bus and answers calls: what of it is Tornado. See `rpc`.

A browser does not protect sockets by CORS, so the origin is checked here. Credentials come with the
upgrade, or as a ticket, or in the first message within five seconds.
"""

import asyncio
from collections.abc import Mapping
from typing import Any

import orjson
from tornado.ioloop import PeriodicCallback
from tornado.iostream import StreamClosedError
from tornado.websocket import WebSocketClosedError, WebSocketHandler

from opencode.errors import AuthenticationError, BadRequestError, ForbiddenError, OpencodeError
from opencode.server.door import Door, House
from opencode.server.filter import MEMBERS
from opencode.server.guard import CHALLENGE, TICKET_SECONDS
from opencode.server.rpc import CLOSE_LATE, HEARTBEAT, MAX_MESSAGE, PROTOCOL, Hub, Peer

AUTH_SECONDS = 5.0
PING_SECONDS = 15.0
MAX_WRITE_BUFFER = 64 * 1024 * 1024
NOT_TEXT = 1003


class SocketHandler(WebSocketHandler):
    """One socket: carries messages between its client and its `Peer`."""

    def initialize(self, hub: Hub) -> None:
        self.hub = hub
        self.peer: Peer | None = None
        self._authorized = False
        self._written: asyncio.Future[None] | None = None
        self._beat: PeriodicCallback | None = None
        self._late: asyncio.TimerHandle | None = None

    def set_default_headers(self) -> None:
        self.clear_header("Server")

    def prepare(self) -> None:
        refusal = self._refusal()
        if refusal is not None:
            self._refuse(refusal)
            return
        self.connection_id = self.hub.connection_id()
        self.set_header("X-Opencode-Connection", self.connection_id)

    def _refusal(self) -> OpencodeError | None:
        guard, headers = self.hub.guard, self.request.headers
        if headers.get("Upgrade", "").lower() != "websocket":
            return BadRequestError("/ws is a WebSocket: ask for an upgrade", "Headers")
        if not guard.guarded and not guard.host_allowed(headers.get("Host", "")):
            return ForbiddenError("The host is not a name of this server: see --allow-host")
        if not guard.origin_allowed(headers):
            return ForbiddenError("The origin is not allowed: see --cors")
        token = self.get_query_argument("auth_token", None)
        ticket = self.get_query_argument("ticket", None)
        if ticket is not None:
            self._authorized = self.hub.tickets.redeem(ticket)
            return None if self._authorized else AuthenticationError()
        self._authorized = guard.authorized(headers.get("Authorization"), token)
        given = token is not None or "Authorization" in headers
        return AuthenticationError() if given and not self._authorized else None

    def _refuse(self, error: OpencodeError) -> None:
        self.set_status(error.status)
        if error.status == 401:
            self.set_header("WWW-Authenticate", CHALLENGE)
        self.set_header("Content-Type", "application/json")
        self.finish(orjson.dumps(error.body()))

    def check_origin(self, origin: str) -> bool:
        """Checked by the guard already."""
        return True

    def select_subprotocol(self, subprotocols: list[str]) -> str | None:
        return PROTOCOL if PROTOCOL in subprotocols else None

    def get_compression_options(self) -> dict[str, Any]:
        return {"compression_level": 1, "mem_level": 5}

    @property
    def max_message_size(self) -> int:
        return MAX_MESSAGE

    @property
    def ping_interval(self) -> float:
        return PING_SECONDS

    def open(self, *args: str, **kwargs: str) -> None:
        stream: Any = self.ws_connection and getattr(self.ws_connection, "stream", None)
        stream.max_write_buffer_size = MAX_WRITE_BUFFER
        self.set_nodelay(True)
        peer = Peer(self.hub, self, self.connection_id, authorized=self._authorized)
        self.peer = peer
        self._beat = PeriodicCallback(peer.beat, HEARTBEAT * 1000)
        self._beat.start()
        if self._authorized:
            self._start(peer)
            return
        loop = asyncio.get_running_loop()
        self._late = loop.call_later(AUTH_SECONDS, self._too_late)

    def _start(self, peer: Peer) -> None:
        given = query_filter(self.request.query_arguments)
        last = self.get_query_argument("lastEventId", None)
        if given:
            peer.start(given, last)

    def _too_late(self) -> None:
        if self.peer is not None and not self.peer.authorized:
            self.close(CLOSE_LATE, "no credentials in time")

    def on_message(self, message: str | bytes) -> None:
        if isinstance(message, bytes):
            self.close(NOT_TEXT, "text frames only")
        elif self.peer is not None:
            self.peer.receive(message)

    def on_close(self) -> None:
        if self._beat is not None:
            self._beat.stop()
        if self._late is not None:
            self._late.cancel()
        if self.peer is not None:
            self.hub.tasks.start(f"end {self.connection_id}", self.peer.stop())

    def send(self, message: bytes) -> None:
        try:
            written = self.write_message(message)
        except (WebSocketClosedError, StreamClosedError):
            return
        # Retrieved, so that a connection that breaks is not reported as a forgotten failure.
        written.add_done_callback(lambda done: done.cancelled() or done.exception())
        self._written = written

    async def drain(self) -> None:
        if self._written is not None:
            await asyncio.wait([self._written])


class TicketHandler(Door):
    """`POST /ws/ticket`: a pass for one upgrade, for pages that cannot send a header with it."""

    def initialize(self, house: House, hub: Hub) -> None:  # type: ignore[override]
        self.house = house
        self.hub = hub

    async def answer(self) -> None:
        if self.request.method != "POST":
            self.method_not_allowed(["POST", "OPTIONS"])
        if self.request.headers.get("X-Opencode-Ticket") != "1":
            raise ForbiddenError("A ticket needs the header X-Opencode-Ticket: 1")
        answer = {"ticket": self.hub.tickets.issue(), "expires_in": TICKET_SECONDS}
        self.set_header("Cache-Control", "no-store")
        self.send(orjson.dumps(answer))


def query_filter(query: Mapping[str, list[bytes]]) -> dict[str, Any]:
    """The filter an address carries: `directory`, `session`, `children`, and `types` by comma."""
    values = {
        name: [one.decode("utf-8", "replace") for one in query[name]]
        for name in MEMBERS
        if name in query
    }
    found: dict[str, Any] = dict(values)
    if "types" in values:
        found["types"] = [kind for one in values["types"] for kind in one.split(",") if kind]
    if "children" in values:
        found["children"] = values["children"][-1] in ("1", "true")
    return found
