"""How the file tools reach files: where a path leads, whether to ask first, writing without harm.

The functions that touch the disk block; call them on a thread.
"""

import asyncio
import contextlib
import os
import secrets
import stat
from dataclasses import dataclass

from opencode.tool.base import ToolContext, ToolError

Stamp = tuple[int, int]
BOM = b"\xef\xbb\xbf"


def resolve(path: str, context: ToolContext) -> str:
    """`path` as an absolute one, seen from the instance's directory."""
    return os.path.normpath(os.path.join(context.directory, os.path.expanduser(path)))


def relative(path: str, context: ToolContext) -> str:
    """`path` as titles and permission rules name it: from the worktree, empty for its root."""
    name = os.path.relpath(path, context.worktree)
    return "" if name == "." else name


def outside(path: str, context: ToolContext) -> str | None:
    """Where `path` leads if that is outside of the worktree; symbolic links are followed."""
    roots = [context.directory, *([context.worktree] if context.worktree != "/" else [])]
    if not any(_within(path, root) for root in roots):
        return path
    real = os.path.realpath(path)
    return None if any(_within(real, os.path.realpath(root)) for root in roots) else real


async def is_directory(path: str) -> bool:
    return await asyncio.to_thread(os.path.isdir, path)


def _within(path: str, root: str) -> bool:
    return path == root or path.startswith(root.rstrip("/") + "/")


async def ask_outside(path: str, context: ToolContext, *, directory: bool) -> None:
    """Ask before a path outside of the worktree is used; `directory` if it is one."""
    target = outside(path, context)
    if target is None:
        return
    parent = target if directory else os.path.dirname(target)
    patterns = [os.path.join(parent, "*")]
    metadata = {"filepath": target, "parentDir": parent}
    await context.ask("external_directory", patterns, always=patterns, metadata=metadata)


@dataclass(frozen=True, slots=True)
class Content:
    """A text file as it stands on disk. Bytes that are not UTF-8 survive as surrogates."""

    text: str
    bom: bool
    stamp: Stamp | None
    """None where the file does not exist."""


def stamp_of(path: str) -> Stamp | None:
    """The version of a file: its time and size, None where there is none."""
    try:
        status = os.stat(path)
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size


def load(path: str) -> Content:
    """The file's text, empty where it does not exist."""
    try:
        with open(path, "rb") as file:
            status = os.fstat(file.fileno())
            body = file.read()
    except FileNotFoundError:
        return Content("", False, None)
    except OSError as error:
        raise ToolError(f"Cannot read {path}: {error.strerror}") from None
    text = body.removeprefix(BOM).decode("utf-8", "surrogateescape")
    return Content(text, body.startswith(BOM), (status.st_mtime_ns, status.st_size))


def shown(text: str) -> str:
    """`text` as it may be sent: without the surrogates that stand for foreign bytes."""
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def check_unchanged(path: str, seen: Stamp | None) -> None:
    """Refuse to go on if the file is no longer the version `seen`."""
    if stamp_of(path) != seen:
        raise ToolError(
            f"File {path} has been changed on disk since it was last read."
            " Read it again before changing it."
        )


def save(path: str, text: str, *, bom: bool) -> Stamp | None:
    """Write the whole file or nothing, keeping its mode, owner and links; its new version."""
    target = os.path.realpath(path)
    try:
        body = (BOM if bom else b"") + text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError as error:
        raise ToolError(f"The text cannot be written as UTF-8: {error.reason}") from None
    try:
        os.makedirs(os.path.dirname(target), exist_ok=True)
        _write(target, body)
    except OSError as error:
        raise ToolError(f"Cannot write {path}: {error.strerror}") from None
    return stamp_of(target)


def _write(target: str, body: bytes) -> None:
    before = os.stat(target) if os.path.exists(target) else None
    if before is not None and (before.st_nlink > 1 or not stat.S_ISREG(before.st_mode)):
        _overwrite(target, body)
        return
    if before is not None and not os.access(target, os.W_OK):
        raise PermissionError(13, "Permission denied", target)
    directory, name = os.path.split(target)
    temporary = os.path.join(directory, f".{name[:200]}.{secrets.token_hex(6)}.tmp")
    try:
        handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
    except PermissionError:
        if before is None:
            raise
        _overwrite(target, body)
        return
    try:
        with open(handle, "wb") as file:
            file.write(body)
            if before is not None:
                _keep(file.fileno(), before)
        os.replace(temporary, target)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise


def _keep(handle: int, before: os.stat_result) -> None:
    """Give the new file the old one's owner, then its mode: changing the owner clears bits."""
    now = os.fstat(handle)
    if (now.st_uid, now.st_gid) != (before.st_uid, before.st_gid):
        with contextlib.suppress(PermissionError):
            os.fchown(handle, before.st_uid, before.st_gid)
    os.fchmod(handle, stat.S_IMODE(before.st_mode))


def _overwrite(target: str, body: bytes) -> None:
    """Write in place, where a new file would cut a hard link or cannot be made."""
    with open(target, "wb") as file:
        file.write(body)
