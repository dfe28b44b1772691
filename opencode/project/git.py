"""What version control says of the directory: branch, changed files, patches; and applying one.

Untracked files count as added. They are shown through a copy of the index in which they are marked
as intended, so that the user's own index and objects stay untouched.
"""

import asyncio
import contextlib
import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Sequence
from typing import Literal

from opencode.errors import VcsApplyError
from opencode.project.changes import FORMAT, Change, read_changes
from opencode.project.locate import Location
from opencode.project.process import GitAnswer, null_separated, run_git
from opencode.schema.project import VcsFileDiff, VcsFileStatus, VcsInfo

DEFAULT_NAMES = ("main", "master")
QUIET = ("-c", "core.quotepath=false", "-c", "core.fsmonitor=false", "-c", "diff.noprefix=false")


class Git:
    """The repository of one location; where there is none, every answer is empty."""

    def __init__(self, location: Location) -> None:
        self._location = location
        self._root = location.worktree

    async def info(self) -> VcsInfo:
        """The branch now, and the one that others start from."""
        if self._location.vcs is None:
            return VcsInfo()
        branch, default = await asyncio.gather(self.branch(), self.default_branch())
        return VcsInfo(branch=branch, default_branch=default)

    async def branch(self) -> str | None:
        """The branch that is checked out, None where none is."""
        return (await self._git("symbolic-ref", "--quiet", "--short", "HEAD")).line or None

    async def default_branch(self) -> str | None:
        """What `origin` calls its own, else `main` or `master` if there is one."""
        remote = await self._git("symbolic-ref", "--quiet", "--short", "refs/remotes/origin/HEAD")
        if remote.line:
            return remote.line.removeprefix("origin/")
        names = await self._git(
            "for-each-ref",
            "--format=%(refname:short)",
            *(f"refs/heads/{name}" for name in DEFAULT_NAMES),
        )
        present = set(names.text.split())
        return next((name for name in DEFAULT_NAMES if name in present), None)

    async def status(self) -> list[VcsFileStatus]:
        """Files below the directory that differ from the last commit, sorted by path."""
        return [
            VcsFileStatus(
                file=change.file,
                additions=change.additions,
                deletions=change.deletions,
                status=change.status,
            )
            for change in await self._changes(await self._head())
        ]

    async def diff(
        self, mode: Literal["git", "branch"] = "git", *, context: int | None = None
    ) -> list[VcsFileDiff]:
        """The same with patches, against the last commit or against where the branch began."""
        base = await self._head() if mode == "git" else await self._branch_point()
        lines = () if context is None else (f"--unified={context}",)
        changes = [] if base is None else await self._changes(base, "--patch", *lines)
        return [
            VcsFileDiff(
                file=change.file,
                patch=change.patch,
                additions=change.additions,
                deletions=change.deletions,
                status=change.status,
            )
            for change in changes
        ]

    async def raw_diff(self) -> str:
        """One patch of everything below the directory, as `git apply` takes it."""
        changes = await self._changes(await self._head(), "--patch")
        return "".join(change.patch for change in changes)

    async def apply(self, patch: str) -> None:
        """Apply a patch to the working tree, wholly or not at all."""
        if self._location.vcs is None:
            raise VcsApplyError("non-git")
        answer = await self._git("apply", "--whitespace=nowarn", "-", feed=patch.encode())
        if answer.code != 0:
            raise VcsApplyError("not-clean")

    async def _changes(self, base: str, *options: str) -> list[Change]:
        if self._location.vcs is None:
            return []
        scope = self._scope()
        async with self._with_untracked(scope) as extra:
            answer = await self._git(
                *QUIET, "diff", *FORMAT, *options, base, "--", *scope, extra=extra
            )
        changes = await asyncio.to_thread(read_changes, answer.expect().out)
        return sorted(changes, key=lambda change: change.file)

    async def _head(self) -> str:
        """The last commit, or the empty tree before the first."""
        if self._location.vcs is None:
            return ""
        head = await self._git("rev-parse", "--quiet", "--verify", "HEAD^{commit}")
        if head.line:
            return head.line
        return (await self._git("hash-object", "-t", "tree", "--stdin", feed=b"")).expect().line

    async def _branch_point(self) -> str | None:
        """Where the branch left the default one; None on the default one itself."""
        info = await self.info()
        if info.default_branch is None or info.branch == info.default_branch:
            return None
        for name in (info.default_branch, f"origin/{info.default_branch}"):
            base = await self._git("merge-base", "HEAD", name)
            if base.line:
                return base.line
        return None

    @contextlib.asynccontextmanager
    async def _with_untracked(self, scope: Sequence[str]) -> AsyncIterator[dict[str, str]]:
        """An environment in which git knows the untracked files, and the user's index does not."""
        listing = ("ls-files", "-z", "--others", "--exclude-standard", "--", *scope)
        new = [path for path in null_separated(await self._git(*listing)) if not path.endswith("/")]
        if not new:
            yield {}
            return
        index = (await self._git("rev-parse", "--path-format=absolute", "--git-path", "index")).line
        with tempfile.TemporaryDirectory(prefix="opencode-index-") as folder:
            copy = os.path.join(folder, "index")
            with contextlib.suppress(FileNotFoundError):
                await asyncio.to_thread(shutil.copy2, index, copy)
            extra = {"GIT_INDEX_FILE": copy}
            await self._git(
                "--literal-pathspecs",
                *("add", "--intent-to-add", "--ignore-errors"),
                *("--pathspec-from-file=-", "--pathspec-file-nul"),
                extra=extra,
                feed="\0".join(new).encode("utf-8", "surrogateescape"),
            )
            yield extra

    def _scope(self) -> tuple[str, ...]:
        """The directory as a pathspec of the worktree."""
        path = self._location.path
        return (f":(top,literal){path}",) if path and not path.startswith("..") else ()

    async def _git(
        self, *arguments: str, extra: dict[str, str] | None = None, feed: bytes | None = None
    ) -> GitAnswer:
        return await run_git(*arguments, cwd=self._root, extra=extra, feed=feed)
