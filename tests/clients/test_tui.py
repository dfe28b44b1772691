"""The published terminal client in a real terminal, attached to this server."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from tests.clients.published import Terminal, attached
from tests.conftest import Running, running
from tests.flows.story import repository
from tests.scripted_model import ScriptedModel

COMMAND = "echo tool-$((40 + 2))-output"
TURNS: list[dict[str, Any]] = [
    {"text": "Let me see.", "tools": [{"name": "bash", "args": {"command": COMMAND}}]},
    {"text": "It says finished-42."},
]


@asynccontextmanager
async def at_work(
    tmp_path: Path, **changes: Any
) -> AsyncIterator[tuple[Running, Terminal, ScriptedModel]]:
    """A server in a small repository, a model that will say `TURNS`, and the client."""
    async with ScriptedModel(list(TURNS)) as model:
        config = {**model.config(name="Scripted One"), **changes}
        project = tmp_path / "project"
        repository(project, {"README.md": "Hello\n", "opencode.json": json.dumps(config)})
        environ = {"OPENCODE_DISABLE_LOCAL_MODELS": "1"}
        async with (
            running(tmp_path, environ=environ) as server,
            attached(server.url, project, tmp_path / "client") as terminal,
        ):
            await terminal.shows("Ask anything", "Scripted One", "project:main")
            yield server, terminal, model


async def sessions(server: Running) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads((await server.fetch("/session")).body)
    return found


async def test_the_terminal_client_takes_a_prompt_to_its_end(tmp_path: Path) -> None:
    async with at_work(tmp_path) as (server, terminal, model):
        await terminal.types("what does it say?")
        await terminal.shows("what does it say?")
        await terminal.presses("Enter")
        screen = await terminal.shows("Let me see.", "tool-42-output", "It says finished-42.")
        assert COMMAND in screen
        await terminal.shows("A scripted title")
        [session] = await sessions(server)
        assert session["title"] == "A scripted title"
        asked = [one for one in model.requests if one.body.get("tools")]
        assert len(asked) == 2


async def test_the_terminal_client_asks_for_permission(tmp_path: Path) -> None:
    async with at_work(tmp_path, permission={"bash": "ask"}) as (_, terminal, _):
        await terminal.types("what does it say?")
        await terminal.shows("what does it say?")
        await terminal.presses("Enter")
        screen = await terminal.shows("Permission required", "Allow once")
        assert "tool-42-output" not in screen
        await terminal.presses("Enter")
        await terminal.shows("tool-42-output", "It says finished-42.")


async def test_the_terminal_client_is_steered_from_elsewhere(tmp_path: Path) -> None:
    async with at_work(tmp_path) as (server, terminal, _):
        for path, shown in (
            ("open-themes", "Themes"),
            ("open-models", "Select model"),
            ("open-sessions", "Sessions"),
        ):
            await server.fetch(f"/tui/{path}", "POST")
            await terminal.shows(shown, "Search")
            await terminal.presses("Escape")
            await terminal.hides("Search")
        toast = {"message": "greetings-toasted", "variant": "info"}
        await server.fetch("/tui/show-toast", "POST", body=toast)
        await terminal.shows("greetings-toasted")
        await server.fetch("/tui/append-prompt", "POST", body={"text": "typed-from-elsewhere"})
        await terminal.shows("typed-from-elsewhere")
        await server.fetch("/tui/submit-prompt", "POST")
        await terminal.shows("tool-42-output", "It says finished-42.")


async def test_the_terminal_client_completes_file_names(tmp_path: Path) -> None:
    async with at_work(tmp_path) as (_, terminal, _):
        await terminal.types("look at @read")
        await terminal.shows("README.md")
