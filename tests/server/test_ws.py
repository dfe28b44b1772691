"""The socket as its clients see it: upgrade, credentials, filters, calls, close codes."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from tornado.httpclient import HTTPClientError, HTTPRequest
from tornado.websocket import WebSocketClientConnection, websocket_connect

from opencode.schema.event import EventFileEdited, FileEditedProperties
from opencode.server.rpc import PROTOCOL
from opencode.server.ws import query_filter
from tests.conftest import Running, running

BASIC = "b3BlbmNvZGU6c2VjcmV0"
"""opencode:secret"""


class Socket:
    """A JSON-RPC client of a few lines."""

    def __init__(self, connection: WebSocketClientConnection) -> None:
        self.connection = connection
        self._id = 0

    async def read(self) -> dict[str, Any] | None:
        text = await self.connection.read_message()
        return None if text is None else json.loads(text)

    async def call(self, method: str, **params: Any) -> dict[str, Any]:
        """The answer to a request; what comes before it is dropped."""
        self._id += 1
        await self.send({"jsonrpc": "2.0", "id": self._id, "method": method, "params": params})
        while (found := await self.read()) is None or found.get("id") != self._id:
            assert found is not None, "closed before the answer"
        return found

    async def send(self, message: Any) -> None:
        await self.connection.write_message(
            message if isinstance(message, str | bytes) else json.dumps(message),
            binary=isinstance(message, bytes),
        )

    async def closed(self) -> int | None:
        """The close code, once the server has closed."""
        while await self.connection.read_message() is not None:
            pass
        return self.connection.close_code


@asynccontextmanager
async def socket(
    server: Running, query: str = "", headers: dict[str, str] | None = None, **options: Any
) -> AsyncIterator[Socket]:
    url = server.url.replace("http", "ws") + "/ws" + query
    connection = await websocket_connect(HTTPRequest(url, headers=headers or {}), **options)
    try:
        yield Socket(connection)
    finally:
        connection.close()


def edit(server: Running, file: str, directory: str | None = None) -> str:
    properties = FileEditedProperties(file=file)
    event = EventFileEdited(id=server.app.ids.event(), properties=properties)
    own = server.app.settings.directory
    server.app.bus.publish(event, directory=directory or own, project="prj")
    return event.id


async def test_initialize_introduces_the_server(tmp_path: Path) -> None:
    async with running(tmp_path) as server, socket(server, subprotocols=[PROTOCOL]) as one:
        assert one.connection.selected_subprotocol == PROTOCOL
        answer = await one.call("initialize", clientInfo={"name": "t", "version": "1"})
        result = answer["result"]
        assert result["protocol"] == PROTOCOL
        assert result["serverInfo"] == {"name": "opencode", "version": server.app.version}
        assert result["heartbeat"] == 10_000
        assert set(result["replay"]) == {"oldest", "newest", "size"}
        assert (await one.call("initialize"))["error"]["code"] == -32003


async def test_events_pass_the_filter_and_name_their_subscription(tmp_path: Path) -> None:
    async with running(tmp_path) as server, socket(server) as one:
        wanted = {"directory": server.app.settings.directory, "types": ["file.*"]}
        answer = await one.call("initialize", subscribe=[wanted])
        assert answer["result"]["subscriptions"] == ["s1"]
        edit(server, "/foreign", "/elsewhere")
        event_id = edit(server, "/own")
        assert await one.read() == {
            "jsonrpc": "2.0",
            "method": "event",
            "params": {
                "id": event_id,
                "directory": server.app.settings.directory,
                "project": "prj",
                "payload": {
                    "id": event_id,
                    "type": "file.edited",
                    "properties": {"file": "/own"},
                },
                "subscription": ["s1"],
            },
        }


async def test_a_filter_in_the_address_delivers_at_once(tmp_path: Path) -> None:
    async with running(tmp_path) as server, socket(server, "?types=file.*,session.idle") as one:
        assert (await one.call("ping", t=5))["result"]["t"] == 5
        edit(server, "/f")
        event = await one.read()
        assert event is not None
        assert event["params"]["payload"]["type"] == "file.edited"


async def test_subscriptions_come_and_go(tmp_path: Path) -> None:
    async with running(tmp_path) as server, socket(server) as one:
        assert (await one.call("subscribe"))["error"]["code"] == -32002
        await one.call("initialize")
        answer = await one.call("subscribe", id="mine", types=["file.edited"])
        assert answer["result"]["subscription"] == "mine"
        assert (await one.call("subscribe", id="mine"))["error"]["code"] == -32602
        assert (await one.call("subscribe", types=5))["error"]["code"] == -32602
        assert (await one.call("unsubscribe", subscription="mine"))["result"] is True
        assert (await one.call("unsubscribe", subscription="mine"))["error"]["code"] == -32602
        edit(server, "/f")
        await one.send({"jsonrpc": "2.0", "id": "last", "method": "ping"})
        answer_to_ping = await one.read()
        assert answer_to_ping is not None
        assert answer_to_ping["id"] == "last"


async def test_an_operation_answers_as_over_rest(tmp_path: Path) -> None:
    async with running(tmp_path) as server, socket(server) as one:
        assert (await one.call("global.health"))["error"]["code"] == -32002
        await one.call("initialize")
        rest = json.loads((await server.fetch("/global/health")).body)
        answer = await one.call("global.health")
        assert answer["result"] == rest
        assert answer["meta"] == {"status": 200}
        assert (await one.call("GET /global/health"))["result"] == rest


async def test_bad_params_carry_the_body_rest_would_send(tmp_path: Path) -> None:
    async with running(tmp_path) as server, socket(server) as one:
        await one.call("initialize")
        error = (await one.call("app.log", service="t", level="x", message="m"))["error"]
        body = {"service": "t", "level": "x", "message": "m"}
        rest = await server.fetch("/log", "POST", body=body)
        assert error["code"] == -32602
        assert error["data"] == {"status": 400, "body": json.loads(rest.body)}


async def test_a_bodys_fields_are_flat_or_in_body(tmp_path: Path) -> None:
    entry = {"service": "t", "level": "info", "message": "m"}
    async with running(tmp_path) as server, socket(server) as one:
        await one.call("initialize")
        assert (await one.call("app.log", **entry))["result"] is True
        assert (await one.call("app.log", body=entry, directory="/x"))["result"] is True
        auth = {"type": "api", "key": "k"}
        assert (await one.call("auth.set", providerID="p", **auth))["result"] is True
        assert (await one.call("auth.remove", providerID="p"))["result"] is True


async def test_an_answer_comes_after_the_events_its_call_caused(tmp_path: Path) -> None:
    async with running(tmp_path) as server, socket(server) as one:
        await one.call("initialize", subscribe=[{"types": ["global.*"]}])
        await one.send({"jsonrpc": "2.0", "id": "d", "method": "global.dispose"})
        first, second = await one.read(), await one.read()
        assert first is not None
        assert second is not None
        assert first["params"]["payload"]["type"] == "global.disposed"
        assert second["id"] == "d"


@pytest.mark.parametrize(
    ("message", "code"),
    [
        ("{bad", -32700),
        ([], -32600),
        ({"id": 1}, None),
        ({"id": 1, "method": 5}, -32600),
        ({"id": {}, "method": "ping"}, -32600),
        ("5", -32600),
        ({"id": 1, "method": "ping", "params": [1]}, -32602),
        ({"id": 1, "method": "nope.nope"}, -32601),
        ({"id": 1, "method": "event.subscribe"}, -32601),
        ({"id": 1, "method": "session.nope"}, -32601),
    ],
)
async def test_what_is_no_request_is_an_error_of_the_protocol(
    tmp_path: Path, message: Any, code: int | None
) -> None:
    async with running(tmp_path) as server, socket(server) as one:
        await one.call("initialize")
        await one.send(message)
        await one.send({"jsonrpc": "2.0", "id": "after", "method": "ping"})
        answer = await one.read()
        assert answer is not None
        assert answer.get("error", {}).get("code") == code


async def test_a_batch_is_answered_one_by_one(tmp_path: Path) -> None:
    async with running(tmp_path) as server, socket(server) as one:
        await one.send(
            [{"id": 1, "method": "ping"}, {"method": "ping"}, {"id": 2, "method": "ping"}]
        )
        first, second = await one.read(), await one.read()
        assert first is not None
        assert second is not None
        assert [first["id"], second["id"]] == [1, 2]


async def test_a_last_event_that_is_gone_asks_for_a_refetch(tmp_path: Path) -> None:
    async with (
        running(tmp_path) as server,
        socket(server, "?types=file.*&lastEventId=evt_0") as one,
    ):
        resync = await one.read()
        assert resync is not None
        assert resync["method"] == "resync"
        assert resync["params"]["reason"] == "gap"
        await one.call("initialize")
        answer = await one.call("subscribe", lastEventId="evt_0")
        assert answer["result"]["resumed"] is False


async def test_opted_out_types_stay_away(tmp_path: Path) -> None:
    async with running(tmp_path) as server, socket(server) as one:
        await one.call("initialize", subscribe=[{}], capabilities={"optOut": ["file.edited"]})
        edit(server, "/f")
        answer = await one.call("ping")
        assert "result" in answer


async def test_credentials_come_with_the_upgrade(tmp_path: Path) -> None:
    async with running(tmp_path, password="secret") as server:
        async with socket(server, headers={"Authorization": f"Basic {BASIC}"}) as one:
            assert "result" in await one.call("initialize")
        async with socket(server, f"?auth_token={BASIC}") as one:
            assert "result" in await one.call("initialize")
        with pytest.raises(HTTPClientError) as caught:
            async with socket(server, "?auth_token=x"):
                pass
        assert caught.value.code == 401


async def test_a_ticket_opens_one_socket(tmp_path: Path) -> None:
    async with running(tmp_path, password="secret") as server:
        options = {"auth_username": "opencode", "auth_password": "secret", "body": b""}
        assert (await server.fetch("/ws/ticket", "POST", **options)).code == 403
        headers = {"X-Opencode-Ticket": "1"}
        answer = await server.fetch("/ws/ticket", "POST", headers=headers, **options)
        found = json.loads(answer.body)
        assert found["expires_in"] == 60
        async with socket(server, f"?ticket={found['ticket']}") as one:
            assert "result" in await one.call("initialize")
        with pytest.raises(HTTPClientError):
            async with socket(server, f"?ticket={found['ticket']}"):
                pass


async def test_credentials_may_be_the_first_message(tmp_path: Path) -> None:
    right = {"type": "basic", "username": "opencode", "password": "secret"}
    async with running(tmp_path, password="secret") as server:
        async with socket(server) as one:
            assert "result" in await one.call("initialize", auth=right)
            assert "result" in await one.call("global.health")
        async with socket(server) as one:
            answer = await one.call("initialize", auth={**right, "password": "no"})
            assert answer["error"]["code"] == -32010
            assert await one.closed() == 4401
        async with socket(server) as one:
            answer = await one.call("global.health")
            assert answer["error"]["code"] == -32010
            assert await one.closed() == 4401


async def test_nothing_is_sent_before_the_credentials(tmp_path: Path) -> None:
    async with running(tmp_path, password="secret") as server:
        before = server.app.bus.subscribers
        async with socket(server, "?types=*"):
            edit(server, "/f")
            assert server.app.bus.subscribers == before


async def test_late_credentials_are_not_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("opencode.server.ws.AUTH_SECONDS", 0.01)
    async with running(tmp_path, password="secret") as server, socket(server) as one:
        assert await one.closed() == 4408


@pytest.mark.parametrize(
    "headers", [{"Origin": "http://evil.com"}, {"Host": "evil.com"}, {"Origin": "null"}]
)
async def test_a_foreign_page_gets_no_socket(tmp_path: Path, headers: dict[str, str]) -> None:
    async with running(tmp_path) as server:
        with pytest.raises(HTTPClientError) as caught:
            async with socket(server, headers=headers):
                pass
        assert caught.value.code == 403


@pytest.mark.parametrize("origin", ["http://localhost:5173", "https://app.opencode.ai"])
async def test_a_page_of_an_allowed_origin_gets_one(tmp_path: Path, origin: str) -> None:
    headers = {"Origin": origin, "Sec-Fetch-Site": "cross-site"}
    async with running(tmp_path) as server, socket(server, headers=headers) as one:
        assert "result" in await one.call("initialize")


async def test_without_an_upgrade_the_address_explains_itself(tmp_path: Path) -> None:
    async with running(tmp_path) as server:
        answer = await server.fetch("/ws")
        assert answer.code == 400
        assert "WebSocket" in json.loads(answer.body)["message"]


async def test_binary_frames_and_bad_filters_close(tmp_path: Path) -> None:
    async with running(tmp_path) as server:
        async with socket(server) as one:
            await one.send(b"\x00")
            assert await one.closed() == 1003
        async with socket(server, "?directory=a%00b") as one:
            assert await one.closed() == 4400


async def test_a_stopping_server_says_so(tmp_path: Path) -> None:
    async with running(tmp_path) as server, socket(server) as one:
        await one.call("initialize", subscribe=[{}])
        await server.server.application.hub.close()
        assert await one.closed() == 1001


def test_an_address_becomes_a_filter() -> None:
    query = {"directory": [b"/a", b"/b"], "types": [b"a.*,b"], "children": [b"1"], "x": [b"y"]}
    assert query_filter(query) == {
        "directory": ["/a", "/b"],
        "types": ["a.*", "b"],
        "children": True,
    }
