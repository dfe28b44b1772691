"""The `edit` tool: one piece of a file's text for another."""

import asyncio
from typing import Any

from pydantic import Field

from opencode.schema.wire import WireModel
from opencode.tool import access
from opencode.tool.base import Tool, ToolContext, ToolError, ToolResult
from opencode.tool.difference import Difference, compare
from opencode.tool.patch import writes_patches
from opencode.tool.replacement import NoMatch, SeveralMatches, replace

NO_MATCH = (
    "Could not find oldString in the file. It must match exactly, including whitespace,"
    " indentation, and line endings."
)
SEVERAL_MATCHES = (
    "Found multiple matches for oldString. Provide more surrounding context to make the match"
    " unique."
)
EMPTY_OLD = (
    "oldString cannot be empty when editing an existing file. Provide the exact text to replace,"
    " or use write for an intentional full-file replacement."
)


class EditArguments(WireModel):
    """What to change."""

    file_path: str = Field(description="Path of the file, best given absolute")
    old_string: str = Field(description="The text to replace, as it stands in the file")
    new_string: str = Field(description="The text to put there; must differ from oldString")
    replace_all: bool | None = Field(
        None, description="Replace every occurrence instead of the only one"
    )


class Edit(Tool[EditArguments]):
    """Replaces text in files, after showing the difference to whoever allows it."""

    id = "edit"
    arguments = EditArguments

    def offered(self, model: str, agent: str | None) -> bool:
        return not writes_patches(model)

    async def run(self, arguments: EditArguments, context: ToolContext) -> ToolResult:
        if arguments.old_string == arguments.new_string:
            raise ToolError("No changes to apply: oldString and newString are identical.")
        path = access.resolve(arguments.file_path, context)
        await access.ask_outside(path, context, directory=False)
        async with context.times.lock(path):
            return await _edit(path, arguments, context)


async def _edit(path: str, arguments: EditArguments, context: ToolContext) -> ToolResult:
    if await access.is_directory(path):
        raise ToolError(f"Path is a directory, not a file: {path}")
    before = await asyncio.to_thread(access.load, path)
    seen = context.times.seen(path)
    if seen is not None and before.stamp is not None:
        await asyncio.to_thread(access.check_unchanged, path, seen)
    after, change = await asyncio.to_thread(_change, path, before, arguments)
    name = access.relative(path, context)
    metadata = {"filepath": path, "diff": change.patch}
    await context.ask("edit", [name], always=["*"], metadata=metadata)
    # Whoever was asked may have taken minutes to answer.
    await asyncio.to_thread(access.check_unchanged, path, before.stamp)
    stamp = await asyncio.to_thread(access.save, path, after, bom=before.bom)
    if stamp is not None:
        context.times.note(path, stamp)
    context.edited(path)
    return ToolResult(name, "Edit applied successfully.", _facts(path, change))


def _change(path: str, before: access.Content, arguments: EditArguments) -> tuple[str, Difference]:
    after = _replaced(path, before, arguments)
    return after, compare(path, access.shown(before.text), access.shown(after))


def _replaced(path: str, before: access.Content, arguments: EditArguments) -> str:
    if before.stamp is None:
        if arguments.old_string:
            raise ToolError(f"File {path} not found")
        return arguments.new_string
    if not arguments.old_string:
        raise ToolError(EMPTY_OLD)
    try:
        return replace(
            before.text,
            arguments.old_string,
            arguments.new_string,
            every=bool(arguments.replace_all),
        )
    except NoMatch:
        raise ToolError(NO_MATCH) from None
    except SeveralMatches:
        raise ToolError(SEVERAL_MATCHES) from None


def _facts(path: str, change: Difference) -> dict[str, Any]:
    file = {
        "file": path,
        "patch": change.patch,
        "additions": change.additions,
        "deletions": change.deletions,
    }
    return {"diagnostics": {}, "diff": change.patch, "filediff": file}
