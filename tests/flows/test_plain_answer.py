"""A prompt, reasoning, a tool call, a second answer: the events in order, and the record."""

import json
from pathlib import Path

from tests.flows.story import JSON, story


async def test_a_prompt_with_a_tool_call_is_told_step_by_step(tmp_path: Path) -> None:
    turns: list[JSON] = [
        {
            "reasoning": "let me think",
            "text": "I will look.",
            "tools": [{"name": "read", "args": {"filePath": "README.md"}}],
        },
        {"text": "It says hello."},
    ]
    async with story(tmp_path, turns, files={"README.md": "hello\n"}) as it:
        session = await it.session(title="Named")
        answer = await it.post(
            f"/session/{session}/message",
            {"parts": [{"type": "text", "text": "What does the README say?"}]},
        )
        await it.until("session.idle")
        assert answer["info"]["finish"] == "stop"
        assert [p["text"] for p in answer["parts"] if p["type"] == "text"] == ["It says hello."]
        told = [line for line in it.lines() if not line.startswith("session.updated")]
        assert told == [
            "server.connected",
            "session.created",
            "message user",
            "part text",
            "status busy",
            "message assistant",
            "status busy",
            "part step-start",
            "part reasoning",
            "delta text",
            "part reasoning ended",
            "part text",
            "delta text",
            "part text ended",
            "part tool read pending",
            "part tool read running",
            "part tool read completed",
            "part step-finish",
            "message assistant tool-calls",
            "message assistant completed",
            "message assistant",
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
        first, second = it.model.requests
        offered = "bash edit glob grep question read skill task todowrite webfetch write"
        assert [tool["function"]["name"] for tool in first.body["tools"]] == offered.split()
        roles = [message["role"] for message in second.body["messages"]]
        assert roles == ["system", "user", "assistant", "tool"]
        assert "1: hello" in second.body["messages"][-1]["content"]


async def test_an_untitled_session_gets_its_title(tmp_path: Path) -> None:
    async with story(tmp_path, [{"text": "Done."}], files={"a.txt": "a\n"}) as it:
        session = await it.session()
        await it.post(f"/session/{session}/message", {"parts": [{"type": "text", "text": "Do it"}]})
        while (await it.get(f"/session/{session}"))["title"].startswith("New session"):
            await it.until("session.updated")
        assert (await it.get(f"/session/{session}"))["title"] == "A scripted title"


async def test_the_record_survives_a_restart(tmp_path: Path) -> None:
    prompt = {"parts": [{"type": "text", "text": "Remember this"}]}
    async with story(tmp_path, [{"text": "I will."}], files={"a.txt": "a\n"}) as it:
        session = await it.session(title="Kept")
        await it.post(f"/session/{session}/message", prompt)
        before = await it.messages(session)
    async with story(tmp_path, []) as it:
        assert await it.messages(session) == before
        assert json.dumps(before).count("I will.") == 1
