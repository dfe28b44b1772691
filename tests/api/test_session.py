"""Sessions: made, found, changed, deleted, taken back, forked."""

from pathlib import Path
from typing import Any

from tests.api.asking import Place, place


async def prompted(it: Place, *texts: str, **given: Any) -> tuple[str, list[str]]:
    """A session with prompts that nobody answers, and their ids."""
    session = (await it.ask("session.create", {"title": "t", **given}))["id"]
    for text in texts:
        body = {"noReply": True, "parts": [{"type": "text", "text": text}]}
        await it.send("session.prompt", body, sessionID=session)
    messages = await it.ask("session.messages", sessionID=session)
    return session, [one["info"]["id"] for one in messages]


async def test_a_session_is_made_as_it_is_asked_for(tmp_path: Path) -> None:
    async with place(tmp_path) as it:
        plain = await it.ask("session.create")
        assert plain["title"].startswith("New session - ")
        assert plain["directory"] == str(it.project)
        rules = [{"permission": "bash", "pattern": "*", "action": "deny"}]
        made = await it.ask(
            "session.create",
            {"title": "Own", "agent": "plan", "permission": rules, "parentID": plain["id"]},
        )
        assert (made["title"], made["agent"], made["permission"]) == ("Own", "plan", rules)
        assert await it.ask("session.get", sessionID=made["id"]) == made
        assert await it.ask("session.children", sessionID=plain["id"]) == [made]


async def test_sessions_are_listed_newest_change_first(tmp_path: Path) -> None:
    async with place(tmp_path) as it:
        first = await it.ask("session.create", {"title": "First one"})
        second = await it.ask("session.create", {"title": "Second", "parentID": first["id"]})
        assert [one["id"] for one in await it.ask("session.list")] == [second["id"], first["id"]]
        for query, wanted in (
            ({"roots": "true"}, [first]),
            ({"search": "one"}, [first]),
            ({"limit": 1}, [second]),
            ({"start": second["time"]["updated"] + 1000}, []),
        ):
            found = await it.ask("session.list", **query)
            assert [one["id"] for one in found] == [one["id"] for one in wanted]


async def test_a_session_is_changed_and_deleted_with_its_children(tmp_path: Path) -> None:
    async with place(tmp_path) as it:
        session, _ = await prompted(it)
        child, _ = await prompted(it, parentID=session)
        changed = await it.ask("session.update", {"title": "New"}, sessionID=session)
        assert changed["title"] == "New"
        archived = await it.ask("session.update", {"time": {"archived": 5}}, sessionID=session)
        assert archived["time"]["archived"] == 5
        assert await it.ask("session.todo", sessionID=session) == []
        assert await it.ask("session.diff", sessionID=session) == []
        assert await it.ask("session.abort", sessionID=session) is True
        assert await it.ask("session.delete", sessionID=session) is True
        for gone in (session, child):
            assert (await it.send("session.get", sessionID=gone))[0] == 404


async def test_what_does_not_exist_is_not_found(tmp_path: Path) -> None:
    async with place(tmp_path) as it:
        session, _ = await prompted(it)
        for operation, body in (
            ("session.get", None),
            ("session.update", {"title": "x"}),
            ("session.delete", None),
            ("session.children", None),
            ("session.todo", None),
            ("session.diff", None),
            ("session.revert", {"messageID": "msg_1"}),
            ("session.unrevert", {}),
            ("session.fork", {}),
        ):
            status, error = await it.send(operation, body, sessionID="ses_no")
            assert (operation, status, error["name"]) == (operation, 404, "NotFoundError")
        assert await it.ask("session.abort", sessionID="ses_no") is True
        status, error = await it.send("session.fork", {"messageID": "msg_no"}, sessionID=session)
        assert (status, error["name"]) == (404, "NotFoundError")


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


async def test_a_body_that_does_not_fit_names_the_field(tmp_path: Path) -> None:
    async with place(tmp_path) as it:
        session, _ = await prompted(it)
        for operation, body, field in (
            ("session.revert", {}, "messageID"),
            ("session.revert", {"messageID": "x"}, "messageID"),
            ("session.revert", {"messageID": "msg_1", "partID": "x"}, "partID"),
            ("session.fork", {"messageID": "x"}, "messageID"),
        ):
            status, error = await it.send(operation, body, sessionID=session)
            assert (operation, status) == (operation, 400)
            assert field in error["data"]["message"]


async def test_a_fork_stands_by_itself(tmp_path: Path) -> None:
    async with place(tmp_path) as it:
        session, (_, second) = await prompted(it, "one", "two")
        copy = await it.ask("session.fork", {"messageID": second}, sessionID=session)
        assert copy["title"] == "t (fork #1)"
        (message,) = await it.ask("session.messages", sessionID=copy["id"])
        assert message["info"]["sessionID"] == message["parts"][0]["sessionID"] == copy["id"]
        await it.ask("session.delete", sessionID=session)
        assert await it.ask("session.get", sessionID=copy["id"]) == copy
