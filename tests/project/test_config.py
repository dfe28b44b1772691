import json
from pathlib import Path
from typing import Any

import pytest

from opencode.errors import ConfigInvalidError
from opencode.project.config import (
    config_directories,
    load_config,
    load_global,
    update_global,
    update_project,
)
from opencode.schema.config import Config
from opencode.settings import Paths


class Place:
    """A home and a project in it, with shorthands."""

    def __init__(self, root: Path) -> None:
        self.home = root.resolve() / "home"
        self.project = root.resolve() / "work" / "p"
        self.sub = self.project / "sub"
        self.environ = {"HOME": str(self.home), "USER": "joe"}
        self.sub.mkdir(parents=True)
        self.config = self.home / ".config" / "opencode"

    @property
    def paths(self) -> Paths:
        return Paths.from_environ(self.environ)

    def write(self, path: Path, content: Any) -> Path:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content if isinstance(content, str) else json.dumps(content))
        return path

    async def load(self, directory: Path | None = None) -> dict[str, Any]:
        where, worktree = str(directory or self.sub), str(self.project)
        config = await load_config(where, worktree, paths=self.paths, environ=self.environ)
        return config.plain()


async def test_nothing_configured_gives_the_defaults(tmp_path: Path) -> None:
    assert await Place(tmp_path).load() == {
        "$schema": "https://opencode.ai/config.json",
        "command": {},
        "plugin": [],
        "username": "joe",
        "mode": {},
        "agent": {},
    }


async def test_each_level_wins_over_the_one_before(tmp_path: Path) -> None:
    place = Place(tmp_path)
    own = tmp_path / "own"
    levels = [
        place.config / "config.json",
        place.config / "opencode.json",
        place.config / "opencode.jsonc",
        tmp_path / "named.json",
        place.project / "opencode.json",
        place.project / "opencode.jsonc",
        place.sub / "opencode.json",
        place.sub / "opencode.jsonc",
        place.sub / ".opencode" / "opencode.json",
        place.project / ".opencode" / "opencode.json",
        place.project / ".opencode" / "opencode.jsonc",
        place.home / ".opencode" / "opencode.json",
        own / "opencode.json",
    ]
    place.environ["OPENCODE_CONFIG"] = str(tmp_path / "named.json")
    place.environ["OPENCODE_CONFIG_DIR"] = str(own)
    for number, path in enumerate(levels):
        place.write(
            path, {"username": f"level{number}", "command": {f"c{number}": {"template": ""}}}
        )
        found = await place.load()
        assert found["username"] == f"level{number}", path
        assert len(found["command"]) == number + 1
    place.environ["OPENCODE_CONFIG_CONTENT"] = '{"username": "content",}'
    assert (await place.load())["username"] == "content"


async def test_files_above_the_worktree_do_not_count(tmp_path: Path) -> None:
    place = Place(tmp_path)
    place.write(place.project.parent / "opencode.json", {"model": "a/b"})
    assert "model" not in await place.load()
    found = await load_config(str(place.sub), "/", paths=place.paths, environ=place.environ)
    assert found.model == "a/b"


async def test_instructions_and_plugins_add_up(tmp_path: Path) -> None:
    place = Place(tmp_path)
    lists = {"instructions": ["a", "b"], "plugin": ["x", "y"], "disabled_providers": ["p"]}
    more = {"instructions": ["c", "a"], "plugin": ["z", "x"], "disabled_providers": ["q"]}
    place.write(place.project / "opencode.json", lists)
    place.write(place.sub / "opencode.json", more)
    found = await place.load()
    assert found["instructions"] == ["a", "b", "c"]
    assert found["plugin"] == ["y", "z", "x"]
    assert found["disabled_providers"] == ["q"]


async def test_global_files_replace_each_others_lists(tmp_path: Path) -> None:
    place = Place(tmp_path)
    place.write(place.config / "opencode.json", {"instructions": ["a"]})
    place.write(place.config / "opencode.jsonc", {"instructions": ["b"]})
    assert (await place.load())["instructions"] == ["b"]


async def test_rules_keep_the_order_in_which_they_were_first_named(tmp_path: Path) -> None:
    place = Place(tmp_path)
    place.environ["OPENCODE_PERMISSION"] = '{"bash": "deny", "zz": "ask"}'
    place.write(place.project / "opencode.json", {"permission": "ask", "tools": {"bash": False}})
    place.write(
        place.sub / "opencode.json", {"permission": {"edit": "deny", "bash": {"ls": "allow"}}}
    )
    assert list((await place.load())["permission"].items()) == [
        ("bash", "deny"),
        ("*", "ask"),
        ("edit", "deny"),
        ("zz", "ask"),
    ]


async def test_older_switches_become_rules(tmp_path: Path) -> None:
    place = Place(tmp_path)
    agent = {
        "permission": {"zz": "ask", "edit": "ask"},
        "tools": {"grep": True, "write": True},
        "maxSteps": 3,
        "mood": "calm",
        "options": {"bar": 2},
    }
    place.write(place.project / "opencode.json", {"agent": {"a": agent}, "autoshare": True})
    found = await place.load()
    assert list(found["agent"]["a"]["permission"].items()) == [
        ("grep", "allow"),
        ("edit", "ask"),
        ("zz", "ask"),
    ]
    assert found["agent"]["a"]["options"] == {"bar": 2, "mood": "calm"}
    assert found["agent"]["a"]["steps"] == 3
    assert found["share"] == "auto"


async def test_modes_are_primary_agents(tmp_path: Path) -> None:
    place = Place(tmp_path)
    place.write(place.project / "opencode.json", {"mode": {"old": {"prompt": "p"}}})
    place.write(place.project / ".opencode" / "modes" / "md.md", "---\nmodel: a/b\n---\nModey")
    found = await place.load()
    assert found["agent"]["old"]["mode"] == found["agent"]["md"]["mode"] == "primary"
    assert list(found["mode"]) == ["old"]


async def test_markdown_agents_join_those_of_the_files(tmp_path: Path) -> None:
    place = Place(tmp_path)
    folder = place.project / ".opencode"
    place.write(
        folder / "opencode.jsonc", {"agent": {"rev": {"prompt": "json", "temperature": 0.2}}}
    )
    place.write(
        folder / "agent" / "rev.md",
        "---\ndescription: Reviewer\ntools:\n  bash: false\n  write: false\nown: 5\n---\n"
        "\nYou review.\n",
    )
    place.write(folder / "agents" / "nested" / "deep.md", "Just a prompt\n")
    agents = (await place.load())["agent"]
    assert agents["rev"] == {
        "temperature": 0.2,
        "prompt": "You review.",
        "tools": {"bash": False, "write": False},
        "description": "Reviewer",
        "options": {"own": 5},
        "permission": {"bash": "deny", "edit": "deny"},
        "name": "rev",
        "own": 5,
    }
    assert agents["nested/deep"]["prompt"] == "Just a prompt"


async def test_markdown_commands_are_templates(tmp_path: Path) -> None:
    place = Place(tmp_path)
    folder = place.project / ".opencode"
    place.write(
        folder / "command" / "sub" / "c3.md", "---\ndescription: d\nagent: plan\n---\nRun $1\n"
    )
    place.write(folder / "commands" / "broken.md", "---\n[\n---\nBody\n")
    place.write(folder / "commands" / "note.txt", "no command")
    assert (await place.load())["command"] == {
        "sub/c3": {"template": "Run $1", "description": "d", "agent": "plan"},
        "broken": {"template": "---\n[\n---\nBody"},
    }


async def test_a_looping_link_among_agents_is_walked_once(tmp_path: Path) -> None:
    place = Place(tmp_path)
    folder = place.project / ".opencode" / "agent"
    place.write(folder / "a.md", "A")
    (folder / "loop").symlink_to(folder)
    assert list((await place.load())["agent"]) == ["a"]


async def test_a_wrong_markdown_agent_is_named(tmp_path: Path) -> None:
    place = Place(tmp_path)
    path = place.write(place.project / ".opencode/agent/bad.md", "---\nmode: zzz\n---\n")
    with pytest.raises(ConfigInvalidError) as caught:
        await place.load()
    assert caught.value.body()["data"]["path"] == str(path)
    assert caught.value.body()["data"]["issues"][0]["path"] == ["mode"]


async def test_global_configuration_is_only_the_global_files(tmp_path: Path) -> None:
    place = Place(tmp_path)
    place.environ["OPENCODE_CONFIG_CONTENT"] = '{"model": "x/y"}'
    assert (await load_global(place.paths, place.environ)).plain() == {
        "$schema": "https://opencode.ai/config.json"
    }
    place.write(place.config / "opencode.json", {"server": {"port": 4100}})
    assert (await load_global(place.paths, place.environ)).plain()["server"] == {"port": 4100}


async def test_a_global_change_is_read_back_and_null_removes(tmp_path: Path) -> None:
    place = Place(tmp_path)
    place.write(place.config / "opencode.json", '{"username": "old"}')
    place.write(place.config / "opencode.jsonc", '{ // mine\n  "theme": "x"\n}')
    patch = Config.parse('{"username": "bob", "instructions": ["x.md"], "zzz": 5}')
    found = await update_global(place.paths, patch, environ=place.environ)
    assert (found.username, found.instructions) == ("bob", ["x.md"])
    text = (place.config / "opencode.jsonc").read_text()
    assert "// mine" in text
    assert '"theme": "x"' in text
    again = await update_global(
        place.paths, Config.parse('{"username": null}'), environ=place.environ
    )
    assert again.username == "old"


async def test_the_first_global_change_makes_the_file(tmp_path: Path) -> None:
    place = Place(tmp_path)
    patch = Config.parse('{"model": "a/b"}')
    await update_global(place.paths, patch, environ=place.environ)
    assert json.loads((place.config / "opencode.jsonc").read_text())["model"] == "a/b"


@pytest.mark.parametrize(
    "existing",
    [
        [],
        ["opencode.json"],
        ["opencode.json", "opencode.jsonc"],
        ["sub/opencode.json"],
        ["opencode.json", ".opencode/opencode.json"],
        ["sub/.opencode/opencode.jsonc"],
    ],
)
async def test_a_project_change_always_counts(tmp_path: Path, existing: list[str]) -> None:
    place = Place(tmp_path)
    for name in existing:
        place.write(place.project / name, {"model": "old/old"})
    path = await update_project(
        str(place.sub),
        str(place.project),
        Config.parse('{"model": "new/new"}'),
        environ=place.environ,
    )
    assert (await place.load())["model"] == "new/new"
    assert path == str(place.project / existing[-1] if existing else place.sub / "opencode.json")


async def test_an_empty_change_writes_nothing(tmp_path: Path) -> None:
    place = Place(tmp_path)
    patch = Config.parse('{"bogus": 1}')
    await update_project(str(place.sub), str(place.project), patch, environ=place.environ)
    assert list(place.sub.iterdir()) == []


def test_configuration_directories_are_listed_weakest_first(tmp_path: Path) -> None:
    place = Place(tmp_path)
    place.environ["OPENCODE_CONFIG_DIR"] = "/own"
    found = config_directories(
        str(place.sub), str(place.project), paths=place.paths, environ=place.environ
    )
    assert found == [
        str(place.config),
        str(place.sub / ".opencode"),
        str(place.project / ".opencode"),
        str(place.home / ".opencode"),
        "/own",
    ]
