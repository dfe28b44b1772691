"""The scripted model itself: what it says, when it waits."""

import asyncio
import json
import subprocess
import sys
from typing import Any

from opencode.fetch import Fetch
from tests.scripted_model import ScriptedModel
from tests.scripted_wires import SPEAKERS, Chat, Generate, Messages, Responses


def script(*turns: dict[str, Any]) -> str:
    return "Do it. SCRIPT: " + json.dumps(turns)


def test_a_script_is_followed_turn_by_turn() -> None:
    model = ScriptedModel()
    user = {"role": "user", "content": script({"text": "one"}, {"text": "two"})}
    answered = {"role": "assistant", "content": "one"}
    result = {"role": "tool", "content": "r"}
    said = [
        model.turn(Chat({"messages": messages, "tools": [1]}))
        for messages in ([user], [user, answered, result], [user, answered, result, answered])
    ]
    assert said == [{"text": "one"}, {"text": "two"}, {"text": "done"}]


def test_every_format_finds_the_script() -> None:
    text = script({"text": "here"})
    requests: list[Any] = [
        Chat({"messages": [{"role": "user", "content": text}]}),
        Responses({"input": [{"role": "user", "content": [{"type": "input_text", "text": text}]}]}),
        Messages({"messages": [{"role": "user", "content": [{"type": "text", "text": text}]}]}),
        Generate({"contents": [{"role": "user", "parts": [{"text": text}]}]}),
    ]
    assert [ScriptedModel().turn(it) for it in requests] == [{"text": "here"}] * 4
    assert len(SPEAKERS) == 4


def test_a_title_does_not_use_up_a_queued_turn() -> None:
    model = ScriptedModel([{"text": "queued"}])
    asked = [{"role": "system", "content": "You write a title."}, {"role": "user", "content": "x"}]
    assert model.turn(Chat({"messages": asked})) == {"text": "A scripted title"}
    assert model.turn(Chat({"messages": asked, "tools": [1]})) == {"text": "queued"}
    assert model.turn(Chat({"messages": asked, "tools": [1]}))["text"].startswith("Hello")


async def test_it_lists_its_model() -> None:
    fetch = Fetch()
    async with ScriptedModel() as model:
        found = await fetch.get(model.base_url() + "/models")
    await fetch.close()
    assert json.loads(found.body)["data"][0]["id"] == "m1"


def test_it_runs_on_its_own() -> None:
    command = [sys.executable, "-m", "tests.scripted_model", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        process.terminate()
    assert line.startswith("scripted model on http://127.0.0.1:")


async def test_requests_are_waited_for() -> None:
    async with ScriptedModel() as model:
        waiting = asyncio.ensure_future(model.received(1))
        _, writer = await asyncio.open_connection("127.0.0.1", model.port)
        body = json.dumps({"model": "m1", "messages": [{"role": "user", "content": "x"}]}).encode()
        head = (
            f"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        writer.write(head.encode() + body)
        await waiting
        assert model.requests[0].path == "/v1/chat/completions"
        writer.close()
