"""The `read` tool: a file's lines with their numbers, a directory's entries, an image or PDF."""

import asyncio
import base64
import os
from dataclasses import dataclass
from typing import Any

from pydantic import Field

from opencode.schema.wire import WireModel
from opencode.tool import access
from opencode.tool.base import Attachment, Tool, ToolContext, ToolError, ToolResult

DEFAULT_LIMIT = 2000
MAX_BYTES = 50 * 1024
MAX_LINE = 2000
PREVIEW_LINES = 20
MAX_ATTACHMENT = 20 * 1024 * 1024
BINARY_PROBE = 8192
CONTROLS = bytes({*range(32), 127} - {*b"\b\t\n\f\r\x1b"})
INSTRUCTION_FILES = ("AGENTS.md", "CLAUDE.md")
ATTACHED = {
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".gif": "image/gif",
    ".webp": "image/webp",
    ".bmp": "image/bmp",
    ".pdf": "application/pdf",
}


class ReadArguments(WireModel):
    """What to read."""

    file_path: str = Field(description="Path of the file or directory, best given absolute")
    offset: int | None = Field(None, ge=0, description="First line (or entry) to show, from 1")
    limit: int | None = Field(
        None, ge=0, description="How many lines (or entries) to show; 2000 if not given"
    )


class Read(Tool[ReadArguments]):
    """Shows files, with the instructions that belong to their directories."""

    id = "read"
    arguments = ReadArguments
    limits_output = True

    async def run(self, arguments: ReadArguments, context: ToolContext) -> ToolResult:
        path = access.resolve(arguments.file_path, context)
        is_directory = await access.is_directory(path)
        await access.ask_outside(path, context, directory=is_directory)
        name = access.relative(path, context)
        await context.ask("read", [name], always=["*"], metadata={})
        offset = max(1, arguments.offset or 1)
        if is_directory:
            return await asyncio.to_thread(_directory, path, name, offset, arguments.limit)
        attached = ATTACHED.get(os.path.splitext(path)[1].lower())
        if attached is not None:
            return await asyncio.to_thread(_attachment, path, name, attached)
        page, stamp = await asyncio.to_thread(_page, path, offset, arguments.limit)
        context.times.note(path, stamp)
        instructions = await asyncio.to_thread(_instructions, path, context)
        return _file(path, name, page, instructions)


@dataclass(frozen=True, slots=True)
class _Page:
    lines: list[str]
    first: int
    total: int
    capped: bool

    @property
    def last(self) -> int:
        return self.first + len(self.lines) - 1

    @property
    def truncated(self) -> bool:
        return self.capped or self.last < self.total

    def ending(self) -> str:
        if self.capped:
            shown = f"Showing lines {self.first}-{self.last}. Use offset={self.last + 1}"
            return f"(Output capped at 50 KB. {shown} to continue.)"
        if self.truncated:
            shown = f"(Showing lines {self.first}-{self.last} of {self.total}."
            return f"{shown} Use offset={self.last + 1} to continue.)"
        return f"(End of file - total {self.total} lines)"


def _page(path: str, offset: int, limit: int | None) -> tuple[_Page, access.Stamp]:
    """The lines asked for; the file is read once and only they are kept."""
    wanted = DEFAULT_LIMIT if limit is None else limit
    lines: list[str] = []
    size, number, capped = 0, 0, False
    with _open(path) as file:
        status = os.fstat(file.fileno())
        if _is_binary(file.peek(BINARY_PROBE)[:BINARY_PROBE]):
            raise ToolError(f"Cannot read binary file: {path}")
        for number, raw in enumerate(file, 1):
            if number < offset or len(lines) >= wanted or capped:
                continue
            line = _line(raw, first=number == 1)
            size += len(line.encode()) + 1
            capped = size > MAX_BYTES
            if not capped:
                lines.append(line)
    if offset > max(number, 1):
        raise ToolError(f"Offset {offset} is out of range for this file ({number} lines)")
    return _Page(lines, offset, number, capped), (status.st_mtime_ns, status.st_size)


def _is_binary(head: bytes) -> bool:
    """A NUL, or more control characters than any text has."""
    if b"\0" in head:
        return True
    return len(head.translate(None, CONTROLS)) < 0.7 * len(head)


def _open(path: str) -> Any:
    try:
        if os.path.exists(path) and not os.path.isfile(path):
            raise ToolError(f"Not a regular file: {path}")
        return open(path, "rb", buffering=64 * 1024)
    except FileNotFoundError:
        raise ToolError(f"File not found: {path}") from None
    except OSError as error:
        raise ToolError(f"Cannot read {path}: {error.strerror}") from None


def _line(raw: bytes, *, first: bool) -> str:
    if first:
        raw = raw.removeprefix(access.BOM)
    line = raw.rstrip(b"\r\n").decode(errors="replace")
    return line if len(line) <= MAX_LINE else f"{line[:MAX_LINE]}... (line truncated to 2000 chars)"


def _file(path: str, name: str, page: _Page, instructions: list[tuple[str, str]]) -> ToolResult:
    numbered = [f"{number}: {line}" for number, line in enumerate(page.lines, page.first)]
    body = "\n".join(numbered)
    output = f"<path>{path}</path>\n<type>file</type>\n<content>\n{body}\n\n"
    output += f"{page.ending()}\n</content>"
    if instructions:
        texts = [f"Instructions from: {source}\n{text}" for source, text in instructions]
        output += "\n\n<system-reminder>\n" + "\n\n".join(texts) + "\n</system-reminder>"
    display = {
        "type": "file",
        "path": path,
        "text": "\n".join(page.lines),
        "lineStart": page.first,
        "lineEnd": page.last,
        "totalLines": page.total,
        "truncated": page.truncated,
    }
    metadata = {
        "preview": "\n".join(page.lines[:PREVIEW_LINES]),
        "truncated": page.truncated,
        "loaded": [source for source, _ in instructions],
        "display": display,
    }
    return ToolResult(name, output, metadata)


def _directory(path: str, name: str, offset: int, limit: int | None) -> ToolResult:
    with os.scandir(path) as found:
        entries = [entry.name + ("/" if entry.is_dir() else "") for entry in found]
    entries.sort(key=lambda entry: (entry.lower(), entry))
    wanted = DEFAULT_LIMIT if limit is None else limit
    chosen = entries[offset - 1 : offset - 1 + wanted]
    end = offset - 1 + len(chosen)
    truncated = bool(chosen or not wanted) and end < len(entries)
    ending = f"({len(entries)} entries)"
    if truncated:
        ending = f"(Showing {len(chosen)} of {len(entries)} entries. "
        ending += f"Use 'offset' parameter to read beyond entry {offset + len(chosen)})"
    listing = "\n".join(chosen)
    output = f"<path>{path}</path>\n<type>directory</type>\n<entries>\n{listing}\n\n{ending}\n"
    display = {
        "type": "directory",
        "path": path,
        "entries": chosen,
        "offset": offset,
        "totalEntries": len(entries),
        "truncated": truncated,
    }
    metadata: dict[str, Any] = {
        "preview": "\n".join(chosen[:PREVIEW_LINES]),
        "truncated": truncated,
        "loaded": [],
        "display": display,
    }
    return ToolResult(name, output + "</entries>", metadata)


def _attachment(path: str, name: str, mime: str) -> ToolResult:
    with _open(path) as file:
        if os.fstat(file.fileno()).st_size > MAX_ATTACHMENT:
            raise ToolError(f"File is larger than {MAX_ATTACHMENT} bytes: {path}")
        data = base64.b64encode(file.read()).decode()
    output = "PDF read successfully" if mime == "application/pdf" else "Image read successfully"
    attachment = Attachment(mime, f"data:{mime};base64,{data}", os.path.basename(path))
    metadata = {"preview": output, "truncated": False, "loaded": []}
    return ToolResult(name, output, metadata, [attachment])


def _instructions(path: str, context: ToolContext) -> list[tuple[str, str]]:
    """The instruction files between the file and the root that the session has not been shown."""
    found = []
    root = context.directory if context.worktree == "/" else context.worktree
    directory = os.path.dirname(path)
    while directory.startswith(root.rstrip("/") + "/"):
        source = _instruction_file(directory)
        if source is not None and source != path and source not in context.loaded:
            context.loaded.add(source)
            found.append((source, access.shown(access.load(source).text)))
        directory = os.path.dirname(directory)
    return found


def _instruction_file(directory: str) -> str | None:
    for name in INSTRUCTION_FILES:
        path = os.path.join(directory, name)
        if os.path.isfile(path):
            return path
    return None
