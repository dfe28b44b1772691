"""Plans: what the agent that plans is told, and the file its plan is written to.

Usually planning is a conversation, and every request says so (`history.mode_reminder`). In plan
mode, which the environment switches on, the plan is a file; that is said once, when planning
begins, and kept.
"""

import os
from dataclasses import dataclass

from opencode.agent.prompts import prompt
from opencode.schema.session import Session
from opencode.tool.plan_exit import BUILDER
from opencode.tool.plan_exit import PLANNER as AGENT

PLACE = os.path.join(".opencode", "plans")
CHANGED = (
    "<system-reminder>\nThe mode has changed from planning to building. Nothing is read-only"
    " any more: edit files and run commands as the work needs.\n</system-reminder>"
)


@dataclass(frozen=True, slots=True)
class Planning:
    """How one directory plans."""

    files: bool
    """Plans are files."""
    worktree: str
    data: str

    def file(self, session: Session) -> str:
        """The session's plan as people are told it: from the worktree on, where there is one."""
        name = f"{session.time.created}-{session.slug}.md"
        if self.worktree == "/":
            return os.path.join(self.data, "plans", name)
        return os.path.join(PLACE, name)

    def turning(self, session: Session, agent: str) -> str | None:
        """What is added to a prompt by which a session begins to plan, or to carry out its plan."""
        before = session.agent
        if not self.files or agent == before:
            return None
        if agent == AGENT:
            path = os.path.join(self.worktree, self.file(session))
            return prompt("plan_file").format(path=path)
        return CHANGED if (before, agent) == (AGENT, BUILDER) else None
