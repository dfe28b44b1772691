"""The `glob` tool: files by name."""

import asyncio
import contextlib
import os

from pydantic import Field

from opencode.project.search import Search, SearchError
from opencode.schema.wire import WireModel
from opencode.tool import access
from opencode.tool.base import Tool, ToolContext, ToolError, ToolResult

LIMIT = 100
TRUNCATED = (
    f"(Results are truncated: showing first {LIMIT} results."
    " Consider using a more specific path or pattern.)"
)


class GlobArguments(WireModel):
    """What to look for."""

    pattern: str = Field(description="The name pattern, such as **/*.py")
    path: str | None = Field(
        None, description="The directory to look in; the working directory if not given"
    )


class Glob(Tool[GlobArguments]):
    """Lists files whose path matches a pattern."""

    id = "glob"
    arguments = GlobArguments

    def __init__(self, search: Search) -> None:
        self._search = search

    async def run(self, arguments: GlobArguments, context: ToolContext) -> ToolResult:
        directory = access.resolve(arguments.path or ".", context)
        pattern = arguments.pattern
        if os.path.isabs(pattern):
            directory, pattern = _anchored(pattern)
        await access.ask_outside(directory, context, directory=True)
        metadata = arguments.model_dump(by_alias=True, exclude_none=True)
        await context.ask("glob", [arguments.pattern], always=["*"], metadata=metadata)
        if await asyncio.to_thread(os.path.isfile, directory):
            raise ToolError(f"glob path must be a directory: {directory}")
        found = await self._find(directory, pattern)
        truncated = len(found) > LIMIT
        lines = [*found[:LIMIT], *(["", TRUNCATED] if truncated else [])]
        return ToolResult(
            access.relative(directory, context),
            "\n".join(lines) or "No files found",
            {"count": min(len(found), LIMIT), "truncated": truncated},
        )

    async def _find(self, directory: str, pattern: str) -> list[str]:
        """At most one more than the limit."""
        found: list[str] = []
        try:
            source = self._search.files(directory, globs=[pattern])
            async with contextlib.aclosing(source) as paths:
                async for path in paths:
                    found.append(path)
                    if len(found) > LIMIT:
                        break
        except SearchError as error:
            raise ToolError(str(error)) from None
        return found


def _anchored(pattern: str) -> tuple[str, str]:
    """An absolute pattern as the directory before its first wildcard and the rest."""
    parts = pattern.split("/")
    fixed = next((index for index, part in enumerate(parts) if set(part) & set("*?[{")), -1)
    return "/".join(parts[:fixed]) or "/", "/" + "/".join(parts[fixed:])
