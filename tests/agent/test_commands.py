"""Commands of three origins under one list of names."""

from pathlib import Path

from opencode.agent.commands import Commands
from opencode.agent.skills import SkillPlaces, Skills
from opencode.schema.config import CommandConfig, Config


def commands(tmp_path: Path, config: Config | None = None) -> Commands:
    places = SkillPlaces(str(tmp_path / "home"), str(tmp_path), str(tmp_path))
    return Commands(config or Config(), Skills(places))


async def test_init_and_review_are_always_there(tmp_path: Path) -> None:
    first, second, skill = await commands(tmp_path).list()
    assert (first.name, second.name, skill.name) == ("init", "review", "customize-opencode")
    assert "$ARGUMENTS" in first.template
    assert second.subtask is True


async def test_the_configuration_may_replace_a_built_in_one(tmp_path: Path) -> None:
    given = {"init": CommandConfig(template="mine: $1"), "own": CommandConfig(template="x")}
    found = {one.name: one for one in await commands(tmp_path, Config(command=given)).list()}
    assert (found["init"].template, found["init"].hints) == ("mine: $1", ["$1"])
    assert found["own"].description is None


async def test_a_skill_is_a_command_unless_one_has_its_name(tmp_path: Path) -> None:
    for name in ("knit", "own"):
        folder = tmp_path / ".claude" / "skills" / name
        folder.mkdir(parents=True)
        (folder / "SKILL.md").write_text(f"---\nname: {name}\ndescription: d\n---\nDo it.\n")
    config = Config(command={"own": CommandConfig(template="x")})
    found = {one.name: one for one in await commands(tmp_path, config).list()}
    assert found["own"].source == "command"
    assert found["knit"].source == "skill"
    assert found["knit"].template.startswith("Do it.\n")
    assert str(tmp_path / ".claude" / "skills" / "knit") in found["knit"].template
