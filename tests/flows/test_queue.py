"""Prompts to a session at work: they wait in order, one is cancelled, the others end once."""

from pathlib import Path

from tests.flows.story import JSON, story

BASH = {"name": "bash", "args": {"command": "echo one"}}


def prompt(text: str) -> JSON:
    return {"parts": [{"type": "text", "text": text}]}


async def test_one_of_two_that_wait_is_cancelled(tmp_path: Path) -> None:
    turns: list[JSON] = [{"tools": [BASH], "text": "first ", "hold": "here"}, {"text": "both"}]
    async with story(tmp_path, turns, files={"a.txt": "a\n"}) as it:
        session = await it.session(title="Busy")
        place = f"/session/{session}"
        await it.post(f"{place}/prompt_async", prompt("one"), status=204)
        await it.model.held("here")
        await it.until("message.part.delta")
        before = len(it.lines())
        await it.post(f"{place}/prompt_async", prompt("two"), status=204)
        await it.post(f"{place}/prompt_async", prompt("three"), status=204)
        two, three = (one["info"]["id"] for one in await it.get(f"{place}/queue"))
        assert (await it.server.fetch(f"{place}/queue/{two}", "DELETE")).code == 200
        await it.until("message.removed", messageID=two)
        it.model.release("here")
        await it.until("session.idle")
        lines = [one for one in it.lines()[before:] if one != "session.updated"]
        assert [one for one in lines if not one.startswith("part tool bash")] == [
            "message user",
            "part text",
            "message user",
            "part text",
            "message.removed",
            "part text ended",
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
        users = [one["info"] for one in await it.messages(session)]
        assert [info["role"] for info in users] == ["user", "assistant", "user", "assistant"]
        assert users[-1]["parentID"] == three
        assert await it.get(f"{place}/queue") == []
