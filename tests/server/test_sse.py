"""Event streams over real sockets: first frame, scope, end, and the reader that stalls."""

import asyncio
import logging
import socket
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from opencode.bus import Envelope
from opencode.schema.event import EventFileEdited, FileEditedProperties
from opencode.server.sse import HEADERS
from tests.conftest import PATIENCE, Running, running


def edit(server: Running, file: str, directory: str | None = None) -> Envelope:
    event = EventFileEdited(id=server.app.ids.event(), properties=FileEditedProperties(file=file))
    own = server.app.settings.directory
    return server.app.bus.publish(event, directory=directory or own, project="prj")


async def test_a_stream_begins_with_server_connected(tmp_path: Path) -> None:
    async with running(tmp_path) as server, server.events("/global/event") as stream:
        first = await stream.next()
        assert list(first) == ["payload"]
        assert first["payload"]["type"] == "server.connected"
        assert first["payload"]["properties"] == {}
        assert first["payload"]["id"].startswith("evt_")
        for name, value in HEADERS.items():
            assert f"{name}: {value}".lower() in stream.head.lower()


async def test_every_client_gets_the_same_bytes_in_both_forms(tmp_path: Path) -> None:
    async with AsyncExitStack() as stack:
        server = await stack.enter_async_context(running(tmp_path))
        one = await stack.enter_async_context(server.events("/event"))
        all_ = await stack.enter_async_context(server.events("/global/event"))
        first = await one.next()
        assert list(first) == ["id", "type", "properties"]
        await all_.next()
        edit(server, "/f")
        plain, wrapped = await one.next(), await all_.next()
        while wrapped["payload"]["type"] != "file.edited":
            wrapped = await all_.next()
        assert wrapped["payload"] == plain
        assert wrapped["directory"] == server.app.settings.directory
        assert wrapped["project"] == "prj"


async def test_a_directory_hears_only_its_own_events(tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    path = f"/event?directory={other}"
    async with running(tmp_path) as server, server.events(path) as stream:
        await stream.next()
        edit(server, "/foreign")
        edit(server, "/own", str(other))
        event = await stream.next()
        while event["type"] != "file.edited":
            event = await stream.next()
        assert event["properties"] == {"file": "/own"}


async def test_dispose_ends_the_directorys_stream_but_not_the_global_one(tmp_path: Path) -> None:
    async with AsyncExitStack() as stack:
        server = await stack.enter_async_context(running(tmp_path))
        one = await stack.enter_async_context(server.events("/event"))
        all_ = await stack.enter_async_context(server.events("/global/event"))
        await one.next()
        await all_.next()
        assert (await server.fetch("/global/dispose", "POST")).body == b"true"
        event = await one.next()
        while event["type"] != "server.instance.disposed":
            event = await one.next()
        with pytest.raises(EOFError, match="cleanly"):
            await one.next()
        seen = []
        while "global.disposed" not in seen:
            seen.append((await all_.next())["payload"]["type"])
        edit(server, "/after")
        assert (await all_.next())["payload"]["type"] == "file.edited"


async def test_a_stream_of_a_stopping_server_breaks_off(tmp_path: Path) -> None:
    async with running(tmp_path) as server, server.events("/global/event") as stream:
        await stream.next()
        server.app.bus.close()
        with pytest.raises((EOFError, ConnectionError)) as caught:
            await stream.next()
        assert "cleanly" not in str(caught.value)


async def test_a_client_that_leaves_is_forgotten(tmp_path: Path) -> None:
    async with running(tmp_path) as server:
        before = server.app.bus.subscribers
        async with server.events("/global/event") as stream:
            await stream.next()
            assert server.app.bus.subscribers == before + 1
        while server.app.bus.subscribers > before:
            await server.fetch("/global/health")


async def test_head_of_a_stream_returns_at_once(tmp_path: Path) -> None:
    async with running(tmp_path) as server:
        before = server.app.bus.subscribers
        assert (await server.fetch("/global/event", "HEAD")).code == 200
        assert server.app.bus.subscribers == before


async def test_a_stalled_reader_is_cut_and_others_go_on(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("opencode.server.rest.HEARTBEAT", 0.05)
    async with running(tmp_path) as server:
        before = server.app.bus.subscribers
        stalled = socket.create_connection(("127.0.0.1", server.port))
        stalled.sendall(b"GET /global/event HTTP/1.1\r\nHost: localhost\r\n\r\n")
        while server.app.bus.subscribers == before:
            await server.fetch("/global/health")
        with caplog.at_level(logging.WARNING, "opencode.server.sse"):
            async with asyncio.timeout(PATIENCE):
                while "reader too slow" not in caplog.text:
                    edit(server, "x" * 100_000)
                    await asyncio.sleep(0.001)
        assert server.app.bus.subscribers == before
        assert (await server.fetch("/global/health")).code == 200
        stalled.close()
