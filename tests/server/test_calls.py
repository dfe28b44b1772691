"""Calls over JSON-RPC: at the same time, cancelled, too many, failed."""

import asyncio
import json
import logging
from pathlib import Path
from typing import Any

import pytest

from opencode.api.operation import Call, Content, operation
from opencode.errors import NotFoundError
from opencode.server.calls import MAX_CALLS, Calls, Outcome, RpcError, perform
from opencode.tasks import Tasks
from tests.conftest import open_app


class Gate:
    """Operations that wait for a test."""

    def __init__(self) -> None:
        self.open = asyncio.Event()
        self.finished = asyncio.Event()
        self.done: list[str] = []

    def operation(self) -> Any:
        async def wait(call: Call, name: str) -> str:
            """Wait"""
            await self.open.wait()
            self.done.append(name)
            self.finished.set()
            return name

        return operation("gate.wait", "GET /gate", scope="global")(wait)


@operation("thing.get", "GET /thing/{thingID}", scope="global", errors=[NotFoundError])
async def get_thing(call: Call, thing_id: str) -> bool:
    """Get a thing"""
    if thing_id == "bug":
        raise RuntimeError("secret")
    if thing_id == "paged":
        call.next_page("before", "cur")
        return True
    raise NotFoundError(f"Thing not found: {thing_id}")


@operation("thing.raw", "GET /raw", scope="global")
async def raw(call: Call, mime: str) -> Content:
    """Raw bytes"""
    return Content(b"ab", mime)


async def outcome(tmp_path: Path, one: Any, **params: Any) -> Outcome | RpcError:
    async with open_app(tmp_path) as app:
        return await perform(app, one, params, "/")


async def test_calls_run_at_the_same_time_and_are_answered_in_any_order(tmp_path: Path) -> None:
    gate, answers, server = Gate(), [], Tasks()
    async with open_app(tmp_path) as app:
        calls = Calls(app, {"gate.wait": gate.operation(), "thing.get": get_thing}, server)
        answered = asyncio.Event()

        def reply(found: Outcome | RpcError) -> None:
            answers.append(found)
            answered.set()

        calls.start("1", "gate.wait", {"name": "slow"}, directory="/", reply=reply)
        calls.start("2", "thing.get", {"thingID": "paged"}, directory="/", reply=reply)
        await answered.wait()
        assert answers == [Outcome(b"true", {"status": 200, "nextCursor": "cur"})]
        answered.clear()
        gate.open.set()
        await answered.wait()
        assert answers[1] == Outcome(b'"slow"', {"status": 200})
        calls.close()


async def test_cancelling_ends_the_waiting_not_the_work(tmp_path: Path) -> None:
    gate, server = Gate(), Tasks()
    answers: asyncio.Queue[Outcome | RpcError] = asyncio.Queue()
    async with open_app(tmp_path) as app:
        calls = Calls(app, {"gate.wait": gate.operation()}, server)
        calls.start("1", "gate.wait", {"name": "a"}, directory="/", reply=answers.put_nowait)
        await asyncio.sleep(0)
        calls.cancel("1")
        calls.cancel("unknown")
        found = await answers.get()
        assert isinstance(found, RpcError)
        assert found.error["code"] == -32800
        gate.open.set()
        await gate.finished.wait()
        assert gate.done == ["a"]


async def test_too_many_calls_are_asked_to_come_back(tmp_path: Path) -> None:
    gate, server = Gate(), Tasks()
    async with open_app(tmp_path) as app:
        calls = Calls(app, {"gate.wait": gate.operation()}, server)

        def start(key: str) -> None:
            calls.start(key, "gate.wait", {"name": key}, directory="/", reply=lambda found: None)

        start("0")
        with pytest.raises(RpcError, match="still running"):
            start("0")
        for number in range(1, MAX_CALLS):
            start(str(number))
        with pytest.raises(RpcError) as caught:
            start("more")
        assert caught.value.error["code"] == -32001
        assert caught.value.error["data"] == {"retryAfter": 1000}
        calls.close()
        await server.close()


async def test_an_operations_error_carries_what_rest_would_send(tmp_path: Path) -> None:
    found = await outcome(tmp_path, get_thing, thingID="x")
    assert isinstance(found, RpcError)
    assert found.error == {
        "code": -32000,
        "message": "Thing not found: x",
        "data": {"status": 404, "body": NotFoundError("Thing not found: x").body()},
    }


async def test_a_fault_shows_only_its_reference(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.ERROR):
        found = await outcome(tmp_path, get_thing, thingID="bug")
    assert isinstance(found, RpcError)
    text = json.dumps(found.error)
    assert "secret" not in text
    assert found.error["data"]["status"] == 500
    assert found.error["data"]["body"]["data"]["ref"] in caplog.text


async def test_missing_params_are_named(tmp_path: Path) -> None:
    found = await outcome(tmp_path, get_thing)
    assert isinstance(found, RpcError)
    assert found.error["code"] == -32602
    assert 'Missing key\n  at ["thingID"]' in found.error["message"]


async def test_bytes_travel_as_text_or_base64(tmp_path: Path) -> None:
    text = await outcome(tmp_path, raw, mime="text/x-diff")
    assert isinstance(text, Outcome)
    assert text.result == b'"ab"'
    image = await outcome(tmp_path, raw, mime="image/png")
    assert isinstance(image, Outcome)
    assert json.loads(image.result) == {
        "mimeType": "image/png",
        "encoding": "base64",
        "content": "YWI=",
    }
