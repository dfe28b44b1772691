"""Pages from a real server on this machine."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from tornado.httpserver import HTTPServer
from tornado.testing import bind_unused_port
from tornado.web import Application, RequestHandler

from opencode.fetch import Fetch
from opencode.tool.base import ToolError, ToolResult
from opencode.tool.webfetch import WebFetch, WebFetchArguments
from tests.tool.surroundings import Surroundings

PAGE = """<html><head><title>T</title><style>p{}</style><script>var x;</script></head><body>
<h1>Head</h1><p>Para <b>bold</b> <a href="http://x/y">link</a></p><ul><li>one</li><li>two</li></ul>
<noscript>no script</noscript></body></html>"""


class Page(RequestHandler):
    """Answers as the path says."""

    async def get(self, what: str) -> None:
        match what:
            case "page":
                self.write(PAGE)
            case "image":
                self.set_header("Content-Type", "image/png")
                self.write(b"\x89PNG")
            case "json":
                self.write({"a": 1})
            case "headers":
                self.write(dict(self.request.headers.items()))
            case "big":
                self.set_header("Content-Type", "text/plain")
                self.write("x" * (6 * 1024 * 1024))
            case "slow":
                await asyncio.sleep(1000)
            case _:
                self.set_status(404)


@asynccontextmanager
async def site() -> AsyncIterator[Callable[..., Any]]:
    """A server and a way to fetch a path of it."""
    socket, port = bind_unused_port()
    server = HTTPServer(Application([(r"/(.*)", Page)]))
    server.add_socket(socket)
    fetch = Fetch()

    async def get(here: Surroundings, path: str, **more: Any) -> ToolResult:
        url = path if ":" in path else f"http://127.0.0.1:{port}/{path}"
        given = WebFetchArguments(url=url, **more)
        return await WebFetch(fetch).run(given, here.context())

    try:
        yield get
    finally:
        await fetch.close()
        server.stop()
        await server.close_all_connections()


async def test_a_page_becomes_markdown(here: Surroundings) -> None:
    async with site() as get:
        result = await get(here, "page")
    assert result.title.endswith("/page (text/html; charset=UTF-8)")
    assert "# Head\n\nPara **bold** [link](http://x/y)\n\n- one\n- two" in result.output
    assert "var x" not in result.output and "p{}" not in result.output
    assert "no script" not in result.output
    assert here.asked[0].permission == "webfetch"
    assert here.asked[0].metadata == {"url": here.asked[0].patterns[0], "format": "markdown"}


async def test_a_page_becomes_text_or_stays_html(here: Surroundings) -> None:
    async with site() as get:
        text = await get(here, "page", format="text")
        html = await get(here, "page", format="html")
    assert "Para bold link" in text.output
    assert "var x" not in text.output and "no script" not in text.output
    assert html.output == PAGE


async def test_other_kinds_are_given_as_they_are(here: Surroundings) -> None:
    async with site() as get:
        assert (await get(here, "json")).output == '{"a": 1}'
        image = await get(here, "image")
    assert image.output == "Image fetched successfully"
    assert image.attachments[0].url == "data:image/png;base64,iVBORw=="


async def test_it_asks_like_a_browser(here: Surroundings) -> None:
    async with site() as get:
        headers = (await get(here, "headers")).output
    assert "Mozilla/5.0" in headers
    assert "en-US,en;q=0.9" in headers
    assert "text/markdown;q=1.0, text/x-markdown;q=0.9" in headers


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("missing", "StatusCode: non 2xx status code (404 GET "),
        ("big", "Response too large (exceeds 5MB limit)"),
        ("slow", "Request timed out"),
        ("ftp://x", "URL must start with http:// or https://"),
        ("http://127.0.0.1:1/", "Transport error (GET http://127.0.0.1:1/)"),
    ],
)
async def test_what_goes_wrong_is_said(here: Surroundings, path: str, message: str) -> None:
    async with site() as get:
        with pytest.raises(ToolError) as caught:
            await get(here, path, timeout=0.5 if path == "slow" else 30)
    assert str(caught.value).startswith(message)
