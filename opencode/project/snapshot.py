"""States of the working tree, kept in a git directory of our own: track, compare, restore.

A state is named by its tree hash. The user's repository is never touched: the shadow has its own
objects and index, and only looks at the same files. What `.gitignore` leaves out is not kept, nor
is a new file above `MAX_BYTES`; attributes are overruled, so bytes come back as they were.
"""

import asyncio
import contextlib
import hashlib
import logging
import os
import stat
import tempfile
import time
from collections.abc import Collection, Iterable, Mapping, Sequence

from opencode.project.changes import FORMAT, Change, read_changes
from opencode.project.files import is_within
from opencode.project.locate import Location
from opencode.project.process import GitAnswer, GitError, null_separated, run_git
from opencode.schema.session import SnapshotFileDiff
from opencode.settings import Paths

log = logging.getLogger(__name__)

MAX_BYTES = 4 * 1024 * 1024
"""A new file larger than this is not kept: build products and data, mostly."""
ATTRIBUTES = "* -text -filter -ident -working-tree-encoding -eol\n"
SETTINGS = {
    "core.autocrlf": "false",
    "core.symlinks": "true",
    "core.fileMode": "true",
    "core.fsmonitor": "false",
    "core.hooksPath": os.devnull,
    "core.quotepath": "false",
    "gc.auto": "0",
}
LOCK_PATIENCE = 10.0
"""Seconds to wait for another process at work in the same shadow."""
COLLECT_EVERY = 24 * 3600.0
"""Seconds between two clearings of states that nobody needs any more."""
STALE_LOCK = 60.0
"""Age in seconds of a lock that nobody can still hold: its process has died."""


class Snapshot:
    """The states of one worktree."""

    def __init__(
        self,
        location: Location,
        paths: Paths,
        *,
        enabled: bool = True,
        max_bytes: int = MAX_BYTES,
    ) -> None:
        self._location = location
        self._root = location.worktree
        name = hashlib.sha1(os.fsencode(self._root)).hexdigest()
        self.git_dir = os.path.join(paths.data, "snapshot", location.project_id, name)
        self._enabled = enabled and location.vcs == "git"
        self._max_bytes = max_bytes
        self._lock = asyncio.Lock()

    async def track(self) -> str | None:
        """Keep the state now and name it. None outside of a repository, or where that fails."""
        if not self._enabled:
            return None
        async with self._lock:
            try:
                return await self._track()
            except (GitError, OSError) as error:
                log.warning("no snapshot of %s: %s", self._root, error)
                return None

    async def diff(self, before: str, after: str) -> list[SnapshotFileDiff]:
        """What changed from one state to another, with patches, by path."""
        return [
            SnapshotFileDiff(
                file=change.file,
                patch=change.patch,
                additions=change.additions,
                deletions=change.deletions,
                status=change.status,
            )
            for change in await self._compared(before, after, "--patch")
        ]

    async def patch(self, before: str, after: str) -> str:
        """The same as one text in git's format."""
        return "".join(change.patch for change in await self._compared(before, after, "--patch"))

    async def changed_files(self, before: str, after: str) -> list[str]:
        """Absolute paths of what differs between two states."""
        changes = await self._compared(before, after)
        return [os.path.join(self._root, change.file) for change in changes]

    async def restore(self, tree: str, files: Sequence[str] | None = None) -> list[str]:
        """Make files as they were in `tree`: all that differ, or those of `files` among them.

        Created files go, deleted ones come back, with mode, link and bytes. Answers the absolute
        paths that were changed. What no state holds stays as it is, ignored files above all; also
        those that `tree` ignored and a later state does not.
        """
        if not self._enabled:
            return []
        async with self._lock:
            found = await self._changes(tree, await self._track())
            wanted = None if files is None else {self._relative(file) for file in files}
            return await self._restore({tree: _among(found, wanted)})

    async def restore_each(self, wanted: Mapping[str, str]) -> list[str]:
        """As `restore`, each of these files as it was in a state of its own. What is no longer kept
        stays as it is."""
        if not self._enabled or not wanted:
            return []
        files: dict[str, set[str]] = {}
        for file, tree in wanted.items():
            files.setdefault(tree, set()).add(self._relative(file))
        async with self._lock:
            now = await self._track()
            return await self._restore(
                {tree: _among(await self._compared(tree, now), files[tree]) for tree in files}
            )

    async def collect(self, *, days: int = 7) -> None:
        """Drop what no state of the last `days` days holds. Others may be at work meanwhile: what
        they need is younger."""
        if self._enabled and os.path.isdir(self.git_dir):
            await self._git("gc", "--quiet", f"--prune={days}.days.ago")

    async def collect_if_due(self, *, every: float = COLLECT_EVERY) -> bool:
        """Collect where that was last done `every` seconds ago or more; whether it was done."""
        if not self._enabled or not await asyncio.to_thread(self._is_due, every):
            return False
        try:
            await self.collect()
        except (GitError, OSError) as error:
            log.warning("the snapshots of %s were not collected: %s", self._root, error)
        return True

    def _is_due(self, every: float) -> bool:
        """Noted as done beforehand: of several processes one does it."""
        if not os.path.isdir(self.git_dir):
            return False
        stamp = os.path.join(self.git_dir, "collected")
        known = os.path.exists(stamp)
        due = known and time.time() - os.stat(stamp).st_mtime >= every
        if due or not known:
            with open(stamp, "w"):
                os.utime(stamp)
        return due

    async def _track(self) -> str:
        await self._open()
        listing = await self._git("ls-files", "-z", "-o", "-m", "-d", "--exclude-standard")
        if changed := dict.fromkeys(null_separated(listing.expect())):
            left_out = await self._left_out(list(changed))
            await self._write(
                *("add", "--all", "--pathspec-from-file=-", "--pathspec-file-nul"),
                feed=[".", *(f":(exclude,top,literal){path.rstrip('/')}" for path in left_out)],
                literal=False,
            )
        return (await self._write("write-tree")).line

    async def _left_out(self, changed: Sequence[str]) -> list[str]:
        """Repositories within this one, what cannot be read, and new files that are too large."""
        nested = [path for path in changed if path.endswith("/")]
        unreadable, large = await asyncio.to_thread(self._inspect, changed)
        if large:
            known = await self._git("ls-files", "-z", "--cached", "--", *large)
            large = sorted(set(large) - set(null_separated(known.expect())))
        return nested + unreadable + large

    def _inspect(self, changed: Iterable[str]) -> tuple[list[str], list[str]]:
        unreadable, large = [], []
        for path in changed:
            whole = os.path.join(self._root, path)
            with contextlib.suppress(OSError):
                facts = os.lstat(whole)
                if stat.S_ISREG(facts.st_mode) and not os.access(whole, os.R_OK):
                    unreadable.append(path)
                elif stat.S_ISREG(facts.st_mode) and facts.st_size > self._max_bytes:
                    large.append(path)
        return unreadable, large

    async def _open(self) -> None:
        """Make the shadow where there is none, and let it ignore what the repository ignores."""
        if not os.path.isfile(os.path.join(self.git_dir, "config")):
            await self._create()
        await asyncio.to_thread(self._write_info, os.path.join(self.git_dir, "info"))

    async def _create(self) -> None:
        """Made beside its place and moved there at once: another process may be doing the same."""
        parent = os.path.dirname(self.git_dir)
        os.makedirs(parent, mode=0o700, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=parent, ignore_cleanup_errors=True) as folder:
            made = os.path.join(folder, "git")
            answer = await self._git("init", "--quiet", "--template=", git_dir=made)
            answer.expect()
            try:
                os.rename(made, self.git_dir)
            except OSError:
                if not os.path.isfile(os.path.join(self.git_dir, "config")):
                    raise

    def _write_info(self, info: str) -> None:
        os.makedirs(info, exist_ok=True)
        common = self._location.git_common_dir or ""
        exclude = _content(os.path.join(common, "info", "exclude"))
        for name, wanted in (("exclude", exclude), ("attributes", ATTRIBUTES.encode())):
            path = os.path.join(info, name)
            if _content(path) != wanted:
                with open(path, "wb") as file:
                    file.write(wanted)

    async def _compared(self, before: str, after: str, *options: str) -> list[Change]:
        """As `_changes`; nothing where a state is no longer kept."""
        try:
            return await self._changes(before, after, *options)
        except GitError as error:
            log.warning("no difference of snapshots in %s: %s", self._root, error)
            return []

    async def _changes(self, before: str, after: str, *options: str) -> list[Change]:
        if not self._enabled or before == after:
            return []
        answer = await self._git("diff", *FORMAT, *options, before, after, "--")
        return await asyncio.to_thread(read_changes, answer.expect().out)

    async def _restore(self, wanted: Mapping[str, Sequence[Change]]) -> list[str]:
        """Undo these changes from each state on. The rules come first: they say what is ignored."""
        rules = {tree: [it for it in changes if _rules(it)] for tree, changes in wanted.items()}
        await self._put_back(rules)
        added = [it.file for changes in wanted.values() for it in changes if it.status == "added"]
        ignored = await self._ignored(added)
        others = {
            tree: [it for it in changes if not _rules(it) and it.file not in ignored]
            for tree, changes in wanted.items()
        }
        await self._put_back(others)
        done = [
            it.file for group in (rules, others) for changes in group.values() for it in changes
        ]
        return [os.path.join(self._root, file) for file in done]

    async def _put_back(self, wanted: Mapping[str, Sequence[Change]]) -> None:
        """What was created goes before anything comes back: it may be in the way."""
        gone = [it.file for changes in wanted.values() for it in changes if it.status == "added"]
        await asyncio.to_thread(_remove, self._root, gone)
        for tree, changes in wanted.items():
            if back := [it.file for it in changes if it.status != "added"]:
                await self._write(
                    *("checkout", "--quiet", tree, "--pathspec-from-file=-", "--pathspec-file-nul"),
                    feed=back,
                )

    async def _ignored(self, files: Sequence[str]) -> set[str]:
        if not files:
            return set()
        answer = await self._git(
            *("check-ignore", "--no-index", "-z", "--stdin"), feed=_joined(files), literal=False
        )
        return set(null_separated(answer))

    def _relative(self, file: str) -> str:
        return os.path.relpath(file, self._root) if os.path.isabs(file) else os.path.normpath(file)

    async def _write(
        self, *arguments: str, feed: Sequence[str] | None = None, literal: bool = True
    ) -> GitAnswer:
        """Run what needs the index's lock, waiting for another process that holds it."""
        data = None if feed is None else _joined(feed)
        deadline = time.monotonic() + LOCK_PATIENCE
        while True:
            answer = await self._git(*arguments, feed=data, literal=literal)
            held = answer.code != 0 and b"index.lock" in answer.err
            if not held or time.monotonic() > deadline:
                return answer.expect()
            await asyncio.to_thread(_drop_stale, os.path.join(self.git_dir, "index.lock"))
            await asyncio.sleep(0.05)

    async def _git(
        self,
        *arguments: str,
        feed: bytes | None = None,
        literal: bool = True,
        git_dir: str | None = None,
    ) -> GitAnswer:
        settings = [item for key, value in SETTINGS.items() for item in ("-c", f"{key}={value}")]
        return await run_git(
            *(("--literal-pathspecs",) if literal else ()),
            *settings,
            *arguments,
            cwd=self._root,
            extra={"GIT_DIR": git_dir or self.git_dir, "GIT_WORK_TREE": self._root},
            feed=feed,
        )


def _among(changes: Iterable[Change], files: Collection[str] | None) -> list[Change]:
    return [change for change in changes if files is None or change.file in files]


def _rules(change: Change) -> bool:
    return os.path.basename(change.file) == ".gitignore"


def _joined(items: Sequence[str]) -> bytes:
    return "\0".join(items).encode("utf-8", "surrogateescape")


def _remove(root: str, files: Iterable[str]) -> None:
    """Delete files, and the directories that they leave empty; never through a link."""
    for file in files:
        path = os.path.join(root, file)
        folder = os.path.dirname(path)
        if not is_within(root, folder) or os.path.realpath(folder) != folder:
            continue
        with contextlib.suppress(FileNotFoundError, IsADirectoryError):
            os.unlink(path)
        with contextlib.suppress(OSError):
            while folder != root:
                os.rmdir(folder)
                folder = os.path.dirname(folder)


def _content(path: str) -> bytes:
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError:
        return b""


def _drop_stale(lock: str) -> None:
    with contextlib.suppress(FileNotFoundError):
        if time.time() - os.stat(lock).st_mtime > STALE_LOCK:
            os.unlink(lock)
