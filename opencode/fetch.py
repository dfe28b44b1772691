"""The only outgoing HTTP of our own: webfetch and health probes. Models are asked by their SDKs.

One client, made when first used (its library loads in a thread); every answer is bounded in bytes
and time.
"""

import asyncio
import importlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import httpx2

DEFAULT_TIMEOUT = 30.0
DEFAULT_BYTES = 5 * 1024 * 1024
DEFAULT_REDIRECTS = 10


class FetchError(Exception):
    """The address could not be read; the text says why."""


class FetchTimeout(FetchError):
    """No complete answer within the time."""


class FetchTooLarge(FetchError):
    """The answer is over the limit, in bytes."""

    def __init__(self, limit: int) -> None:
        super().__init__(f"The answer is larger than {limit} bytes")
        self.limit = limit


class FetchRefused(FetchError):
    """No connection, or one that broke, or an address that is none."""


@dataclass(frozen=True, slots=True)
class Fetched:
    """An answer, whatever its status. Header names are lower case."""

    url: str
    """Where it came from, after redirects."""
    status: int
    reason: str
    headers: dict[str, str]
    body: bytes

    @property
    def mime(self) -> str:
        """The content type without its parameters, in lower case."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()

    def text(self) -> str:
        """The body in the character set it names, UTF-8 where it names none that is known."""
        _, _, after = self.headers.get("content-type", "").lower().partition("charset=")
        charset = after.split(";")[0].strip().strip("\"'") or "utf-8"
        try:
            return self.body.decode(charset, errors="replace")
        except LookupError:
            return self.body.decode("utf-8", errors="replace")


class Fetch:
    """Reads addresses, politely and within limits."""

    def __init__(self) -> None:
        self._client: httpx2.AsyncClient | None = None
        self._loading = asyncio.Lock()
        self._library: Any = None

    async def get(
        self,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        timeout: float = DEFAULT_TIMEOUT,
        max_bytes: int = DEFAULT_BYTES,
        max_redirects: int = DEFAULT_REDIRECTS,
    ) -> Fetched:
        """`GET url`. Raises a `FetchError`; an answer with an error status is an answer."""
        return await self._ask(
            "GET", url, headers, None, timeout=timeout, limits=(max_bytes, max_redirects)
        )

    async def post(
        self,
        url: str,
        body: bytes,
        *,
        headers: Mapping[str, str] | None = None,
        timeout: float = DEFAULT_TIMEOUT,
        max_bytes: int = DEFAULT_BYTES,
    ) -> Fetched:
        """`POST url`, following no redirect. Raises a `FetchError`, as `get` does."""
        return await self._ask("POST", url, headers, body, timeout=timeout, limits=(max_bytes, 0))

    async def _ask(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str] | None,
        body: bytes | None,
        *,
        timeout: float,
        limits: tuple[int, int],
    ) -> Fetched:
        client = await self._open()
        try:
            async with asyncio.timeout(timeout):
                request = client.build_request(method, url, headers=headers, content=body)
                return await self._follow(client, request, *limits)
        except (TimeoutError, self._library.TimeoutException):
            raise FetchTimeout(f"No answer from {url} within {timeout:g} seconds") from None
        except (self._library.HTTPError, self._library.InvalidURL, OSError, ValueError) as error:
            raise FetchRefused(f"Cannot read {url}: {error or type(error).__name__}") from error

    async def close(self) -> None:
        """Close every connection."""
        client, self._client = self._client, None
        if client is not None:
            await client.aclose()

    async def _open(self) -> "httpx2.AsyncClient":
        async with self._loading:
            if self._client is None:
                self._client = await asyncio.to_thread(self._make)
            return self._client

    def _make(self) -> "httpx2.AsyncClient":
        self._library = importlib.import_module("httpx2")
        client: httpx2.AsyncClient = self._library.AsyncClient(timeout=None)
        return client

    async def _follow(
        self,
        client: "httpx2.AsyncClient",
        request: "httpx2.Request",
        max_bytes: int,
        redirects: int,
    ) -> Fetched:
        headers = dict(request.headers)
        headers.pop("host", None)
        for _ in range(redirects + 1):
            answer = await client.send(request, stream=True)
            try:
                if answer.next_request is None:
                    return await _read(answer, max_bytes)
                url = answer.next_request.url
            finally:
                await answer.aclose()
            request = client.build_request("GET", url, headers=headers)
        raise FetchRefused(f"Cannot read {request.url}: more than {redirects} redirects")


async def _read(answer: "httpx2.Response", max_bytes: int) -> Fetched:
    declared = answer.headers.get("content-length", "")
    if declared.isdigit() and int(declared) > max_bytes:
        raise FetchTooLarge(max_bytes)
    body = bytearray()
    async for chunk in answer.aiter_bytes():
        body += chunk
        if len(body) > max_bytes:
            raise FetchTooLarge(max_bytes)
    return Fetched(
        url=str(answer.url),
        status=answer.status_code,
        reason=answer.reason_phrase,
        headers={name.lower(): value for name, value in answer.headers.items()},
        body=bytes(body),
    )
