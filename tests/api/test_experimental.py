"""Capabilities, tools by model, worktrees, and the sessions of all projects."""

from pathlib import Path

import pytest

from tests.api.asking import place
from tests.flows.story import git, repository


@pytest.mark.parametrize(
    ("operation", "wanted"),
    [
        ("experimental.capabilities.get", {"backgroundSubagents": False}),
        ("experimental.console.get", {"consoleManagedProviders": [], "switchableOrgCount": 0}),
        ("experimental.console.listOrgs", {"orgs": []}),
        ("experimental.resource.list", {}),
        ("experimental.workspace.list", []),
        ("experimental.workspace.status", []),
        ("experimental.workspace.adapter.list", []),
        ("worktree.list", []),
    ],
)
async def test_what_is_lacking_is_answered_as_lacking(
    tmp_path: Path, operation: str, wanted: object
) -> None:
    async with place(tmp_path) as at:
        assert await at.ask(operation) == wanted


async def test_a_linked_worktree_is_listed_once_it_was_opened(tmp_path: Path) -> None:
    async with place(tmp_path) as at:
        await at.ask("path.get")
        git(at.project, "worktree", "add", "-q", str(tmp_path / "linked"))
        linked = str((tmp_path / "linked").resolve())
        await at.ask("path.get", directory=linked)
        assert await at.ask("worktree.list") == [linked]


async def test_tools_are_listed_with_their_schemas(tmp_path: Path) -> None:
    async with place(tmp_path) as at:
        names = await at.ask("tool.ids")
        assert {"bash", "read", "edit", "invalid"} <= set(names)
        tools = await at.ask("tool.list", provider="fake", model="m1")
        unseen = {"invalid", "apply_patch", "websearch"}
        assert {one["id"] for one in tools} == set(names) - unseen
        patching = await at.ask("tool.list", provider="fake", model="gpt-5")
        assert {one["id"] for one in patching} >= {"apply_patch", "task"}
        assert "write" not in {one["id"] for one in patching}
        [task] = [one for one in tools if one["id"] == "task"]
        assert "- explore: " in task["description"]
        assert all(one["parameters"]["type"] == "object" for one in tools)
        status, answer = await at.send("tool.list", provider="fake")
        assert status == 400
        assert '["model"]' in answer["message"]


async def test_sessions_of_all_projects_come_page_by_page(tmp_path: Path) -> None:
    repository(tmp_path / "other", {"a": ""})
    async with place(tmp_path) as at:
        other = str((tmp_path / "other").resolve())
        made = []
        for directory in (str(at.project), other, str(at.project)):
            made.append((await at.ask("session.create", {}, directory=directory))["id"])
            title = {"title": f"Number {len(made)}"}
            await at.ask("session.update", title, sessionID=made[-1])
        found = await at.ask("experimental.session.list")
        assert {one["id"] for one in found} == set(made)
        places = {one["project"]["worktree"] for one in found}
        assert places == {str(at.project), other}
        here = await at.ask("experimental.session.list", directory=other)
        assert [one["id"] for one in here] == [made[1]]
        named = await at.ask("experimental.session.list", search="number 3")
        assert [one["id"] for one in named] == [made[2]]


async def test_an_archived_session_is_shown_on_request(tmp_path: Path) -> None:
    async with place(tmp_path) as at:
        session = (await at.ask("session.create", {}))["id"]
        await at.ask("session.update", {"time": {"archived": 5}}, sessionID=session)
        assert await at.ask("experimental.session.list") == []
        shown = await at.ask("experimental.session.list", archived="true", roots="true")
        assert [one["id"] for one in shown] == [session]


async def test_the_next_page_begins_after_the_last_row(tmp_path: Path) -> None:
    async with place(tmp_path) as at:
        for _ in range(3):
            await at.ask("session.create", {})
        first = await at.server.fetch("/experimental/session?limit=2")
        cursor = first.headers["X-Next-Cursor"]
        assert f"cursor={cursor}" in first.headers["Link"]
        rest = await at.server.fetch(f"/experimental/session?limit=9&cursor={cursor}")
        assert rest.code == 200
        assert "X-Next-Cursor" not in rest.headers
