"""The published JavaScript SDK, both entries, on this server."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.clients.published import launcher, run_node
from tests.conftest import running
from tests.flows.story import repository
from tests.scripted_model import ScriptedModel

TURNS: list[dict[str, Any]] = [
    {"text": "Let me see.", "tools": [{"name": "bash", "args": {"command": "echo out-42"}}]},
    {"text": "It says out-42."},
]


async def told(tmp_path: Path, script: str) -> dict[str, Any]:
    """What a script reports of a server before a model that will say `TURNS`."""
    async with ScriptedModel(list(TURNS)) as model:
        project = tmp_path / "project"
        config = json.dumps(model.config())
        repository(project, {"README.md": "Hello\n", "opencode.json": config})
        environ = {"OPENCODE_DISABLE_LOCAL_MODELS": "1"}
        async with running(tmp_path, environ=environ) as server:
            home = tmp_path / "client"
            out = await run_node(script, server.url, str(project), home=home)
    report: dict[str, Any] = json.loads(out.splitlines()[-1])
    return report


@pytest.mark.parametrize("script", ["sdk_v1.mjs", "sdk_v2.mjs"])
async def test_the_sdk_prompts_and_streams(tmp_path: Path, script: str) -> None:
    report = await told(tmp_path, script)
    assert report["first"] == "server.connected"
    assert report["streamed"] == "Let me see.It says out-42."
    assert report["types"].count("session.idle") == 1
    assert "message.part.updated" in report["types"]
    assert [one["info"]["role"] for one in report["messages"]] == ["user", "assistant", "assistant"]
    [tool] = [part for part in report["messages"][1]["parts"] if part["type"] == "tool"]
    assert tool["state"]["status"] == "completed"
    assert tool["state"]["output"].strip() == "out-42"
    assert report["answer"] == report["messages"][-1]
    assert report["gone"] == {"status": 404, "name": "NotFoundError"}


@pytest.mark.parametrize("script", ["sdk_v1.mjs", "sdk_v2.mjs"])
async def test_the_sdk_reads_what_a_client_needs(tmp_path: Path, script: str) -> None:
    report = await told(tmp_path, script)
    read, project = report["read"], str((tmp_path / "project").resolve())
    assert (read["path"], read["project"]) == (project, "git")
    assert read["agents"][0] == "build"
    assert {"init", "review"} <= set(read["commands"])
    assert (read["providers"], read["connected"]) == (["fake"], ["fake"])
    assert (read["file"], read["files"], read["text"]) == ("Hello", ["README.md"], "README.md")
    assert (read["config"], read["mcp"], read["toast"]) == ("fake/m1", {}, True)
    assert "bash" in read["tools"]
    if "api" in report:
        assert report["api"] == {
            "location": project,
            "models": ["m1"],
            "providers": ["fake"],
            "agents": read["agents"],
            "found": [{"path": "README.md", "type": "file"}],
            "sessions": [report["session"]["id"]],
        }


async def test_the_sdk_starts_this_program(tmp_path: Path) -> None:
    home = tmp_path / "home"
    path = launcher(tmp_path / "bin", home)
    out = await run_node("sdk_server.mjs", home=home, path=path)
    report = json.loads(out.splitlines()[-1])
    assert report["url"].startswith("http://127.0.0.1:")
    assert report["config"]["username"] == "from-the-sdk"
