"""The `bash` tool: run a command line in the user's shell.

A cancelled call is not lost: its processes are ended and what it had printed is the result, which
says that the user aborted it.
"""

import asyncio
import os
import signal
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import Field

from opencode.ids import Ids
from opencode.schema.wire import WireModel
from opencode.tasks import Tasks
from opencode.tool import access
from opencode.tool.base import Tool, ToolContext, ToolError, ToolResult
from opencode.tool.output import tail
from opencode.tool.process import Child, Output
from opencode.tool.shell_commands import ShellCommands, Touched, split

DEFAULT_TIMEOUT = 120_000
PROGRESS_EVERY = 0.1
SHOWN = 30_000
"""Characters of output in the metadata, the last ones."""
LARGEST = 9_007_199_254_740_991
SECRETS = frozenset({"OPENCODE_SERVER_PASSWORD"})
POSIX_SHELLS = frozenset({"ash", "bash", "dash", "ksh", "mksh", "sh", "zsh"})


class BashArguments(WireModel):
    """What to run."""

    command: str = Field(description="The command line to run")
    timeout: int | None = Field(
        None, gt=0, le=LARGEST, description="Milliseconds after which it is ended"
    )
    workdir: str | None = Field(
        None,
        description="The directory to run it in, the working directory if not given;"
        " use this rather than a leading cd",
    )


@dataclass(slots=True)
class _Ending:
    """How the command came to its end."""

    status: int | None
    note: str | None


class Bash(Tool[BashArguments]):
    """Runs commands. `environ` is what they inherit."""

    id = "bash"
    arguments = BashArguments
    limits_output = True

    def __init__(self, environ: Mapping[str, str], ids: Ids, tasks: Tasks) -> None:
        self._ids = ids
        self._tasks = tasks
        self._shell = shell_of(environ)
        self._home = environ.get("HOME", os.path.expanduser("~"))
        self._environ = environment_of(environ)

    async def run(self, arguments: BashArguments, context: ToolContext) -> ToolResult:
        directory = access.resolve(arguments.workdir or ".", context)
        if not await access.is_directory(directory):
            raise ToolError(f"NotFound: FileSystem.access ({directory})")
        if not arguments.command.strip():
            raise ToolError("The argument 'file' cannot be empty. Received ''")
        await self._ask(arguments.command, directory, context)
        output = Output(context.output_directory, self._ids)
        child = await self._start(arguments.command, directory, output)
        timeout = arguments.timeout or DEFAULT_TIMEOUT
        ending = await self._follow(child, timeout, context)
        return _result(arguments.command, output, ending)

    async def _ask(self, command: str, directory: str, context: ToolContext) -> None:
        """First for the directories outside of the worktree, then for the commands."""
        parts = await asyncio.to_thread(split, command, directory=directory, home=self._home)
        entered = [Touched(directory, True), *parts.touched]
        outside = await asyncio.to_thread(_outside, entered, context)
        if outside:
            patterns = [os.path.join(name, "*") for name in outside]
            metadata = {"command": command, "directories": outside, "patterns": patterns}
            await context.ask("external_directory", patterns, always=patterns, metadata=metadata)
        await _ask_commands(command, parts, context)

    async def _start(self, command: str, directory: str, output: Output) -> Child:
        try:
            return await Child.start(
                [self._shell, "-c", command], cwd=directory, environ=self._environ, output=output
            )
        except (OSError, ValueError) as error:
            raise ToolError(f"The command could not be started: {error}") from None

    async def _follow(self, child: Child, timeout: int, context: ToolContext) -> _Ending:
        exited = self._tasks.start("bash: wait for exit", child.wait())
        try:
            async with asyncio.timeout(timeout / 1000):
                while not exited.done():
                    await asyncio.wait([exited], timeout=PROGRESS_EVERY)
                    await _show(child.output, context)
            ending = _exit(exited.result())
        except TimeoutError:
            await child.end()
            ending = _Ending(None, _timeout_note(timeout))
        except asyncio.CancelledError:
            await child.end()
            ending = _Ending(None, "User aborted the command")
        except BaseException:
            await child.end()
            raise
        finally:
            await child.drain()
        await _show(child.output, context)
        return ending


async def _ask_commands(command: str, parts: ShellCommands, context: ToolContext) -> None:
    if parts.patterns:
        await context.ask(
            "bash", parts.patterns, always=parts.always, metadata={"command": command}
        )


async def _show(output: Output, context: ToolContext) -> None:
    if await output.store():
        await context.progress(metadata={"output": _shown(output.text())})


def _outside(touched: list[Touched], context: ToolContext) -> list[str]:
    """The directories outside of the worktree that the command names, each once."""
    found: dict[str, None] = {}
    for item in touched:
        path = access.outside(item.path, context)
        if path is None or not (item.certain or os.path.lexists(os.path.dirname(path))):
            continue
        found[path if os.path.isdir(path) else os.path.dirname(path)] = None
    return list(found)


def _exit(status: int) -> _Ending:
    """A shell ended by a signal counts as 128 plus its number, as shells themselves count."""
    if status >= 0:
        return _Ending(status, None)
    try:
        name = signal.Signals(-status).name
    except ValueError:
        name = f"signal {-status}"
    return _Ending(128 - status, f"The command was ended by {name}")


def _timeout_note(timeout: int) -> str:
    return (
        f"shell tool terminated command after exceeding timeout {timeout} ms. If this command is"
        " expected to take longer and is not waiting for interactive input, retry with a larger"
        " timeout value in milliseconds."
    )


def _result(command: str, output: Output, ending: _Ending) -> ToolResult:
    text = output.text()
    if output.path is not None:
        what = "Full output" if output.complete else "The beginning of the output"
        head = f"...output truncated...\n\n{what} saved to: {output.path}\n\n"
        text, shown = head + tail(text), _shown(text)
    else:
        text = shown = text or "(no output)"
    if ending.note is not None:
        # For the model; people see what the command said, and how the call ended.
        text += f"\n\n<shell_metadata>\n{ending.note}\n</shell_metadata>"
    metadata: dict[str, Any] = {
        "output": shown,
        "exit": ending.status,
        "truncated": output.path is not None,
    }
    if output.path is not None:
        metadata["outputPath"] = output.path
    return ToolResult(command, text, metadata)


def _shown(text: str) -> str:
    return text if len(text) <= SHOWN else "...\n\n" + text[-SHOWN:]


def environment_of(environ: Mapping[str, str]) -> dict[str, str]:
    """What command lines inherit: ours without what is nobody's business."""
    kept = {name: value for name, value in environ.items() if name not in SECRETS}
    return {**kept, "OPENCODE": "1", "OPENCODE_PID": str(os.getpid())}


def shell_of(environ: Mapping[str, str]) -> str:
    """The user's shell where it understands what models write, else the system's."""
    for candidate in (environ.get("SHELL", ""), "/bin/bash", "/bin/sh"):
        if os.path.basename(candidate) in POSIX_SHELLS and os.access(candidate, os.X_OK):
            return candidate
    return "/bin/sh"
