"""The `websearch` tool: a search service's answer, asked over its public HTTP interface.

The service speaks JSON-RPC; the answer comes as JSON or as one server-sent event.
"""

import json
from collections.abc import Mapping
from typing import Any, Literal

from pydantic import Field

from opencode.fetch import Fetch, Fetched, FetchError, FetchTimeout
from opencode.schema.wire import WireModel
from opencode.tool.base import Tool, ToolContext, ToolError, ToolResult

ADDRESS = "https://mcp.exa.ai/mcp"
ADDRESS_VARIABLE = "OPENCODE_EXA_URL"
KEY_VARIABLE = "EXA_API_KEY"
METHOD = "web_search_exa"
DEFAULT_RESULTS = 8
TIMEOUT = 25.0
NOTHING = "Nothing was found. Try other words."


class WebSearchArguments(WireModel):
    """What to look for."""

    query: str = Field(description="What to search for")
    num_results: float | None = Field(
        None, gt=0, description="How many pages to read; 8 if not given"
    )
    livecrawl: Literal["fallback", "preferred"] | None = Field(
        None, description="fallback: a stored copy will do; preferred: read pages anew"
    )
    type: Literal["auto", "fast", "deep"] | None = Field(
        None, description="How thoroughly to search: auto (default), fast or deep"
    )
    context_max_characters: float | None = Field(
        None, gt=0, description="How much text to give in all"
    )


class WebSearch(Tool[WebSearchArguments]):
    """Searches the web, where the environment allows it."""

    id = "websearch"
    arguments = WebSearchArguments

    def __init__(self, fetch: Fetch, environ: Mapping[str, str], *, enabled: bool) -> None:
        self._fetch = fetch
        self._address = environ.get(ADDRESS_VARIABLE) or ADDRESS
        self._key = environ.get(KEY_VARIABLE)
        self._enabled = enabled

    def offered(self, model: str, agent: str | None) -> bool:
        return self._enabled

    async def run(self, arguments: WebSearchArguments, context: ToolContext) -> ToolResult:
        metadata = arguments.plain()
        await context.ask("websearch", [arguments.query], always=["*"], metadata=metadata)
        answer = await self._ask(_wanted(arguments))
        if not 200 <= answer.status < 300:
            raise ToolError(f"The search service answered {answer.status} {answer.reason}".strip())
        return ToolResult(f"Web search: {arguments.query}", _text(answer) or NOTHING)

    async def _ask(self, wanted: dict[str, Any]) -> Fetched:
        call = {
            "jsonrpc": "2.0",
            "id": 1,
            "method": "tools/call",
            "params": {"name": METHOD, "arguments": wanted},
        }
        headers = {
            "Content-Type": "application/json",
            "Accept": "application/json, text/event-stream",
            **({"x-api-key": self._key} if self._key else {}),
        }
        body = json.dumps(call).encode()
        try:
            return await self._fetch.post(self._address, body, headers=headers, timeout=TIMEOUT)
        except FetchTimeout:
            raise ToolError("Search request timed out") from None
        except FetchError as error:
            raise ToolError(f"The search service cannot be reached: {error}") from None


def _wanted(arguments: WebSearchArguments) -> dict[str, Any]:
    given = {
        "query": arguments.query,
        "type": arguments.type or "auto",
        "numResults": int(arguments.num_results or DEFAULT_RESULTS),
        "livecrawl": arguments.livecrawl or "fallback",
    }
    if arguments.context_max_characters is not None:
        given["contextMaxCharacters"] = int(arguments.context_max_characters)
    return given


def _text(answer: Fetched) -> str:
    """The text of the first answer in the body. Raises `ToolError`."""
    text = answer.text()
    if answer.mime == "text/event-stream":
        lines = [line[5:].strip() for line in text.splitlines() if line.startswith("data:")]
    else:
        lines = [text]
    for line in lines:
        found = _result(line)
        if found is not None:
            return found
    raise ToolError("The search service gave an answer that cannot be read")


def _result(line: str) -> str | None:
    try:
        message = json.loads(line)
    except ValueError:
        return None
    if not isinstance(message, dict):
        return None
    error = message.get("error")
    if isinstance(error, dict):
        raise ToolError(f"The search service refused: {error.get('message')}")
    result = message.get("result")
    if not isinstance(result, dict):
        return None
    content = result.get("content") or []
    text = "\n\n".join(
        one["text"] for one in content if isinstance(one, dict) and isinstance(one.get("text"), str)
    )
    if result.get("isError"):
        raise ToolError(text or "The search service failed")
    return text
