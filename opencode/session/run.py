"""A session at work, and what work is done with: state and no rule."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from opencode.agent.agents import Agents
from opencode.provider import base
from opencode.provider.catalog import ProviderSet
from opencode.schema.agent import Skill
from opencode.schema.config import CompactionConfig
from opencode.schema.message import UserMessage
from opencode.schema.part import AgentPart, Part, SubtaskPart
from opencode.schema.session import SessionStatus, SessionStatusBusy
from opencode.session.calls import Workshop
from opencode.session.history import Surroundings
from opencode.session.planning import Planning
from opencode.session.prompt import ReadFile
from opencode.session.summary import Differences
from opencode.session.turn import Snapshots


class States(Snapshots, Differences, Protocol):
    """The states of a directory's files, compared too."""

    def forget(self) -> None:
        """Somebody may have changed files."""
        ...


@dataclass(frozen=True, slots=True)
class Desk:
    """What runs are made with: everything of one directory that a run uses."""

    shop: Workshop
    models: base.LanguageModels
    providers: Callable[[], Awaitable[ProviderSet]]
    agents: Agents
    snapshots: States
    surroundings: Callable[[], Awaitable[Surroundings]]
    read: ReadFile
    planning: Planning
    skills: Callable[[], Awaitable[Sequence[Skill]]]
    subagent_depth: int | None = None
    """How deep subagents may call subagents; None for the usual one level."""
    compaction: CompactionConfig = field(default_factory=CompactionConfig)


@dataclass(slots=True)
class Queued:
    """A prompt that no round has taken up yet."""

    message: UserMessage
    run: "Run"
    withdrawn: asyncio.Future[None]
    """Done when somebody has cancelled it."""
    parts: Sequence[Part] = ()


@dataclass(slots=True)
class Run:
    """A session at work."""

    session_id: str
    ended: asyncio.Future[None]
    begin: Callable[["Run"], Awaitable[None]] | None = None
    """What is done before the first prompt is taken up."""
    queue: list[Queued] = field(default_factory=list)
    """Prompts not yet taken up, oldest first."""
    status: SessionStatus = field(default_factory=SessionStatusBusy)
    task: asyncio.Task[None] | None = None
    open: bool = True
    """Whether prompts may still join."""
    stopping: bool = False
    """Somebody asked it to stop."""
    working: bool = False
    """Whether it is at its rounds, which cancelling its task ends."""
    owes: UserMessage | None = None
    """The prompt that was taken up and has not come to its end."""
    resumes: str | None = None
    """The prompt whose interrupted answer is continued."""
    subtasks: list[SubtaskPart] = field(default_factory=list)
    """What the prompts taken up hand to subagents, not yet done."""
    mentioned: list[str] = field(default_factory=list)
    """The agents that the prompts taken up name."""
    newest: str = ""
    """The last message there is; answers sort after it, whatever clock made its id."""

    def take(self) -> UserMessage | None:
        """Take up everything queued; the newest of it is what is answered."""
        taken, self.queue = self.queue, []
        if not taken:
            return None
        parts = [part for queued in taken for part in queued.parts]
        self.subtasks += [part for part in parts if isinstance(part, SubtaskPart)]
        self.mentioned = [part.name for part in parts if isinstance(part, AgentPart)]
        self.owes = taken[-1].message
        return self.owes

    def cancel(self, message_id: str) -> bool:
        """Take a prompt out of the queue; False where it is not, or not any more, in it."""
        for queued in self.queue:
            if queued.message.id == message_id:
                self.queue.remove(queued)
                queued.withdrawn.set_result(None)
                return True
        return False

    def seen(self, message_ids: Iterable[str]) -> None:
        """There are these messages."""
        self.newest = max((self.newest, *message_ids))

    def end(self, task: asyncio.Task[None] | None = None) -> None:
        """Wake those who wait; also where the task was cancelled before it could begin."""
        if not self.ended.done():
            self.ended.set_result(None)
