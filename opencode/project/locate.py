"""From a directory to its project: the repository's root and an id that all its clones share.

The id is made from the remote `origin`, else read from the file an earlier start left in the
repository, else the first root commit; everything else belongs to the project `global`.
"""

import asyncio
import hashlib
import os
import re
from dataclasses import dataclass
from typing import Literal

from opencode.errors import BadRequestError
from opencode.project.process import run_git

GLOBAL = "global"
ID_FILE = "opencode"
URL_REMOTE = re.compile(
    r"^(?:https?|ssh|git)://(?:[^/@]*@)?(?P<host>[^/:]+)(?::\d*)?/(?P<path>.+)$"
)
SCP_REMOTE = re.compile(r"^(?:[^/@:]+@)?(?P<host>[^/:@]{2,}):(?!//)(?P<path>.+)$")


@dataclass(frozen=True, slots=True)
class Location:
    """A directory and what it belongs to. All paths are real ones, without symbolic links."""

    directory: str
    worktree: str
    """The root of the repository, `/` outside of one."""
    project_id: str
    vcs: Literal["git"] | None = None
    git_common_dir: str | None = None
    """Where the repository itself is; linked worktrees share it."""

    @property
    def path(self) -> str:
        """The directory relative to the worktree, empty at its root."""
        relative = os.path.relpath(self.directory, self.worktree)
        return "" if relative == "." else relative


async def locate(directory: str) -> Location:
    """Find out about an absolute directory. One that does not exist is accepted, a file is not."""
    real, root = await asyncio.to_thread(_find_root, directory)
    if root is None:
        return Location(directory=real, worktree="/", project_id=GLOBAL)
    places, remote = await asyncio.gather(
        run_git(
            "rev-parse", "--path-format=absolute", "--git-common-dir", "--show-toplevel", cwd=root
        ),
        run_git("config", "--get", "remote.origin.url", cwd=root),
    )
    if places.code != 0:
        return Location(directory=real, worktree="/", project_id=GLOBAL)
    common, worktree = places.text.splitlines()[:2]
    return Location(
        directory=real,
        worktree=worktree,
        project_id=await _identify(common, remote.line, root=root),
        vcs="git",
        git_common_dir=common,
    )


def remote_id(url: str) -> str | None:
    """The project id of a remote, None where it is no address on a network."""
    url = url.strip()
    match = URL_REMOTE.match(url) or (None if "://" in url else SCP_REMOTE.match(url))
    if match is None:
        return None
    path = re.split(r"[?#]", match["path"])[0].strip("/").removesuffix(".git").strip("/")
    if not path:
        return None
    return hashlib.sha1(f"git-remote:{match['host'].lower()}/{path}".encode()).hexdigest()


async def _identify(common: str, remote: str, *, root: str) -> str:
    known = await asyncio.to_thread(_read_id, common)
    found = remote_id(remote) or known or await _first_commit(root)
    if found is None:
        return GLOBAL
    if found != known:
        await asyncio.to_thread(_write_id, common, found)
    return found


async def _first_commit(root: str) -> str | None:
    answer = await run_git("rev-list", "--max-parents=0", "HEAD", cwd=root)
    return min(answer.text.split(), default=None) if answer.code == 0 else None


def _find_root(directory: str) -> tuple[str, str | None]:
    """The real directory, and the nearest one at or above it that holds `.git`."""
    if "\0" in directory:
        raise BadRequestError("directory must not contain a null character", "Query")
    real = os.path.realpath(directory)
    if os.path.exists(real) and not os.path.isdir(real):
        raise BadRequestError(f"directory is not a directory: {directory}", "Query")
    current = real
    while not os.path.exists(os.path.join(current, ".git")):
        parent = os.path.dirname(current)
        if parent == current:
            return real, None
        current = parent
    return real, current


def _read_id(common: str) -> str | None:
    try:
        with open(os.path.join(common, ID_FILE), encoding="utf-8") as file:
            return file.read(200).strip() or None
    except (OSError, UnicodeDecodeError):
        return None


def _write_id(common: str, project_id: str) -> None:
    """Best effort: a repository that cannot be written to gets the same id again next time."""
    try:
        with open(os.path.join(common, ID_FILE), "w", encoding="utf-8") as file:
            file.write(project_id)
    except OSError:
        return
