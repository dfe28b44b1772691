"""The server is killed in the middle of a call: the next one closes the run and continues it."""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from tornado.httpclient import AsyncHTTPClient

from tests.conftest import PATIENCE
from tests.flows.story import JSON, repository, story
from tests.processes import until
from tests.scripted_model import ScriptedModel

BASH = {"name": "bash", "args": {"command": "echo ran >> made.txt; sleep 2"}}


@asynccontextmanager
async def killed_afterwards(tmp_path: Path, model: ScriptedModel) -> AsyncIterator[int]:
    """The real program in the project of the story; its port. It ends by SIGKILL."""
    child = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "opencode.cli", "serve", "--port=0"),
        cwd=tmp_path / "project",
        env={
            **os.environ,
            "PYTHONPATH": os.getcwd(),
            "HOME": str(tmp_path / "home"),
            "OPENCODE_CONFIG_CONTENT": json.dumps(model.config()),
            "OPENCODE_DISABLE_LOCAL_MODELS": "1",
        },
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        assert child.stdout is not None
        line = await asyncio.wait_for(child.stdout.readline(), PATIENCE)
        yield int(line.decode().rpartition(":")[2])
    finally:
        child.kill()
        await child.communicate()


async def post(port: int, path: str, body: JSON) -> JSON:
    answer = await AsyncHTTPClient().fetch(
        f"http://127.0.0.1:{port}{path}",
        method="POST",
        headers={"Content-Type": "application/json"},
        body=json.dumps(body),
    )
    found: JSON = json.loads(answer.body) if answer.body else {}
    return found


async def test_one_call_continues_and_no_tool_is_run_twice(tmp_path: Path) -> None:
    repository(tmp_path / "project", {"a.txt": "a\n"})
    (tmp_path / "home").mkdir()
    made = tmp_path / "project" / "made.txt"
    turns: list[JSON] = [{"text": "I run it", "tools": [BASH]}]
    async with ScriptedModel(turns) as model, killed_afterwards(tmp_path, model) as port:
        session = (await post(port, "/session", {"title": "Killed"}))["id"]
        body = {"parts": [{"type": "text", "text": "go"}]}
        await post(port, f"/session/{session}/prompt_async", body)
        await until(made.exists)
    async with story(tmp_path, [{"text": "I saw it was interrupted"}]) as it:
        assert await it.get("/session/status") == {}
        _, broken = await it.messages(session)
        assert broken["info"]["error"]["name"] == "MessageAbortedError"
        (call,) = [part for part in broken["parts"] if part["type"] == "tool"]
        assert call["state"]["status"] == "error"
        assert call["state"]["metadata"] == {"interrupted": True}
        assert await it.post(f"/session/{session}/continue") is True
        await it.until("session.idle")
        told = [line for line in it.lines() if line != "session.updated"]
        assert told == [
            "server.connected",
            "status busy",
            "message assistant",
            "status busy",
            "part step-start",
            "part text",
            "delta text",
            "part text ended",
            "part step-finish",
            "message assistant stop",
            "message assistant completed",
            "message user",
            "session.diff",
            "status idle",
            "session.idle",
        ]
        (request,) = it.model.requests
        *_, called, result = request.body["messages"]
        assert called["tool_calls"][0]["function"]["name"] == "bash"
        assert "interrupted" in result["content"]
        assert made.read_text() == "ran\n"
        user, _, whole = await it.messages(session)
        assert whole["info"]["parentID"] == user["info"]["id"]
