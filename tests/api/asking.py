"""A server in a small repository, asked by operation id; every answer is held to the contract."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

from tests.conftest import Running, running
from tests.flows.story import repository
from tests.wire.contract import differences, route

JSON = dict[str, Any]
MODEL: JSON = {"name": "M1", "tool_call": True, "limit": {"context": 128000, "output": 8000}}
CONFIG: JSON = {
    "model": "fake/m1",
    "small_model": "fake/m1",
    "provider": {
        "fake": {
            "npm": "@ai-sdk/openai-compatible",
            "name": "Fake",
            "options": {"baseURL": "http://127.0.0.1:9/v1", "apiKey": "secret-key"},
            "models": {"m1": MODEL},
        }
    },
}


@dataclass
class Place:
    """A project with its server."""

    server: Running
    project: Path

    async def ask(self, operation_id: str, body: Any = None, **parameters: Any) -> Any:
        """The answer, which a published client would take."""
        status, answer = await self.send(operation_id, body, **parameters)
        assert status == 200, (operation_id, status, answer)
        assert differences(operation_id, answer) == []
        return answer

    async def send(self, operation_id: str, body: Any = None, **parameters: Any) -> tuple[int, Any]:
        """The status and the answer, whatever they are."""
        method, _, path = route(operation_id).partition(" ")
        for name in list(parameters):
            if f"{{{name}}}" in path:
                value = quote(str(parameters.pop(name)), safe="")
                path = path.replace(f"{{{name}}}", value)
        query = urlencode(parameters)
        answer = await self.server.fetch(f"{path}?{query}" if query else path, method, body=body)
        return answer.code, json.loads(answer.body) if answer.body else None


@asynccontextmanager
async def place(
    tmp_path: Path,
    files: dict[str, str] | None = None,
    *,
    config: JSON | None = None,
    environ: JSON | None = None,
) -> AsyncIterator[Place]:
    """The server, with `files` beside a configuration committed."""
    project = tmp_path / "project"
    text = json.dumps({**CONFIG, **(config or {})})
    repository(project, {"opencode.json": text, **(files or {})})
    variables = {"OPENCODE_DISABLE_LOCAL_MODELS": "1", **(environ or {})}
    async with running(tmp_path, environ=variables) as server:
        yield Place(server, project.resolve())
