"""Commands: prompts with a name, built in, from the configuration, or made of a skill."""

import asyncio
import os

from opencode.agent.markdown import hints
from opencode.agent.prompts import template
from opencode.agent.skills import BUILT_IN, Skills
from opencode.schema.agent import Command, Skill
from opencode.schema.config import CommandConfig, Config

SKILL_PLACE = (
    "\n\nBase directory for this skill: {place}\n"
    "Files that the skill names by a relative path are found from there."
)


class Commands:
    """The commands of a directory."""

    def __init__(self, config: Config, skills: Skills) -> None:
        self._given = config.command or {}
        self._skills = skills

    async def list(self) -> list[Command]:
        """Built-in ones, those of the configuration, then a command for each skill."""
        skills = await self._skills.list()
        found = {command.name: command for command in await asyncio.to_thread(_built_in)}
        found |= {name: _configured(name, given) for name, given in self._given.items()}
        for skill in skills:
            found.setdefault(skill.name, _of_skill(skill))
        return list(found.values())


def _built_in() -> list[Command]:
    setup, review = template("init.md"), template("review.md")
    return [
        Command(
            name="init",
            description="write or improve AGENTS.md",
            source="command",
            template=setup,
            hints=hints(setup),
        ),
        Command(
            name="review",
            description="review a commit, branch or pull request, or what is not committed",
            source="command",
            template=review,
            subtask=True,
            hints=hints(review),
        ),
    ]


def _configured(name: str, given: CommandConfig) -> Command:
    return Command(
        name=name,
        description=given.description,
        agent=given.agent,
        model=given.model,
        source="command",
        template=given.template,
        subtask=given.subtask,
        hints=hints(given.template),
    )


def _of_skill(skill: Skill) -> Command:
    place = "." if skill.location == BUILT_IN else os.path.dirname(skill.location)
    return Command(
        name=skill.name,
        description=skill.description,
        source="skill",
        template=skill.content + SKILL_PLACE.format(place=place),
        hints=[],
    )
