"""Whoever joins in mid-stream has everything: what was read, and from there what is published."""

import asyncio
import json
from pathlib import Path
from typing import Any

from tornado.websocket import WebSocketClientConnection, websocket_connect

from tests.conftest import PATIENCE
from tests.flows.story import JSON, Story, story

WORDS = 400
JOINERS = 12


async def test_a_client_that_joins_in_mid_stream_misses_nothing(tmp_path: Path) -> None:
    # The same word again and again: a word lost or told twice cannot hide.
    turn: JSON = {"text": "- " * WORDS, "delay": 0.001}
    async with story(tmp_path, [turn], files={"a.txt": "a\n"}) as it:
        session = await it.session(title="Shared")
        await it.post(
            f"/session/{session}/prompt_async",
            {"parts": [{"type": "text", "text": "Go"}]},
            status=204,
        )
        await it.until("message.part.delta")
        joined = await asyncio.gather(*(join(it, session, n) for n in range(JOINERS)))
        stored = await it.messages(session)
    expected = texts(stored)
    assert expected[-1].count("-") == WORDS
    assert [one for one in joined if one != expected] == []


async def join(it: Story, session: str, number: int) -> list[str]:
    """Connect after some more words, read the session, then only listen until it is idle."""
    await asyncio.sleep(number * 0.03)
    socket = await websocket_connect(f"ws://127.0.0.1:{it.server.port}/ws")
    try:
        await call(socket, 1, "initialize", {"subscribe": [{"session": session}]})
        read, _ = await answer(socket, 1)
        assert read["protocol"]
        await call(socket, 2, "session.messages", {"sessionID": session})
        messages, _ = await answer(socket, 2)
        # Whether it is at work is asked after the messages: an end in between is then still seen.
        await call(socket, 3, "session.status", {})
        status, later = await answer(socket, 3)
        while session in status and not any(ends(event) for event in later):
            later.append(await event_of(socket))
    finally:
        socket.close()
    return texts(fold(messages, later))


def ends(event: JSON) -> bool:
    return bool(event["type"] == "session.idle")


def fold(messages: list[JSON], later: list[JSON]) -> list[JSON]:
    """The messages as the events have changed them."""
    parts = {part["id"]: part for message in messages for part in message["parts"]}
    for event in later:
        given = event["properties"]
        if event["type"] == "message.part.delta":
            parts[given["partID"]]["text"] += given["delta"]
        elif event["type"] == "message.part.updated":
            parts.setdefault(given["part"]["id"], {}).update(given["part"])
    return [{"parts": list(parts.values())}]


def texts(messages: list[JSON]) -> list[str]:
    return [p["text"] for m in messages for p in m["parts"] if p["type"] == "text"]


async def call(socket: WebSocketClientConnection, number: int, method: str, params: JSON) -> None:
    request = {"jsonrpc": "2.0", "id": number, "method": method, "params": params}
    await socket.write_message(json.dumps(request))


async def answer(socket: WebSocketClientConnection, number: int) -> tuple[Any, list[JSON]]:
    """The result of a call, and the events told before it, which it contains."""
    before: list[JSON] = []
    while True:
        message = await receive(socket)
        if message.get("id") == number:
            return message["result"], before
        if message.get("method") == "event":
            before.append(message["params"]["payload"])


async def event_of(socket: WebSocketClientConnection) -> JSON:
    while True:
        message = await receive(socket)
        if message.get("method") == "event":
            payload: JSON = message["params"]["payload"]
            return payload


async def receive(socket: WebSocketClientConnection) -> JSON:
    text = await asyncio.wait_for(socket.read_message(), PATIENCE)
    assert isinstance(text, str)
    message: JSON = json.loads(text)
    return message
