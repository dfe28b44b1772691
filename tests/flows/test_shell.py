"""A user's command line, told as it runs, and what the model sees of it later."""

import asyncio
from pathlib import Path

from tests.flows.story import JSON, story


async def test_a_command_line_is_told_step_by_step(tmp_path: Path) -> None:
    async with story(tmp_path, [{"text": "I see."}], files={"a.txt": "a\n"}) as it:
        session = await it.session(title="Shell")
        place = f"/session/{session}"
        answer = await it.post(f"{place}/shell", {"agent": "build", "command": "cat a.txt"})
        await it.until("session.idle")
        assert it.lines() == [
            "server.connected",
            "session.created",
            "status busy",
            "message user",
            "part text",
            "message assistant",
            "part tool bash running",
            "part tool bash running",
            "part tool bash completed",
            "message assistant completed",
            "status idle",
            "session.idle",
        ]
        (part,) = answer["parts"]
        assert part["state"]["output"] == "a\n"
        await it.post(f"{place}/message", {"parts": [{"type": "text", "text": "see?"}]})
        said: list[JSON] = it.model.requests[-1].body["messages"][1:]
        assert said[0]["content"] == "The following tool was executed by the user"
        assert said[1]["tool_calls"][0]["function"]["name"] == "bash"
        assert (said[2]["role"], said[2]["content"]) == ("tool", "a\n")


async def test_one_at_a_time_until_it_is_stopped(tmp_path: Path) -> None:
    async with story(tmp_path, [], files={"a.txt": "a\n"}) as it:
        session = await it.session(title="Shell")
        place = f"/session/{session}"
        body = {"agent": "build", "command": "echo begun; sleep 60"}
        running = asyncio.ensure_future(it.post(f"{place}/shell", body))
        while True:
            told = await it.until("message.part.updated")
            state = told["properties"]["part"].get("state", {})
            if (state.get("metadata") or {}).get("output") == "begun\n":
                break
        assert await it.get("/session/status") == {session: {"type": "busy"}}
        message = (await it.messages(session))[0]["info"]["id"]
        busy = await it.post(f"{place}/shell", body, status=409)
        assert busy["_tag"] == "SessionBusyError"
        for path, given in (("revert", {"messageID": message}), ("unrevert", None)):
            assert (await it.post(f"{place}/{path}", given, status=409)) == busy
        assert await it.post(f"{place}/abort") is True
        (part,) = (await running)["parts"]
        assert part["state"]["status"] == "completed"
        assert "User aborted the command" in part["state"]["output"]
        assert await it.get("/session/status") == {}
