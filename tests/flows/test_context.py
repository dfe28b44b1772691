"""A conversation that grows too long: summed up by hand, by itself, and where the model refuses."""

import json
from pathlib import Path

from tests.flows.story import JSON, Story, story

FILES = {"a.txt": "a\n"}
FULL = {"prompt_tokens": 119_000, "completion_tokens": 1_000, "total_tokens": 120_000}
TOO_LONG = {
    "status": 400,
    "body": {
        "error": {
            "message": "This model's maximum context length is 8192 tokens.",
            "code": "context_length_exceeded",
        }
    },
}


def prompt(text: str) -> JSON:
    return {"parts": [{"type": "text", "text": text}]}


def told(it: Story, since: int) -> list[str]:
    """What was published from there on, without the accounts of the session."""
    return [line for line in it.lines()[since:] if line != "session.updated"]


async def test_by_hand(tmp_path: Path) -> None:
    turns: list[JSON] = [{"text": "a1"}, {"text": "THE SUMMARY"}]
    async with story(tmp_path, turns, files=FILES) as it:
        session = await it.session(title="Long")
        await it.post(f"/session/{session}/message", prompt("q1"))
        await it.until("session.idle")
        before = len(it.lines())
        await it.post(f"/session/{session}/summarize", {"providerID": "fake", "modelID": "m1"})
        await it.until("session.idle")
        assert told(it, before) == [
            "status busy",
            "message user",
            "part compaction",
            "message assistant",
            "status busy",
            "part step-start",
            "part text",
            "delta text",
            "part text ended",
            "part step-finish",
            "message assistant stop",
            "message assistant completed",
            "session.compacted",
            "status idle",
            "session.idle",
        ]


async def test_by_itself_and_the_work_goes_on(tmp_path: Path) -> None:
    turns: list[JSON] = [
        {"text": "a1", "usage": FULL},
        {"text": "AUTOSUM"},
        {"text": "cont"},
    ]
    async with story(tmp_path, turns, files=FILES) as it:
        session = await it.session(title="Long")
        answer = await it.post(f"/session/{session}/message", prompt("q1"))
        assert answer["parts"][1]["text"] == "cont"
        await it.until("session.idle")
        lines = told(it, 0)
        assert lines[lines.index("message assistant completed") :] == [
            "message assistant completed",
            "message user",
            "part compaction",
            "message assistant",
            "status busy",
            "part step-start",
            "part text",
            "delta text",
            "part text ended",
            "part step-finish",
            "message assistant stop",
            "message assistant completed",
            "message user",
            "part text ended",
            "session.compacted",
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
        sent = it.model.requests[-1].body["messages"]
        assert [one["role"] for one in sent] == ["system", "user", "assistant", "user"]
        assert sent[2]["content"] == "AUTOSUM"


async def test_a_refused_request_is_summed_up_and_goes_on(tmp_path: Path) -> None:
    turns: list[JSON] = [TOO_LONG, {"text": "SUM"}, {"text": "done after all"}]
    async with story(tmp_path, turns, files=FILES) as it:
        session = await it.session(title="Long")
        answer = await it.post(f"/session/{session}/message", prompt("q1"))
        assert answer["parts"][1]["text"] == "done after all"
        await it.until("session.idle")
        lines = told(it, 0)
        assert lines[lines.index("session.error") :][:5] == [
            "session.error",
            "message assistant completed",
            "message user",
            "part compaction",
            "message assistant",
        ]
        marker = (await it.messages(session))[2]["parts"][0]
        assert (marker["auto"], marker["overflow"]) == (True, True)
        assert "q1" in json.dumps(it.model.requests[1].body["messages"])


async def test_on_the_wire_of_anthropic_too(tmp_path: Path) -> None:
    usage = {"input_tokens": 119_000, "output_tokens": 1_000}
    turns: list[JSON] = [{"text": "a1", "usage": usage}, {"text": "SUM"}, {"text": "cont"}]
    async with story(tmp_path, turns, files=FILES, protocol="anthropic") as it:
        session = await it.session(title="Long")
        await it.post(f"/session/{session}/message", prompt("q1"))
        await it.until("session.compacted")
        sent = it.model.requests[-1].body["messages"]
        assert [one["role"] for one in sent] == ["user", "assistant", "user"]
