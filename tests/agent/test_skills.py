"""Where skills are found, which wins, and what is no skill."""

from pathlib import Path

import pytest

from opencode.agent.skills import SkillPlaces, Skills
from opencode.project.locate import locate
from opencode.schema.config import Config, SkillsConfig
from opencode.settings import Paths
from tests.flows.story import repository


def write(folder: Path, name: str, body: str = "Body\n") -> Path:
    folder.mkdir(parents=True)
    path = folder / "SKILL.md"
    path.write_text(f"---\nname: {name}\ndescription: about {name}\n---\n{body}")
    return path


def skills(tmp_path: Path, *, extra: tuple[str, ...] = (), below: str = "") -> Skills:
    project = tmp_path / "project"
    own = (str(tmp_path / "config"), str(project / ".opencode"))
    directory = str(project / below) if below else str(project)
    return Skills(SkillPlaces(str(tmp_path / "home"), directory, str(project), own, extra))


async def names(of: Skills) -> list[str]:
    return [one.name for one in await of.list()][1:]


async def test_every_usual_place_is_looked_at(tmp_path: Path) -> None:
    project = tmp_path / "project"
    write(tmp_path / "home" / ".claude" / "skills" / "a", "a")
    write(project / ".agents" / "skills" / "b", "b")
    write(tmp_path / "config" / "skill" / "c", "c")
    write(project / ".opencode" / "skills" / "nested" / "d", "d")
    write(project / "more" / "e", "e")
    write(tmp_path / "home" / "f", "f")
    assert await names(skills(tmp_path, extra=("more", "~/f"))) == list("abcdef")


async def test_a_directory_has_the_skills_of_those_above_it(tmp_path: Path) -> None:
    project = tmp_path / "project"
    write(project / ".claude" / "skills" / "top", "top")
    write(project / "sub" / ".claude" / "skills" / "low", "low")
    assert await names(skills(tmp_path, below="sub")) == ["top", "low"]
    assert await names(skills(tmp_path)) == ["top"]


async def test_the_later_place_wins(tmp_path: Path) -> None:
    project = tmp_path / "project"
    write(project / ".claude" / "skills" / "x", "same", "weak")
    path = write(project / ".opencode" / "skill" / "y", "same", "strong")
    [_, found] = await skills(tmp_path).list()
    assert (found.content, found.location) == ("strong", str(path))
    assert found.description == "about same"


async def test_the_built_in_skill_has_no_file(tmp_path: Path) -> None:
    [own] = await skills(tmp_path).list()
    assert (own.name, own.location) == ("customize-opencode", "<built-in>")
    assert "opencode.json" in own.content


@pytest.mark.parametrize("text", ["no front matter", "---\ndescription: nameless\n---\n", ""])
async def test_a_file_that_names_no_skill_is_none(tmp_path: Path, text: str) -> None:
    folder = tmp_path / "project" / ".opencode" / "skill" / "z"
    folder.mkdir(parents=True)
    (folder / "SKILL.md").write_text(text)
    assert await names(skills(tmp_path)) == []


async def test_a_new_skill_counts_at_once_and_a_circle_of_links_ends(tmp_path: Path) -> None:
    found = skills(tmp_path)
    folder = tmp_path / "project" / ".opencode" / "skill"
    assert await names(found) == []
    write(folder / "new", "new")
    (folder / "again").symlink_to(folder)
    assert await names(found) == ["new"]


async def test_the_places_of_a_location_follow_its_configuration(tmp_path: Path) -> None:
    repository(tmp_path / "project", {"a": ""})
    location = await locate(str(tmp_path / "project"))
    paths = Paths.from_environ({"HOME": str(tmp_path / "home")})
    config = Config(skills=SkillsConfig(paths=["more"]))
    places = SkillPlaces.of(location, config, paths, environ={})
    assert places.extra == ("more",)
    assert places.configuration[0] == paths.config
    assert str((tmp_path / "project").resolve() / ".opencode") in places.configuration


async def test_a_changed_file_counts_at_once_and_the_directories_are_told(tmp_path: Path) -> None:
    path = write(tmp_path / "project" / ".opencode" / "skill" / "x", "x", "first")
    found = skills(tmp_path)
    assert [one.content for one in await found.list()][1:] == ["first"]
    path.write_text(path.read_text().replace("first", "the second"))
    assert [one.content for one in await found.list()][1:] == ["the second"]
    assert await found.directories() == [str(path.parent)]
    path.unlink()
    assert await found.directories() == []
