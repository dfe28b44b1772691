"""One side of one scenario: a client of the server, and everything that can be seen of it."""

import asyncio
import time
from dataclasses import dataclass, field
from typing import Any

from tests.scripted_model import Received, ScriptedModel
from tools.conformance.places import Places
from tools.conformance.side import News, Reply, Side, SideError

JSON = dict[str, Any]
TITLE = "Scenario"
PLAYED = "played to the end"
QUIET = 0.3
"""Seconds without news after which a side counts as settled."""
MOST_QUIET = 5.0


@dataclass
class Record:
    """What one side has shown, as it was."""

    outcome: str = PLAYED
    answers: list[JSON] = field(default_factory=list)
    sessions: list[JSON] = field(default_factory=list)
    messages: list[list[JSON]] = field(default_factory=list)
    """Of each session, in the same order."""
    requests: list[Received] = field(default_factory=list)
    events: list[JSON] = field(default_factory=list)
    files: dict[str, str] = field(default_factory=dict)


class Stage:
    """Plays on one side, and keeps the record."""

    def __init__(
        self, side: Side, places: Places, model: ScriptedModel, tokens: dict[str, str]
    ) -> None:
        self.side = side
        self.places = places
        self.model = model
        self.tokens = tokens
        """What the placeholders of the scenario stand for here."""
        self.record = Record()
        self.session_id = ""
        """The session last made."""
        self.message_ids: list[str] = []
        """Of the prompts that were answered, the ids of the answers."""
        self._sessions: list[str] = []
        self._read = 0
        self._before = places.files()
        self.news.events.clear()

    @property
    def news(self) -> News:
        return self.side.news[str(self.places.project)]

    # What a client does ---------------------------------------------------------------------------

    async def session(self, **body: Any) -> str:
        """A new session; it has a title, so that none is asked for, or is `untitled`."""
        given = body if body.pop("untitled", False) else {"title": TITLE, **body}
        reply = await self._ask("POST", "/session", given)
        if reply.status != 200:
            raise SideError(f"no session: {reply}")
        self.session_id = reply.body["id"]
        self._sessions.append(self.session_id)
        return self.session_id

    async def prompt(self, text: str = "", *, parts: list[JSON] | None = None, **body: Any) -> JSON:
        """Say something and wait for the answer; how it ended is part of the record."""
        given = {"parts": parts or [{"type": "text", "text": text}], **body}
        reply = await self._ask("POST", f"/session/{self.session_id}/message", given)
        answer = reply.body if isinstance(reply.body, dict) else {}
        if reply.status == 200:
            self.message_ids.append(answer["info"]["id"])
        self._note("prompt", reply.status, _ending(answer) if reply.status == 200 else reply.body)
        await self._finished()
        self._read = len(self.news.events)
        return answer

    async def start(self, text: str, **body: Any) -> None:
        """Say something and do not wait."""
        given = {"parts": [{"type": "text", "text": text}], **body}
        reply = await self._ask("POST", f"/session/{self.session_id}/prompt_async", given)
        self._note("prompt_async", reply.status, reply.body)

    async def ask(self, method: str, path: str, body: Any = None) -> Any:
        """Any request; its answer is part of the record. `{session}` is the session."""
        reply = await self._ask(method, path.replace("{session}", self.session_id), body)
        self._note(f"{method} {path}", reply.status, reply.body)
        return reply.body

    async def peek(self, path: str) -> Any:
        """A look that leaves no record."""
        return (await self._ask("GET", path.replace("{session}", self.session_id))).body

    async def until(self, kind: str, **wanted: Any) -> JSON:
        """The next event of this type whose properties hold `wanted`."""
        while True:
            while self._read < len(self.news.events):
                event = self.news.events[self._read]
                self._read += 1
                given = event.get("properties", {})
                if event["type"] == kind and all(given.get(k) == v for k, v in wanted.items()):
                    return event
            await self.news.wait()

    async def part(self, kind: str, status: str | None = None) -> JSON:
        """The next part of this type, in this state."""
        while True:
            given = (await self.until("message.part.updated"))["properties"]["part"]
            if given["type"] == kind and status in (None, given.get("state", {}).get("status")):
                return dict(given)

    async def idle(self) -> None:
        """Until the session has nothing more to do."""
        await self.until("session.idle", sessionID=self.session_id)

    async def reply(self, reply: str, message: str | None = None) -> JSON:
        """Answer the next request for permission."""
        asked: JSON = (await self.until("permission.asked"))["properties"]
        self.record.answers.append({"what": "permission asked", "body": asked})
        body = {"reply": reply, **({"message": message} if message else {})}
        await self.ask("POST", f"/permission/{asked['id']}/reply", body)
        return asked

    async def answer(self, answers: list[list[str]] | None) -> JSON:
        """Answer the next question, or reject it."""
        asked: JSON = (await self.until("question.asked"))["properties"]
        self.record.answers.append({"what": "question asked", "body": asked})
        if answers is None:
            await self.ask("POST", f"/question/{asked['id']}/reject")
        else:
            await self.ask("POST", f"/question/{asked['id']}/reply", {"answers": answers})
        return asked

    async def abort(self) -> None:
        await self.ask("POST", "/session/{session}/abort")
        await self.settled()

    async def settled(self) -> None:
        """Until nothing has happened for a moment: summaries and titles come late."""
        began = time.monotonic()
        while time.monotonic() - began < MOST_QUIET:
            try:
                await asyncio.wait_for(self.news.wait(), QUIET)
            except TimeoutError:
                return

    # The record -----------------------------------------------------------------------------------

    async def collect(self) -> Record:
        """Everything there is to see at the end."""
        await self.settled()
        record = self.record
        for session_id in await self._family():
            path = f"/session/{session_id}"
            record.sessions.append((await self._ask("GET", path)).body)
            reply = await self._ask("GET", f"{path}/message")
            if reply.status != 200:
                self._note("messages", reply.status, reply.body)
            record.messages.append(reply.body if reply.status == 200 else [])
        record.requests = list(self.model.requests)
        record.events = list(self.news.events)
        now = self.places.files()
        record.files = {
            name: now.get(name, "deleted")
            for name in sorted({*now, *self._before})
            if now.get(name) != self._before.get(name)
        }
        return record

    async def _finished(self) -> None:
        """Until the session is not at work: the answer may come a little earlier."""
        while True:
            busy = (await self._ask("GET", "/session/status")).body
            if self.session_id not in busy:
                return
            await asyncio.sleep(0.02)

    async def _family(self) -> list[str]:
        """The sessions of the scenario, each followed by its children."""
        found: list[str] = []
        for session_id in self._sessions:
            reply = await self._ask("GET", f"/session/{session_id}/children")
            if reply.status == 200:
                children = sorted(reply.body, key=lambda one: one["time"]["created"])
                found += [session_id, *(one["id"] for one in children)]
        return found

    async def _ask(self, method: str, path: str, body: Any = None) -> Reply:
        filled = fill(body, self.tokens)
        return await self.side.ask(method, path, self.places.project, filled)

    def _note(self, what: str, status: int, body: Any) -> None:
        self.record.answers.append({"what": what, "status": status, "body": body})


def fill(value: Any, tokens: dict[str, str]) -> Any:
    """The value with every placeholder replaced."""
    match value:
        case str():
            for token, text in tokens.items():
                value = value.replace(token, text)
            return value
        case list():
            return [fill(one, tokens) for one in value]
        case dict():
            return {fill(key, tokens): fill(one, tokens) for key, one in value.items()}
        case _:
            return value


def _ending(answer: JSON) -> JSON:
    """How an answer ended; the rest of it is compared with the stored messages."""
    info = answer["info"]
    kept = {key: info[key] for key in ("role", "finish", "error") if key in info}
    return {**kept, "parts": [part["type"] for part in answer["parts"]]}
