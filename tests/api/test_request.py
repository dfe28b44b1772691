"""What waits for a person, over HTTP: listed, answered, refused by name."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from tests.api.asking import Place
from tests.api.test_message import TEXT, talking
from tests.scripted_model import ScriptedModel

BASH = {"name": "bash", "args": {"command": "cat .env"}}
READ = {"name": "read", "args": {"filePath": "secret.env"}}
QUESTION = {
    "name": "question",
    "args": {
        "questions": [
            {"question": "Q?", "header": "H", "options": [{"label": "A", "description": "a"}]}
        ]
    },
}


async def waiting_for(at: Place, session: str, kind: str) -> tuple["asyncio.Future[Any]", Any]:
    """A prompt that waits for its answer, and the request it waits for."""
    news = at.server.app.bus.subscribe()
    answer = asyncio.ensure_future(at.ask("session.prompt", {"parts": [TEXT]}, sessionID=session))
    while await news.wait():
        for one in news.take():
            if one.event.type == f"{kind}.asked":
                news.close()
                (request,) = await at.ask(f"{kind}.list")
                return answer, request
    raise AssertionError("the bus was closed")


async def test_a_permission_is_listed_and_replied_to(tmp_path: Path) -> None:
    async with talking(tmp_path, {"tools": [READ]}, {"text": "done"}) as (at, _, session):
        Path(at.project, "secret.env").write_text("KEY=1")
        answer, request = await waiting_for(at, session, "permission")
        assert (request["permission"], request["patterns"]) == ("read", ["secret.env"])
        body = {"reply": "once"}
        assert await at.ask("permission.reply", body, requestID=request["id"]) is True
        assert (await answer)["parts"][1]["text"] == "done"
        assert await at.ask("permission.list") == []
        status, again = await at.send("permission.reply", body, requestID=request["id"])
        assert (status, again["_tag"]) == (404, "PermissionNotFoundError")


async def test_the_older_reply_works_from_another_directory(tmp_path: Path) -> None:
    async with talking(tmp_path, {"tools": [READ]}, {"text": "never"}) as (at, model, session):
        Path(at.project, "secret.env").write_text("KEY=1")
        answer, request = await waiting_for(at, session, "permission")
        done = await at.ask(
            "permission.respond",
            {"response": "reject"},
            sessionID=session,
            permissionID=request["id"],
            directory=str(tmp_path),
        )
        assert done is True
        (part,) = [one for one in (await answer)["parts"] if one["type"] == "tool"]
        assert part["state"]["status"] == "error"
        assert len(model.requests) == 1


async def test_a_question_is_listed_and_answered(tmp_path: Path) -> None:
    async with talking(tmp_path, {"tools": [QUESTION]}, {"text": "done"}) as (at, _, session):
        answer, request = await waiting_for(at, session, "question")
        assert request["questions"][0]["question"] == "Q?"
        body = {"answers": [["A"]]}
        assert await at.ask("question.reply", body, requestID=request["id"]) is True
        assert (await answer)["parts"][1]["text"] == "done"
        status, again = await at.send("question.reply", body, requestID=request["id"])
        assert (status, again["_tag"]) == (404, "QuestionNotFoundError")


async def test_a_question_is_dismissed(tmp_path: Path) -> None:
    async with talking(tmp_path, {"tools": [QUESTION]}, {"text": "never"}) as (at, model, session):
        answer, request = await waiting_for(at, session, "question")
        assert await at.ask("question.reject", requestID=request["id"]) is True
        await answer
        assert len(model.requests) == 1


@pytest.mark.parametrize(
    ("operation", "body", "ids", "status", "name"),
    [
        ("permission.reply", {"reply": "once"}, {"requestID": "per_x"}, 404, "_tag"),
        ("permission.reply", {"reply": "never"}, {"requestID": "per_x"}, 400, "name"),
        ("permission.reply", {"reply": "once"}, {"requestID": "que_x"}, 400, "name"),
        ("question.reply", {"answers": "x"}, {"requestID": "que_x"}, 400, "name"),
        ("question.reply", {"answers": []}, {"requestID": "que_x"}, 404, "_tag"),
        ("question.reject", None, {"requestID": "que_x"}, 404, "_tag"),
        (
            "permission.respond",
            {"response": "once"},
            {"sessionID": "ses_x", "permissionID": "per_x"},
            404,
            "name",
        ),
    ],
)
async def test_what_cannot_be_answered_is_told(
    tmp_path: Path, operation: str, body: Any, ids: dict[str, str], status: int, name: str
) -> None:
    async with talking(tmp_path) as (at, model, _):
        assert isinstance(model, ScriptedModel)
        found, answer = await at.send(operation, body, **ids)
        assert found == status
        assert name in answer
        assert answer["message"]
