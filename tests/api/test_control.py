"""Health, log, credentials, disposal and the forms of the streams."""

import json
import logging
import os
import stat
from pathlib import Path

import pytest

from opencode.api.control import LogEntry, global_form, plain_form, write_log
from opencode.api.operation import Call
from opencode.bus import Envelope
from opencode.schema.event import EventServerConnected
from tests.conftest import open_app, running


async def test_credentials_are_kept_where_only_the_user_reads(tmp_path: Path) -> None:
    async with running(tmp_path) as server:
        auth = {"type": "api", "key": "k2", "metadata": {"a": "b"}}
        answer = await server.fetch("/auth/fake", "PUT", body=auth)
        assert (answer.code, answer.body) == (200, b"true")
        file = os.path.join(server.app.settings.paths.data, "auth.json")
        assert json.loads(Path(file).read_text()) == {"fake": auth}
        assert stat.S_IMODE(os.stat(file).st_mode) == 0o600
        assert (await server.fetch("/auth/fake", "DELETE")).body == b"true"
        assert (await server.fetch("/auth/unknown", "DELETE")).body == b"true"
        assert json.loads(Path(file).read_text()) == {}


async def test_a_kind_of_credentials_that_is_unknown_is_refused(tmp_path: Path) -> None:
    async with running(tmp_path) as server:
        assert (await server.fetch("/auth/x", "PUT", body={"type": "zz"})).code == 400
        assert (await server.fetch("/auth/x", "PUT", body={"type": "api"})).code == 400


async def test_a_clients_line_reaches_the_log(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with open_app(tmp_path) as app:
        entry = LogEntry(service="page", level="warn", message="hello", extra={"n": 1})
        with caplog.at_level(logging.INFO, "opencode.client"):
            assert await write_log(Call(app, "1"), entry) is True
    assert caplog.records[-1].levelname == "WARNING"
    assert "page: hello" in caplog.text


def test_an_event_has_a_plain_and_a_global_form() -> None:
    event = EventServerConnected(id="evt_1")
    alone, placed = Envelope(event, None, None), Envelope(event, '/a "b"', "p")
    plain = {"id": "evt_1", "type": "server.connected", "properties": {}}
    assert json.loads(plain_form(alone)) == plain
    assert json.loads(global_form(alone)) == {"payload": plain}
    assert json.loads(global_form(placed)) == {
        "directory": '/a "b"',
        "project": "p",
        "payload": plain,
    }
