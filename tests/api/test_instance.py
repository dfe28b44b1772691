"""Paths, version control, agents, commands and skills of a directory."""

import json
from pathlib import Path

from tests.api.asking import place

SKILL = "---\nname: knit\ndescription: Knits\n---\nUse needles.\n"
COMMAND = "---\ndescription: Says\nagent: plan\n---\nSay $2 to $1: $ARGUMENTS\n"


async def test_the_paths_are_absolute(tmp_path: Path) -> None:
    async with place(tmp_path, {"src/a.py": ""}) as at:
        found = await at.ask("path.get")
        assert found["directory"] == found["worktree"] == str(at.project)
        assert found["home"] == str(tmp_path / "home")
        below = await at.ask("path.get", directory="src")
        assert below["directory"] == str(at.project / "src")
        assert below["worktree"] == str(at.project)


async def test_version_control_tells_branch_changes_and_patches(tmp_path: Path) -> None:
    async with place(tmp_path, {"a.txt": "one\n"}) as at:
        (at.project / "a.txt").write_text("one\ntwo\n")
        (at.project / "new.txt").write_text("n\n")
        assert await at.ask("vcs.get") == {"branch": "main", "default_branch": "main"}
        status = await at.ask("vcs.status")
        assert [(one["file"], one["status"]) for one in status] == [
            ("a.txt", "modified"),
            ("new.txt", "added"),
        ]
        diff = await at.ask("vcs.diff", mode="git", context=0)
        assert "+two" in diff[0]["patch"] and "\n one\n" not in diff[0]["patch"]
        assert await at.ask("vcs.diff", mode="branch") == []


async def test_a_raw_diff_is_a_patch_that_can_be_applied(tmp_path: Path) -> None:
    async with place(tmp_path, {"a.txt": "one\n"}) as at:
        (at.project / "a.txt").write_text("one\ntwo\n")
        raw = await at.server.fetch("/vcs/diff/raw")
        assert raw.headers["Content-Type"] == "text/x-diff; charset=utf-8"
        patch = raw.body.decode()
        assert patch.startswith("diff --git a/a.txt b/a.txt")
        (at.project / "a.txt").write_text("one\n")
        assert await at.ask("vcs.apply", {"patch": patch}) == {"applied": True}
        assert (at.project / "a.txt").read_text() == "one\ntwo\n"
        assert (await at.send("vcs.apply", {"patch": patch}))[0] == 400


async def test_a_wrong_mode_of_a_diff_names_the_parameter(tmp_path: Path) -> None:
    async with place(tmp_path) as at:
        for parameters in ({}, {"mode": "zz"}, {"mode": "git", "context": -1}):
            status, answer = await at.send("vcs.diff", **parameters)
            assert status == 400
            assert ("context" if "context" in parameters else "mode") in answer["message"]


async def test_a_disposed_directory_is_opened_afresh(tmp_path: Path) -> None:
    async with place(tmp_path) as at, at.server.events() as events:
        before = await at.server.app.instance(str(at.project))
        assert await at.ask("instance.dispose") is True
        while (event := await events.next())["payload"]["type"] != "server.instance.disposed":
            pass
        assert event["payload"]["properties"] == {"directory": str(at.project)}
        assert await at.server.app.instance(str(at.project)) is not before


async def test_agents_come_with_the_default_one_first(tmp_path: Path) -> None:
    agent = {"description": "Reviewer", "mode": "subagent", "prompt": "Review.", "model": "a/b"}
    async with place(tmp_path, config={"agent": {"rev": agent}}) as at:
        found = await at.ask("app.agents")
        assert found[0]["name"] == "build"
        [own] = [one for one in found if one["name"] == "rev"]
        assert own["model"] == {"providerID": "a", "modelID": "b"}
        assert own["native"] is False


async def test_commands_are_built_in_configured_and_made_of_skills(tmp_path: Path) -> None:
    files = {".opencode/command/say.md": COMMAND, ".opencode/skill/knit/SKILL.md": SKILL}
    async with place(tmp_path, files) as at:
        found = {one["name"]: one for one in await at.ask("command.list")}
        assert list(found)[:3] == ["init", "review", "say"]
        assert found["init"]["hints"] == ["$ARGUMENTS"]
        assert found["review"]["subtask"] is True
        assert found["say"]["hints"] == ["$1", "$2", "$ARGUMENTS"]
        assert (found["say"]["agent"], found["say"]["source"]) == ("plan", "command")
        assert found["knit"]["source"] == "skill"
        skills = {one["name"]: one for one in await at.ask("app.skills")}
        assert skills["customize-opencode"]["location"] == "<built-in>"
        assert skills["knit"]["content"] == "Use needles.\n"


async def test_services_that_do_not_run_are_not_claimed(tmp_path: Path) -> None:
    formatter = {"black": {"command": ["black", "$FILE"], "extensions": [".py"]}}
    async with place(tmp_path, config={"formatter": formatter, "lsp": True}) as at:
        assert await at.ask("lsp.status") == []
        assert await at.ask("formatter.status") == [
            {"name": "black", "extensions": [".py"], "enabled": False}
        ]


async def test_a_broken_configuration_is_told_by_every_operation(tmp_path: Path) -> None:
    async with place(tmp_path) as at:
        await at.ask("instance.dispose")
        (at.project / "opencode.json").write_text('{"model": }')
        for operation in ("path.get", "app.agents", "config.get"):
            status, answer = await at.send(operation)
            assert (status, answer["name"]) == (400, "ConfigJsonError")
        (at.project / "opencode.json").write_text(json.dumps({}))
        await at.ask("path.get")
