"""The process: what there is one of, and the directories opened in it."""

import asyncio
import logging
import os
from pathlib import Path
from typing import Self

import opencode
from opencode.bus import Bus, Envelope
from opencode.fetch import Fetch
from opencode.ids import Ids
from opencode.instance import Instance
from opencode.project.projects import Projects
from opencode.provider.catalog import Catalog
from opencode.provider.credentials import Credentials
from opencode.provider.llm import LLM
from opencode.provider.local import LocalModels
from opencode.schema import event as events
from opencode.schema.wire import build
from opencode.session.recovery import recover
from opencode.session.store import SessionStore
from opencode.settings import Settings
from opencode.storage.database import Database
from opencode.tasks import Tasks

log = logging.getLogger(__name__)
DATABASE_NAME = "server.db"
"""Not the name the original uses in the same directory: neither reads the other's."""


class App:
    """Everything of the process, constructed here and handed down."""

    def __init__(self, settings: Settings, database: Database) -> None:
        self.settings = settings
        self.version = opencode.__version__
        self.database = database
        self.bus = Bus()
        self.ids = Ids()
        self.tasks = Tasks()
        self.fetch = Fetch()
        self.models = LLM()
        self.credentials = Credentials(settings.paths)
        self.catalog = Catalog(
            settings.paths,
            settings.environ,
            credentials=self.credentials,
            local=LocalModels(self.fetch, settings.environ),
        )
        self.sessions = SessionStore(database, self.bus, self.ids, self.version)
        self.projects = Projects(database, self.bus, self.ids)
        self._instances: dict[str, asyncio.Task[Instance]] = {}

    @classmethod
    async def open(cls, settings: Settings) -> Self:
        """Open the data directory, and close the runs that a crash has left in it."""
        database = await Database.open(Path(settings.paths.data) / DATABASE_NAME)
        try:
            app = cls(settings, database)
            await recover(app.sessions)
        except BaseException:
            await database.close()
            raise
        return app

    async def instance(self, directory: str) -> Instance:
        """The directory, opened on first use. A failure is told, and tried again next time."""
        key = os.path.realpath(directory)
        opening = self._instances.get(key)
        if opening is None:
            opening = self.tasks.start(f"open {key}", self._open(key))
            self._instances[key] = opening
        return await asyncio.shield(opening)

    async def instance_of(self, session_id: str) -> Instance:
        """The directory a session lives in, whichever was asked. Raises `NotFoundError`."""
        session = await self.sessions.get(session_id)
        return await self.instance(session.directory)

    def opened(self) -> list[Instance]:
        """The directories open now."""
        return [
            task.result()
            for task in self._instances.values()
            if task.done() and not task.cancelled() and task.exception() is None
        ]

    def at_work(self, session_id: str) -> Instance | None:
        """The directory in which the session runs now."""
        return next((one for one in self.opened() if one.runner.busy(session_id)), None)

    def greeting(self, directory: str | None) -> list[Envelope]:
        """What a client that connects must know: who is at work, what waits for a person."""
        found: list[Envelope] = []
        for instance in self.opened():
            if directory in (None, instance.directory):
                found.extend(self._pending(instance))
        return found

    async def dispose_instance(self, directory: str) -> None:
        """Close one directory, and say so; its next request opens it afresh."""
        task = self._instances.pop(os.path.realpath(directory), None)
        if task is None:
            return
        instance = await asyncio.shield(task)
        await instance.close()
        event = events.EventServerInstanceDisposed(
            id=self.ids.event(),
            properties=events.InstanceDisposedProperties(directory=instance.directory),
        )
        instance.publish(event)

    async def dispose(self) -> None:
        """Close every directory."""
        for instance in self.opened():
            await self.dispose_instance(instance.directory)
        self.bus.publish(events.EventGlobalDisposed(id=self.ids.event()), directory="global")

    async def close(self) -> None:
        """End everything, in the order in which it leans on one another."""
        await asyncio.gather(*(instance.close() for instance in self.opened()))
        await self.tasks.close()
        self.bus.close()
        await self.models.close()
        await self.fetch.close()
        await self.sessions.close()
        await self.database.close()

    async def _open(self, directory: str) -> Instance:
        try:
            instance = await Instance.open(self, directory)
        except BaseException:
            self._instances.pop(directory, None)
            raise
        self.tasks.start("load the model clients", self._warm(instance))
        return instance

    async def _warm(self, instance: Instance) -> None:
        """Somebody is there: load now what the first prompt would have to wait for."""
        await asyncio.to_thread(build)
        await asyncio.to_thread(instance.toolbox.specs)
        if (await instance.providers()).connected:
            await self.models.warm()

    def _pending(self, instance: Instance) -> list[Envelope]:
        news: list[events.Event] = [
            events.EventSessionStatus(
                id=self.ids.event(),
                properties=events.SessionStatusProperties(session_id=session_id, status=status),
            )
            for session_id, status in instance.runner.status().items()
        ]
        news += [
            events.EventPermissionAsked(id=self.ids.event(), properties=request)
            for request in instance.broker.pending()
        ]
        news += [
            events.EventQuestionAsked(id=self.ids.event(), properties=request)
            for request in instance.broker.pending_questions()
        ]
        return [Envelope(event, instance.directory, instance.project.id) for event in news]
