"""A session store on a real database, with what it publishes; messages and parts to put into it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from opencode.bus import Bus, Subscription
from opencode.ids import Ids
from opencode.schema.message import (
    AssistantMessage,
    AssistantMessageTime,
    MessagePath,
    UserMessage,
    UserMessageTime,
    UserModel,
)
from opencode.schema.part import PartTime, TextPart
from opencode.schema.session import Session, SessionCreateInput
from opencode.session.store import Place, SessionStore
from opencode.storage.database import Database

HERE = Place("p1", "/d", "")


@dataclass
class Kept:
    """A store, and everything it publishes."""

    store: SessionStore
    database: Database
    bus: Bus
    news: Subscription

    async def session(self, **given: Any) -> Session:
        """A new session; what was published so far is forgotten."""
        session = await self.store.create(HERE, SessionCreateInput(**given))
        self.news.take()
        return session

    def published(self) -> list[str]:
        """The types of what was published since the last time."""
        return [envelope.event.type for envelope in self.news.take()]

    async def answer(self, session_id: str, **given: Any) -> AssistantMessage:
        """An answer under way, to a prompt that is stored too."""
        prompt = user_message(self.store.ids, session_id)
        await self.store.save_message(prompt)
        message = assistant_message(self.store.ids, prompt, **given)
        await self.store.save_message(message)
        self.news.take()
        return message


@asynccontextmanager
async def open_store(path: Path) -> AsyncIterator[Kept]:
    """A store in a file; closed, with what still streams saved, at the end."""
    database = await Database.open(path / "server.db")
    bus = Bus()
    store = SessionStore(database, bus, Ids(), "1.0.0")
    try:
        yield Kept(store, database, bus, bus.subscribe())
    finally:
        await store.close()
        await database.close()


def user_message(ids: Ids, session_id: str, **given: Any) -> UserMessage:
    known: dict[str, Any] = {
        "id": ids.message(),
        "session_id": session_id,
        "time": UserMessageTime(created=1),
        "agent": "build",
        "model": UserModel(provider_id="fake", model_id="m1"),
    }
    return UserMessage(**{**known, **given})


def assistant_message(ids: Ids, parent: UserMessage, **given: Any) -> AssistantMessage:
    known: dict[str, Any] = {
        "id": ids.message(),
        "session_id": parent.session_id,
        "time": AssistantMessageTime(created=2),
        "parent_id": parent.id,
        "provider_id": "fake",
        "model_id": "m1",
        "mode": "build",
        "agent": "build",
        "path": MessagePath(cwd="/d", root="/"),
    }
    return AssistantMessage(**{**known, **given})


def text_part(ids: Ids, message: UserMessage | AssistantMessage, text: str = "") -> TextPart:
    return TextPart(
        id=ids.part(),
        session_id=message.session_id,
        message_id=message.id,
        text=text,
        time=PartTime(start=1),
    )
