"""What tests share: a temporary home, the process, a real server on a free port, its events.

No async fixtures: a test enters these context managers itself.
"""

import asyncio
import json
import os
import socket
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from tornado.httpclient import AsyncHTTPClient, HTTPResponse
from tornado.httputil import HTTPHeaders
from tornado.simple_httpclient import SimpleAsyncHTTPClient
from tornado.testing import bind_unused_port

from opencode.app import App
from opencode.server.listen import Server
from opencode.settings import Paths, Settings

PATIENCE = 30.0
"""How long a test waits for what must happen; only a broken program needs it."""
LEFT_ALONE = ("PATH", "HOME", "LANG", "TMPDIR", "USER", "VIRTUAL_ENV", "PYTHONPATH", "CI")


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """No key, proxy or setting of the person who runs the tests reaches the program."""
    for name in list(os.environ):
        if name not in LEFT_ALONE and not name.startswith(("PYTEST", "LC_", "PLAYWRIGHT")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("OPENCODE_DISABLE_MODELS_FETCH", "1")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    yield


def make_settings(tmp_path: Path, **changes: Any) -> Settings:
    """The settings of a server whose home and project are under `tmp_path`."""
    home, project = tmp_path / "home", tmp_path / "project"
    home.mkdir(exist_ok=True)
    project.mkdir(exist_ok=True)
    environ = {**os.environ, "HOME": str(home), **changes.pop("environ", {})}
    changes.setdefault("directory", os.path.realpath(project))
    return Settings(paths=Paths.from_environ(environ), environ=environ, **changes)


@asynccontextmanager
async def open_app(tmp_path: Path, **changes: Any) -> AsyncIterator[App]:
    """The process without a server."""
    app = await App.open(make_settings(tmp_path, **changes))
    try:
        yield app
    finally:
        await app.close()


@dataclass
class Asker:
    """The ways to ask a server that listens on the loopback, in this process or another."""

    port: int

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def fetch(
        self, path: str, method: str = "GET", *, body: Any = None, **options: Any
    ) -> HTTPResponse:
        """One request; an error status is an answer, not an exception."""
        headers = HTTPHeaders(options.pop("headers", {}))
        if body is not None and not isinstance(body, bytes):
            headers.setdefault("Content-Type", "application/json")
            body = json.dumps(body).encode()
        client: AsyncHTTPClient = SimpleAsyncHTTPClient(force_instance=True)
        try:
            return await client.fetch(
                self.url + path,
                method=method,
                headers=headers,
                body=body,
                raise_error=False,
                allow_nonstandard_methods=True,
                follow_redirects=False,
                request_timeout=PATIENCE,
                **options,
            )
        finally:
            client.close()

    @asynccontextmanager
    async def events(
        self, path: str = "/global/event", headers: Mapping[str, str] | None = None
    ) -> AsyncIterator["EventReader"]:
        """A stream of events, read as they come."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        lines = [f"GET {path} HTTP/1.1", f"Host: 127.0.0.1:{self.port}"]
        lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
        writer.write(("\r\n".join(lines) + "\r\n\r\n").encode())
        head = (await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), PATIENCE)).decode()
        try:
            yield EventReader(reader, head)
        finally:
            writer.close()


@dataclass
class Running(Asker):
    """A server of this process."""

    app: App
    server: Server


@dataclass
class EventReader:
    """The frames of a stream, and the head of its answer."""

    reader: asyncio.StreamReader
    head: str

    async def next(self) -> dict[str, Any]:
        """The next event; `EOFError` when the stream has ended."""
        while True:
            line = await asyncio.wait_for(self.reader.readline(), PATIENCE)
            if not line or line == b"0\r\n":
                raise EOFError("the stream ended" + (" cleanly" if line else ""))
            if line.startswith(b"data: "):
                event: dict[str, Any] = json.loads(line[6:])
                return event


@asynccontextmanager
async def running(tmp_path: Path, **changes: Any) -> AsyncIterator[Running]:
    """A real server on a free port of the loopback."""
    found: tuple[socket.socket, int] = bind_unused_port()
    server = Server(await App.open(make_settings(tmp_path, **changes)))
    await server.start([found[0]])
    try:
        yield Running(found[1], server.app, server)
    finally:
        await server.stop()
