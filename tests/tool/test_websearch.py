"""Searches asked of a real server on this machine."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from tornado.httpserver import HTTPServer
from tornado.testing import bind_unused_port
from tornado.web import Application, RequestHandler

from opencode.fetch import Fetch
from opencode.tool.base import ToolError, ToolResult
from opencode.tool.websearch import NOTHING, WebSearch, WebSearchArguments
from tests.tool.surroundings import Refused, Surroundings


@dataclass
class Service:
    """What the search service answers, and what it was asked."""

    answer: str = ""
    mime: str = "application/json"
    status: int = 200
    asked: list[dict[str, Any]] = field(default_factory=list)
    keys: list[str | None] = field(default_factory=list)

    def say(self, *texts: str, **result: Any) -> str:
        content = [{"type": "text", "text": text} for text in texts]
        return json.dumps({"jsonrpc": "2.0", "id": 1, "result": {"content": content, **result}})


class Endpoint(RequestHandler):
    """The service's address."""

    def initialize(self, service: Service) -> None:
        self.service = service

    def post(self) -> None:
        self.service.asked.append(json.loads(self.request.body))
        self.service.keys.append(self.request.headers.get("x-api-key"))
        self.set_status(self.service.status)
        self.set_header("Content-Type", self.service.mime)
        self.write(self.service.answer)


@asynccontextmanager
async def searching(service: Service, **environ: str) -> AsyncIterator[WebSearch]:
    socket, port = bind_unused_port()
    server = HTTPServer(Application([("/mcp", Endpoint, {"service": service})]))
    server.add_socket(socket)
    fetch = Fetch()
    address = {"OPENCODE_EXA_URL": f"http://127.0.0.1:{port}/mcp", **environ}
    try:
        yield WebSearch(fetch, address, enabled=True)
    finally:
        await fetch.close()
        server.stop()
        await server.close_all_connections()


async def search(here: Surroundings, service: Service, **environ: str) -> ToolResult:
    async with searching(service, **environ) as tool:
        return await tool.run(WebSearchArguments(query="tornado 6"), here.context())


async def test_what_the_service_finds_is_given(here: Surroundings) -> None:
    service = Service()
    service.answer = service.say("One page", "Another")
    result = await search(here, service)
    assert result.title == "Web search: tornado 6"
    assert result.output == "One page\n\nAnother"
    assert here.permissions() == [("websearch", ["tornado 6"])]
    [call] = service.asked
    assert (call["jsonrpc"], call["method"]) == ("2.0", "tools/call")
    assert call["params"]["arguments"] == {
        "query": "tornado 6",
        "type": "auto",
        "numResults": 8,
        "livecrawl": "fallback",
    }
    assert service.keys == [None]


async def test_what_the_model_wants_and_the_key_are_sent(here: Surroundings) -> None:
    service = Service()
    service.answer = service.say("x")
    given = {
        "query": "q",
        "numResults": 3,
        "type": "deep",
        "livecrawl": "preferred",
        "contextMaxCharacters": 900,
    }
    async with searching(service, EXA_API_KEY="secret") as tool:
        await tool.run(WebSearchArguments.model_validate(given), here.context())
    assert service.asked[0]["params"]["arguments"] == given
    assert service.keys == ["secret"]
    assert here.asked[0].metadata == given


async def test_an_answer_may_be_an_event(here: Surroundings) -> None:
    service = Service(mime="text/event-stream")
    service.answer = f": hello\nevent: message\ndata: {service.say('found')}\n\n"
    assert (await search(here, service)).output == "found"


async def test_nothing_found_is_said(here: Surroundings) -> None:
    service = Service()
    service.answer = service.say()
    assert (await search(here, service)).output == NOTHING


@pytest.mark.parametrize(
    ("service", "message"),
    [
        (Service("", status=429), "The search service answered 429 Too Many Requests"),
        (Service("<html>"), "The search service gave an answer that cannot be read"),
        (Service('{"error":{"message":"no"}}'), "The search service refused: no"),
        (Service(Service().say("bad key", isError=True)), "bad key"),
    ],
)
async def test_a_service_that_fails_is_told(
    here: Surroundings, service: Service, message: str
) -> None:
    with pytest.raises(ToolError) as caught:
        await search(here, service)
    assert str(caught.value) == message


async def test_nobody_there_is_told(here: Surroundings) -> None:
    with pytest.raises(ToolError, match="The search service cannot be reached"):
        await search(here, Service(), OPENCODE_EXA_URL="http://127.0.0.1:1/")


async def test_a_refused_search_is_not_made(here: Surroundings) -> None:
    here.refuse = "websearch"
    service = Service()
    with pytest.raises(Refused):
        await search(here, service)
    assert service.asked == []
