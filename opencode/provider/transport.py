"""The connections to providers: one pool, and the last look at a request before it leaves."""

import itertools

import httpx2

from opencode.provider.base import BadAnswer

USER_AGENT = "opencode/1.18.33"
CONNECT_SECONDS = 30.0
SILENCE_SECONDS = 300.0
"""How long a provider may say nothing, before its headers and between two chunks."""
IDLE_CONNECTIONS = 20
NOT_A_STREAM = ("text/html", "application/json", "application/xhtml+xml")
EXCERPT = 200
AGENT_HEADER = "x-opencode-agent"
"""Carries a `User-Agent` of the configuration past the SDKs."""
TICKET_HEADER = "x-opencode-ticket"
"""Carries the ticket of a request past the SDKs; none of these headers leaves the machine."""
NO_KEY = "opencode-no-key"
"""SDKs insist on a key; this one is taken off the request again."""
STATISTICS = ("x-stainless-", "x-goog-api-client")
MESSAGES = "/v1/messages"
"""What an SDK adds to a base URL that already has its version."""


class Transport:
    """The pool all models share.

    Every request has a ticket, so that its connection is closed whatever an SDK leaves open.
    """

    def __init__(self) -> None:
        self.http = httpx2.AsyncClient(
            timeout=httpx2.Timeout(SILENCE_SECONDS, connect=CONNECT_SECONDS, pool=None),
            limits=httpx2.Limits(max_connections=None, max_keepalive_connections=IDLE_CONNECTIONS),
            follow_redirects=True,
            event_hooks={"request": [self._leaving], "response": [self._arrived]},
        )
        self._numbers = itertools.count(1)
        self._open: dict[str, httpx2.Response] = {}

    def ticket(self) -> str:
        """A name for one request; `release` it when the answer is done with."""
        return str(next(self._numbers))

    async def release(self, ticket: str) -> None:
        """Close what is still open of a request."""
        response = self._open.pop(ticket, None)
        if response is not None and not response.is_closed:
            await response.aclose()

    async def close(self) -> None:
        """Close every connection."""
        await self.http.aclose()

    async def _leaving(self, request: httpx2.Request) -> None:
        ticket = request.headers.pop(TICKET_HEADER, None)
        if ticket is not None:
            request.extensions = {**request.extensions, "ticket": ticket}
        tidy(request)

    async def _arrived(self, response: httpx2.Response) -> None:
        ticket = response.request.extensions.get("ticket")
        if ticket is not None:
            self._open[ticket] = response
        await check(response)


def tidy(request: httpx2.Request) -> None:
    """Our own name, no statistics of an SDK's, no key where there is none."""
    headers = request.headers
    for name in [name for name in headers if name.startswith(STATISTICS)]:
        del headers[name]
    headers["User-Agent"] = headers.pop(AGENT_HEADER, USER_AGENT)
    if headers.get("authorization") == f"Bearer {NO_KEY}" or "x-api-key" in headers:
        headers.pop("authorization", None)
    if request.url.path.endswith(MESSAGES):
        path = request.url.path.removesuffix(MESSAGES) + "/messages"
        request.url = request.url.copy_with(path=path, query=None)


async def check(response: httpx2.Response) -> None:
    """A page or a document where a stream was asked for is no answer."""
    mime = response.headers.get("content-type", "").partition(";")[0].strip().lower()
    if response.status_code == 200 and mime in NOT_A_STREAM:
        text = (await response.aread()).decode("utf-8", errors="replace")
        raise BadAnswer(f"Expected a stream of events, got {mime}: {text[:EXCERPT]}")
