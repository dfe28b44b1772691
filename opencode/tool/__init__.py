"""The tools a model may call: a plain list, each given what it needs."""

from collections.abc import Mapping
from typing import Any

from opencode.fetch import Fetch
from opencode.ids import Ids
from opencode.project.search import Search
from opencode.tasks import Tasks
from opencode.tool.base import Tool
from opencode.tool.bash import Bash
from opencode.tool.edit import Edit
from opencode.tool.glob import Glob
from opencode.tool.grep import Grep
from opencode.tool.question import AskQuestion
from opencode.tool.read import Read
from opencode.tool.todowrite import TodoWrite
from opencode.tool.webfetch import WebFetch
from opencode.tool.write import Write


def built_in(
    *, environ: Mapping[str, str], ids: Ids, tasks: Tasks, search: Search, fetch: Fetch
) -> list[Tool[Any]]:
    """Every built-in tool of an instance."""
    return [
        Bash(environ, ids, tasks),
        Edit(),
        Glob(search),
        Grep(search),
        AskQuestion(),
        Read(),
        TodoWrite(),
        WebFetch(fetch),
        Write(),
    ]
