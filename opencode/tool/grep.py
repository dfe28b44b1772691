"""The `grep` tool: lines by regular expression."""

import contextlib

from pydantic import Field

from opencode.project.search import Match, Search, SearchError
from opencode.schema.wire import WireModel
from opencode.tool import access
from opencode.tool.base import Tool, ToolContext, ToolError, ToolResult

LIMIT = 100
MAX_LINE = 2000


class GrepArguments(WireModel):
    """What to look for."""

    pattern: str = Field(description="The regular expression to look for in file contents")
    path: str | None = Field(
        None, description="The file or directory to search; the working directory if not given"
    )
    include: str | None = Field(
        None, description='Only search files of this name pattern, such as "*.{ts,tsx}"'
    )


class Grep(Tool[GrepArguments]):
    """Lists lines that match an expression, by file."""

    id = "grep"
    arguments = GrepArguments

    def __init__(self, search: Search) -> None:
        self._search = search

    async def run(self, arguments: GrepArguments, context: ToolContext) -> ToolResult:
        if not arguments.pattern:
            raise ToolError("pattern must not be empty")
        path = access.resolve(arguments.path or ".", context)
        is_directory = await access.is_directory(path)
        await access.ask_outside(path, context, directory=is_directory)
        metadata = arguments.model_dump(by_alias=True, exclude_none=True)
        await context.ask("grep", [arguments.pattern], always=["*"], metadata=metadata)
        found = await self._find(arguments, path)
        more = len(found) > LIMIT
        return ToolResult(
            arguments.pattern,
            _listing(found[:LIMIT], more=more),
            {"matches": min(len(found), LIMIT), "truncated": more},
        )

    async def _find(self, arguments: GrepArguments, path: str) -> list[Match]:
        """At most one more than the limit."""
        found: list[Match] = []
        globs = [arguments.include] if arguments.include else []
        try:
            source = self._search.matches(arguments.pattern, path, globs=globs)
            async with contextlib.aclosing(source) as matches:
                async for match in matches:
                    found.append(match)
                    if len(found) > LIMIT:
                        break
        except SearchError as error:
            raise ToolError(str(error)) from None
        return found


def _listing(found: list[Match], *, more: bool) -> str:
    if not found:
        return "No files found"
    lines = [f"Found {len(found)} matches" + (" (more matches available)" if more else "")]
    current = ""
    for match in found:
        if match.path != current:
            lines += ["", f"{match.path}:"] if current else [f"{match.path}:"]
            current = match.path
        lines.append(f"  Line {match.line_number}: {_shortened(match.line)}")
    if more:
        lines += ["", "(Results truncated. Consider using a more specific path or pattern.)"]
    return "\n".join(lines)


def _shortened(line: str) -> str:
    """The line with its end, unless it is a file's whole content in disguise."""
    return line if len(line) <= MAX_LINE else f"{line[:MAX_LINE]}...\n"
