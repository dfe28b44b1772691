"""What steers a terminal client is published as an event of the directory."""

from pathlib import Path
from typing import Any

import pytest

from tests.api.asking import place

EXECUTE = "tui.command.execute"
TOAST = {"message": "m", "variant": "info", "duration": 5000}


@pytest.mark.parametrize(
    ("operation", "body", "kind", "properties"),
    [
        ("tui.appendPrompt", {"text": "hi"}, "tui.prompt.append", {"text": "hi"}),
        ("tui.openHelp", None, EXECUTE, {"command": "help.show"}),
        ("tui.openSessions", None, EXECUTE, {"command": "session.list"}),
        ("tui.openThemes", None, EXECUTE, {"command": "theme.switch"}),
        ("tui.openModels", None, EXECUTE, {"command": "model.list"}),
        ("tui.submitPrompt", None, EXECUTE, {"command": "prompt.submit"}),
        ("tui.clearPrompt", None, EXECUTE, {"command": "prompt.clear"}),
        ("tui.executeCommand", {"command": "session_new"}, EXECUTE, {"command": "session.new"}),
        ("tui.executeCommand", {"command": "session.new"}, EXECUTE, {"command": "session.new"}),
        ("tui.showToast", {"message": "m", "variant": "info"}, "tui.toast.show", TOAST),
        (
            "tui.publish",
            {"type": "tui.toast.show", "properties": {"message": "m", "variant": "info"}},
            "tui.toast.show",
            TOAST,
        ),
        (
            "tui.publish",
            {"type": "tui.prompt.append", "properties": {"text": "x"}},
            "tui.prompt.append",
            {"text": "x"},
        ),
        (
            "tui.publish",
            {"type": EXECUTE, "properties": {"command": "agent.cycle"}},
            EXECUTE,
            {"command": "agent.cycle"},
        ),
    ],
)
async def test_each_operation_publishes_its_event(
    tmp_path: Path, operation: str, body: Any, kind: str, properties: Any
) -> None:
    async with place(tmp_path) as at, at.server.events("/event") as events:
        assert await at.ask(operation, body) is True
        while not (event := await events.next())["type"].startswith("tui."):
            pass
        assert (event["type"], event["properties"]) == (kind, properties)


async def test_only_a_session_that_exists_is_selected(tmp_path: Path) -> None:
    async with place(tmp_path) as at, at.server.events("/event") as events:
        session = await at.ask("session.create", {})
        chosen = {"sessionID": session["id"]}
        selecting = {"type": "tui.session.select", "properties": chosen}
        for operation, body in (("tui.selectSession", chosen), ("tui.publish", selecting)):
            assert await at.ask(operation, body) is True
            while (event := await events.next())["type"] != "tui.session.select":
                pass
            assert event["properties"] == chosen
        status, answer = await at.send("tui.selectSession", {"sessionID": "ses_unknown"})
        assert (status, answer["name"]) == (404, "NotFoundError")


@pytest.mark.parametrize(
    ("operation", "body", "named"),
    [
        ("tui.appendPrompt", {}, "text"),
        ("tui.executeCommand", {"command": 5}, "command"),
        ("tui.showToast", {"message": "m", "variant": "loud"}, "variant"),
        ("tui.showToast", {"message": "m", "variant": "info", "duration": 0}, "duration"),
        ("tui.selectSession", {"sessionID": "msg_1"}, "sessionID"),
        ("tui.publish", {"type": "session.idle", "properties": {}}, "type"),
    ],
)
async def test_a_body_that_does_not_fit_names_the_field(
    tmp_path: Path, operation: str, body: Any, named: str
) -> None:
    async with place(tmp_path) as at:
        status, answer = await at.send(operation, body)
        assert status == 400
        assert named in answer["message"]
