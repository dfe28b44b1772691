"""A directory at work with a scripted model, without a server: sessions, prompts, the news."""

import json
import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from opencode.app import App
from opencode.bus import Subscription
from opencode.instance import Instance
from opencode.schema.message import AssistantMessage, MessageWithParts, SessionPromptInput
from opencode.schema.part import ToolPart
from opencode.schema.session import SessionCreateInput
from opencode.session.store import Place
from tests.conftest import open_app
from tests.scripted_model import ScriptedModel

JSON = dict[str, Any]


@dataclass
class Working:
    """An opened directory, its model, and everything it published."""

    app: App
    instance: Instance
    model: ScriptedModel
    news: Subscription
    session_id: str
    seen: list[JSON] = field(default_factory=list)

    def follow(self) -> list[JSON]:
        """Everything published until now."""
        self.seen += [json.loads(envelope.payload) for envelope in self.news.take()]
        return self.seen

    def of(self, kind: str) -> list[JSON]:
        """The properties of all events of a type."""
        return [one["properties"] for one in self.follow() if one["type"] == kind]

    async def until(self, kind: str, wanted: Callable[[JSON], bool] = lambda it: True) -> JSON:
        """The properties of the first event of a type that is as wanted, past ones included."""
        while True:
            found = next((it for it in self.of(kind) if wanted(it)), None)
            if found is not None:
                return found
            assert await self.news.wait()

    async def session(self, **given: Any) -> str:
        location = self.instance.location
        place = Place(self.instance.project.id, self.instance.directory, location.path)
        return (await self.app.sessions.create(place, SessionCreateInput(**given))).id

    def given(self, text: str, **given: Any) -> SessionPromptInput:
        return SessionPromptInput.model_validate(
            {"parts": [{"type": "text", "text": text}], **given}
        )

    async def prompt(self, text: str = "go", **given: Any) -> MessageWithParts:
        """Ask and wait for the answer."""
        session_id = given.pop("session", self.session_id)
        return await self.instance.runner.prompt(session_id, self.given(text, **given))

    async def accept(self, text: str = "go", **given: Any) -> str:
        """Ask without waiting; the id of the message."""
        session_id = given.pop("session", self.session_id)
        accepted = await self.instance.runner.accept(session_id, self.given(text, **given))
        return accepted.id

    async def idle(self) -> None:
        """Until nothing runs."""
        while self.instance.runner.status():
            assert await self.news.wait()
            self.follow()

    async def messages(self) -> list[MessageWithParts]:
        return await self.app.sessions.messages(self.session_id)

    async def answers(self) -> list[AssistantMessage]:
        found = [one.info for one in await self.messages()]
        return [one for one in found if isinstance(one, AssistantMessage)]

    def asked(self) -> list[JSON]:
        """The bodies of the requests the model got, without those for a title."""
        bodies = [request.body for request in self.model.requests]
        return [body for body in bodies if body.get("tools")]


@asynccontextmanager
async def working(tmp_path: Path, *turns: JSON, **config: Any) -> AsyncIterator[Working]:
    """A project whose model will say `turns`; the session has a title already."""
    async with ScriptedModel(list(turns)) as model, open_app(tmp_path) as app:
        directory = app.settings.directory
        costs: JSON = {"cost": {"input": 1, "output": 2, "cache_read": 0.1}}
        Path(directory, "opencode.json").write_text(json.dumps({**model.config(**costs), **config}))
        instance = await app.instance(directory)
        found = Working(app, instance, model, app.bus.subscribe(), "")
        found.session_id = await found.session(title="A session")
        found.news.take()
        yield found


def tools(message: MessageWithParts) -> list[ToolPart]:
    return [part for part in message.parts if isinstance(part, ToolPart)]


def texts(message: MessageWithParts) -> list[str]:
    return [part.text for part in message.parts if part.type == "text"]


def error_of(message: MessageWithParts) -> JSON | None:
    assert isinstance(message.info, AssistantMessage)
    return None if message.info.error is None else message.info.error.plain()


def exists(pid: int) -> bool:
    """Whether a process that is not merely uncollected has this number."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state not in "ZX" and os.path.exists(f"/proc/{pid}")
