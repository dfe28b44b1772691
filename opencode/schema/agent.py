"""Who works and what may be called by name: agents, commands, skills, the todo list."""

from typing import Any, Literal

from pydantic import Field

from opencode.schema.part import ModelReference
from opencode.schema.request import PermissionRule
from opencode.schema.wire import WireModel


class Agent(WireModel):
    """A prompt, a model and a set of rules under a name."""

    name: str
    description: str | None = None
    mode: Literal["subagent", "primary", "all"]
    native: bool | None = None
    """Built in, not configured."""
    hidden: bool | None = None
    """Not offered for choice."""
    top_p: float | None = None
    temperature: float | None = None
    color: str | None = None
    permission: list[PermissionRule]
    model: ModelReference | None = None
    variant: str | None = None
    prompt: str | None = None
    options: dict[str, Any] = Field(default_factory=dict)
    steps: int | None = None
    """After so many requests the model is told to stop."""


class Command(WireModel):
    """A prompt with a name; `hints` are the placeholders found in its template."""

    name: str
    description: str | None = None
    agent: str | None = None
    model: str | None = None
    source: Literal["command", "mcp", "skill"] | None = None
    template: str
    subtask: bool | None = None
    hints: list[str]


class Skill(WireModel):
    """Instructions loaded when needed; `location` is the file, or `<built-in>`."""

    name: str
    description: str
    location: str
    content: str


class Todo(WireModel):
    """An entry of a session's todo list."""

    content: str
    """Brief description of the task"""
    status: str
    """Current status of the task: pending, in_progress, completed, cancelled"""
    priority: str
    """Priority level of the task: high, medium, low"""
