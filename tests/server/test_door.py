"""A fault of ours: a reference goes out, the traceback stays in the log."""

import gzip
import json
import logging
from pathlib import Path
from types import ModuleType

import pytest
from tornado.httpserver import HTTPServer
from tornado.testing import bind_unused_port

from opencode.api.operation import Call, operation
from opencode.server.door import compressed
from opencode.server.web import make_application
from tests.conftest import Asker, open_app


@operation("broken.get", "GET /broken", scope="global")
async def broken(call: Call) -> bool:
    """Break"""
    raise RuntimeError("the secret of the house")


async def test_a_fault_is_500_with_a_reference_the_log_repeats(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    module = ModuleType(__name__)
    module.broken = broken  # type: ignore[attr-defined]
    async with open_app(tmp_path) as app:
        found, port = bind_unused_port()
        http = HTTPServer(make_application(app, [module]))
        http.add_sockets([found])
        asked = Asker(port)
        with caplog.at_level(logging.ERROR):
            answer = await asked.fetch("/broken")
        http.stop()
        await http.close_all_connections()
    body = json.loads(answer.body)
    assert answer.code == 500
    assert body["name"] == "UnknownError"
    assert "secret" not in answer.body.decode()
    ref = body["data"]["ref"]
    assert ref.startswith("err_")
    assert ref in caplog.text
    assert "the secret of the house" in caplog.text


async def test_small_and_large_bodies_are_compressed_alike() -> None:
    for size in (2_000, 200_000):
        body = b"a" * size
        assert gzip.decompress(await compressed(body)) == body
