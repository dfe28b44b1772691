"""Messages and their parts: pages, edits, what is refused; command lines and commands."""

from pathlib import Path
from typing import Any

from tests.api.asking import Place, place

TEXT = {"type": "text", "text": "one"}


async def prompted(it: Place, *texts: str) -> tuple[str, list[dict[str, Any]]]:
    """A session with prompts that nobody answers, and its messages."""
    session = (await it.ask("session.create", {"title": "t"}))["id"]
    for text in texts:
        body = {"noReply": True, "parts": [{"type": "text", "text": text}]}
        await it.send("session.prompt", body, sessionID=session)
    return session, await it.ask("session.messages", sessionID=session)


async def test_a_prompt_without_reply_is_answered_with_itself(tmp_path: Path) -> None:
    async with place(tmp_path) as it:
        session = (await it.ask("session.create"))["id"]
        status, answer = await it.send(
            "session.prompt", {"noReply": True, "parts": [TEXT]}, sessionID=session
        )
        assert (status, answer["info"]["role"], answer["parts"][0]["text"]) == (200, "user", "one")
        one = await it.ask("session.message", sessionID=session, messageID=answer["info"]["id"])
        assert one == answer
        assert await it.ask("session.status") == {}


async def test_the_newest_messages_come_in_pages(tmp_path: Path) -> None:
    async with place(tmp_path) as it:
        session, messages = await prompted(it, "a", "b", "c")
        answer = await it.server.fetch(f"/session/{session}/message?limit=2")
        cursor = answer.headers["X-Next-Cursor"]
        older = await it.ask("session.messages", sessionID=session, limit=2, before=cursor)
        newer = await it.ask("session.messages", sessionID=session, limit=2)
        assert [*older, *newer] == messages
        status, error = await it.send("session.messages", sessionID=session, before=cursor)
        assert (status, error["name"]) == (400, "BadRequest")


async def test_what_does_not_exist_is_not_found(tmp_path: Path) -> None:
    async with place(tmp_path) as it:
        session, _ = await prompted(it)
        for operation, body, parameters in (
            ("session.messages", None, {"sessionID": "ses_no"}),
            ("session.message", None, {"sessionID": session, "messageID": "msg_no"}),
            ("session.prompt", {"parts": [TEXT]}, {"sessionID": "ses_no"}),
            ("session.prompt_async", {"parts": [TEXT]}, {"sessionID": "ses_no"}),
            ("session.command", {"command": "init", "arguments": ""}, {"sessionID": "ses_no"}),
            ("session.command", {"command": "no", "arguments": ""}, {"sessionID": session}),
            ("session.shell", {"agent": "build", "command": "ls"}, {"sessionID": "ses_no"}),
            ("session.deleteMessage", None, {"sessionID": "ses_no", "messageID": "msg_no"}),
            (
                "part.delete",
                None,
                {"sessionID": "ses_no", "messageID": "msg_no", "partID": "prt_no"},
            ),
            (
                "session.init",
                {"messageID": "msg_1", "providerID": "fake", "modelID": "m1"},
                {"sessionID": "ses_no"},
            ),
        ):
            status, error = await it.send(operation, body, **parameters)
            assert (operation, status, error["name"]) == (operation, 404, "NotFoundError")


async def test_a_body_that_does_not_fit_names_the_field(tmp_path: Path) -> None:
    async with place(tmp_path) as it:
        session, _ = await prompted(it)
        for operation, body, field in (
            ("session.prompt", {}, "parts"),
            ("session.prompt", {"parts": [{"type": "zzz"}]}, "parts"),
            ("session.command", {"command": "init"}, "arguments"),
            ("session.command", {"arguments": "", "command": "init", "parts": [TEXT]}, "parts"),
            ("session.shell", {"command": "ls"}, "agent"),
            ("session.shell", {"agent": "build", "command": " "}, "command"),
            ("session.init", {"messageID": "x", "providerID": "p", "modelID": "m"}, "messageID"),
        ):
            status, error = await it.send(operation, body, sessionID=session)
            assert (operation, status) == (operation, 400)
            assert field in error["data"]["message"]


async def test_a_part_is_replaced_whole(tmp_path: Path) -> None:
    async with place(tmp_path) as it:
        session, (message,) = await prompted(it, "one")
        part = message["parts"][0]
        where = {"sessionID": session, "messageID": message["info"]["id"], "partID": part["id"]}
        changed = {**part, "text": "two", "metadata": {"edited": True}}
        assert await it.ask("part.update", changed, **where) == changed
        stored = await it.ask("session.message", sessionID=session, messageID=part["messageID"])
        assert stored["parts"] == [changed]
        for wrong in ({"id": "prt_other"}, {"messageID": "msg_other"}, {"sessionID": "ses_o"}):
            status, error = await it.send("part.update", {**part, **wrong}, **where)
            assert (status, error["name"]) == (400, "BadRequest")
        lost = {**where, "messageID": "msg_gone"}
        body = {**part, "messageID": "msg_gone"}
        assert (await it.send("part.update", body, **lost))[0] == 404


async def test_edits_are_told(tmp_path: Path) -> None:
    async with place(tmp_path) as it:
        session, messages = await prompted(it, "one", "two")
        first, second = messages
        part = first["parts"][0]
        where = {"sessionID": session, "messageID": first["info"]["id"]}
        async with it.server.events("/event") as events:
            await events.next()
            await it.ask("part.update", {**part, "text": "new"}, **where, partID=part["id"])
            assert await it.ask("part.delete", **where, partID=part["id"]) is True
            assert await it.ask("part.delete", **where, partID=part["id"]) is True
            second_id = second["info"]["id"]
            gone = {"sessionID": session, "messageID": second_id}
            assert await it.ask("session.deleteMessage", **gone) is True
            assert await it.ask("session.deleteMessage", **gone) is True
            await it.ask("session.update", {"title": "end"}, sessionID=session)
            told: list[dict[str, Any]] = []
            while not told or told[-1]["type"] != "session.updated":
                told.append(await events.next())
        assert [one["type"] for one in told] == [
            "message.part.updated",
            "message.part.removed",
            "message.removed",
            "session.updated",
        ]
        assert told[0]["properties"]["part"]["text"] == "new"
        assert told[1]["properties"] == {**where, "partID": part["id"]}
        assert told[2]["properties"] == {"sessionID": session, "messageID": second_id}
        (left,) = await it.ask("session.messages", sessionID=session)
        assert left["parts"] == []


async def test_a_command_line_is_answered_as_the_contract_says(tmp_path: Path) -> None:
    async with place(tmp_path) as it:
        session, _ = await prompted(it)
        body = {"agent": "build", "command": "echo hi", "model": "fake/m1"}
        answer = await it.ask("session.shell", body, sessionID=session)
        assert answer["parts"][0]["state"]["output"] == "hi\n"
        body = {"agent": "nobody", "command": "echo hi"}
        status, error = await it.send("session.shell", body, sessionID=session)
        assert (status, error["name"]) == (400, "BadRequest")
        body = {"agent": "build", "command": "echo hi", "model": "fake/none"}
        status, error = await it.send("session.shell", body, sessionID=session)
        assert (status, error["name"]) == (400, "ModelNotFoundError")
