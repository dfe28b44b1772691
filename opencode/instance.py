"""One project directory, opened: everything of it is constructed here and nowhere else."""

import asyncio
import os
import platform
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Self

from opencode.agent.agents import Agents
from opencode.agent.commands import Commands
from opencode.agent.instructions import instructions
from opencode.agent.skills import SkillPlaces, Skills
from opencode.bus import Envelope, Publishable
from opencode.ids import now_ms
from opencode.permission.broker import Broker, PermissionEvent, QuestionEvent
from opencode.permission.unattended import Asked, Patience
from opencode.project.config import load_config
from opencode.project.files import Files
from opencode.project.finder import Finder
from opencode.project.git import Git
from opencode.project.locate import Location, locate
from opencode.project.search import Search
from opencode.project.snapshot import COLLECT_EVERY, Snapshot
from opencode.provider.catalog import ProviderSet
from opencode.schema.config import CompactionConfig, Config
from opencode.schema.project import Project
from opencode.schema.request import PermissionRule
from opencode.session.calls import Workshop
from opencode.session.command import CommandRunner
from opencode.session.history import Surroundings
from opencode.session.inclusion import Includer
from opencode.session.planning import Planning
from opencode.session.reading import FileReader
from opencode.session.revert import Reverts
from opencode.session.run import Desk
from opencode.session.runner import Runner
from opencode.session.shell import Shell
from opencode.session.states import KnownStates
from opencode.storage import records
from opencode.tasks import Tasks
from opencode.tool import built_in
from opencode.tool.bash import environment_of, shell_of
from opencode.tool.flags import plan_mode
from opencode.tool.toolbox import Toolbox

if TYPE_CHECKING:
    from opencode.app import App


class Remembered:
    """What users of a project allowed for always."""

    def __init__(self, app: "App", project_id: str) -> None:
        self._db = app.database
        self._project_id = project_id

    async def add(self, permission: str, pattern: str) -> None:
        await self._db.write(
            lambda db: records.remember_permission(
                db, self._project_id, permission, [pattern], now_ms()
            )
        )

    async def all(self) -> Sequence[PermissionRule]:
        rows = await self._db.read(lambda db: records.remembered_permissions(db, self._project_id))
        return [
            PermissionRule(permission=permission, pattern=pattern, action="allow")
            for permission, pattern in rows
        ]


class Instance:
    """A directory at work."""

    def __init__(
        self,
        app: "App",
        location: Location,
        config: Config,
        project: Project,
        *,
        skills: Skills,
        skill_directories: Sequence[str],
    ) -> None:
        paths, environ = app.settings.paths, app.settings.environ
        self.app = app
        self.location = location
        self.directory = location.directory
        self.config = config
        self.project = project
        self.tasks = Tasks()
        self.search = Search.installed()
        self.files = Files(location.directory)
        self.finder = Finder(self.search, location.directory)
        self.git = Git(location)
        self.snapshot = Snapshot(location, paths, enabled=config.snapshot is not False)
        self.states = KnownStates(self.snapshot)
        self.agents = Agents(config, paths, location.worktree, skills=skill_directories)
        self.skills = skills
        self.commands = Commands(config, self.skills)
        self.broker = Broker(
            self._publish_request,
            app.ids,
            Remembered(app, project.id),
            Patience(config.unattended, self._heard),
        )
        self.toolbox = Toolbox(
            built_in(
                environ=environ,
                ids=app.ids,
                tasks=self.tasks,
                search=self.search,
                fetch=app.fetch,
                skills=self.skills.list,
            ),
            app.ids,
        )
        shop = Workshop(
            store=app.sessions,
            toolbox=self.toolbox,
            broker=self.broker,
            tasks=self.tasks,
            directory=location.directory,
            worktree=location.worktree,
            output_directory=os.path.join(paths.data, "tool-output"),
        )
        self.runner = Runner(
            Desk(
                shop=shop,
                models=app.models,
                providers=self.providers,
                agents=self.agents,
                snapshots=self.states,
                surroundings=self.surroundings,
                read=FileReader(shop).read,
                planning=Planning(plan_mode(environ), location.worktree, paths.data),
                skills=self.skills.list,
                subagent_depth=config.subagent_depth,
                compaction=config.compaction or CompactionConfig(),
            )
        )
        self.reverts = Reverts(self.runner, app.sessions, self.states)
        self.shell = Shell(self.runner, shop, self.states)
        self.command_runner = CommandRunner(
            self.runner,
            app.sessions,
            self.tasks,
            commands=self.commands,
            agents=self.agents,
            includer=Includer(
                location.directory,
                location.worktree,
                shell=shell_of(environ),
                environ=environment_of(environ),
                agents=self.agents,
            ),
        )

    @classmethod
    async def open(cls, app: "App", directory: str) -> Self:
        """Open a directory. Raises what a bad directory or a bad configuration raises."""
        location = await locate(directory)
        settings = app.settings
        config = await load_config(
            location.directory, location.worktree, paths=settings.paths, environ=settings.environ
        )
        project = await app.projects.open(location)
        places = SkillPlaces.of(location, config, settings.paths, environ=settings.environ)
        skills = await asyncio.to_thread(Skills, places)
        directories = await skills.directories()
        opened = cls(app, location, config, project, skills=skills, skill_directories=directories)
        opened.tasks.start("collect the states of files", opened.tidy())
        return opened

    async def providers(self) -> ProviderSet:
        """The providers as configuration and credentials make them now."""
        return await self.app.catalog.providers_for(self.config)

    async def surroundings(self) -> Surroundings:
        """What a model is told about this directory."""
        location = self.location
        return Surroundings(
            directory=location.directory,
            worktree=location.worktree,
            git=location.vcs == "git",
            platform=platform.system().lower(),
            today=datetime.now().astimezone().date(),
            instructions=await instructions(
                location.directory,
                location.worktree,
                self.app.settings.paths,
                self.config.instructions or (),
            ),
        )

    async def tidy(self) -> None:
        """Now and then drop what nobody needs any more, until the directory is closed."""
        while True:
            await self.snapshot.collect_if_due()
            await asyncio.sleep(COLLECT_EVERY)

    def publish(self, event: Publishable) -> None:
        """Publish news of this directory."""
        self.app.bus.publish(event, directory=self.directory, project=self.project.id)

    async def close(self) -> None:
        """End what runs here."""
        await self.runner.close()
        self.broker.close()
        await self.tasks.close()

    def _publish_request(self, event: PermissionEvent | QuestionEvent) -> None:
        self.app.sessions.announce(event.properties.session_id, event)

    def _heard(self, asked: Asked) -> bool:
        """Whether a client follows the events of this directory, or of the session."""
        return self.app.bus.heard(Envelope(asked, self.directory, self.project.id))
