"""The tools a model may call: a plain list, each given what it needs."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from opencode.fetch import Fetch
from opencode.ids import Ids
from opencode.project.search import Search
from opencode.schema.agent import Skill
from opencode.tasks import Tasks
from opencode.tool.apply_patch import ApplyPatch
from opencode.tool.base import Tool
from opencode.tool.bash import Bash
from opencode.tool.edit import Edit
from opencode.tool.flags import plan_mode, searching
from opencode.tool.glob import Glob
from opencode.tool.grep import Grep
from opencode.tool.plan_exit import PlanExit
from opencode.tool.question import AskQuestion
from opencode.tool.read import Read
from opencode.tool.skill import LoadSkill
from opencode.tool.task import Task
from opencode.tool.todowrite import TodoWrite
from opencode.tool.webfetch import WebFetch
from opencode.tool.websearch import WebSearch
from opencode.tool.write import Write


def built_in(
    *,
    environ: Mapping[str, str],
    ids: Ids,
    tasks: Tasks,
    search: Search,
    fetch: Fetch,
    skills: Callable[[], Awaitable[Sequence[Skill]]],
) -> list[Tool[Any]]:
    """Every built-in tool of an instance; which of them a model is offered is for each to say."""
    return [
        ApplyPatch(),
        Bash(environ, ids, tasks),
        Edit(),
        Glob(search),
        Grep(search),
        AskQuestion(),
        *([PlanExit()] if plan_mode(environ) else []),
        Read(),
        LoadSkill(skills),
        Task(),
        TodoWrite(),
        WebFetch(fetch),
        WebSearch(fetch, environ, enabled=searching(environ)),
        Write(),
    ]
