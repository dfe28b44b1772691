"""The `write` tool: a whole file, new or replaced."""

import asyncio

from pydantic import Field

from opencode.schema.wire import WireModel
from opencode.tool import access
from opencode.tool.base import Tool, ToolContext, ToolError, ToolResult
from opencode.tool.difference import compare
from opencode.tool.patch import writes_patches


class WriteArguments(WireModel):
    """What to write."""

    content: str = Field(description="The whole text of the file")
    file_path: str = Field(description="Path of the file, best given absolute")


class Write(Tool[WriteArguments]):
    """Writes files whole, after showing the difference to whoever allows it."""

    id = "write"
    arguments = WriteArguments

    def offered(self, model: str, agent: str | None) -> bool:
        return not writes_patches(model)

    async def run(self, arguments: WriteArguments, context: ToolContext) -> ToolResult:
        path = access.resolve(arguments.file_path, context)
        await access.ask_outside(path, context, directory=False)
        async with context.times.lock(path):
            return await _write(path, arguments.content, context)


async def _write(path: str, content: str, context: ToolContext) -> ToolResult:
    if await access.is_directory(path):
        raise ToolError(f"Path is a directory, not a file: {path}")
    before = await asyncio.to_thread(access.load, path)
    seen = context.times.seen(path)
    if seen is not None and before.stamp is not None:
        await asyncio.to_thread(access.check_unchanged, path, seen)
    old = access.shown(before.text)
    change = await asyncio.to_thread(compare, path, old, access.shown(content))
    name = access.relative(path, context)
    metadata = {"filepath": path, "diff": change.patch}
    await context.ask("edit", [name], always=["*"], metadata=metadata)
    await asyncio.to_thread(access.check_unchanged, path, before.stamp)
    stamp = await asyncio.to_thread(access.save, path, content, bom=before.bom)
    if stamp is not None:
        context.times.note(path, stamp)
    context.edited(path)
    facts = {"diagnostics": {}, "filepath": path, "exists": before.stamp is not None}
    return ToolResult(name, "Wrote file successfully.", facts)
