"""The configuration read and changed, and that a change takes effect."""

import json
from pathlib import Path

from tests.api.asking import place


async def test_the_configuration_is_the_merged_one(tmp_path: Path) -> None:
    async with place(tmp_path, environ={"USER": "ann"}) as at:
        found = await at.ask("config.get")
        assert (found["model"], found["username"], found["plugin"]) == ("fake/m1", "ann", [])


async def test_a_change_of_the_projects_configuration_takes_effect(tmp_path: Path) -> None:
    async with place(tmp_path, {"sub/a": ""}) as at, at.server.events() as events:
        await at.ask("config.get", directory="sub")
        echo = await at.ask("config.update", {"username": "bob", "bogus": 1})
        assert echo == {"username": "bob"}
        written = json.loads((at.project / "opencode.json").read_text())
        assert (written["username"], written["model"]) == ("bob", "fake/m1")
        assert (await at.ask("config.get"))["username"] == "bob"
        assert (await at.ask("config.get", directory="sub"))["username"] == "bob"
        while (await events.next())["payload"]["type"] != "server.instance.disposed":
            pass
        await at.ask("config.update", {"username": None})
        assert "username" not in json.loads((at.project / "opencode.json").read_text())


async def test_a_change_of_nothing_disturbs_nobody(tmp_path: Path) -> None:
    async with place(tmp_path) as at:
        before = await at.server.app.instance(str(at.project))
        assert await at.ask("config.update", {"bogus": 1}) == {}
        await at.ask("global.config.update", {})
        assert await at.server.app.instance(str(at.project)) is before


async def test_a_change_for_everybody_is_written_to_the_global_file(tmp_path: Path) -> None:
    async with place(tmp_path) as at, at.server.events() as events:
        assert list(await at.ask("global.config.get")) == ["$schema"]
        await at.ask("path.get")
        changed = await at.ask("global.config.update", {"instructions": ["x.md"]})
        assert changed["instructions"] == ["x.md"]
        assert await at.ask("global.config.get") == changed
        while (await events.next())["payload"]["type"] != "global.disposed":
            pass
        assert (await at.ask("config.get"))["instructions"] == ["x.md"]


async def test_a_wrong_type_names_the_key(tmp_path: Path) -> None:
    async with place(tmp_path) as at:
        for operation in ("config.update", "global.config.update"):
            status, answer = await at.send(operation, {"model": 5})
            assert status == 400
            assert '["model"]' in answer["message"]


async def test_the_providers_of_a_configuration_can_be_used(tmp_path: Path) -> None:
    async with place(tmp_path) as at:
        found = await at.ask("config.providers")
        assert [one["id"] for one in found["providers"]] == ["fake"]
        assert found["default"] == {"fake": "m1"}
