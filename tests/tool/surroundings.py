"""A call's surroundings: a real directory, and a record of what the tool asked and showed."""

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from opencode.tool.base import Assignment, FileTimes, Report, ToolContext


@dataclass
class Asked:
    """One request for permission."""

    permission: str
    patterns: list[str]
    always: list[str]
    metadata: dict[str, Any]


class Refused(Exception):
    """What a refusing asker raises."""


@dataclass
class Surroundings:
    """A project below `root`, and everything its calls did."""

    root: Path
    asked: list[Asked] = field(default_factory=list)
    shown: list[dict[str, Any]] = field(default_factory=list)
    edited: list[str] = field(default_factory=list)
    todos: list[dict[str, str]] = field(default_factory=list)
    questions: list[dict[str, Any]] = field(default_factory=list)
    answers: list[list[str]] = field(default_factory=list)
    assigned: list[Assignment] = field(default_factory=list)
    handed_over: list[tuple[str, str]] = field(default_factory=list)
    refuse: str | None = None
    times: FileTimes = field(default_factory=FileTimes)
    loaded: set[str] = field(default_factory=set)

    @property
    def project(self) -> Path:
        """The worktree, which is the directory as well."""
        path = self.root / "project"
        path.mkdir(exist_ok=True)
        return path

    @property
    def output(self) -> Path:
        return self.root / "tool-output"

    def context(self, *, directory: str | None = None, worktree: str | None = None) -> ToolContext:
        return ToolContext(
            session_id="ses_1",
            message_id="msg_1",
            call_id="call_1",
            agent="build",
            directory=directory or str(self.project),
            worktree=worktree or str(self.project),
            output_directory=str(self.output),
            times=self.times,
            ask=self._ask,
            progress=self._progress,
            question=self._question,
            todos=self._todos,
            edited=self.edited.append,
            loaded=self.loaded,
            spawn=self._spawn,
            hand_over=self._hand_over,
            plan=".opencode/plans/1-plan.md",
        )

    def permissions(self) -> list[tuple[str, list[str]]]:
        return [(asked.permission, asked.patterns) for asked in self.asked]

    def file(self, name: str, body: str | bytes = "") -> str:
        """A file of the project; its absolute path."""
        path = self.project / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(body.encode() if isinstance(body, str) else body)
        return os.fspath(path)

    async def _ask(
        self,
        permission: str,
        patterns: list[str],
        *,
        always: list[str],
        metadata: dict[str, Any],
    ) -> None:
        self.asked.append(Asked(permission, patterns, always, metadata))
        if permission == self.refuse:
            raise Refused(permission)

    async def _progress(
        self, *, title: str | None = None, metadata: dict[str, Any] | None = None
    ) -> None:
        self.shown.append(metadata or {})

    async def _question(self, questions: list[dict[str, Any]]) -> list[list[str]]:
        self.questions = questions
        return self.answers

    async def _spawn(self, assignment: Assignment) -> Report:
        self.assigned.append(assignment)
        return Report("ses_child", "what was found", {"sessionId": "ses_child"})

    async def _hand_over(self, agent: str, text: str) -> None:
        self.handed_over.append((agent, text))

    async def _todos(self, todos: list[dict[str, str]]) -> None:
        self.todos = todos
