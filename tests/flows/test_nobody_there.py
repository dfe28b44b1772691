"""A run without anybody who could answer: it ends by the policy of the configuration."""

from pathlib import Path
from typing import Any

from tests.flows.story import JSON, repository, story

BASH = {"name": "bash", "args": {"command": "echo one"}}
QUESTION = {
    "name": "question",
    "args": {
        "questions": [
            {
                "question": "Which color?",
                "header": "Color",
                "options": [{"label": "Red", "description": "r"}],
            }
        ]
    },
}
PROMPT = {"parts": [{"type": "text", "text": "go"}]}


def states(messages: list[JSON]) -> list[JSON]:
    return [p["state"] for m in messages for p in m["parts"] if p["type"] == "tool"]


async def test_a_headless_run_never_hangs(tmp_path: Path) -> None:
    turns: list[JSON] = [{"tools": [BASH]}, {"tools": [QUESTION]}, {"text": "did without"}]
    config: Any = {"permission": {"bash": "ask"}, "unattended": {"action": "deny"}}
    async with story(tmp_path, turns, files={"a.txt": "a\n"}, config=config) as it:
        instance = await it.server.app.instance(str(it.project))
        it.server.app.bus.close()
        session = await it.session(title="Headless")
        answer = await it.post(f"/session/{session}/message", PROMPT)
        assert answer["parts"][1]["text"] == "did without"
        denied, unasked = states(await it.messages(session))
        assert denied["status"] == unasked["status"] == "error"
        assert "nobody is there" in denied["error"]
        assert "Nobody is there" in unasked["error"]
        assert instance.broker.pending() == []


async def test_somebody_who_listens_is_asked(tmp_path: Path) -> None:
    turns: list[JSON] = [{"tools": [BASH]}, {"text": "did it"}]
    config: Any = {"permission": {"bash": "ask"}, "unattended": {"action": "deny"}}
    async with story(tmp_path, turns, files={"a.txt": "a\n"}, config=config) as it:
        session = await it.session(title="Attended")
        await it.post(f"/session/{session}/prompt_async", PROMPT, status=204)
        asked = await it.until("permission.asked")
        await it.post(f"/permission/{asked['properties']['id']}/reply", {"reply": "once"})
        await it.until("session.idle")
        (state,) = states(await it.messages(session))
        assert state["status"] == "completed"


async def test_somebody_who_listens_elsewhere_is_nobody(tmp_path: Path) -> None:
    turns: list[JSON] = [{"tools": [BASH]}, {"text": "did without"}]
    config: Any = {"permission": {"bash": "ask"}, "unattended": {"action": "deny"}}
    other = tmp_path / "other"
    repository(other, {"b.txt": "b\n"})
    async with story(tmp_path, turns, files={"a.txt": "a\n"}, config=config) as it:
        it.server.app.bus.close()
        async with it.server.events(f"/event?directory={other}") as elsewhere:
            await elsewhere.next()
            session = await it.session(title="Alone")
            await it.post(f"/session/{session}/message", PROMPT)
            (state,) = states(await it.messages(session))
            assert state["status"] == "error"
