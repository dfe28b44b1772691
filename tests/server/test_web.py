"""What stands at which address."""

from pathlib import Path
from types import ModuleType

import pytest

from opencode.api import MODULES, control
from opencode.server.web import MAX_BODY, make_application
from tests.conftest import open_app, running


async def test_two_servers_share_nothing(tmp_path: Path) -> None:
    one_home, other_home = tmp_path / "one", tmp_path / "other"
    one_home.mkdir()
    other_home.mkdir()
    async with running(one_home, password="a") as one, running(other_home) as other:
        assert (await one.fetch("/global/health")).code == 401
        assert (await other.fetch("/global/health")).code == 200
        assert one.server.application.hub.epoch != other.server.application.hub.epoch


async def test_a_repeated_module_is_refused_at_start(tmp_path: Path) -> None:
    async with open_app(tmp_path) as app:
        with pytest.raises(ValueError, match="repeats"):
            make_application(app, [*MODULES, control])


async def test_without_operations_only_the_house_stands(tmp_path: Path) -> None:
    async with open_app(tmp_path) as app:
        assert make_application(app, [ModuleType("empty")]).operations == []


async def test_a_body_of_the_allowed_size_is_read(tmp_path: Path) -> None:
    entry = {"service": "t", "level": "debug", "message": "x" * (1024 * 1024)}
    assert len(entry["message"]) < MAX_BODY
    async with running(tmp_path) as server:
        assert (await server.fetch("/log", "POST", body=entry)).code == 200
