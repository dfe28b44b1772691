"""Who may come in: password, CORS, origin and host checks, for REST, streams and sockets alike.

Pure: headers in, a decision out. A developer's browser runs everybody's JavaScript, so without a
password the Host header must be a name of ours (DNS rebinding), and whatever changes state must not
come from a foreign page.
"""

import base64
import binascii
import hmac
import ipaddress
import re
import secrets
import time
from collections.abc import Callable, Mapping
from urllib.parse import urlsplit

from opencode.errors import (
    AuthenticationError,
    ForbiddenError,
    OpencodeError,
    UnauthorizedError,
)
from opencode.settings import Settings

ALLOWED_ORIGIN = re.compile(
    r"http://(localhost|127\.0\.0\.1):\d+"
    r"|https://([a-z0-9-]+\.)*opencode\.ai"
    r"|tauri://localhost|https?://tauri\.localhost|oc://renderer"
)
CHALLENGE = 'Basic realm="Secure Area"'
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
ALLOW_METHODS = "GET, HEAD, PUT, PATCH, POST, DELETE"
EXPOSED = "Link, X-Next-Cursor"
OPEN_PATHS = frozenset({"/site.webmanifest"})
TICKET_SECONDS = 60
MAX_TICKETS = 1000


class Guard:
    """The rules of one server, made of its settings."""

    def __init__(self, settings: Settings) -> None:
        password = settings.password
        self._expected = None if password is None else f"{settings.username}:{password}".encode()
        self._origins = frozenset(settings.cors)
        names = (settings.hostname, settings.mdns_domain, *settings.allow_hosts)
        self._names = frozenset(_bare(name) for name in names)

    @property
    def guarded(self) -> bool:
        """Whether a password is needed."""
        return self._expected is not None

    def refusal(
        self, method: str, path: str, headers: Mapping[str, str], token: str | None
    ) -> OpencodeError | None:
        """Why a request is turned away, None when it may pass. `token` is `?auth_token=`."""
        if self._expected is None:
            if not self.host_allowed(headers.get("Host", "")):
                return _strange_host(headers["Host"])
        elif path not in OPEN_PATHS and not self.authorized(headers.get("Authorization"), token):
            return UnauthorizedError() if path.startswith("/api/") else AuthenticationError()
        if method not in SAFE_METHODS and not self.origin_allowed(headers):
            return _strange_origin(headers)
        return None

    def authorized(self, header: str | None, token: str | None) -> bool:
        """Whether the credentials are right. A query token wins over the header."""
        if self._expected is None:
            return True
        if token is None:
            scheme, _, token = (header or "").partition(" ")
            if scheme.lower() != "basic":
                return False
        return hmac.compare_digest(_decoded(token), self._expected)

    def matches(self, username: str, password: str) -> bool:
        """Whether a name and a password, given in a message, are right."""
        given = f"{username}:{password}".encode()
        return self._expected is None or hmac.compare_digest(given, self._expected)

    def host_allowed(self, header: str) -> bool:
        """Whether the Host header names us. A request without one cannot come from a browser."""
        name = _bare(header)
        if name in ("", "localhost", "127.0.0.1") or name in self._names:
            return True
        if name.endswith(".localhost"):
            return True
        try:
            return ipaddress.ip_address(name).is_loopback
        except ValueError:
            return False

    def cors_allowed(self, origin: str) -> bool:
        """Whether a page of `origin` may read our answers."""
        return origin in self._origins or ALLOWED_ORIGIN.fullmatch(origin) is not None

    def origin_allowed(self, headers: Mapping[str, str]) -> bool:
        """Whether what changes state, or opens a socket, may come from this page, if any."""
        origin = headers.get("Origin")
        if origin is None:
            return headers.get("Sec-Fetch-Site") != "cross-site"
        if self.cors_allowed(origin):
            return True
        parts = urlsplit(origin)
        return parts.scheme in ("http", "https") and parts.netloc == headers.get("Host", "").lower()

    def cors(self, origin: str | None) -> dict[str, str]:
        """The CORS headers of an answer."""
        if origin is None or not self.cors_allowed(origin):
            return {"Vary": "Origin"}
        return {
            "Vary": "Origin",
            "Access-Control-Allow-Origin": origin,
            "Access-Control-Expose-Headers": EXPOSED,
        }

    def preflight(self, headers: Mapping[str, str]) -> dict[str, str]:
        """The headers of the answer to OPTIONS."""
        origin, asked = headers.get("Origin"), headers.get("Access-Control-Request-Headers")
        answer = {
            "Vary": "Origin" if asked is None else "Access-Control-Request-Headers, Origin",
            "Access-Control-Allow-Methods": ALLOW_METHODS,
            "Access-Control-Allow-Headers": asked or "",
            "Access-Control-Max-Age": "86400",
        }
        if origin is not None and self.cors_allowed(origin):
            answer["Access-Control-Allow-Origin"] = origin
            if headers.get("Access-Control-Request-Private-Network") == "true":
                answer["Access-Control-Allow-Private-Network"] = "true"
        return answer


class Tickets:
    """One-shot passes for a socket, so that a browser need not put the password into an address."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._until: dict[str, float] = {}

    def issue(self) -> str:
        """A new ticket, good once within a minute."""
        now = self._clock()
        self._until = {ticket: until for ticket, until in self._until.items() if until > now}
        while len(self._until) >= MAX_TICKETS:
            del self._until[next(iter(self._until))]
        ticket = secrets.token_urlsafe(32)
        self._until[ticket] = now + TICKET_SECONDS
        return ticket

    def redeem(self, ticket: str) -> bool:
        """Use a ticket up."""
        return self._until.pop(ticket, 0.0) > self._clock()


def _bare(host: str) -> str:
    """A host name without port, brackets, trailing dot and case."""
    host = host.strip().lower()
    if host.startswith("["):
        return host[1:].partition("]")[0]
    if host.count(":") == 1:
        host = host.partition(":")[0]
    return host.rstrip(".")


def _decoded(token: str) -> bytes:
    """Base64 in either alphabet, padded or not; a `+` that became a blank is restored."""
    text = token.strip().replace(" ", "+").replace("-", "+").replace("_", "/").rstrip("=")
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except (binascii.Error, ValueError):
        return b""


def _strange_host(host: str) -> ForbiddenError:
    return ForbiddenError(
        f"The host {host!r} is not a name of this server. Start it with "
        f"--allow-host {_bare(host)}, or set OPENCODE_SERVER_PASSWORD"
    )


def _strange_origin(headers: Mapping[str, str]) -> ForbiddenError:
    origin = headers.get("Origin")
    if origin is None:
        return ForbiddenError("A page of another site may not send this request")
    return ForbiddenError(
        f"The origin {origin!r} is not allowed. Start the server with --cors {origin}"
    )
