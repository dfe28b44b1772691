"""The server is killed in mid-answer: after its restart the run is closed, told, and can go on."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from tests.conftest import PATIENCE, Asker
from tests.flows.story import JSON, Story, repository, story
from tests.scripted_model import ScriptedModel

ROOT = Path(__file__).parents[2]


@asynccontextmanager
async def program(
    tmp_path: Path, project: Path, config: JSON
) -> AsyncIterator[tuple[asyncio.subprocess.Process, Asker]]:
    """The program itself in a process of its own, killed at the end."""
    environ = {
        **os.environ,
        "HOME": str(tmp_path / "home"),
        "PYTHONPATH": str(ROOT),
        "OPENCODE_CONFIG_CONTENT": json.dumps(config),
        "OPENCODE_DISABLE_LOCAL_MODELS": "1",
    }
    command = [sys.executable, "-P", "-m", "opencode.cli", "serve", "--port=0"]
    process = await asyncio.create_subprocess_exec(
        *command,
        cwd=project,
        env=environ,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        assert process.stdout is not None
        line = await asyncio.wait_for(process.stdout.readline(), PATIENCE)
        yield process, Asker(int(line.decode().rpartition(":")[2]))
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def test_a_killed_server_leaves_a_closed_run(tmp_path: Path) -> None:
    project = tmp_path / "project"
    repository(project, {"a.txt": "a\n"})
    (tmp_path / "home").mkdir()
    turns: list[JSON] = [
        {
            "text": "Waiting.",
            "tools": [{"name": "bash", "args": {"command": "touch on; echo begun; sleep 60"}}],
        }
    ]
    async with (
        ScriptedModel(turns) as model,
        program(tmp_path, project, model.config()) as (process, server),
        server.events() as events,
    ):
        it = Story(server, model, project, events)
        session = await it.session(title="Cut off")
        await it.post(
            f"/session/{session}/prompt_async",
            {"parts": [{"type": "text", "text": "Go"}]},
            status=204,
        )
        while not (project / "on").exists():
            await it.until("message.part.updated")
        process.send_signal(signal.SIGKILL)
        await process.wait()
    async with story(tmp_path, [{"text": "Going on."}], project=project) as after:
        assert await after.get("/session/status") == {}
        user, answer = await after.messages(session)
        assert user["info"]["role"] == "user"
        assert answer["info"]["error"]["name"] == "MessageAbortedError"
        assert answer["info"]["time"]["completed"]
        texts = [part["text"] for part in answer["parts"] if part["type"] == "text"]
        assert texts == ["Waiting."]
        (call,) = [part for part in answer["parts"] if part["type"] == "tool"]
        assert call["state"]["status"] == "error"
        assert "interrupted" in call["state"]["error"]
        again = await after.post(
            f"/session/{session}/message", {"parts": [{"type": "text", "text": "Go on"}]}
        )
        assert again["info"]["finish"] == "stop"
        sent = after.model.requests[-1].body["messages"]
        assert [one["role"] for one in sent[1:]] == ["user", "assistant", "tool", "user"]
