"""One directory, opened: what it is made of and what a model is told about it."""

import asyncio
import os
from pathlib import Path

from opencode.session.history import Surroundings
from tests.conftest import open_app
from tests.flows.story import repository
from tests.session.working import JSON, working


async def test_a_repository_is_its_project(tmp_path: Path) -> None:
    repository(tmp_path / "project", {"AGENTS.md": "Be brief.", "src/a.py": ""})
    async with open_app(tmp_path) as app:
        root = app.settings.directory
        instance = await app.instance(os.path.join(root, "src"))
        assert instance.directory == os.path.join(root, "src")
        assert instance.project.worktree == root
        assert instance.location.path == "src"
        told = await instance.surroundings()
        assert isinstance(told, Surroundings)
        assert (told.directory, told.worktree, told.git) == (instance.directory, root, True)
        assert list(told.instructions) == [(os.path.join(root, "AGENTS.md"), "Be brief.")]


async def test_outside_of_a_repository_the_project_is_global(tmp_path: Path) -> None:
    async with open_app(tmp_path) as app:
        instance = await app.instance(app.settings.directory)
        assert (instance.project.id, instance.location.worktree) == ("global", "/")
        assert not (await instance.surroundings()).git


async def test_its_news_belong_to_its_directory(tmp_path: Path) -> None:
    async with working(tmp_path) as it:
        envelopes = it.app.bus.subscribe()
        await it.prompt()
        found = {(one.directory, one.project) for one in envelopes.take()}
        assert found == {(it.instance.directory, it.instance.project.id)}


async def test_what_was_allowed_for_always_is_kept_for_the_project(tmp_path: Path) -> None:
    bash = {"name": "bash", "args": {"command": "git status"}}
    turns: list[JSON] = [{"tools": [bash]}, {"text": "done"}]
    async with working(tmp_path, *turns, permission={"bash": "ask"}) as it:
        waiting = asyncio.ensure_future(it.prompt())
        asked = await it.until("permission.asked")
        await it.instance.broker.reply(asked["id"], "always")
        await waiting
        query = "SELECT project_id, permission, pattern FROM permission"
        rows = await it.app.database.read(lambda db: db.execute(query).fetchall())
        assert rows == [(it.instance.project.id, "bash", "git status *")]


async def test_closing_twice_is_closing_once(tmp_path: Path) -> None:
    async with working(tmp_path) as it:
        await it.instance.close()
        await it.instance.close()
