"""What a command's template includes: the output of command lines, files and agents it mentions."""

import asyncio
import contextlib
import mimetypes
import os
import signal
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from opencode.agent.agents import Agents
from opencode.agent.markdown import Piece, mentions
from opencode.errors import BadRequestError
from opencode.project.files import is_within
from opencode.schema.part import AgentPartInput, FilePartInput
from opencode.session.prompt import DIRECTORY

PATIENCE = 60.0
"""Seconds a command line in a template may take."""
MOST = 1024 * 1024
"""Bytes of its output that are taken."""
DRAIN_S = 1.0
"""Seconds for the rest of it to be thrown away, and the end to be noticed."""
BY_VALUE = ("image/", "application/pdf")
"""Kinds of files that a model is given as they are, not as text."""


@dataclass(frozen=True, slots=True)
class Includer:
    """Includes in one directory."""

    directory: str
    worktree: str
    shell: str
    environ: Mapping[str, str]
    agents: Agents

    async def fill(self, pieces: Sequence[Piece]) -> list[Piece]:
        """The template with each command line replaced by what it prints, still told apart.

        Raises `BadRequestError` where one does not end.
        """
        return [Piece(await self.output(it.text), runs=True) if it.runs else it for it in pieces]

    async def output(self, command: str) -> str:
        """What a command line prints, its complaints left out."""
        try:
            child = await asyncio.create_subprocess_exec(
                *(self.shell, "-c", command),
                cwd=self.directory,
                env=dict(self.environ),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.DEVNULL,
                start_new_session=True,
            )
        except (OSError, ValueError) as error:
            raise BadRequestError(f"{command!r} could not be started: {error}") from None
        try:
            async with asyncio.timeout(PATIENCE):
                return (await _read(child)).decode(errors="replace")
        except TimeoutError:
            raise BadRequestError(
                f"{command!r} in the template did not end within {PATIENCE:g} seconds"
            ) from None
        finally:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(child.pid, signal.SIGKILL)
            # Its end is only noticed once all it printed was read; who left its group may hold on.
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(DRAIN_S):
                    await child.communicate()

    async def mentioned(
        self, filled: Sequence[Piece], given: Sequence[FilePartInput]
    ) -> list[FilePartInput | AgentPartInput]:
        """The files and agents that the text mentions by `@name`, but for those given already.

        What command lines have printed may be anybody's words: it reaches only files in here.
        """
        found = await asyncio.to_thread(
            lambda: {
                name: part
                for piece in filled
                for name in mentions(piece.text)
                if (part := self._mentioned(name, anywhere=not piece.runs)) is not None
            }
        )
        known = {part.url.partition("?")[0] for part in given}
        return [
            part
            for part in found.values()
            if isinstance(part, AgentPartInput) or part.url not in known
        ]

    def _mentioned(self, name: str, *, anywhere: bool) -> FilePartInput | AgentPartInput | None:
        path = os.path.expanduser(name)
        for base in (self.directory, self.worktree):
            whole = os.path.normpath(os.path.join(base, path))
            if os.path.exists(whole) and (anywhere or self._is_here(whole)):
                return FilePartInput(mime=_mime(whole), filename=name, url=Path(whole).as_uri())
        agent = self.agents.find(name) if anywhere else None
        return None if agent is None or agent.hidden else AgentPartInput(name=name)

    def _is_here(self, path: str) -> bool:
        return is_within(os.path.realpath(self.directory), os.path.realpath(path))


async def _read(child: asyncio.subprocess.Process) -> bytes:
    """Up to `MOST` bytes of what it prints; a process that heirs keep printing for has ended."""
    assert child.stdout is not None
    read = bytearray()
    while len(read) < MOST and (more := await child.stdout.read(MOST - len(read))):
        read += more
    return bytes(read)


def _mime(path: str) -> str:
    if os.path.isdir(path):
        return DIRECTORY
    guessed = mimetypes.guess_type(path)[0] or "text/plain"
    return guessed if guessed.startswith(BY_VALUE) else "text/plain"
