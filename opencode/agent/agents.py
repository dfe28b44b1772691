"""Built-in agents, and those a configuration adds or changes."""

import os
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from opencode.agent.prompts import prompt
from opencode.errors import BadRequestError
from opencode.permission.rules import rules_of
from opencode.schema.agent import Agent
from opencode.schema.config import AgentConfig, Config
from opencode.schema.message import model_reference
from opencode.schema.part import ModelReference
from opencode.schema.request import PermissionRule
from opencode.settings import Paths

Action = Literal["allow", "deny", "ask"]
DEFAULT = "build"


def _rule(permission: str, action: Action, pattern: str = "*") -> PermissionRule:
    return PermissionRule(permission=permission, pattern=pattern, action=action)


@dataclass(frozen=True, slots=True)
class _Surroundings:
    """The directories that rules speak of."""

    output: str
    open: tuple[str, ...]
    """Patterns of what lies outside and may be used by everybody, `output` first."""
    plans: str
    plans_relative: str

    @classmethod
    def of(cls, paths: Paths, worktree: str, skills: Sequence[str]) -> "_Surroundings":
        plans = os.path.join(paths.data, "plans")
        output = os.path.join(paths.data, "tool-output", "*")
        temporary = os.path.join(tempfile.gettempdir(), "opencode", "*")
        return cls(
            output=output,
            open=(output, temporary, *(os.path.join(skill, "*") for skill in skills)),
            plans=plans,
            plans_relative=os.path.relpath(plans, worktree),
        )


def _common(where: _Surroundings) -> list[PermissionRule]:
    """What holds for every agent before its own rules."""
    return [
        _rule("*", "allow"),
        _rule("doom_loop", "ask"),
        _rule("external_directory", "ask"),
        *(_rule("external_directory", "allow", pattern) for pattern in where.open),
        _rule("question", "deny"),
        _rule("plan_enter", "deny"),
        _rule("plan_exit", "deny"),
        _rule("read", "allow"),
        _rule("read", "ask", "*.env"),
        _rule("read", "ask", "*.env.*"),
        _rule("read", "allow", "*.env.example"),
    ]


def _plan_rules(where: _Surroundings) -> list[PermissionRule]:
    return [
        _rule("question", "allow"),
        _rule("plan_exit", "allow"),
        _rule("task", "deny", "general"),
        _rule("external_directory", "allow", os.path.join(where.plans, "*")),
        _rule("edit", "deny"),
        _rule("edit", "allow", ".opencode/plans/*.md"),
        _rule("edit", "allow", os.path.join(where.plans_relative, "*.md")),
    ]


def _explore_rules(where: _Surroundings) -> list[PermissionRule]:
    looking = ("grep", "glob", "list", "bash", "webfetch", "websearch", "read")
    return [
        _rule("*", "deny"),
        *(_rule(name, "allow") for name in looking),
        _rule("external_directory", "ask"),
        *(_rule("external_directory", "allow", pattern) for pattern in where.open),
    ]


def _built_in(where: _Surroundings) -> list[Agent]:
    """In the order in which they are told; `permission` holds only what is the agent's own."""
    nothing = [_rule("*", "deny")]
    return [
        Agent(
            name="build",
            description="The default agent. Executes tools based on configured permissions.",
            mode="primary",
            native=True,
            permission=[_rule("question", "allow"), _rule("plan_enter", "allow")],
        ),
        Agent(
            name="plan",
            description="Plan mode. Disallows all edit tools.",
            mode="primary",
            native=True,
            permission=_plan_rules(where),
        ),
        Agent(
            name="general",
            description="Works through a task of several steps on its own: research, searches"
            " whose place is not known, parts of a larger job that can run side by side.",
            mode="subagent",
            native=True,
            permission=[_rule("todowrite", "deny")],
        ),
        Agent(
            name="explore",
            description="Finds its way around a code base and answers questions about it without"
            " changing anything. Say how thorough it should be: quick, medium or very thorough.",
            mode="subagent",
            native=True,
            prompt=prompt("explore"),
            permission=_explore_rules(where),
        ),
        _hidden("compaction", prompt("compaction"), nothing),
        _hidden("title", prompt("title"), nothing, temperature=0.5),
        _hidden("summary", prompt("summary"), nothing),
    ]


def _hidden(
    name: str, text: str, rules: list[PermissionRule], *, temperature: float | None = None
) -> Agent:
    return Agent(
        name=name,
        mode="primary",
        native=True,
        hidden=True,
        prompt=text,
        temperature=temperature,
        permission=rules,
    )


class Agents:
    """The agents of a directory, by name."""

    def __init__(
        self, config: Config, paths: Paths, worktree: str, *, skills: Sequence[str] = ()
    ) -> None:
        """`skills` are the directories of skills, which every agent may read."""
        where = _Surroundings.of(paths, worktree, skills)
        shared = _common(where)
        everybody = rules_of(config.permission, home=paths.home)
        last = [_rule("external_directory", "allow", where.output)]
        own = {agent.name: agent for agent in _built_in(where)}
        for name, given in (config.agent or {}).items():
            if given.disable:
                own.pop(name, None)
                continue
            own[name] = _configured(own.get(name), name, given)
        self._agents = {
            name: agent.model_copy(
                update={
                    "permission": [
                        *shared,
                        *agent.permission,
                        *everybody,
                        *rules_of(
                            (config.agent or {}).get(name, AgentConfig()).permission,
                            home=paths.home,
                        ),
                        *last,
                    ]
                }
            )
            for name, agent in own.items()
        }
        self.default = self._default(config)

    def list(self) -> list[Agent]:
        """The default agent first, the others by name."""
        return sorted(self._agents.values(), key=lambda one: (one.name != self.default, one.name))

    def find(self, name: str) -> Agent | None:
        return self._agents.get(name)

    def get(self, name: str) -> Agent:
        """Raises `BadRequestError` naming those there are."""
        agent = self._agents.get(name)
        if agent is None:
            known = ", ".join(one.name for one in self.list() if not one.hidden)
            raise BadRequestError(f'Unknown agent "{name}", expected one of: {known}')
        return agent

    def _default(self, config: Config) -> str:
        wanted = config.default_agent
        if wanted is not None and wanted in self._agents:
            return wanted
        if DEFAULT in self._agents:
            return DEFAULT
        primary = (one.name for one in self._agents.values() if one.mode != "subagent")
        return next(primary, DEFAULT)


def _configured(base: Agent | None, name: str, given: AgentConfig) -> Agent:
    """An agent as the configuration defines it, or a built-in one with its changes."""
    agent = base or Agent(name=name, mode="all", native=False, permission=[])
    extra: Mapping[str, Any] = given.model_extra or {}
    changes: dict[str, Any] = {
        "description": given.description,
        "mode": given.mode,
        "hidden": given.hidden,
        "top_p": given.top_p,
        "temperature": given.temperature,
        "color": given.color,
        "model": _model(given.model),
        "variant": given.variant,
        "prompt": given.prompt,
        "steps": given.steps or given.max_steps,
        "options": {**agent.options, **extra, **(given.options or {})},
    }
    return agent.model_copy(update={key: it for key, it in changes.items() if it is not None})


def _model(name: str | None) -> ModelReference | None:
    return None if name is None else ModelReference.model_validate(model_reference(name))
