"""What a tool is, what it is given, what it gives back.

A tool is a class with an argument model and a `run`; its description for the model is `<id>.txt`
beside it. It knows its directory and the callables of its `ToolContext`, never a session, a
permission rule or a bus.
"""

import asyncio
import importlib.resources
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, ClassVar, Generic, Protocol, TypeVar

from pydantic import BaseModel

Arguments = TypeVar("Arguments", bound=BaseModel)


class ToolError(Exception):
    """The tool cannot do what was asked; the text goes to the model, which may try otherwise."""


class Declined(ToolError):
    """The user does not want the run to go on; it ends after this answer."""


class Ask(Protocol):
    """Ask for permission; returns when granted, raises (not a `ToolError`) when refused."""

    def __call__(
        self,
        permission: str,
        patterns: list[str],
        *,
        always: list[str],
        metadata: dict[str, Any],
    ) -> Awaitable[None]: ...


class Progress(Protocol):
    """Show an interim state of the call to every client."""

    def __call__(
        self, *, title: str | None = None, metadata: dict[str, Any] | None = None
    ) -> Awaitable[None]: ...


@dataclass(frozen=True, slots=True)
class Assignment:
    """Work for a subagent."""

    description: str
    prompt: str
    agent: str
    task_id: str | None = None
    """An earlier assignment that is continued."""
    command: str | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """What a subagent came back with."""

    task_id: str
    text: str
    facts: dict[str, Any]
    """For clients: which session it worked in, and with what model."""


class Spawn(Protocol):
    """Let a subagent work and wait for it; aborting the call stops the subagent.

    Raises `ToolError` where there is no such agent, or it failed.
    """

    def __call__(self, assignment: Assignment) -> Awaitable[Report]: ...


class HandOver(Protocol):
    """Go on as another agent, told `text` in the user's name."""

    def __call__(self, agent: str, text: str) -> Awaitable[None]: ...


@dataclass(slots=True)
class Attachment:
    """A file the tool gives besides its text; `url` is a data URL."""

    mime: str
    url: str
    filename: str | None = None


@dataclass(slots=True)
class ToolResult:
    """A finished call: a short title for people, the output for the model, facts for clients."""

    title: str
    output: str
    metadata: dict[str, Any] = field(default_factory=dict)
    attachments: list[Attachment] = field(default_factory=list)


class FileTimes:
    """Which version of each file a session has seen, so that none overwrites somebody's change."""

    def __init__(self) -> None:
        self._seen: dict[str, tuple[int, int]] = {}
        self._locks: dict[str, asyncio.Lock] = {}

    def lock(self, path: str) -> asyncio.Lock:
        """Held while the session changes `path`, so that parallel calls follow one another."""
        return self._locks.setdefault(path, asyncio.Lock())

    def note(self, path: str, stamp: tuple[int, int]) -> None:
        """Remember the (mtime in ns, size) at which `path` was last read or written."""
        self._seen[path] = stamp

    def seen(self, path: str) -> tuple[int, int] | None:
        return self._seen.get(path)


async def _no_subagent(assignment: Assignment) -> Report:
    raise ToolError("There are no subagents here")


async def _nobody_else(agent: str, text: str) -> None:
    raise ToolError("There is no other agent here")


@dataclass(slots=True)
class ToolContext:
    """One call's surroundings. Cancelling the task that runs the tool aborts it."""

    session_id: str
    message_id: str
    call_id: str
    agent: str
    directory: str
    worktree: str
    """The repository's root; `/` outside of one."""
    output_directory: str
    """Where output too long for the model is kept whole."""
    times: FileTimes
    ask: Ask
    progress: Progress
    question: Callable[[list[dict[str, Any]]], Awaitable[list[list[str]]]]
    """Put wire-form `QuestionInfo` objects to the user; the answers, one list of labels each."""
    todos: Callable[[list[dict[str, str]]], Awaitable[None]]
    """Replace the session's todo list."""
    edited: Callable[[str], None]
    """Say that a file was written (`file.edited`)."""
    loaded: set[str] = field(default_factory=set)
    """Instruction files this session has already been shown."""
    spawn: Spawn = _no_subagent
    hand_over: HandOver = _nobody_else
    plan: str = ""
    """The file the session's plan belongs in, as the model was told it."""


class Tool(Generic[Arguments]):
    """One tool. `id` is its name for the model and the permission rules."""

    id: ClassVar[str]
    arguments: ClassVar[type[BaseModel]]
    limits_output: ClassVar[bool] = False
    """True where `run` itself keeps its output within bounds."""

    def offered(self, model: str, agent: str | None) -> bool:
        """Whether this model, at work as this agent, is offered the tool at all."""
        return True

    def description(self) -> str:
        """What the model is told: the text file beside the module."""
        return importlib.resources.files("opencode.tool").joinpath(f"{self.id}.txt").read_text()

    async def run(self, arguments: Arguments, context: ToolContext) -> ToolResult:
        raise NotImplementedError
