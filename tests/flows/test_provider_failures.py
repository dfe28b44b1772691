"""A provider that fails: each attempt is told, what arrived is kept, and there is one end."""

from pathlib import Path

import pytest

from tests.flows.story import JSON, story

FILES = {"a.txt": "a\n"}
PROMPT = {"parts": [{"type": "text", "text": "go"}]}


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Waits between attempts are not what is tested here."""
    monkeypatch.setattr("opencode.session.summary.waiting_time", lambda *given: 1)


async def test_a_stream_that_breaks_twice(tmp_path: Path) -> None:
    turns: list[JSON] = [
        {"text": "half ", "cut": True},
        {"reasoning": "hm ", "cut": True},
        {"text": "whole"},
    ]
    async with story(tmp_path, turns, files=FILES) as it:
        session = await it.session(title="Unlucky")
        answer = await it.post(f"/session/{session}/message", PROMPT)
        await it.until("session.idle")
        told = [line for line in it.lines() if line != "session.updated"]
        assert told == [
            "server.connected",
            "session.created",
            "message user",
            "part text",
            "status busy",
            "message assistant",
            "status busy",
            "part step-start",
            "part text",
            "delta text",
            "part text ended",
            "status retry",
            "status busy",
            "part step-start",
            "part reasoning",
            "delta text",
            "part reasoning ended",
            "status retry",
            "status busy",
            "part step-start",
            "part text",
            "delta text",
            "part text ended",
            "part step-finish",
            "message assistant stop",
            "message assistant completed",
            "status idle",
            "session.idle",
        ]
        assert [part["type"] for part in answer["parts"]] == [
            "step-start",
            "text",
            "step-start",
            "reasoning",
            "step-start",
            "text",
            "step-finish",
        ]
        retries = [
            event["properties"]["status"]
            for event in it.seen
            if event["type"] == "session.status"
            and event["properties"]["status"]["type"] == "retry"
        ]
        assert [retry["attempt"] for retry in retries] == [1, 2]
        assert all(retry["message"] and retry["next"] for retry in retries)


@pytest.mark.parametrize("protocol", ["compatible", "anthropic"])
@pytest.mark.parametrize(
    ("turn", "name", "requests"),
    [
        ({"status": 400}, "APIError", 1),
        ({"status": 401}, "APIError", 1),
        ({"status": 500}, "APIError", 6),
        ({"status": 529}, "APIError", 6),
        ({"finish": None}, "UnknownError", 3),
        ({"text": "not a stream", "type": "text/html", "finish": None}, "UnknownError", 1),
    ],
)
async def test_every_failure_ends_once(
    tmp_path: Path, protocol: str, turn: JSON, name: str, requests: int
) -> None:
    async with story(tmp_path, [turn] * 9, files=FILES, protocol=protocol) as it:
        session = await it.session(title="Unlucky")
        answer = await it.post(f"/session/{session}/message", PROMPT)
        await it.until("session.idle")
        assert answer["info"]["error"]["name"] == name
        assert len(it.model.requests) == requests
        lines = it.lines()
        assert (lines.count("session.error"), lines.count("session.idle")) == (1, 1)
        assert await it.get("/session/status") == {}
        assert answer == (await it.messages(session))[-1]
