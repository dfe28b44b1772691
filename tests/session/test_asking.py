"""Attempts at one answer: what is tried again, what is kept of what broke, how it is told."""

from pathlib import Path
from typing import Any

import pytest

from opencode.schema.message import AssistantMessage
from tests.session.working import JSON, Working, error_of, texts, tools, working

SOON = {"retry-after-ms": "1"}


async def kinds(it: Working) -> list[str]:
    """The parts of all answers."""
    return [part.type for one in await it.messages() for part in one.parts]


def statuses(it: Working) -> list[JSON]:
    return [one["status"] for one in it.of("session.status")]


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Waits between attempts are not what is tested here."""
    monkeypatch.setattr("opencode.session.summary.waiting_time", lambda *given: 1)


async def test_a_stream_that_breaks_is_asked_for_again_and_keeps_what_came(tmp_path: Path) -> None:
    turns: list[JSON] = [{"text": "half an ans", "cut": True}, {"text": "whole"}]
    async with working(tmp_path, *turns) as it:
        answer = await it.prompt("q")
        assert texts(answer)[-1] == "whole"
        assert "half an ans".startswith(texts(answer)[0])
        assert error_of(answer) is None
        assert [part.type for part in answer.parts] == [
            "step-start",
            "text",
            "step-start",
            "text",
            "step-finish",
        ]
        for part in answer.parts:
            if part.type == "text":
                assert part.time is not None
                assert part.time.end is not None
        (retry,) = [one for one in statuses(it) if one["type"] == "retry"]
        assert retry["attempt"] == 1
        assert retry["message"]
        assert retry["next"] > 0


async def test_an_error_in_mid_stream_is_tried_again(tmp_path: Path) -> None:
    boom = {"message": "stream boom", "type": "server_error", "code": "x"}
    turns: list[JSON] = [{"text": "half", "error": boom}, {"text": "whole"}]
    async with working(tmp_path, *turns) as it:
        answer = await it.prompt("q")
        assert texts(answer)[-1] == "whole"
        (retry,) = [one for one in statuses(it) if one["type"] == "retry"]
        assert "stream boom" in retry["message"]


async def test_attempts_end(tmp_path: Path) -> None:
    async with working(tmp_path, *[{"text": "x", "cut": True}] * 9) as it:
        error = error_of(await it.prompt("q"))
        assert error is not None
        assert error["name"] == "APIError"
        assert error["data"]["isRetryable"] is True
        assert len(it.asked()) == 6
        assert [one["attempt"] for one in statuses(it) if one["type"] == "retry"] == [1, 2, 3, 4, 5]


async def test_calls_made_before_a_stream_broke_are_not_made_again(tmp_path: Path) -> None:
    """The first call was whole when the stream broke, the second nobody can be sure of."""
    first = {"name": "bash", "args": {"command": "echo ran >> made.txt; echo the result"}}
    second = {"name": "bash", "args": {"command": "echo two >> made.txt"}}
    turns: list[JSON] = [
        {"text": "I run it", "tools": [first, second], "cut": "tools"},
        {"text": "it gave a result"},
    ]
    async with working(tmp_path, *turns) as it:
        answer = await it.prompt("q")
        assert texts(answer)[-1] == "it gave a result"
        assert error_of(answer) is None
        assert Path(it.instance.directory, "made.txt").read_text() == "ran\n"
        ran, broken = tools(answer)
        assert (ran.state.status, broken.state.status) == ("completed", "error")
        *_, call, result, aborted = it.asked()[-1]["messages"]
        assert len(call["tool_calls"]) == 2
        assert result["content"] == "the result\n"
        assert "aborted" in aborted["content"]


async def test_a_refusal_is_final(tmp_path: Path) -> None:
    for status in (400, 401, 403, 404, 422):
        place = tmp_path / str(status)
        place.mkdir()
        async with working(place, {"status": status}) as it:
            answer = await it.prompt("q")
            error = error_of(answer)
            assert error is not None
            assert (error["name"], error["data"]["statusCode"]) == ("APIError", status)
            assert error["data"]["isRetryable"] is False
            assert len(it.asked()) == 1


async def test_an_overloaded_provider_is_asked_again(tmp_path: Path) -> None:
    refusals: list[JSON] = [{"status": status, "headers": SOON} for status in (429, 500, 503, 529)]
    async with working(tmp_path, *refusals, {"text": "ok"}) as it:
        answer = await it.prompt("q")
        assert texts(answer) == ["ok"]
        retries = [one for one in statuses(it) if one["type"] == "retry"]
        assert [one["message"] for one in retries] == [
            f"scripted error {status}" for status in (429, 500, 503, 529)
        ]


async def test_what_cannot_be_read_is_an_error(tmp_path: Path) -> None:
    async with working(tmp_path, {"raw": "data: {not json\n\n"}) as it:
        error = error_of(await it.prompt("q"))
        assert error is not None
        assert error["name"] == "UnknownError"
        assert len(it.asked()) == 1


async def test_a_cut_answer_is_one(tmp_path: Path) -> None:
    async with working(tmp_path, {"text": "as far as", "finish": "length"}) as it:
        answer = await it.prompt("q")
        assert isinstance(answer.info, AssistantMessage)
        assert (answer.info.finish, answer.info.error) == ("length", None)
        assert len(it.asked()) == 1


async def test_a_filtered_answer_is_an_error(tmp_path: Path) -> None:
    async with working(tmp_path, {"text": "I", "finish": "content_filter"}) as it:
        answer = await it.prompt("q")
        error = error_of(answer)
        assert error is not None
        assert error["name"] == "ContentFilterError"


async def test_broken_arguments_are_repaired_by_the_model(tmp_path: Path) -> None:
    broken = {"name": "bash", "args": '{"command": "ec'}
    whole = {"name": "bash", "args": {"command": "echo one"}}
    turns: list[JSON] = [{"tools": [broken]}, {"tools": [whole]}, {"text": "done"}]
    async with working(tmp_path, *turns) as it:
        answer = await it.prompt("q")
        assert texts(answer) == ["done"]
        calls: list[Any] = [part for one in await it.messages() for part in tools(one)]
        assert [part.tool for part in calls] == ["invalid", "bash"]
        second = it.asked()[1]["messages"][-1]["content"]
        assert "JSON parsing failed" in second
