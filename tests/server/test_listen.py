"""Binding, announcing, stopping in order: real sockets, real multicast, real signals."""

import asyncio
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from tornado.testing import bind_unused_port
from zeroconf import ServiceStateChange, Zeroconf
from zeroconf.asyncio import AsyncServiceBrowser, AsyncServiceInfo, AsyncZeroconf

from opencode.server.listen import SERVICE, ListenError, addresses, announce, bind
from tests.conftest import PATIENCE, make_settings


def close_all(sockets: list[socket.socket]) -> None:
    for one in sockets:
        one.close()


def test_port_zero_takes_4096_or_another() -> None:
    first = bind("127.0.0.1", 0)
    second = bind("127.0.0.1", 0)
    assert first[0].getsockname()[1] != second[0].getsockname()[1]
    close_all(first + second)


def test_a_taken_port_is_said_clearly() -> None:
    taken, port = bind_unused_port()
    with taken, pytest.raises(ListenError, match=f"Port {port} on 127.0.0.1 is in use"):
        bind("127.0.0.1", port)


def test_a_name_that_is_not_ours_is_said_clearly() -> None:
    with pytest.raises(ListenError, match="no address of this machine"):
        bind("192.0.2.1", 0)
    with pytest.raises(ListenError, match="cannot be resolved"):
        bind("no-such-host.invalid", 0)


def test_the_addresses_of_a_binding_are_known() -> None:
    assert addresses("127.0.0.1") == ["127.0.0.1"]
    assert addresses("localhost") == ["127.0.0.1"]
    everywhere = addresses("0.0.0.0")
    assert everywhere == ["127.0.0.1"] or "127.0.0.1" not in everywhere


async def test_a_browse_finds_the_server_until_it_withdraws(tmp_path: Path) -> None:
    settings = make_settings(tmp_path, mdns=True, mdns_domain="den.local")
    changes: asyncio.Queue[tuple[str, ServiceStateChange]] = asyncio.Queue()

    def changed(
        zeroconf: Zeroconf, service_type: str, name: str, state_change: ServiceStateChange
    ) -> None:
        changes.put_nowait((name, state_change))

    async def wait_for(wanted: ServiceStateChange) -> None:
        while await changes.get() != ("opencode-4532." + SERVICE, wanted):
            pass

    browsing = AsyncZeroconf(interfaces=["127.0.0.1"])
    browser = AsyncServiceBrowser(browsing.zeroconf, SERVICE, handlers=[changed])
    announcement = await announce(settings, 4532, interfaces=["127.0.0.1"])
    async with asyncio.timeout(PATIENCE):
        await wait_for(ServiceStateChange.Added)
        info = AsyncServiceInfo(SERVICE, "opencode-4532." + SERVICE)
        assert await info.async_request(browsing.zeroconf, 10_000)
        assert (info.server, info.port) == ("den.local.", 4532)
        assert info.properties == {b"path": b"/"}
        assert info.parsed_addresses() == ["127.0.0.1"]
        await announcement.withdraw()
        await wait_for(ServiceStateChange.Removed)
    await browser.async_cancel()
    await browsing.async_close()


@asynccontextmanager
async def program(tmp_path: Path, *arguments: str, **environ: str) -> AsyncIterator[Any]:
    """The real program, in a process of its own."""
    child = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "opencode.cli",
        *arguments,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": os.getcwd(), **environ},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        yield child
    finally:
        if child.returncode is None:
            child.kill()
            await child.communicate()


async def ready(child: Any) -> str:
    line: bytes = await asyncio.wait_for(child.stdout.readline(), PATIENCE)
    assert line.startswith(b"opencode server listening on http://127.0.0.1:"), line
    return line.decode().rpartition(":")[2].strip()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("command", ["serve", "web"])
async def test_a_signal_stops_in_order_with_streams_open(
    tmp_path: Path, number: signal.Signals, command: str
) -> None:
    async with program(tmp_path, command, "--hostname=127.0.0.1", "--port=0") as child:
        port = int(await ready(child))
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"GET /global/event HTTP/1.1\r\nHost: localhost\r\n\r\n")
        await asyncio.wait_for(reader.readuntil(b"server.connected"), PATIENCE)
        child.send_signal(number)
        assert await asyncio.wait_for(child.wait(), PATIENCE) == 0
        await reader.read()
        writer.close()


async def test_the_ready_line_is_first_and_the_warning_elsewhere(tmp_path: Path) -> None:
    async with program(tmp_path, "serve") as child:
        await ready(child)
        warning = await asyncio.wait_for(child.stderr.readline(), PATIENCE)
        assert warning == b"Warning: OPENCODE_SERVER_PASSWORD is not set; server is unsecured.\n"


async def test_a_taken_port_ends_the_program_with_1(tmp_path: Path) -> None:
    taken, port = bind_unused_port()
    with taken:
        async with program(tmp_path, "serve", f"--port={port}") as child:
            out, err = await asyncio.wait_for(child.communicate(), PATIENCE)
        assert child.returncode == 1
        assert out == b""
        assert f"Port {port} on 127.0.0.1 is in use".encode() in err
        assert b"Traceback" not in err
