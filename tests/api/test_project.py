"""Projects: the one of a directory, all that were opened, and what is said of them."""

from pathlib import Path

from tests.api.asking import Place, place
from tests.conftest import running
from tests.flows.story import git


async def test_the_project_of_a_repository_has_its_first_commit_as_id(tmp_path: Path) -> None:
    async with place(tmp_path, {"sub/a.txt": ""}) as at:
        current = await at.ask("project.current", directory="sub")
        assert (current["worktree"], current["vcs"]) == (str(at.project), "git")
        assert len(current["id"]) == 40
        assert [one["id"] for one in await at.ask("project.list")] == [current["id"]]
        where = await at.ask("project.directories", projectID=current["id"])
        assert where == [{"directory": str(at.project)}]
        assert await at.ask("project.directories", projectID="nothing") == []


async def test_what_is_changed_of_a_project_is_merged_and_published(tmp_path: Path) -> None:
    async with place(tmp_path) as at, at.server.events() as events:
        project_id = (await at.ask("project.current"))["id"]
        changes = [
            {"name": "Mine", "icon": {"color": "blue"}},
            {"icon": {"url": "u"}, "commands": {"start": "make"}},
            {},
        ]
        for body in changes:
            changed = await at.ask("project.update", body, projectID=project_id)
        assert changed["name"] == "Mine"
        assert changed["icon"] == {"url": "u", "color": "blue"}
        assert changed["commands"] == {"start": "make"}
        assert await at.ask("project.current") == changed
        while (event := (await events.next())["payload"])["type"] != "project.updated" or (
            "commands" not in event["properties"]
        ):
            pass
        assert event["properties"]["name"] == "Mine"


async def test_an_unknown_project_cannot_be_changed(tmp_path: Path) -> None:
    async with place(tmp_path) as at:
        status, answer = await at.send("project.update", {"name": "x"}, projectID="nothing")
        assert (status, answer["_tag"]) == (404, "ProjectNotFoundError")
        status, answer = await at.send("project.update", {"name": 5}, projectID="nothing")
        assert status == 400
        assert '["name"]' in answer["message"]


async def test_a_plain_directory_becomes_a_repository(tmp_path: Path) -> None:
    async with running(tmp_path) as server:
        project = (tmp_path / "project").resolve()
        at = Place(server, project)
        before = await at.ask("project.current")
        assert (before["id"], before["worktree"]) == ("global", "/")
        made = await at.ask("project.initGit")
        assert (made["id"], made["worktree"], made["vcs"]) == ("global", str(project), "git")
        assert git(project, "rev-parse", "--is-inside-work-tree") == "true\n"
        assert await at.ask("project.initGit") == made
