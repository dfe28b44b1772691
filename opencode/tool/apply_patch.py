"""The `apply_patch` tool: several files changed by one patch, all of them or none."""

import asyncio
import contextlib
import os
import stat
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import Field

from opencode.schema.wire import WireModel
from opencode.tool import access
from opencode.tool.base import Tool, ToolContext, ToolError, ToolResult
from opencode.tool.difference import Difference, compare
from opencode.tool.patch import (
    AddFile,
    Change,
    DeleteFile,
    PatchError,
    UpdateFile,
    apply,
    read_patch,
    writes_patches,
)

LETTERS = {"add": "A", "update": "M", "move": "M", "delete": "D"}


class ApplyPatchArguments(WireModel):
    """The patch."""

    patch_text: str = Field(description="The whole patch, from its begin marker to its end marker")


@dataclass(slots=True)
class _Plan:
    """What will become of one file."""

    kind: Literal["add", "update", "move", "delete"]
    path: str
    before: access.Content
    after: str
    change: Difference
    target: str
    """Where it is written: another path for a file that moves."""


class ApplyPatch(Tool[ApplyPatchArguments]):
    """Changes files by patches, after showing the differences to whoever allows them."""

    id = "apply_patch"
    arguments = ApplyPatchArguments

    def offered(self, model: str, agent: str | None) -> bool:
        return writes_patches(model)

    async def run(self, arguments: ApplyPatchArguments, context: ToolContext) -> ToolResult:
        try:
            changes = await asyncio.to_thread(read_patch, arguments.patch_text)
        except PatchError as error:
            raise _unfit(f"Error: {error}") from None
        if not changes:
            raise ToolError("patch rejected: empty patch")
        paths = _paths(changes, context)
        for path in paths:
            await access.ask_outside(path, context, directory=False)
        async with _locked(paths, context):
            return await _run(changes, context)


async def _run(changes: Sequence[Change], context: ToolContext) -> ToolResult:
    plans = await asyncio.to_thread(_plans, changes, context)
    names = [access.relative(plan.target, context) for plan in plans]
    diff = "\n".join(plan.change.patch for plan in plans)
    files = [_facts(plan, context) for plan in plans]
    asked = {access.relative(path, context): None for path in _paths(changes, context)}
    metadata = {"filepath": ", ".join(asked), "diff": diff, "files": files}
    await context.ask("edit", list(asked), always=["*"], metadata=metadata)
    # Whoever was asked may have taken minutes to answer.
    await asyncio.to_thread(_check, plans)
    for plan in plans:
        await asyncio.to_thread(_write, plan, context)
        for path in dict.fromkeys((plan.path, plan.target)):
            context.edited(path)
    lines = [f"{LETTERS[plan.kind]} {name}" for plan, name in zip(plans, names, strict=True)]
    said = "Success. Updated the following files:\n" + "\n".join(lines)
    return ToolResult(said, said, {"diff": diff, "files": files, "diagnostics": {}})


@asynccontextmanager
async def _locked(paths: Sequence[str], context: ToolContext) -> AsyncIterator[None]:
    """Hold every file; always in the same order, so that two patches never wait for each other."""
    async with AsyncExitStack() as held:
        for path in sorted(paths):
            await held.enter_async_context(context.times.lock(path))
        yield


def _unfit(reason: str) -> ToolError:
    return ToolError(f"apply_patch verification failed: {reason}")


def _paths(changes: Sequence[Change], context: ToolContext) -> list[str]:
    """Every file the patch touches, once, in its order."""
    found: dict[str, None] = {}
    for change in changes:
        found[access.resolve(change.path, context)] = None
        if isinstance(change, UpdateFile) and change.move is not None:
            found[access.resolve(change.move, context)] = None
    return list(found)


def _plans(changes: Sequence[Change], context: ToolContext) -> list[_Plan]:
    """What the patch makes of the files as they are now. Blocks. Raises `ToolError`."""
    plans: list[_Plan] = []
    taken: set[str] = set()
    for change in changes:
        plan = _plan(change, access.resolve(change.path, context), context)
        again = taken & {plan.path, plan.target}
        if again:
            raise _unfit(f"Error: {again.pop()} is named more than once")
        taken |= {plan.path, plan.target}
        plans.append(plan)
    return plans


def _plan(change: Change, path: str, context: ToolContext) -> _Plan:
    before = _load(change, path)
    seen = context.times.seen(path)
    if seen is not None and before.stamp is not None:
        access.check_unchanged(path, seen)
    match change:
        case AddFile(lines=lines):
            after = "\n".join(lines) + "\n" if lines else ""
            return _planned("add", path, before, after)
        case DeleteFile():
            return _planned("delete", path, before, "")
        case UpdateFile(hunks=hunks, move=move):
            try:
                after = apply(before.text, hunks, path)
            except PatchError as error:
                raise _unfit(f"Error: {error}") from None
            target = path if move is None else access.resolve(move, context)
            if target == path:
                return _planned("update", path, before, after)
            if os.path.lexists(target):
                raise _unfit(f"Error: {target} exists already")
            return _planned("move", path, before, after, target)


def _load(change: Change, path: str) -> access.Content:
    if os.path.isdir(path):
        raise _unfit(f"Error: {path} is a directory")
    before = access.load(path)
    if before.stamp is None and isinstance(change, UpdateFile):
        raise _unfit(f"Failed to read file to update: {path}")
    if before.stamp is None and isinstance(change, DeleteFile):
        raise _unfit(f"Failed to read file to delete: {path}")
    return before


def _planned(
    kind: Literal["add", "update", "move", "delete"],
    path: str,
    before: access.Content,
    after: str,
    target: str | None = None,
) -> _Plan:
    difference = compare(path, access.shown(before.text), access.shown(after))
    return _Plan(kind, path, before, after, difference, target or path)


def _check(plans: Sequence[_Plan]) -> None:
    for plan in plans:
        access.check_unchanged(plan.path, plan.before.stamp)
        if plan.target != plan.path:
            access.check_unchanged(plan.target, None)


def _write(plan: _Plan, context: ToolContext) -> None:
    if plan.kind == "delete":
        _remove(plan.path)
        return
    mode = stat.S_IMODE(os.stat(plan.path).st_mode) if plan.kind == "move" else None
    stamp = access.save(plan.target, plan.after, bom=plan.before.bom)
    if mode is not None:
        os.chmod(plan.target, mode)
        _remove(plan.path)
    if stamp is not None:
        context.times.note(plan.target, stamp)


def _remove(path: str) -> None:
    with contextlib.suppress(FileNotFoundError):
        os.unlink(path)


def _facts(plan: _Plan, context: ToolContext) -> dict[str, Any]:
    facts = {
        "filePath": plan.path,
        "relativePath": access.relative(plan.target, context),
        "type": plan.kind,
        "patch": plan.change.patch,
        "additions": plan.change.additions,
        "deletions": plan.change.deletions,
    }
    return facts if plan.target == plan.path else {**facts, "movePath": plan.target}
