"""A scripted model behind the real wire formats of four vendors, for tests and by hand.

usage: python -m tests.scripted_model PORT

It answers on one port `POST .../chat/completions` (OpenAI and compatible), `.../responses`
(OpenAI), `.../messages` (Anthropic), `...:streamGenerateContent` (Google), and lists its model at
`GET .../models`. What it says comes from, in this order: a title for a request without tools whose
system text speaks of a title; a `SCRIPT: [...]` in a user message, one turn an answer; the turns
queued on the object; a greeting. A turn is an object of any of these:

    text, words (a number), reasoning, tools [{name, args}], usage (in the vendor's own spelling),
    finish (stop, length, tool_calls, content_filter; null for a stream that just ends)
    delay (seconds before each piece), hold (a name: after the text, wait for `release(name)`)
    status, headers, body (an answer that is an error), type (another content type)
    cut (drop the connection after the text; "tools": after the calls)
    error (an error object in mid-stream), raw (any text)
"""

import asyncio
import contextlib
import json
import sys
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

from tornado.httpserver import HTTPServer
from tornado.iostream import StreamClosedError
from tornado.netutil import bind_sockets
from tornado.web import Application, RequestHandler

from tests.scripted_wires import JSON, SPEAKERS, Speaker

GREETING: JSON = {"text": "Hello from the scripted model."}
TITLE: JSON = {"text": "A scripted title"}
PROTOCOLS = {
    "compatible": ("@ai-sdk/openai-compatible", "/v1"),
    "openai": ("@ai-sdk/openai", "/v1"),
    "anthropic": ("@ai-sdk/anthropic", "/v1"),
    "google": ("@ai-sdk/google", "/v1beta"),
}


@dataclass
class Received:
    """One request as it arrived; header names in lower case."""

    path: str
    headers: dict[str, str]
    body: JSON


class ScriptedModel:
    """A model server in the running loop: `async with ScriptedModel([turn, ...]) as model`."""

    def __init__(self, turns: list[JSON] | None = None, *, port: int = 0) -> None:
        self.requests: list[Received] = []
        self.disconnects = 0
        """How many answers their client did not wait for."""
        self._turns = deque(turns or [])
        self._wanted_port = port
        self._calls = 0
        self._released: dict[str, asyncio.Event] = {}
        self._reached: dict[str, asyncio.Event] = {}
        self._waiters: list[tuple[Callable[[], bool], asyncio.Future[None]]] = []
        self._server: HTTPServer | None = None
        self.port = port

    async def __aenter__(self) -> Self:
        # Application logs every request; a test wants its own log lines only.
        rules: list[Any] = [(r"(/.*)", Endpoint, {"model": self})]
        application = Application(rules, log_function=lambda handler: None)
        self._server = HTTPServer(application, max_body_size=1 << 28)
        sockets = bind_sockets(self._wanted_port, "127.0.0.1")
        self._server.add_sockets(sockets)
        self.port = sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for event in self._released.values():
            event.set()
        if self._server is not None:
            self._server.stop()
            await self._server.close_all_connections()

    def queue(self, *turns: JSON) -> None:
        """Say these next."""
        self._turns.extend(turns)

    def begin(self, *turns: JSON) -> None:
        """Start over with these: nothing was asked yet, nothing else is left to say."""
        self.requests.clear()
        self._turns = deque(turns)
        for event in self._released.values():
            event.set()
        self._released, self._reached = {}, {}

    def release(self, name: str) -> None:
        """Let every answer go on that waits, or will wait, at this hold."""
        self._event(self._released, name).set()

    async def held(self, name: str) -> None:
        """Wait until an answer has come to this hold."""
        await self._event(self._reached, name).wait()

    async def disconnected(self, count: int = 1) -> None:
        """Wait until so many clients have gone before their answer was complete."""
        await self._until(lambda: self.disconnects >= count)

    async def received(self, count: int) -> None:
        """Wait until so many requests have arrived."""
        await self._until(lambda: len(self.requests) >= count)

    def base_url(self, protocol: str = "compatible") -> str:
        return f"http://127.0.0.1:{self.port}{PROTOCOLS[protocol][1]}"

    def provider(self, protocol: str = "compatible", **model: Any) -> JSON:
        """This server as an entry of a configuration's `provider`; `model` changes its model."""
        facts = {
            "name": "M1",
            "tool_call": True,
            "limit": {"context": 128000, "output": 8000},
            **model,
        }
        return {
            "npm": PROTOCOLS[protocol][0],
            "name": "Fake",
            "options": {"baseURL": self.base_url(protocol), "apiKey": "k"},
            "models": {"m1": facts},
        }

    def config(self, protocol: str = "compatible", **model: Any) -> JSON:
        """An `opencode.json` that uses nothing but this server."""
        return {
            "model": "fake/m1",
            "small_model": "fake/m1",
            "autoupdate": False,
            "share": "disabled",
            "provider": {"fake": self.provider(protocol, **model)},
        }

    def note(self, received: Received) -> None:
        """A request has arrived."""
        self.requests.append(received)
        self._wake()

    def gone(self) -> None:
        """A client has left before the end."""
        self.disconnects += 1
        self._wake()

    def turn(self, speaker: Speaker) -> JSON:
        """What to say to this request."""
        conversation = speaker.conversation()
        if not speaker.body.get("tools") and "title" in conversation.system.lower():
            return TITLE
        scripted = conversation.scripted()
        if scripted is not None:
            return scripted
        return self._turns.popleft() if self._turns else GREETING

    def calls(self, turn: JSON) -> list[tuple[str, str, str]]:
        """The calls of a turn with ids never used before."""
        found = []
        for call in turn.get("tools", ()):
            self._calls += 1
            arguments = call.get("args", {})
            text = arguments if isinstance(arguments, str) else json.dumps(arguments)
            found.append((f"call_{self._calls}", call["name"], text))
        return found

    async def hold(self, name: str) -> None:
        self._event(self._reached, name).set()
        await self._event(self._released, name).wait()

    async def _until(self, true: Callable[[], bool]) -> None:
        if not true():
            future = asyncio.get_running_loop().create_future()
            self._waiters.append((true, future))
            await future

    def _wake(self) -> None:
        for true, future in self._waiters:
            if true() and not future.done():
                future.set_result(None)

    def _event(self, events: dict[str, asyncio.Event], name: str) -> asyncio.Event:
        return events.setdefault(name, asyncio.Event())


class Endpoint(RequestHandler):
    """Every address of the server."""

    def initialize(self, model: ScriptedModel) -> None:
        self.model = model
        self.left = False
        self.waiting: asyncio.Task[None] | None = None

    def get(self, path: str) -> None:
        self.finish({"object": "list", "data": [{"id": "m1", "object": "model"}]})

    async def post(self, path: str) -> None:
        body = json.loads(self.request.body)
        headers = {name.lower(): value for name, value in self.request.headers.get_all()}
        speaker = next((it for end, it in SPEAKERS.items() if path.endswith(end)), None)
        if speaker is None:
            self.set_status(404)
            self.finish({"error": {"message": f"no such address: {path}"}})
            return
        self.model.note(Received(self.request.uri or path, headers, body))
        self.waiting = asyncio.current_task()
        try:
            await self._answer(speaker(body))
        except (StreamClosedError, asyncio.CancelledError):
            if not self.left:
                raise

    def on_connection_close(self) -> None:
        self.left = True
        if self.waiting is not None:
            self.waiting.cancel()
        self.model.gone()

    async def _answer(self, speaker: Speaker) -> None:
        turn = self.model.turn(speaker)
        for name, value in turn.get("headers", {}).items():
            self.set_header(name, value)
        if "status" in turn:
            self._refuse(turn)
            return
        self.set_header("Content-Type", turn.get("type", "text/event-stream"))
        await self._send(speaker.start(), turn)
        if turn.get("reasoning"):
            await self._send(speaker.reasoning(turn["reasoning"]), turn)
        text = turn.get("text", "")
        if "words" in turn:
            text = " ".join(f"word{number}" for number in range(turn["words"]))
        if text:
            await self._send(speaker.text(text), turn)
        if "hold" in turn:
            await self.flush()
            await self.model.hold(turn["hold"])
        await self._end(speaker, turn)

    async def _end(self, speaker: Speaker, turn: JSON) -> None:
        if turn.get("cut") and turn["cut"] != "tools":
            await self._drop()
            return
        if "raw" in turn:
            await self._send([turn["raw"]], turn)
            return
        if "error" in turn:
            await self._send(speaker.error(turn["error"]), turn)
            return
        calls = self.model.calls(turn)
        await self._send(speaker.tools(calls), turn)
        if turn.get("cut") == "tools":
            await self._drop()
            return
        reason = turn.get("finish", "tool_calls" if calls else "stop")
        await self._send(speaker.finish(reason, turn.get("usage", speaker.usage)), turn)

    async def _drop(self) -> None:
        await self.flush()
        connection: Any = self.request.connection
        connection.stream.close()

    async def _send(self, frames: list[str], turn: JSON) -> None:
        for frame in frames:
            if turn.get("delay"):
                await asyncio.sleep(turn["delay"])
            self.write(frame)
            await self.flush()

    def _refuse(self, turn: JSON) -> None:
        status = turn["status"]
        self.set_status(status, turn.get("reason"))
        message = {"message": f"scripted error {status}", "type": "scripted", "code": None}
        body = turn.get("body", {"error": message})
        if isinstance(body, str):
            self.finish(body)
            return
        self.set_header("Content-Type", "application/json")
        self.finish(json.dumps(body))


async def serve(port: int) -> None:
    """Answer until stopped."""
    async with ScriptedModel(port=port) as model:
        print(f"scripted model on http://127.0.0.1:{model.port}", flush=True)
        await asyncio.Event().wait()


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(serve(int(sys.argv[1])))
