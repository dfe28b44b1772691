"""Messages over HTTP: prompts, pages, parts; bad input by name."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.api.asking import Place, place
from tests.scripted_model import ScriptedModel

TEXT = {"type": "text", "text": "hi"}


@asynccontextmanager
async def talking(tmp_path: Path, *turns: Any) -> AsyncIterator[tuple[Place, ScriptedModel, str]]:
    """A server with a model, and a session that has a title."""
    async with (
        ScriptedModel(list(turns)) as model,
        place(tmp_path, config=model.config()) as at,
    ):
        session = await at.ask("session.create", {"title": "t"})
        yield at, model, session["id"]


async def store(at: Place, session: str) -> Any:
    """A prompt that wants no reply. The contract knows no such answer, the original gives it."""
    body = {"parts": [TEXT], "noReply": True}
    status, stored = await at.send("session.prompt", body, sessionID=session)
    assert (status, stored["info"]["role"]) == (200, "user")
    return stored


async def test_a_prompt_answers_with_the_message_of_its_end(tmp_path: Path) -> None:
    async with talking(tmp_path) as (at, _, session):
        answer = await at.ask("session.prompt", {"parts": [TEXT]}, sessionID=session)
        assert answer["info"]["role"] == "assistant"
        assert [one["type"] for one in answer["parts"]] == ["step-start", "text", "step-finish"]
        listed = await at.ask("session.messages", sessionID=session)
        assert listed[1] == answer
        (one, _) = listed
        found = await at.ask("session.message", sessionID=session, messageID=one["info"]["id"])
        assert found == one


async def test_a_prompt_need_not_be_waited_for(tmp_path: Path) -> None:
    async with talking(tmp_path, {"text": "x", "hold": "here"}) as (at, model, session):
        news = at.server.app.bus.subscribe()
        status, answer = await at.send("session.prompt_async", {"parts": [TEXT]}, sessionID=session)
        assert (status, answer) == (204, None)
        await model.held("here")
        assert await at.ask("session.status") == {session: {"type": "busy"}}
        status, answer = await at.send(
            "session.deleteMessage", sessionID=session, messageID="msg_x"
        )
        assert (status, answer["_tag"]) == (409, "SessionBusyError")
        model.release("here")
        seen: list[str] = []
        while "session.idle" not in seen:
            assert await news.wait()
            seen += [one.event.type for one in news.take()]
        assert await at.ask("session.status") == {}


async def test_deleting_a_session_at_work_stops_it(tmp_path: Path) -> None:
    async with talking(tmp_path, {"text": "x", "hold": "for ever"}) as (at, model, session):
        waiting = asyncio.ensure_future(
            at.send("session.prompt", {"parts": [TEXT]}, sessionID=session)
        )
        await model.held("for ever")
        assert await at.ask("session.delete", sessionID=session) is True
        await model.disconnected()
        assert (await at.send("session.get", sessionID=session))[0] == 404
        assert (await waiting)[0] in (200, 404)


async def test_pages_are_linked(tmp_path: Path) -> None:
    async with talking(tmp_path) as (at, _, session):
        for _ in range(3):
            await store(at, session)
        whole = await at.ask("session.messages", sessionID=session)
        path = f"/session/{session}/message?limit=2"
        first = await at.server.fetch(path)
        assert json.loads(first.body) == whole[1:]
        cursor = first.headers["X-Next-Cursor"]
        assert f"before={cursor}" in first.headers["Link"]
        rest = await at.server.fetch(f"{path}&before={cursor}")
        assert json.loads(rest.body) == whole[:1]
        assert "X-Next-Cursor" not in rest.headers


async def test_a_part_is_changed_and_deleted(tmp_path: Path) -> None:
    async with talking(tmp_path) as (at, _, session):
        stored = await store(at, session)
        (part,) = stored["parts"]
        ids = {"sessionID": session, "messageID": part["messageID"], "partID": part["id"]}
        changed = await at.ask("part.update", {**part, "text": "changed"}, **ids)
        assert changed == {**part, "text": "changed"}
        status, answer = await at.send("part.update", {**part, "id": "prt_other"}, **ids)
        assert (status, answer["data"]["kind"]) == (400, "Payload")
        elsewhere = {**part, "messageID": "msg_x"}
        status, answer = await at.send("part.update", elsewhere, **{**ids, "messageID": "msg_x"})
        assert (status, answer["name"]) == (404, "NotFoundError")
        assert await at.ask("part.delete", **ids) is True
        assert await at.ask("part.delete", **ids) is True
        message = {"sessionID": session, "messageID": part["messageID"]}
        assert (await at.ask("session.message", **message))["parts"] == []
        assert await at.ask("session.deleteMessage", **message) is True
        assert await at.ask("session.deleteMessage", **message) is True
        assert await at.ask("session.messages", sessionID=session) == []


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({}, 'Missing key\n  at ["parts"]'),
        ({"parts": [{}]}, 'Missing key\n  at ["parts"][0]["type"]'),
        ({"parts": [{"type": "text"}]}, 'Missing key\n  at ["parts"][0]["text"]'),
        (
            {"parts": [], "messageID": "foo"},
            'Expected a string starting with "msg", got "foo"\n  at ["messageID"]',
        ),
        (
            {"parts": [{"type": "file", "mime": "image/png", "url": "http://x/a"}]},
            'Expected a "file:" or "data:" URL, got "http://x/a"\n  at ["parts"][0]["url"]',
        ),
        (
            {"parts": [], "agent": "nope"},
            'Unknown agent "nope", expected one of: build, explore, general, plan',
        ),
    ],
)
async def test_a_bad_prompt_is_a_400_that_names_the_field(
    tmp_path: Path, body: Any, message: str
) -> None:
    async with talking(tmp_path) as (at, model, session):
        for operation in ("session.prompt", "session.prompt_async"):
            status, answer = await at.send(operation, body, sessionID=session)
            assert (status, answer["data"]["message"]) == (400, message)
        assert await at.ask("session.messages", sessionID=session) == []
        assert model.requests == []


async def test_an_unknown_model_is_a_400_that_names_it(tmp_path: Path) -> None:
    async with talking(tmp_path) as (at, _, session):
        body = {"parts": [TEXT], "model": "fake/nope"}
        status, answer = await at.send("session.prompt", body, sessionID=session)
        assert (status, answer["name"]) == (400, "ModelNotFoundError")
        assert "nope" in answer["message"]


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ({"before": "x"}, 400),
        ({"before": "x", "limit": 1}, 400),
        ({"limit": "x"}, 400),
        ({"limit": -1}, 400),
        ({"limit": 0}, 200),
    ],
)
async def test_a_bad_window_is_a_400(tmp_path: Path, query: dict[str, Any], status: int) -> None:
    async with talking(tmp_path) as (at, _, session):
        found, answer = await at.send("session.messages", sessionID=session, **query)
        assert found == status
        if status == 400:
            assert answer["data"]["kind"] == "Query"


async def test_what_does_not_exist_is_a_404(tmp_path: Path) -> None:
    async with talking(tmp_path) as (at, _, session):
        for operation, ids in (
            ("session.messages", {"sessionID": "ses_x"}),
            ("session.message", {"sessionID": session, "messageID": "msg_x"}),
            ("session.deleteMessage", {"sessionID": "ses_x", "messageID": "msg_x"}),
            ("part.delete", {"sessionID": "ses_x", "messageID": "msg_x", "partID": "prt_x"}),
        ):
            status, answer = await at.send(operation, **ids)
            assert (status, answer["name"]) == (404, "NotFoundError")
        status, _ = await at.send("session.prompt", {"parts": [TEXT]}, sessionID="ses_x")
        assert status == 404


async def prompted(it: Place, *texts: str) -> tuple[str, list[dict[str, Any]]]:
    """A session with prompts that nobody answers, and its messages."""
    session = (await it.ask("session.create", {"title": "t"}))["id"]
    for text in texts:
        body = {"noReply": True, "parts": [{"type": "text", "text": text}]}
        await it.send("session.prompt", body, sessionID=session)
    return session, await it.ask("session.messages", sessionID=session)


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
