"""`Door`, the base of every HTTP handler: the order of a request's life, the form of its errors.

Preflight, guard, log, then the handler's own `answer`; whatever it raises becomes a JSON body here.
A fault of ours is logged with its traceback under a reference, and only the reference goes out.
"""

import asyncio
import gzip
import logging
import secrets
import sys
from dataclasses import dataclass
from types import TracebackType
from typing import Any, NoReturn

import orjson
import tornado.web
from tornado.iostream import StreamClosedError

from opencode.app import App
from opencode.errors import (
    BadRequestError,
    MethodNotAllowedError,
    NotFoundError,
    OpencodeError,
    UnknownError,
    UnsupportedMediaTypeError,
)
from opencode.server.guard import CHALLENGE, Guard

JSON = "application/json"
GZIP_FROM = 1024
THREAD_FROM = 32 * 1024
GZIP_LEVEL = 3
QUIET_PATHS = frozenset({"/log", "/global/health"})
"""What is not logged: the log itself, and what monitors ask all day."""
log = logging.getLogger("opencode.request")


@dataclass(frozen=True, slots=True)
class House:
    """What every handler is given: the process and the rules of its door."""

    app: App
    guard: Guard


class Door(tornado.web.RequestHandler):
    """A handler behind the guard. A subclass writes `answer`."""

    SUPPORTED_METHODS = ("GET", "HEAD", "POST", "DELETE", "PATCH", "PUT", "OPTIONS")
    house: House

    def initialize(self, house: House) -> None:
        self.house = house

    def set_default_headers(self) -> None:
        self.clear_header("Server")

    def compute_etag(self) -> str | None:
        """Answers change too often to be worth a hash."""
        return None

    def prepare(self) -> None:
        request, guard = self.request, self.house.guard
        if request.method == "OPTIONS":
            self._preflight()
            return
        headers = request.headers
        for name, value in guard.cors(headers.get("Origin")).items():
            self.set_header(name, value)
        tokens = request.query_arguments.get("auth_token")
        token = tokens[-1].decode("latin-1") if tokens else None
        path, method = request.path, request.method or ""
        refusal = guard.refusal(method, path, headers, token)
        if refusal is not None:
            self.refuse(refusal)
            return
        if path not in QUIET_PATHS and log.isEnabledFor(logging.INFO):
            log.info("%s %s", method, path)

    async def answer(self) -> None:
        """Answer the request; the guard has let it in."""
        self.method_not_allowed(["OPTIONS"])

    def method_not_allowed(self, allow: list[str]) -> NoReturn:
        """Say which methods this address answers."""
        raise MethodNotAllowedError(self.request.method or "", self.request.path, allow)

    async def _answer(self, *args: str, **kwargs: str) -> None:
        try:
            await self.answer()
        except OpencodeError as error:
            self.refuse(error)
        except StreamClosedError:
            return
        except Exception:
            self.refuse(self.fault())

    get = head = post = put = patch = delete = options = _answer

    def _preflight(self) -> None:
        self.set_status(204)
        self.clear_header("Content-Type")
        self.set_header("Content-Length", "0")
        for name, value in self.house.guard.preflight(self.request.headers).items():
            self.set_header(name, value)
        self.finish()

    def fault(self) -> UnknownError:
        """The public side of the exception being handled; the log has the other."""
        ref = f"err_{secrets.token_hex(4)}"
        log.error("%s: %s %s failed", ref, self.request.method, self.request.path, exc_info=True)
        return UnknownError(ref)

    def refuse(self, error: OpencodeError) -> None:
        """Answer with an error, unless an answer has begun: then only the connection can end."""
        if self._headers_written:
            self.cut()
            return
        self.set_status(error.status)
        if error.status == 401:
            self.set_header("WWW-Authenticate", CHALLENGE)
        if isinstance(error, MethodNotAllowedError):
            self.set_header("Allow", ", ".join(error.allow))
        self.send(orjson.dumps(error.body()))

    def send(self, body: bytes, mime: str = JSON) -> None:
        """Finish with a body as it stands."""
        self.set_header("Content-Type", mime)
        self.finish(body)

    async def send_compressed(self, body: bytes, mime: str = JSON) -> None:
        """Finish with a body, gzipped where it is worth it and the client can."""
        if len(body) < GZIP_FROM:
            self.send(body, mime)
            return
        self.set_header("Vary", "Origin, Accept-Encoding")
        if "gzip" in self.request.headers.get("Accept-Encoding", ""):
            body = await compressed(body)
            self.set_header("Content-Encoding", "gzip")
        self.send(body, mime)

    def cut(self) -> None:
        """End the connection without ending the answer, so that the client sees it broke."""
        stream = getattr(self.request.connection, "stream", None)
        if stream is not None:
            stream.close()

    def body(self) -> bytes | None:
        """The request's body, which must be JSON if there is one."""
        body = self.request.body
        if not body:
            return None
        kind = self.request.headers.get("Content-Type", "")
        media = kind.partition(";")[0].strip().lower()
        if media != JSON and not (media.startswith("application/") and media.endswith("+json")):
            raise UnsupportedMediaTypeError(kind)
        return body

    def query(self) -> dict[str, list[str]]:
        """The query, every value of every name; not UTF-8 is refused."""
        try:
            return {
                name: [value.decode() for value in values]
                for name, values in self.request.query_arguments.items()
            }
        except UnicodeDecodeError:
            raise BadRequestError("The query is not UTF-8", "Query") from None

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """What Tornado itself refuses, in our form."""
        self.set_default_headers()
        self.refuse(_translated(status_code, self.request, sys.exc_info()[1]) or self.fault())

    def log_exception(
        self,
        typ: type[BaseException] | None,
        value: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        """Nothing: `fault` logs once, under the reference the client is given."""


async def compressed(body: bytes) -> bytes:
    """`body` gzipped, in a thread when that takes more than a moment."""
    if len(body) < THREAD_FROM:
        return gzip.compress(body, GZIP_LEVEL, mtime=0)
    return await asyncio.to_thread(gzip.compress, body, GZIP_LEVEL, mtime=0)


def _translated(status: int, request: Any, error: BaseException | None) -> OpencodeError | None:
    match status:
        case 404:
            return NotFoundError(f"Not found: {request.path}")
        case 405:
            allow = list(Door.SUPPORTED_METHODS)
            return MethodNotAllowedError(str(request.method), request.path, allow)
        case _ if status < 500:
            detail = getattr(error, "log_message", None) or "The request cannot be read"
            return BadRequestError(str(detail), "Payload")
    return None
