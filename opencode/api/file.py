"""Files of the directory: listed, read, found by name and by what they hold."""

import asyncio
import contextlib

from opencode.api.operation import Call, operation
from opencode.errors import BadRequestError, ForbiddenError, NotFoundError
from opencode.project.search import Match, SearchError
from opencode.schema.project import File, FileContent, FileNode, Symbol
from opencode.schema.search import (
    FindFilesQuery,
    FindSymbolsQuery,
    FoundLine,
    FoundSubmatch,
    FoundText,
)
from opencode.schema.wire import Encoded

MAX_LINES = 2_000
MAX_TEXT = 4 * 1024 * 1024
"""Where a search of text ends: in lines, and in characters."""
BATCH = 50
"""After so many lines others get their turn."""


@operation("find.text", "GET /find", tag="file")
async def find_text(call: Call, pattern: str) -> Encoded[list[FoundLine]]:
    """Find text

    Lines that match a regular expression, file by file, without what `.gitignore` leaves out. At
    most 2000 lines.
    """
    directory = call.instance.directory
    found: list[Match] = []
    size = 0
    search = call.instance.search.matches(pattern, directory)
    try:
        async with contextlib.aclosing(search) as matches:
            async for match in matches:
                found.append(match)
                size += len(match.line)
                if len(found) >= MAX_LINES or size >= MAX_TEXT:
                    break
                if len(found) % BATCH == 0:
                    await asyncio.sleep(0)
    except SearchError as error:
        raise BadRequestError(f'{error}\n  at ["pattern"]', "Query") from None
    return Encoded(await asyncio.to_thread(_encoded, found, directory))


@operation("find.files", "GET /find/file", tag="file")
async def find_files(call: Call, query: FindFilesQuery) -> list[str]:
    """Find files

    Paths by a few letters of their name, the best first; a directory's ends with a slash.
    """
    kind = query.type or ("file" if query.dirs == "false" else None)
    found = await call.instance.finder.find(query.query, kind=kind, limit=query.limit)
    return [one.path for one in found]


@operation("find.symbols", "GET /find/symbol", tag="file")
async def find_symbols(call: Call, query: FindSymbolsQuery) -> list[Symbol]:
    """Find symbols

    What language servers know; this server starts none.
    """
    return []


@operation("file.list", "GET /file", errors=[ForbiddenError, NotFoundError])
async def list_files(call: Call, path: str) -> list[FileNode]:
    """List files

    The entries of one directory, directories first.
    """
    return await call.instance.files.list(path)


@operation("file.read", "GET /file/content", errors=[ForbiddenError])
async def read(call: Call, path: str) -> FileContent:
    """Read file

    Text without trailing whitespace, anything else in base64; a file that does not exist is empty.
    """
    return await call.instance.files.read(path)


@operation("file.status", "GET /file/status")
async def status(call: Call) -> list[File]:
    """Get file status

    Files that differ from the last commit.
    """
    return await call.instance.files.status(call.instance.git)


def _encoded(found: list[Match], directory: str) -> bytes:
    return b"[%b]" % b",".join(_line(match, directory).wire() for match in found)


def _line(match: Match, directory: str) -> FoundLine:
    start = len(directory.rstrip("/")) + 1
    return FoundLine(
        path=FoundText(text=match.path[start:].encode("utf-8", "replace").decode()),
        lines=FoundText(text=match.line),
        line_number=match.line_number,
        absolute_offset=match.absolute_offset,
        submatches=[
            FoundSubmatch(match=FoundText(text=one.text), start=one.start, end=one.end)
            for one in match.submatches
        ],
    )
