"""Tools that no model has called: files a prompt mentions are read as the `read` tool reads them,
without asking anybody.
"""

from typing import Any

from opencode.session.calls import Workshop
from opencode.session.prompt import ReadFailed
from opencode.tool.base import FileTimes, Progress, ToolContext, ToolError
from opencode.tool.read import Read, ReadArguments


class FileReader:
    """Reads for prompts."""

    def __init__(self, shop: Workshop) -> None:
        self._shop = shop
        self._tool = Read()

    async def read(self, path: str, offset: int | None, limit: int | None) -> str:
        """What a model would be shown of the file. Raises `ReadFailed`."""
        arguments = ReadArguments(file_path=path, offset=offset, limit=limit)
        try:
            result = await self._tool.run(arguments, unattended(self._shop))
        except ToolError as error:
            raise ReadFailed(str(error)) from None
        except OSError as error:
            raise ReadFailed(f"{error.strerror}: {path}") from None
        return result.output


def unattended(shop: Workshop, progress: Progress | None = None) -> ToolContext:
    """The surroundings of a call that no model made: whoever wants it has asked for it already."""
    return ToolContext(
        session_id="",
        message_id="",
        call_id="",
        agent="",
        directory=shop.directory,
        worktree=shop.worktree,
        output_directory=shop.output_directory,
        times=FileTimes(),
        ask=_allow,
        progress=progress or _ignore,
        question=_nobody,
        todos=_nothing,
        edited=lambda path: None,
    )


async def _allow(
    permission: str, patterns: list[str], *, always: list[str], metadata: dict[str, Any]
) -> None:
    return None


async def _ignore(*, title: str | None = None, metadata: dict[str, Any] | None = None) -> None:
    return None


async def _nobody(questions: list[dict[str, Any]]) -> list[list[str]]:
    return []


async def _nothing(todos: list[dict[str, str]]) -> None:
    return None
