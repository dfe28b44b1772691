"""The projects this data directory has seen, and what a person has said of them."""

from collections.abc import Callable

from opencode.bus import Bus
from opencode.errors import ProjectNotFoundError
from opencode.ids import Ids, now_ms
from opencode.project.locate import Location
from opencode.schema.event import EventProjectUpdated
from opencode.schema.project import Project, ProjectTime
from opencode.schema.wire import Encoded
from opencode.storage import records
from opencode.storage.database import Database


class Projects:
    """The record of projects; every change is published, without a directory."""

    def __init__(self, database: Database, bus: Bus, ids: Ids) -> None:
        self._db = database
        self._bus = bus
        self._ids = ids

    async def open(self, location: Location) -> Project:
        """Note that a directory of the project was opened, and return its record.

        The first worktree seen stays the project's; further ones are its sandboxes.
        """

        def job(db: records.Connection) -> Project:
            now = now_ms()
            data = records.get_project(db, location.project_id)
            if data is None:
                project = Project(
                    id=location.project_id,
                    worktree=location.worktree,
                    vcs=location.vcs,
                    time=ProjectTime(created=now, updated=now),
                    sandboxes=[],
                )
            else:
                project = Project.parse(data)
                known = (project.worktree, *project.sandboxes)
                if location.vcs and location.worktree not in known:
                    project.sandboxes = [*project.sandboxes, location.worktree]
                project.time.updated = max(now, project.time.updated)
            records.put_project(db, project.id, project.worktree, project.wire())
            return project

        return self._published(await self._db.write(job))

    async def change(self, project_id: str, change: Callable[[Project], None]) -> Project:
        """Apply `change` and publish. Raises `ProjectNotFoundError`."""

        def job(db: records.Connection) -> Project:
            data = records.get_project(db, project_id)
            if data is None:
                raise ProjectNotFoundError(project_id)
            project = Project.parse(data)
            change(project)
            project.time.updated = max(now_ms(), project.time.updated)
            records.put_project(db, project.id, project.worktree, project.wire())
            return project

        return self._published(await self._db.write(job))

    async def find(self, project_id: str) -> Project | None:
        data = await self._db.read(lambda db: records.get_project(db, project_id))
        return None if data is None else Project.parse(data)

    async def list(self) -> Encoded[list[Project]]:
        rows = await self._db.read(records.list_projects)
        return Encoded(f"[{','.join(rows)}]".encode())

    def _published(self, project: Project) -> Project:
        event = EventProjectUpdated(id=self._ids.event(), properties=project)
        self._bus.publish(event, directory="global", project=project.id)
        return project
