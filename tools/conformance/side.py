"""A server to play on: ours or the published one, with a home of its own and its events."""

import asyncio
import json
import os
import re
import signal
import sys
from collections import defaultdict
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from tornado.httpclient import HTTPRequest
from tornado.simple_httpclient import SimpleAsyncHTTPClient

from opencode.tasks import Tasks
from tools.floors import ROOT

JSON = dict[str, Any]
SideName = Literal["theirs", "ours"]
ADDRESS = re.compile(r"listening on http://127\.0\.0\.1:(\d+)")
SWITCHES = {
    "OPENCODE_DISABLE_AUTOUPDATE": "1",
    "OPENCODE_DISABLE_MODELS_FETCH": "1",
    "OPENCODE_DISABLE_LSP_DOWNLOAD": "1",
    "OPENCODE_DISABLE_LOCAL_MODELS": "1",
}
KEPT = ("PATH", "LANG", "TMPDIR", "SHELL")
REQUEST_SECONDS = 300.0
START_SECONDS = 60.0
LONGEST_EVENT = 64 * 1024 * 1024


class SideError(Exception):
    """A server cannot be played on; the text says why."""


@dataclass(frozen=True)
class Reply:
    """What a server answered."""

    status: int
    body: Any


class News:
    """The events of one directory, as they come."""

    def __init__(self) -> None:
        self.events: list[JSON] = []
        self._changed = asyncio.Event()

    def add(self, event: JSON) -> None:
        self.events.append(event)
        self._changed.set()

    async def wait(self) -> None:
        """Until there is another one."""
        self._changed.clear()
        await self._changed.wait()


@dataclass
class Side:
    """One of the two servers."""

    name: SideName
    port: int
    home: Path
    tasks: Tasks
    news: dict[str, News] = field(default_factory=lambda: defaultdict(News))
    """By directory."""

    def __post_init__(self) -> None:
        self._client = SimpleAsyncHTTPClient(
            force_instance=True, max_clients=200, max_body_size=1 << 28
        )

    async def ask(self, method: str, path: str, directory: Path, body: Any = None) -> Reply:
        """One request for a directory."""
        mark = "&" if "?" in path else "?"
        request = HTTPRequest(
            f"http://127.0.0.1:{self.port}{path}{mark}directory={directory}",
            method=method,
            headers={"Content-Type": "application/json"},
            body=None if body is None else json.dumps(body),
            request_timeout=REQUEST_SECONDS,
            allow_nonstandard_methods=True,
        )
        answer = await self._client.fetch(request, raise_error=False)
        if answer.code == 599:
            raise SideError(f"{self.name} did not answer {method} {path}: {answer.error}")
        text = answer.body.decode("utf-8", "replace")
        try:
            return Reply(answer.code, json.loads(text) if text else None)
        except ValueError:
            return Reply(answer.code, text)

    async def listen(self) -> None:
        """Read the events of all directories until the stream ends."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port, limit=LONGEST_EVENT)
        head = f"GET /global/event HTTP/1.1\r\nHost: 127.0.0.1:{self.port}\r\n\r\n"
        writer.write(head.encode())
        await reader.readuntil(b"server.connected")
        self.tasks.start(f"events of {self.name}", self._read(reader, writer))

    async def _read(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while line := await reader.readline():
                if line.startswith(b"data: "):
                    told = json.loads(line[6:])
                    self.news[told.get("directory", "")].add(told.get("payload", told))
        finally:
            writer.close()


@asynccontextmanager
async def opened(name: SideName, command: Sequence[str], root: Path) -> AsyncIterator[Side]:
    """Start a server with a home in `root`, and listen to it."""
    home, away = root / "home", root / "away"
    home.mkdir(parents=True)
    away.mkdir()
    kept = {key: os.environ[key] for key in KEPT if key in os.environ}
    environ = {**kept, **SWITCHES, "HOME": str(home), "PYTHONPATH": str(ROOT)}
    log = root / "server.log"
    with log.open("wb") as errors:
        process = await asyncio.create_subprocess_exec(
            *command,
            cwd=away,
            env=environ,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=errors,
            start_new_session=True,
        )
    tasks = Tasks()
    try:
        side = Side(name, await _port(process, log), home, tasks)
        await side.listen()
        yield side
    finally:
        await tasks.close()
        await _stop(process)


def our_command() -> list[str]:
    return [sys.executable, "-P", "-m", "opencode.cli", "serve", "--port=0"]


async def _port(process: asyncio.subprocess.Process, log: Path) -> int:
    assert process.stdout is not None
    try:
        async with asyncio.timeout(START_SECONDS):
            while line := await process.stdout.readline():
                found = ADDRESS.search(line.decode("utf-8", "replace"))
                if found:
                    return int(found[1])
    except TimeoutError:
        pass
    raise SideError(f"the server does not start: {log.read_text(errors='replace')[-500:]}")


async def _stop(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        os.killpg(process.pid, signal.SIGTERM)
    try:
        await asyncio.wait_for(process.wait(), 10)
    except TimeoutError:
        os.killpg(process.pid, signal.SIGKILL)
        await process.wait()
