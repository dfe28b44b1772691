"""The record of projects: opened, changed, published, kept."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from opencode.bus import Bus, Subscription
from opencode.errors import ProjectNotFoundError
from opencode.ids import Ids
from opencode.project.locate import Location
from opencode.project.projects import Projects
from opencode.schema.project import Project
from opencode.storage.database import Database


@dataclass
class Kept:
    projects: Projects
    news: Subscription

    def published(self) -> list[dict[str, Any]]:
        envelopes = self.news.take()
        assert {one.event.type for one in envelopes} <= {"project.updated"}
        assert {one.directory for one in envelopes} <= {"global"}
        return [json.loads(one.payload)["properties"] for one in envelopes]


@asynccontextmanager
async def opened(tmp_path: Path) -> AsyncIterator[Kept]:
    database, bus = await Database.open(tmp_path / "server.db"), Bus()
    try:
        yield Kept(Projects(database, bus, Ids()), bus.subscribe())
    finally:
        await database.close()


def place(worktree: str = "/p", project_id: str = "p1", *, git: bool = True) -> Location:
    return Location(worktree, worktree, project_id, "git" if git else None)


async def test_a_directory_seen_first_makes_a_project(tmp_path: Path) -> None:
    async with opened(tmp_path) as kept:
        project = await kept.projects.open(place())
        assert (project.worktree, project.vcs, project.sandboxes) == ("/p", "git", [])
        assert await kept.projects.find("p1") == project
        assert kept.published() == [project.plain()]
        assert await kept.projects.find("p2") is None


async def test_another_worktree_is_a_sandbox_once(tmp_path: Path) -> None:
    async with opened(tmp_path) as kept:
        for worktree in ("/p", "/q", "/p", "/q", "/r"):
            project = await kept.projects.open(place(worktree))
        assert (project.worktree, project.sandboxes) == ("/p", ["/q", "/r"])


async def test_what_is_outside_of_repositories_has_no_sandboxes(tmp_path: Path) -> None:
    async with opened(tmp_path) as kept:
        for _ in "12":
            project = await kept.projects.open(place("/", "global", git=False))
        assert (project.vcs, project.sandboxes) == (None, [])


async def test_a_change_is_kept_over_an_opening(tmp_path: Path) -> None:
    def name(project: Project) -> None:
        project.name = "Mine"

    async with opened(tmp_path) as kept:
        await kept.projects.open(place())
        changed = await kept.projects.change("p1", name)
        assert changed.name == "Mine"
        assert kept.published()[-1] == changed.plain()
        with pytest.raises(ProjectNotFoundError):
            await kept.projects.change("p2", name)
    async with opened(tmp_path) as again:
        assert (await again.projects.open(place())).name == "Mine"
        listed = json.loads((await again.projects.list()).body)
        assert [one["id"] for one in listed] == ["p1"]


async def test_openings_at_once_lose_no_sandbox(tmp_path: Path) -> None:
    async with opened(tmp_path) as kept:
        places = [place(f"/p{number}") for number in range(20)]
        await asyncio.gather(*(kept.projects.open(one) for one in places))
        project = await kept.projects.find("p1")
        assert project is not None
        assert sorted([project.worktree, *project.sandboxes]) == sorted(
            one.worktree for one in places
        )
