"""Files of the directory as clients see them: listed, read, and which of them changed.

Nothing outside is shown: a path counts by where it really leads, whatever links it takes.
"""

import asyncio
import base64
import mimetypes
import os
import stat
from dataclasses import dataclass

from opencode.errors import BadRequestError, ForbiddenError, NotFoundError
from opencode.project.git import Git
from opencode.project.process import null_separated, run_git
from opencode.schema.project import File, FileContent, FileNode

MAX_BYTES = 64 * 1024 * 1024
"""The largest file that is read whole."""
OCTETS = "application/octet-stream"
SVG = "image/svg+xml"


def confine(root: str, path: str) -> str:
    """The real path of `path`, relative to `root` or absolute; it may not exist, but only inside.

    `..` is taken literally, before any link is followed.
    """
    if "\0" in path:
        raise BadRequestError("path must not contain a null character", "Query")
    real_root = os.path.realpath(root)
    real = os.path.realpath(os.path.normpath(os.path.join(real_root, path)))
    if not is_within(real_root, real):
        raise ForbiddenError(f"path leads out of the directory: {path}")
    return real


def is_within(root: str, path: str) -> bool:
    """Whether a normalised absolute path is `root` or below it."""
    return path == root or path.startswith(root if root.endswith("/") else root + "/")


@dataclass(frozen=True, slots=True)
class _Entry:
    name: str
    directory: bool


class Files:
    """The files below one directory."""

    def __init__(self, directory: str) -> None:
        self._root = os.path.realpath(directory)

    async def read(self, path: str) -> FileContent:
        """A file's content. One that does not exist is empty text, as clients expect."""
        return await asyncio.to_thread(_read, self._root, path)

    async def status(self, git: Git) -> list[File]:
        """Files that differ from the last commit."""
        return [
            File(
                path=change.file,
                added=change.additions,
                removed=change.deletions,
                status=change.status,
            )
            for change in await git.status()
        ]

    async def _ignored(self, folder: str, names: list[str]) -> set[str]:
        """Those that `.gitignore` leaves out; none outside of a repository."""
        feed = "\0".join(name for name in names if name != ".git")
        if not feed:
            return set()
        answer = await run_git(
            *("check-ignore", "--no-index", "-z", "--stdin"),
            cwd=folder,
            feed=feed.encode("utf-8", "surrogateescape"),
        )
        return set(null_separated(answer)) if answer.code == 0 else set()

    def _shown(self, path: str, real: str) -> str:
        """The directory as it was asked for, links included."""
        asked = os.path.normpath(os.path.join(self._root, path))
        return asked if is_within(self._root, asked) else real

    async def list(self, path: str = "") -> list[FileNode]:
        """A directory's entries: directories first, each group by name without regard to case."""
        real = await asyncio.to_thread(confine, self._root, path)
        entries = await asyncio.to_thread(_scan, real, path)
        ignored = await self._ignored(real, [entry.name for entry in entries])
        folder = self._shown(path, real)
        return [
            FileNode(
                name=entry.name,
                path=os.path.relpath(os.path.join(folder, entry.name), self._root)
                + ("/" if entry.directory else ""),
                absolute=os.path.join(folder, entry.name),
                type="directory" if entry.directory else "file",
                ignored=entry.name in ignored,
            )
            for entry in entries
        ]


def _scan(real: str, path: str) -> list[_Entry]:
    try:
        with os.scandir(real) as found:
            entries = [_Entry(_clean(item.name), item.is_dir()) for item in found]
    except FileNotFoundError:
        raise NotFoundError(f"No such directory: {path}") from None
    except NotADirectoryError:
        raise BadRequestError(f"path is not a directory: {path}", "Query") from None
    except OSError as error:
        raise ForbiddenError(f"path cannot be read: {path}: {error.strerror}") from None
    return sorted(entries, key=lambda entry: (not entry.directory, entry.name.lower(), entry.name))


def _read(root: str, path: str) -> FileContent:
    real = confine(root, path)
    data = _bytes(real, path)
    kind = mimetypes.guess_type(real)[0] or OCTETS
    image = kind.startswith("image/") and kind != SVG
    if not image or not data:
        text = None if b"\0" in data else _text(data)
        if text is not None:
            return FileContent(type="text", content=text.rstrip())
    return FileContent(
        type="binary",
        content=base64.b64encode(data).decode(),
        encoding="base64",
        mime_type=kind if image else OCTETS,
    )


def _bytes(real: str, path: str) -> bytes:
    """What a regular file holds; devices and pipes are never opened for reading."""
    try:
        handle = os.open(real, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except (FileNotFoundError, NotADirectoryError):
        return b""
    except OSError as error:
        raise ForbiddenError(f"path cannot be read: {path}: {error.strerror}") from None
    try:
        facts = os.fstat(handle)
        if not stat.S_ISREG(facts.st_mode):
            what = "a directory" if stat.S_ISDIR(facts.st_mode) else "not a regular file"
            raise BadRequestError(f"path is {what}: {path}", "Query")
        if facts.st_size > MAX_BYTES:
            raise BadRequestError(f"path is larger than {MAX_BYTES} bytes: {path}", "Query")
        with open(handle, "rb", closefd=False) as file:
            return file.read(MAX_BYTES)
    finally:
        os.close(handle)


def _text(data: bytes) -> str | None:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return None


def _clean(name: str) -> str:
    """A name that is not UTF-8 is shown with replacement characters."""
    return os.fsencode(name).decode("utf-8", "replace")
