"""A conversation without a network: heartbeat, slow clients, messages as bytes."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from opencode.api import MODULES
from opencode.api.operation import collect
from opencode.bus import Envelope
from opencode.schema.event import EventFileEdited, FileEditedProperties
from opencode.server.guard import Guard, Tickets
from opencode.server.rpc import Hub, Peer, event_message
from tests.conftest import open_app


class Wire:
    """A line that keeps what is sent."""

    def __init__(self) -> None:
        self.sent: list[dict[str, Any]] = []
        self.closed: tuple[int, str] | None = None

    def send(self, message: bytes) -> None:
        self.sent.append(json.loads(message))

    async def drain(self) -> None:
        return

    def close(self, code: int, reason: str) -> None:
        self.closed = (code, reason)


@asynccontextmanager
async def conversation(tmp_path: Path) -> AsyncIterator[tuple[Peer, Wire, Hub]]:
    async with open_app(tmp_path) as app:
        hub = Hub(app, Guard(app.settings), collect(MODULES), Tickets())
        wire = Wire()
        peer = Peer(hub, wire, hub.connection_id(), authorized=True)
        yield peer, wire, hub
        await peer.stop()
        await hub.close()


def edit(hub: Hub, file: str) -> Envelope:
    properties = FileEditedProperties(file=file)
    event = EventFileEdited(id=hub.app.ids.event(), properties=properties)
    return hub.app.bus.publish(event, directory="/a")


def say(peer: Peer, method: str, **params: Any) -> None:
    peer.receive(json.dumps({"jsonrpc": "2.0", "id": method, "method": method, "params": params}))


async def test_the_heartbeat_tells_the_last_event(tmp_path: Path) -> None:
    async with conversation(tmp_path) as (peer, wire, hub):
        peer.beat()
        assert wire.sent == []
        say(peer, "initialize", subscribe=[{}])
        event = edit(hub, "/f").event
        say(peer, "ping")
        peer.beat()
        beat = wire.sent[-1]
        assert beat["method"] == "heartbeat"
        assert beat["params"]["lastEventId"] == event.id


async def test_a_slow_client_is_closed_with_its_code(tmp_path: Path) -> None:
    async with conversation(tmp_path) as (peer, wire, hub):
        say(peer, "initialize", subscribe=[{}])
        for _ in range(50):
            edit(hub, "x" * 100_000)
        peer.beat()
        assert wire.closed == (1013, "slow consumer")


async def test_connections_are_numbered_and_forgotten(tmp_path: Path) -> None:
    async with conversation(tmp_path) as (peer, _, hub):
        assert peer.connection_id == "conn_1"
        assert hub.peers == {peer}
        await peer.stop()
        assert hub.peers == set()
        assert hub.app.bus.subscribers == 0


async def test_an_event_is_encoded_once_for_all_clients(tmp_path: Path) -> None:
    async with conversation(tmp_path) as (_, _, hub):
        envelope = edit(hub, "/f")
        one = json.loads(event_message(envelope, ["s1"]))
        other = json.loads(event_message(envelope, ["a", "b"], replay=True))
        assert one["params"].pop("subscription") == ["s1"]
        assert other["params"].pop("subscription") == ["a", "b"]
        assert other["params"].pop("replay") is True
        assert one == other
        assert "project" not in one["params"]
        assert len(envelope._frames) == 1
