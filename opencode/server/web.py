"""`make_application`: everything that stands at an address, in one screen.

Operations first, then what is not an operation (`/doc`, `/ws`, the probes), then the page; whatever
is left is a JSON 404, or the page itself when a browser is being sent there.
"""

import asyncio
import logging
from collections.abc import Awaitable, Sequence
from types import ModuleType
from typing import Any

import orjson
import tornado.web
from tornado.httputil import HTTPHeaders, HTTPMessageDelegate, HTTPServerRequest
from tornado.iostream import IOStream, StreamClosedError

from opencode.api import MODULES
from opencode.api.operation import AnyOperation, collect
from opencode.app import App
from opencode.errors import PayloadTooLargeError
from opencode.server.door import House
from opencode.server.guard import Guard, Tickets
from opencode.server.openapi import Document, DocumentHandler
from opencode.server.page import (
    INDEX,
    Folder,
    NothingHandler,
    PageHandler,
    ProbeHandler,
    static_root,
)
from opencode.server.rest import RestHandler
from opencode.server.routes import Routes, segments
from opencode.server.rpc import Hub
from opencode.server.ws import SocketHandler, TicketHandler
from opencode.tasks import Tasks

MAX_BODY = 64 * 1024 * 1024
LINGER = 2.0
log = logging.getLogger(__name__)


def make_application(app: App, modules: Sequence[ModuleType] = MODULES) -> "Application":
    """The process's addresses, for an HTTP server to serve."""
    return Application(House(app, Guard(app.settings)), collect(modules))


class Application(tornado.web.Application):
    """Finds the handler of a request without Tornado's walk over a list of patterns."""

    def __init__(self, house: House, operations: list[AnyOperation]) -> None:
        super().__init__()
        self.house = house
        self.operations = operations
        self.hub = Hub(house.app, house.guard, operations, Tickets())
        self.tasks = Tasks()
        self._routes = Routes(operations)
        self._folder = Folder(static_root())
        self._plain: dict[str, tuple[type[tornado.web.RequestHandler], dict[str, Any]]] = {
            "doc": (DocumentHandler, {"house": house, "document": Document(operations)}),
            "ws": (SocketHandler, {"hub": self.hub}),
            "ws/ticket": (TicketHandler, {"house": house, "hub": self.hub}),
            "app": (ProbeHandler, {"house": house}),
            "mode": (ProbeHandler, {"house": house}),
        }

    def find_handler(  # type: ignore[override]
        self, request: HTTPServerRequest, **kwargs: Any
    ) -> HTTPMessageDelegate:
        if _announced_length(request) > MAX_BODY:
            return TooLarge(request, self.tasks)
        handler, arguments = self._find(request)
        return self.get_handler_delegate(request, handler, arguments)

    def _find(
        self, request: HTTPServerRequest
    ) -> tuple[type[tornado.web.RequestHandler], dict[str, Any]]:
        house, path = self.house, request.path
        method = "GET" if request.method == "HEAD" else request.method or ""
        match = self._routes.find(path)
        if match is not None and method in match.methods:
            values = {"operation": match.methods[method], "values": match.values}
            return RestHandler, {"house": house, **values}
        if match is not None and method != "GET":
            return NothingHandler, {"house": house, "allow": match.allow}
        if (plain := self._plain.get("/".join(segments(path)).lower())) is not None:
            return plain
        file = self._folder.find(path)
        if file is None and _navigates(request):
            file = self._folder.find(INDEX)
        if file is not None:
            return PageHandler, {"house": house, "folder": self._folder, "file": file}
        return NothingHandler, {"house": house, "allow": match.allow if match else None}

    def log_request(self, handler: tornado.web.RequestHandler) -> None:
        """Nothing: `Door` logs a request when it arrives, a fault when it happens."""


class TooLarge(HTTPMessageDelegate):
    """Refuses a body by its announced length, before any of it is read into memory."""

    def __init__(self, request: HTTPServerRequest, tasks: Tasks) -> None:
        self._connection: Any = request.connection
        self._tasks = tasks

    def headers_received(self, start_line: Any, headers: HTTPHeaders) -> Awaitable[None] | None:
        self._tasks.start("refuse a large body", self._refuse(self._connection.detach()))
        return None

    async def _refuse(self, stream: IOStream) -> None:
        error = PayloadTooLargeError(MAX_BODY)
        body = orjson.dumps(error.body())
        head = (
            f"HTTP/1.1 {error.status} Payload Too Large\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(body)}\r\nConnection: close\r\nVary: Origin\r\n\r\n"
        )
        try:
            await stream.write(head.encode() + body)
            await asyncio.wait_for(_discard(stream), LINGER)
        except (StreamClosedError, TimeoutError):
            pass
        finally:
            stream.close()


async def _discard(stream: IOStream) -> None:
    """Read and forget, so that the answer is not lost to a reset of the connection."""
    scratch = bytearray(65536)
    while True:
        await stream.read_into(scratch, partial=True)


def _announced_length(request: HTTPServerRequest) -> int:
    given = request.headers.get("Content-Length")
    return int(given) if given is not None and given.isdecimal() else 0


def _navigates(request: HTTPServerRequest) -> bool:
    """Whether a browser is being sent here, rather than a program asking."""
    if request.method not in ("GET", "HEAD"):
        return False
    headers = request.headers
    return headers.get("Sec-Fetch-Mode") == "navigate" or "text/html" in headers.get("Accept", "")
