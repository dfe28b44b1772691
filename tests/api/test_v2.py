"""The `/api` family: locations, models, files, what waits, and pages of sessions."""

import base64
from pathlib import Path
from typing import Any

import pytest

from tests.api.asking import Place, place

FILES = {"README.md": "Hello\n", "src/util.py": ""}


async def test_every_list_says_which_directory_it_is_about(tmp_path: Path) -> None:
    async with place(tmp_path, FILES) as at:
        location = await at.ask("v2.location.get")
        assert location["directory"] == location["project"]["directory"] == str(at.project)
        below = {"location[directory]": str(at.project / "src")}
        assert (await at.ask("v2.location.get", **below))["directory"].endswith("/src")
        for kind in ("agent", "command", "skill", "reference", "model", "provider", "integration"):
            assert (await at.ask(f"v2.{kind}.list"))["location"] == location
        assert await at.ask("v2.health.get") == {"healthy": True}


async def test_agents_commands_and_skills_are_those_of_the_other_family(tmp_path: Path) -> None:
    async with place(tmp_path, FILES) as at:
        agents = (await at.ask("v2.agent.list"))["data"]
        assert [one["id"] for one in agents] == [one["name"] for one in await at.ask("app.agents")]
        commands = (await at.ask("v2.command.list"))["data"]
        assert [one["name"] for one in commands] == ["init", "review"]
        [skill] = (await at.ask("v2.skill.list"))["data"]
        assert skill["location"] == "/builtin/customize-opencode.md"


async def test_connected_models_are_told_without_a_key(tmp_path: Path) -> None:
    async with place(tmp_path, FILES) as at:
        models = await at.ask("v2.model.list")
        assert [(one["providerID"], one["id"]) for one in models["data"]] == [("fake", "m1")]
        providers = await at.ask("v2.provider.list")
        assert [one["id"] for one in providers["data"]] == ["fake"]
        assert "secret-key" not in str(models) + str(providers)


async def test_a_provider_is_found_connected_or_not(tmp_path: Path) -> None:
    async with place(tmp_path, FILES) as at:
        for name in ("fake", "openai"):
            found = await at.ask("v2.provider.get", providerID=name)
            assert found["data"]["id"] == name
        status, answer = await at.send("v2.provider.get", providerID="nothing")
        assert (status, answer["_tag"]) == (404, "ProviderNotFoundError")


async def test_an_integration_tells_how_one_is_signed_in(tmp_path: Path) -> None:
    async with place(tmp_path, FILES, environ={"OPENAI_API_KEY": "k"}) as at:
        await at.ask("auth.set", {"type": "api", "key": "k"}, providerID="anthropic")
        openai = (await at.ask("v2.integration.get", integrationID="openai"))["data"]
        assert openai["connections"] == [{"type": "env", "name": "OPENAI_API_KEY"}]
        anthropic = (await at.ask("v2.integration.get", integrationID="anthropic"))["data"]
        assert [one["type"] for one in anthropic["connections"]] == ["credential"]
        status, answer = await at.send("v2.integration.get", integrationID="nothing")
        assert (status, answer["data"]) == (200, None)


async def test_files_are_listed_and_found(tmp_path: Path) -> None:
    async with place(tmp_path, FILES) as at:
        listed = (await at.ask("v2.fs.list", path="src"))["data"]
        assert listed == [{"path": "src/util.py", "type": "file"}]
        assert len((await at.ask("v2.fs.list"))["data"]) == 4
        found = (await at.ask("v2.fs.find", query="src"))["data"]
        assert found[0] == {"path": "src/", "type": "directory"}
        for limit in ("0", "many"):
            status, answer = await at.send("v2.fs.find", query="a", limit=limit)
            assert (status, answer["_tag"]) == (400, "InvalidRequestError")
        assert (await at.send("v2.fs.list", path="../"))[0] == 403


async def test_what_waits_for_a_person_is_listed(tmp_path: Path) -> None:
    async with place(tmp_path, FILES) as at:
        instance = await at.server.app.instance(str(at.project))
        session = (await at.ask("session.create", {}))["id"]
        asking = instance.tasks.start(
            "asking", instance.broker.ask(session, "bash", ["ls"], ruleset=[], always=["ls *"])
        )
        while not instance.broker.pending():
            await at.ask("v2.health.get")
        [request] = (await at.ask("v2.permission.request.list"))["data"]
        assert (request["action"], request["resources"]) == ("bash", ["ls"])
        assert request["save"] == ["ls *"]
        await at.ask("permission.reply", {"reply": "always"}, requestID=request["id"])
        await asking
        assert (await at.ask("v2.permission.request.list"))["data"] == []
        assert (await at.ask("v2.question.request.list"))["data"] == []
        [saved] = (await at.ask("v2.permission.saved.list"))["data"]
        assert (saved["action"], saved["resource"]) == ("bash", "ls *")
        assert (await at.ask("v2.permission.saved.list", projectID="other"))["data"] == []


async def made(at: Place, count: int) -> list[str]:
    """Sessions in the order of their creation."""
    return [(await at.ask("session.create", {"title": f"s{n}"}))["id"] for n in range(count)]


async def page(at: Place, **parameters: Any) -> tuple[list[str], dict[str, str]]:
    """The ids of a page, and its cursors."""
    status, answer = await at.send("v2.session.list", **parameters)
    assert status == 200
    return [one["id"] for one in answer["data"]], answer["cursor"]


async def test_sessions_are_paged_both_ways_in_either_order(tmp_path: Path) -> None:
    async with place(tmp_path, FILES) as at:
        oldest_first = await made(at, 5)
        for order, wanted in (("asc", oldest_first), ("desc", oldest_first[::-1])):
            first, cursors = await page(at, order=order, limit=2)
            second, later = await page(at, cursor=cursors["next"], limit=2)
            third, last = await page(at, cursor=later["next"], limit=2)
            assert [*first, *second, *third] == wanted
            assert (await page(at, cursor=later["previous"], limit=2))[0] == first
            assert (await page(at, cursor=last["next"])) == ([], {})
        found = await at.ask("v2.session.list", search="s3", directory=str(at.project))
        assert [one["title"] for one in found["data"]] == ["s3"]
        assert (await page(at, directory="/elsewhere")) == ([], {})


async def test_a_cursor_keeps_the_filters_of_its_list(tmp_path: Path) -> None:
    async with place(tmp_path, FILES) as at:
        await made(at, 2)
        await made(at, 2)
        first, cursors = await page(at, search="s1", limit=1)
        second, _ = await page(at, cursor=cursors["next"])
        assert len({*first, *second}) == 2


@pytest.mark.parametrize("cursor", ["zzz", "!", base64.b64encode(b"{}").decode()])
async def test_a_cursor_made_elsewhere_is_refused(tmp_path: Path, cursor: str) -> None:
    async with place(tmp_path, FILES) as at:
        status, answer = await at.send("v2.session.list", cursor=cursor)
        assert (status, answer["_tag"]) == (400, "InvalidCursorError")


async def test_a_session_is_found_by_its_id(tmp_path: Path) -> None:
    async with place(tmp_path, FILES) as at:
        [session] = await made(at, 1)
        found = (await at.ask("v2.session.get", sessionID=session))["data"]
        assert found["location"] == {"directory": str(at.project)}
        assert (await at.ask("v2.session.active"))["data"] == {}
        status, answer = await at.send("v2.session.get", sessionID="ses_unknown")
        assert (status, answer["_tag"]) == (404, "SessionNotFoundError")
