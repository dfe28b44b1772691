"""Loading skills, with the files beside them."""

import pytest

from opencode.schema.agent import Skill
from opencode.tool.base import ToolError, ToolResult
from opencode.tool.skill import BUILT_IN, MAX_FILES, LoadSkill, SkillArguments
from tests.tool.surroundings import Refused, Surroundings


async def load(here: Surroundings, name: str) -> ToolResult:
    path = here.file("skills/demo/SKILL.md", "---\nname: demo\n---\nDo things.\n")

    async def skills() -> list[Skill]:
        return [
            Skill(name="own", description="", location=BUILT_IN, content="Own.\n"),
            Skill(name="demo", description="", location=path, content="Do things.\n"),
        ]

    return await LoadSkill(skills).run(SkillArguments(name=name), here.context())


async def test_a_skill_is_told_with_its_files(here: Surroundings) -> None:
    here.file("skills/demo/ref/a.txt")
    here.file("skills/demo/.git/config")
    result = await load(here, "demo")
    place = str(here.project / "skills" / "demo")
    lines = result.output.split("\n")
    assert lines[:6] == [
        '<skill_content name="demo">',
        "# Skill: demo",
        "",
        "Do things.",
        "",
        f"Base directory for this skill: {place}",
    ]
    assert lines[-4:] == [
        "<skill_files>",
        f"<file>{place}/ref/a.txt</file>",
        "</skill_files>",
        "</skill_content>",
    ]
    assert result.title == "Loaded skill: demo"
    assert result.metadata == {"name": "demo", "dir": place}
    assert [(one.permission, one.patterns, one.always) for one in here.asked] == [
        ("skill", ["demo"], ["demo"])
    ]


async def test_not_all_of_many_files_are_listed(here: Surroundings) -> None:
    for number in range(30):
        here.file(f"skills/demo/{number}")
    assert (await load(here, "demo")).output.count("<file>") == MAX_FILES


async def test_a_built_in_skill_has_no_directory(here: Surroundings) -> None:
    result = await load(here, "own")
    assert result.metadata["dir"] == "."
    assert "<file>" not in result.output


async def test_an_unknown_skill_is_told_with_those_there_are(here: Surroundings) -> None:
    with pytest.raises(ToolError) as caught:
        await load(here, "x")
    assert str(caught.value) == 'Skill "x" not found. Available skills: own, demo'


async def test_a_refused_skill_is_not_shown(here: Surroundings) -> None:
    here.refuse = "skill"
    with pytest.raises(Refused):
        await load(here, "demo")
