"""Sessions over HTTP: made, listed, changed, deleted, stopped; bad input by name."""

import os
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.api.asking import Place, place


async def made(at: Place, **body: Any) -> dict[str, Any]:
    session: dict[str, Any] = await at.ask("session.create", body)
    return session


async def test_a_session_is_made_with_and_without_a_body(tmp_path: Path) -> None:
    async with place(tmp_path) as at:
        bare = await at.ask("session.create")
        assert bare["title"].startswith("New session - ")
        assert (bare["directory"], bare["path"]) == (str(at.project), "")
        full = await made(at, title="Mine", parentID=bare["id"], metadata={"a": 1})
        assert (full["title"], full["parentID"], full["metadata"]) == ("Mine", bare["id"], {"a": 1})
        assert await at.ask("session.get", sessionID=full["id"]) == full
        assert [one["id"] for one in await at.ask("session.children", sessionID=bare["id"])] == [
            full["id"]
        ]
        assert await at.ask("session.status") == {}
        assert await at.ask("session.todo", sessionID=full["id"]) == []
        assert await at.ask("session.diff", sessionID=full["id"]) == []


async def test_a_list_is_filtered_by_its_query(tmp_path: Path) -> None:
    async with place(tmp_path, {"src/lib/a.py": ""}) as at:
        root = await made(at, title="Alpha")
        child = await made(at, title="Beta", parentID=root["id"])
        source = os.path.join(at.project, "src")
        inner = await at.ask("session.create", {"title": "Inner"}, directory=source)
        deep = await at.ask("session.create", {}, directory=os.path.join(source, "lib"))

        async def listed(**query: Any) -> set[str]:
            return {one["id"] for one in await at.ask("session.list", **query)}

        everything = {root["id"], child["id"], inner["id"], deep["id"]}
        assert await listed() == everything
        assert await listed(directory=source) == {inner["id"]}
        assert await listed(directory=source, scope="project") == everything
        assert await listed(path="src") == {inner["id"], deep["id"]}
        assert await listed(roots="true") == everything - {child["id"]}
        assert await listed(search="ALPHA") == {root["id"]}
        assert await listed(limit=0) == set()
        assert len(await listed(limit=2)) == 2
        assert await listed(start=deep["time"]["updated"] + 100_000) == set()


async def test_a_change_keeps_what_is_absent(tmp_path: Path) -> None:
    async with place(tmp_path) as at:
        session = await made(at, permission=[{"permission": "a", "pattern": "*", "action": "ask"}])

        async def change(**body: Any) -> dict[str, Any]:
            found: dict[str, Any] = await at.ask("session.update", body, sessionID=session["id"])
            return found

        renamed = await change(title="New")
        assert renamed == {**session, "title": "New"}
        archived = await change(time={"archived": 123})
        assert archived["time"] == {**session["time"], "archived": 123}
        assert (await change(time={}))["time"] == archived["time"]
        assert "archived" not in (await change(time={"archived": None}))["time"]
        rule = {"permission": "b", "pattern": "*", "action": "deny"}
        changed = await change(permission=[rule], metadata={"k": None})
        assert [one["permission"] for one in changed["permission"]] == ["a", "b"]
        assert changed["metadata"] == {"k": None}
        assert changed["time"]["updated"] >= session["time"]["updated"]
        assert await change() == changed


async def test_a_change_of_nothing_is_not_published(tmp_path: Path) -> None:
    async with place(tmp_path) as at:
        session = await made(at, title="Mine")
        news = at.server.app.bus.subscribe()
        nothing: list[dict[str, Any]] = [{}, {"time": {}}, {"bogus": 1}, {"permission": []}]
        for body in (*nothing, {"title": "Mine"}):
            await at.ask("session.update", body, sessionID=session["id"])
        assert [one.event.type for one in news.take()] == []


async def test_a_session_is_deleted_from_anywhere_with_its_children(tmp_path: Path) -> None:
    async with place(tmp_path) as at:
        root = await made(at)
        child = await made(at, parentID=root["id"])
        news = at.server.app.bus.subscribe()
        (tmp_path / "elsewhere").mkdir()
        elsewhere = str(tmp_path / "elsewhere")
        assert await at.ask("session.delete", sessionID=root["id"], directory=elsewhere) is True
        deleted = [one.event for one in news.take() if one.event.type == "session.deleted"]
        assert [one.properties.session_id for one in deleted] == [child["id"], root["id"]]  # type: ignore[attr-defined]
        assert (await at.send("session.get", sessionID=child["id"]))[0] == 404


async def test_a_session_of_a_directory_that_is_gone_can_be_stopped_and_deleted(
    tmp_path: Path,
) -> None:
    async with place(tmp_path, {"gone/a.txt": ""}) as at:
        gone = os.path.join(at.project, "gone")
        session = await at.ask("session.create", {}, directory=gone)
        await at.server.app.dispose()
        shutil.rmtree(gone)
        Path(at.project, "gone").write_text("a file in its place")
        assert await at.ask("session.abort", sessionID=session["id"]) is True
        assert await at.ask("session.delete", sessionID=session["id"]) is True


async def test_stopping_what_does_not_run_or_exist_is_no_error(tmp_path: Path) -> None:
    async with place(tmp_path) as at:
        session = await made(at)
        news = at.server.app.bus.subscribe()
        assert await at.ask("session.abort", sessionID=session["id"]) is True
        assert [one.event.type for one in news.take()] == ["session.status", "session.idle"]
        assert await at.ask("session.abort", sessionID="ses_unknown") is True
        assert news.take() == []


@pytest.mark.parametrize(
    "operation",
    ["session.get", "session.delete", "session.children", "session.todo", "session.diff"],
)
async def test_an_unknown_session_is_a_404_by_name(tmp_path: Path, operation: str) -> None:
    async with place(tmp_path) as at:
        status, answer = await at.send(operation, sessionID="ses_unknown")
        assert (status, answer["name"]) == (404, "NotFoundError")
        assert answer["data"]["message"] == "Session not found: ses_unknown"


@pytest.mark.parametrize(
    ("operation", "body", "message"),
    [
        ("session.create", {"title": 5}, 'Expected string, got 5\n  at ["title"]'),
        ("session.create", [], "Expected object, got []"),
        (
            "session.create",
            {"parentID": "x"},
            'Expected a string starting with "ses", got "x"\n  at ["parentID"]',
        ),
        (
            "session.create",
            {"model": {"id": "m"}},
            'Missing key\n  at ["model"]["providerID"]',
        ),
        ("session.update", {"title": 5}, 'Expected string, got 5\n  at ["title"]'),
        (
            "session.update",
            {"time": {"archived": "x"}},
            'Expected an integer, got "x"\n  at ["time"]["archived"]',
        ),
    ],
)
async def test_a_bad_body_is_a_400_that_names_the_field(
    tmp_path: Path, operation: str, body: Any, message: str
) -> None:
    async with place(tmp_path) as at:
        session = await made(at)
        status, answer = await at.send(operation, body, sessionID=session["id"])
        assert (status, answer["data"]["message"]) == (400, message)


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ({"roots": "maybe"}, 'Expected "true" | "false", got "maybe"\n  at ["roots"]'),
        ({"limit": "abc"}, 'Expected an integer, got "abc"\n  at ["limit"]'),
        ({"start": "abc"}, 'Expected number, got "abc"\n  at ["start"]'),
    ],
)
async def test_a_bad_query_is_a_400_that_names_the_field(
    tmp_path: Path, query: dict[str, str], message: str
) -> None:
    async with place(tmp_path) as at:
        status, answer = await at.send("session.list", **query)
        assert (status, answer["data"]["message"]) == (400, message)
        assert answer["data"]["kind"] == "Query"


async def test_an_id_of_another_kind_is_a_400(tmp_path: Path) -> None:
    async with place(tmp_path) as at:
        status, answer = await at.send("session.get", sessionID="msg_1")
        assert status == 400
        assert answer["data"]["message"] == (
            'Expected a string starting with "ses", got "msg_1"\n  at ["sessionID"]'
        )


async def prompted(it: Place, *texts: str, **given: Any) -> tuple[str, list[str]]:
    """A session with prompts that nobody answers, and their ids."""
    session = (await it.ask("session.create", {"title": "t", **given}))["id"]
    for text in texts:
        body = {"noReply": True, "parts": [{"type": "text", "text": text}]}
        await it.send("session.prompt", body, sessionID=session)
    messages = await it.ask("session.messages", sessionID=session)
    return session, [one["info"]["id"] for one in messages]


async def test_a_message_is_taken_back_and_restored(tmp_path: Path) -> None:
    async with place(tmp_path) as it:
        session, (_, second) = await prompted(it, "one", "two")
        reverted = await it.ask("session.revert", {"messageID": second}, sessionID=session)
        assert reverted["revert"]["messageID"] == second
        assert len(reverted["revert"]["snapshot"]) == 40
        assert reverted["summary"] == {"additions": 0, "deletions": 0, "files": 0}
        assert len(await it.ask("session.messages", sessionID=session)) == 2
        restored = await it.ask("session.unrevert", {}, sessionID=session)
        assert "revert" not in restored
        same = await it.ask("session.unrevert", {}, sessionID=session)
        assert same == restored
        unknown = await it.ask("session.revert", {"messageID": "msg_no"}, sessionID=session)
        assert unknown == restored


async def test_a_prompt_without_reply_makes_it_final_too(tmp_path: Path) -> None:
    async with place(tmp_path) as it:
        session, (first, second) = await prompted(it, "one", "two")
        await it.ask("session.revert", {"messageID": second}, sessionID=session)
        body = {"noReply": True, "parts": [{"type": "text", "text": "instead"}]}
        await it.send("session.prompt", body, sessionID=session)
        left = await it.ask("session.messages", sessionID=session)
        assert [one["parts"][0]["text"] for one in left] == ["one", "instead"]
        assert left[0]["info"]["id"] == first


async def test_a_fork_stands_by_itself(tmp_path: Path) -> None:
    async with place(tmp_path) as it:
        session, (_, second) = await prompted(it, "one", "two")
        copy = await it.ask("session.fork", {"messageID": second}, sessionID=session)
        assert copy["title"] == "t (fork #1)"
        (message,) = await it.ask("session.messages", sessionID=copy["id"])
        assert message["info"]["sessionID"] == message["parts"][0]["sessionID"] == copy["id"]
        await it.ask("session.delete", sessionID=session)
        assert await it.ask("session.get", sessionID=copy["id"]) == copy
