"""From settings to a listening server and back: bind, announce, say where, stop in order.

The ready line is the first thing on stdout, because every launcher reads it there; all else goes to
stderr. The first signal stops in order, the second at once.
"""

import asyncio
import errno
import ipaddress
import logging
import os
import signal
import socket
import sys
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from tornado.httpserver import HTTPServer

from opencode.app import App
from opencode.server.web import MAX_BODY, Application, make_application
from opencode.settings import EVERY_INTERFACE, Settings

if TYPE_CHECKING:
    from zeroconf.asyncio import AsyncServiceInfo, AsyncZeroconf

DEFAULT_PORT = 4096
STOP_SECONDS = 4.0
BACKLOG = 128
SERVICE = "_http._tcp.local."
UNSECURED = "Warning: OPENCODE_SERVER_PASSWORD is not set; server is unsecured."
log = logging.getLogger(__name__)


class ListenError(Exception):
    """The address cannot be used; the text is meant for whoever started the server."""


class Server:
    """A listening server of one `App`."""

    def __init__(self, app: App) -> None:
        self.app = app
        self.application: Application = make_application(app)
        self._http = HTTPServer(
            self.application, max_body_size=MAX_BODY, max_buffer_size=2 * MAX_BODY
        )
        self._announcement: Announcement | None = None
        self.port = 0

    async def start(self, sockets: list[socket.socket] | None = None) -> None:
        """Bind, accept, and announce if asked to. Sockets that are given are bound already."""
        settings = self.app.settings
        sockets = sockets or bind(settings.hostname, settings.port)
        self.port = sockets[0].getsockname()[1]
        self._http.add_sockets(sockets)
        if settings.mdns and not settings.loopback:
            self._announcement = await announce(settings, self.port)

    @property
    def url(self) -> str:
        """The address as the ready line says it."""
        hostname = self.app.settings.hostname
        return f"http://{f'[{hostname}]' if ':' in hostname else hostname}:{self.port}"

    async def stop(self) -> None:
        """Stop accepting, withdraw, end streams and children, close what is open."""
        self._http.stop()
        if self._announcement is not None:
            await self._announcement.withdraw()
        self.app.bus.close()
        await self.application.hub.close()
        await self.app.close()
        await self.application.tasks.close()
        await self._http.close_all_connections()


class Announcement:
    """This server as other machines find it by multicast DNS."""

    def __init__(self, zeroconf: "AsyncZeroconf", info: "AsyncServiceInfo") -> None:
        self._zeroconf = zeroconf
        self._info = info

    async def withdraw(self) -> None:
        """Say goodbye, so that nobody goes on offering us."""
        with suppress(OSError):
            await (await self._zeroconf.async_unregister_service(self._info))
        await self._zeroconf.async_close()


async def announce(settings: Settings, port: int, *, interfaces: Any = None) -> Announcement:
    """Publish `opencode-<port>` under `_http._tcp`, its host being the mDNS domain."""
    # Loaded only with --mdns: 70 ms of start-up nobody else should pay.
    from zeroconf import InterfaceChoice
    from zeroconf.asyncio import AsyncServiceInfo, AsyncZeroconf

    info = AsyncServiceInfo(
        SERVICE,
        f"opencode-{port}.{SERVICE}",
        port=port,
        properties={"path": "/"},
        server=settings.mdns_domain.rstrip(".") + ".",
        parsed_addresses=addresses(settings.hostname),
    )
    zeroconf = AsyncZeroconf(interfaces=interfaces or InterfaceChoice.All)
    await (await zeroconf.async_register_service(info, allow_name_change=True))
    return Announcement(zeroconf, info)


def bind(hostname: str, port: int) -> list[socket.socket]:
    """Listening sockets. Port 0 means 4096, or any free one when that is taken."""
    wanted = [port] if port else [DEFAULT_PORT, 0]
    for index, one in enumerate(wanted):
        try:
            return _sockets(hostname, one)
        except OSError as error:
            if error.errno == errno.EADDRINUSE and index + 1 < len(wanted):
                continue
            raise ListenError(_explain(error, hostname, one)) from None
    raise ListenError(f"no port to listen on at {hostname}")


def addresses(hostname: str) -> list[str]:
    """The addresses of this machine that reach a server bound to `hostname`."""
    if hostname not in (EVERY_INTERFACE, "::"):
        return [hostname] if _is_address(hostname) else ["127.0.0.1"]
    found: set[str] = set()
    with suppress(OSError):
        for *_, place in socket.getaddrinfo(socket.gethostname(), None, socket.AF_INET):
            found.add(str(place[0]))
    with suppress(OSError), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        # Sends nothing: the kernel only says which of our addresses it would use.
        probe.connect(("192.0.2.1", 9))
        found.add(probe.getsockname()[0])
    # To another machine our loopback address is its own.
    return sorted(one for one in found if not one.startswith("127.")) or ["127.0.0.1"]


async def serve(app: App, *, ready: Callable[[Server], None] = lambda server: None) -> int:
    """Listen until a signal; the exit status. `ready` is called after the ready line."""
    server = Server(app)
    stopped = asyncio.Event()
    signals = Signals(stopped)
    try:
        await server.start()
        print(f"opencode server listening on {server.url}", flush=True)
        for line in _remarks(app.settings):
            print(line, file=sys.stderr, flush=True)
        ready(server)
        await stopped.wait()
    finally:
        await _stop(server)
        signals.restore()
    return 0


class Signals:
    """SIGINT and SIGTERM: the first sets an event, the second ends the process."""

    def __init__(self, stopped: asyncio.Event) -> None:
        self._stopped = stopped
        self._loop = asyncio.get_running_loop()
        for number in self._numbers():
            self._loop.add_signal_handler(number, self._on, number)

    def restore(self) -> None:
        for number in self._numbers():
            self._loop.remove_signal_handler(number)

    @staticmethod
    def _numbers() -> Iterable[signal.Signals]:
        return (signal.SIGINT, signal.SIGTERM)

    def _on(self, number: int) -> None:
        if self._stopped.is_set():
            os._exit(128 + number)
        self._stopped.set()


async def _stop(server: Server) -> None:
    try:
        await asyncio.wait_for(server.stop(), STOP_SECONDS)
    except TimeoutError:
        log.error("the server did not stop within %s s and is ended", STOP_SECONDS)


def _remarks(settings: Settings) -> list[str]:
    unsecured = [UNSECURED] if settings.password is None else []
    mdns = settings.mdns and settings.loopback and not settings.warnings
    skipped = ["mDNS enabled but hostname is loopback; skipping mDNS publish"] if mdns else []
    return [*unsecured, *settings.warnings, *skipped]


def _sockets(hostname: str, port: int) -> list[socket.socket]:
    """One socket per address of the name; with port 0, all of them on the same port."""
    found = socket.getaddrinfo(hostname, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    sockets: list[socket.socket] = []
    try:
        for family, kind, protocol, _, address in dict.fromkeys(found):
            one = socket.socket(family, kind, protocol)
            sockets.append(one)
            _prepare(one, family)
            one.bind((address[0], port or _port_of(sockets[0]), *address[2:]))
            one.listen(BACKLOG)
    except BaseException:
        for one in sockets:
            one.close()
        raise
    return sockets


def _prepare(one: socket.socket, family: int) -> None:
    one.setblocking(False)
    one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if family == socket.AF_INET6:
        one.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)


def _port_of(one: socket.socket) -> int:
    """The port a socket has, 0 while it is not bound."""
    port: int = one.getsockname()[1]
    return port


def _explain(error: OSError, hostname: str, port: int) -> str:
    if isinstance(error, socket.gaierror):
        return f"{hostname} cannot be resolved: choose another --hostname"
    match error.errno:
        case errno.EADDRINUSE:
            return f"Port {port} on {hostname} is in use: choose another --port, or none"
        case errno.EACCES:
            return f"Port {port} on {hostname} needs more rights: choose a --port above 1023"
        case errno.EADDRNOTAVAIL:
            return f"{hostname} is no address of this machine: choose another --hostname"
    return f"Cannot listen on {hostname} port {port}: {error.strerror or error}"


def _is_address(hostname: str) -> bool:
    try:
        ipaddress.ip_address(hostname)
    except ValueError:
        return False
    return True
