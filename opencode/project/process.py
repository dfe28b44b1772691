"""Runs `git`: a child of its own process group, ended with its group when nobody waits any more."""

import asyncio
import contextlib
import os
import signal
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

NOT_INSTALLED = 127
TIMEOUT = 120.0
"""Seconds after which a command is given up."""


class GitError(Exception):
    """A git command failed; the text is what it said."""


@dataclass(frozen=True, slots=True)
class GitAnswer:
    """How a command ended and what it wrote."""

    code: int
    out: bytes
    err: bytes

    @property
    def text(self) -> str:
        return self.out.decode("utf-8", "surrogateescape")

    @property
    def line(self) -> str:
        """The first line, or an empty string where the command failed."""
        return self.text.split("\n", 1)[0] if self.code == 0 else ""

    def expect(self) -> "GitAnswer":
        """This answer, if the command succeeded."""
        if self.code != 0:
            raise GitError(
                self.err.decode("utf-8", "replace").strip() or f"git ended with {self.code}"
            )
        return self


async def run_git(
    *arguments: str,
    cwd: str,
    extra: Mapping[str, str] | None = None,
    feed: bytes | None = None,
    timeout: float = TIMEOUT,
) -> GitAnswer:
    """Run `git` in `cwd`. A missing program or directory is an answer with code 127."""
    try:
        child = await asyncio.create_subprocess_exec(
            "git",
            *arguments,
            cwd=cwd,
            env=_environment(extra or {}),
            stdin=asyncio.subprocess.DEVNULL if feed is None else asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            start_new_session=True,
        )
    except (FileNotFoundError, NotADirectoryError, PermissionError) as error:
        return GitAnswer(NOT_INSTALLED, b"", str(error).encode())
    try:
        # Not `wait_for`: before Python 3.12 it loses a cancellation as the child ends.
        async with asyncio.timeout(timeout):
            out, err = await child.communicate(feed)
    except BaseException as error:
        await _end(child)
        if isinstance(error, TimeoutError):
            raise GitError(f"git {arguments[0]} did not end within {timeout:g} seconds") from error
        raise
    return GitAnswer(child.returncode or 0, out, err)


def null_separated(answer: GitAnswer) -> Sequence[str]:
    """The items of a `-z` listing."""
    return [item for item in answer.text.split("\0") if item]


def _environment(extra: Mapping[str, str]) -> dict[str, str]:
    """Ours without the variables that would point git elsewhere, or make it ask or page."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    fixed = {"GIT_TERMINAL_PROMPT": "0", "GIT_OPTIONAL_LOCKS": "0", "LC_ALL": "C", "PAGER": "cat"}
    return {**kept, **fixed, **extra}


async def _end(child: asyncio.subprocess.Process) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child.pid, signal.SIGKILL)
    await child.wait()
