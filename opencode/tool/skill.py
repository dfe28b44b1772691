"""The `skill` tool: instructions for a kind of work, loaded when they are needed."""

import asyncio
import os
from collections.abc import Awaitable, Callable, Iterator, Sequence
from itertools import islice

from pydantic import Field

from opencode.schema.agent import Skill
from opencode.schema.wire import WireModel
from opencode.tool.base import Tool, ToolContext, ToolError, ToolResult

BUILT_IN = "<built-in>"
MAX_FILES = 10
HIDDEN = (".git", "node_modules", "__pycache__")


class SkillArguments(WireModel):
    """Which one."""

    name: str = Field(description="The skill's name, as the system prompt lists it")


class LoadSkill(Tool[SkillArguments]):
    """Gives a skill's text, and some of the files beside it."""

    id = "skill"
    arguments = SkillArguments

    def __init__(self, skills: Callable[[], Awaitable[Sequence[Skill]]]) -> None:
        self._skills = skills

    async def run(self, arguments: SkillArguments, context: ToolContext) -> ToolResult:
        name = arguments.name
        known = {skill.name: skill for skill in await self._skills()}
        skill = known.get(name)
        if skill is None:
            listed = ", ".join(known)
            raise ToolError(f'Skill "{name}" not found. Available skills: {listed}')
        await context.ask("skill", [name], always=[name], metadata={})
        built_in = skill.location == BUILT_IN
        place = "." if built_in else os.path.dirname(skill.location)
        files = [] if built_in else await asyncio.to_thread(_sample, place, skill.location)
        return ToolResult(
            f"Loaded skill: {name}", _content(skill, place, files), {"name": name, "dir": place}
        )


def _content(skill: Skill, place: str, files: list[str]) -> str:
    listed = "\n".join(f"<file>{path}</file>" for path in files)
    return "\n".join(
        (
            f'<skill_content name="{skill.name}">',
            f"# Skill: {skill.name}",
            "",
            skill.content.strip(),
            "",
            f"Base directory for this skill: {place}",
            "Relative paths in this skill (e.g., scripts/, reference/) start there.",
            "The list of files may be incomplete.",
            "",
            "<skill_files>",
            *([listed] if listed else []),
            "</skill_files>",
            "</skill_content>",
        )
    )


def _sample(place: str, document: str) -> list[str]:
    """The first files beside the skill's document. Blocks."""
    return list(islice((path for path in _files(place) if path != document), MAX_FILES))


def _files(place: str) -> Iterator[str]:
    for root, folders, names in os.walk(place):
        folders[:] = sorted(folder for folder in folders if folder not in HIDDEN)
        yield from (os.path.join(root, name) for name in sorted(names))
