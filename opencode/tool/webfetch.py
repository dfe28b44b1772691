"""The `webfetch` tool: a page of the web as markdown, text or HTML.

It is a developer's tool: addresses of this machine and network are allowed, behind the same
question.
"""

import asyncio
import base64
import re
from html.parser import HTMLParser
from typing import Any, Literal

from pydantic import Field

from opencode.fetch import Fetch, Fetched, FetchError, FetchTimeout, FetchTooLarge
from opencode.schema.wire import WireModel
from opencode.tool.base import Attachment, Tool, ToolContext, ToolError, ToolResult

DEFAULT_TIMEOUT = 30.0
MAX_TIMEOUT = 120.0
MAX_BYTES = 5 * 1024 * 1024
AGENT = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko)"
    " Chrome/143.0.0.0 Safari/537.36"
)
ACCEPT = {
    "markdown": "text/markdown;q=1.0, text/x-markdown;q=0.9, text/plain;q=0.8,"
    " text/html;q=0.7, */*;q=0.1",
    "text": "text/plain;q=1.0, text/markdown;q=0.9, text/html;q=0.8, */*;q=0.1",
    "html": "text/html;q=1.0, application/xhtml+xml;q=0.9, text/plain;q=0.8, */*;q=0.1",
}
SILENT = frozenset({"script", "style", "noscript", "template", "iframe", "object", "embed"})


class WebFetchArguments(WireModel):
    """What to fetch."""

    url: str = Field(description="The address, starting with http:// or https://")
    format: Literal["text", "markdown", "html"] = Field(
        "markdown", description="What HTML is turned into: markdown (default), text or html"
    )
    timeout: float | None = Field(None, gt=0, description="Seconds to wait, at most 120")


class WebFetch(Tool[WebFetchArguments]):
    """Reads web addresses."""

    id = "webfetch"
    arguments = WebFetchArguments

    def __init__(self, fetch: Fetch) -> None:
        self._fetch = fetch

    async def run(self, arguments: WebFetchArguments, context: ToolContext) -> ToolResult:
        url = arguments.url
        if not url.startswith(("http://", "https://")):
            raise ToolError("URL must start with http:// or https://")
        metadata = arguments.model_dump(by_alias=True, exclude_none=True)
        await context.ask("webfetch", [url], always=["*"], metadata=metadata)
        answer = await self._get(arguments)
        title = f"{url} ({answer.headers.get('content-type', '')})"
        if answer.mime.startswith("image/") and answer.mime != "image/svg+xml":
            return _image(title, answer)
        text = await asyncio.to_thread(_text, answer, arguments.format)
        return ToolResult(title, text)

    async def _get(self, arguments: WebFetchArguments) -> Fetched:
        url = arguments.url
        headers = {
            "User-Agent": AGENT,
            "Accept": ACCEPT[arguments.format],
            "Accept-Language": "en-US,en;q=0.9",
        }
        timeout = min(arguments.timeout or DEFAULT_TIMEOUT, MAX_TIMEOUT)
        try:
            answer = await self._fetch.get(
                url, headers=headers, timeout=timeout, max_bytes=MAX_BYTES
            )
        except FetchTimeout:
            raise ToolError("Request timed out") from None
        except FetchTooLarge:
            raise ToolError("Response too large (exceeds 5MB limit)") from None
        except FetchError as error:
            raise ToolError(f"Transport error (GET {url}): {error}") from None
        if not 200 <= answer.status < 300:
            raise ToolError(f"StatusCode: non 2xx status code ({answer.status} GET {url})")
        return answer


def _image(title: str, answer: Fetched) -> ToolResult:
    data = base64.b64encode(answer.body).decode()
    attachment = Attachment(answer.mime, f"data:{answer.mime};base64,{data}")
    return ToolResult(title, "Image fetched successfully", {}, [attachment])


def _text(answer: Fetched, form: str) -> str:
    text = answer.text()
    if form == "html" or answer.mime not in {"text/html", "application/xhtml+xml"}:
        return text
    return _markdown(text) if form == "markdown" else _bare(text)


def _markdown(html: str) -> str:
    from bs4 import BeautifulSoup
    from markdownify import ATX, MarkdownConverter

    soup = BeautifulSoup(html, "html.parser")
    for element in soup(list(SILENT)):
        element.decompose()
    converter: Any = MarkdownConverter(heading_style=ATX, bullets="-")
    text: str = converter.convert_soup(soup)
    return re.sub(r"\n{3,}", "\n\n", text).strip()


def _bare(html: str) -> str:
    reader = _TextOfPage()
    reader.feed(html)
    reader.close()
    return "".join(reader.pieces).strip()


class _TextOfPage(HTMLParser):
    """Gathers what a reader would see."""

    def __init__(self) -> None:
        super().__init__()
        self.pieces: list[str] = []
        self._silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._silent += tag in SILENT and tag != "embed"

    def handle_endtag(self, tag: str) -> None:
        if tag in SILENT and self._silent:
            self._silent -= 1

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self.pieces.append(data)
