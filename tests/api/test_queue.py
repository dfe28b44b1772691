"""The queue, continuing and summing up over the API."""

import json
from pathlib import Path
from typing import Any

from tests.flows.story import JSON, Story, story
from tests.wire.contract import differences

FILES = {"a.txt": "a\n"}


def prompt(text: str) -> JSON:
    return {"parts": [{"type": "text", "text": text}]}


async def send(it: Story, method: str, path: str, body: Any = None) -> tuple[int, Any]:
    answer = await it.server.fetch(path, method, body=body)
    return answer.code, json.loads(answer.body) if answer.body else None


async def test_what_waits_is_listed_and_can_be_cancelled(tmp_path: Path) -> None:
    turns: list[JSON] = [{"text": "one", "hold": "here"}, {"text": "three"}]
    async with story(tmp_path, turns, files=FILES) as it:
        session = await it.session(title="t")
        place = f"/session/{session}"
        assert await it.get(f"{place}/queue") == []
        await it.post(f"{place}/prompt_async", prompt("first"), status=204)
        await it.model.held("here")
        assert await it.get(f"{place}/queue") == []
        for text in ("second", "third"):
            await it.post(f"{place}/prompt_async", prompt(text), status=204)
        second, third = await it.get(f"{place}/queue")
        assert [one["parts"][0]["text"] for one in (second, third)] == ["second", "third"]
        gone = second["info"]["id"]
        assert await send(it, "DELETE", f"{place}/queue/{gone}") == (200, True)
        await it.until("message.removed", messageID=gone)
        status, error = await send(it, "DELETE", f"{place}/queue/{gone}")
        assert (status, error["name"]) == (404, "NotFoundError")
        it.model.release("here")
        await it.until("session.idle")
        asked = json.dumps(it.model.requests[-1].body["messages"])
        assert "third" in asked
        assert "second" not in asked
        users = [one["info"]["role"] for one in await it.messages(session)]
        assert users == ["user", "assistant", "user", "assistant"]


async def test_who_waits_for_a_cancelled_prompt_is_told(tmp_path: Path) -> None:
    async with story(tmp_path, [{"text": "one", "hold": "here"}], files=FILES) as it:
        session = await it.session(title="t")
        place = f"/session/{session}"
        await it.post(f"{place}/prompt_async", prompt("first"), status=204)
        await it.model.held("here")
        instance = await it.server.app.instance_of(session)
        waiting = instance.tasks.start(
            "waiting", send(it, "POST", f"{place}/message", prompt("late"))
        )
        while not (queued := await it.get(f"{place}/queue")):
            await it.until("message.updated")
        await send(it, "DELETE", f"{place}/queue/{queued[0]['info']['id']}")
        status, error = await waiting
        assert (status, error["name"]) == (404, "NotFoundError")
        assert "cancelled" in error["data"]["message"]
        it.model.release("here")
        await it.until("session.idle")


async def test_a_prompt_nobody_queued_is_not_found(tmp_path: Path) -> None:
    async with story(tmp_path, [], files=FILES) as it:
        session = await it.session(title="t")
        status, error = await send(it, "DELETE", f"/session/{session}/queue/msg_nothing")
        assert (status, error["name"]) == (404, "NotFoundError")
        assert (await send(it, "GET", "/session/ses_nothing/queue"))[0] == 404
        assert (await send(it, "POST", "/session/ses_nothing/continue", {}))[0] == 404


async def test_only_what_was_interrupted_is_continued(tmp_path: Path) -> None:
    turns: list[JSON] = [{"text": "half", "hold": "here"}, {"text": "and whole"}]
    async with story(tmp_path, turns, files=FILES) as it:
        session = await it.session(title="t")
        place = f"/session/{session}"
        assert (await send(it, "POST", f"{place}/continue", {}))[0] == 400
        await it.post(f"{place}/prompt_async", prompt("go"), status=204)
        await it.model.held("here")
        await it.until("message.part.delta")
        status, error = await send(it, "POST", f"{place}/continue", {})
        assert (status, error["_tag"]) == (409, "SessionBusyError")
        await it.post(f"{place}/abort")
        await it.until("session.idle")
        assert await it.post(f"{place}/continue") is True
        await it.until("session.idle")
        user, broken, whole = await it.messages(session)
        assert broken["info"]["error"]["name"] == "MessageAbortedError"
        assert whole["info"]["parentID"] == user["info"]["id"]
        assert whole["info"]["finish"] == "stop"
        status, error = await send(it, "POST", f"{place}/continue", {})
        assert status == 400
        assert "complete" in error["data"]["message"]


async def test_summing_up_is_asked_with_a_model(tmp_path: Path) -> None:
    turns: list[JSON] = [{"text": "a1"}, {"text": "SUM"}]
    async with story(tmp_path, turns, files=FILES) as it:
        session = await it.session(title="t")
        place = f"/session/{session}"
        await it.post(f"{place}/message", prompt("q"))
        body = {"providerID": "fake", "modelID": "m1"}
        done = await it.post(f"{place}/summarize", body)
        assert done is True
        assert differences("session.summarize", done) == []
        status, error = await send(it, "POST", f"{place}/summarize", {**body, "modelID": "no"})
        assert (status, error["name"]) == (400, "ModelNotFoundError")
        status, error = await send(it, "POST", f"{place}/summarize", {"providerID": "fake"})
        assert status == 400
        assert '["modelID"]' in error["data"]["message"]
        assert (await send(it, "POST", "/session/ses_nothing/summarize", body))[0] == 404


async def test_what_was_allowed_for_always_is_taken_back(tmp_path: Path) -> None:
    bash = {"name": "bash", "args": {"command": "echo one"}}
    turns: list[JSON] = [{"tools": [bash]}, {"text": "a"}, {"tools": [bash]}, {"text": "b"}]
    async with story(
        tmp_path, turns * 2, files=FILES, config={"permission": {"bash": "ask"}}
    ) as it:
        session = await it.session(title="t")
        await it.post(f"/session/{session}/prompt_async", prompt("go"), status=204)
        asked = await it.until("permission.asked")
        request = asked["properties"]["id"]
        await it.post(f"/permission/{request}/reply", {"reply": "always"})
        await it.until("session.idle")
        (saved,) = (await it.get("/api/permission/saved"))["data"]
        assert (saved["action"], saved["resource"]) == ("bash", "echo *")
        await it.post(f"/session/{session}/message", prompt("again"))
        assert it.lines().count("permission.asked") == 1
        assert await send(it, "DELETE", f"/api/permission/saved/{saved['id']}") == (204, None)
        assert (await it.get("/api/permission/saved"))["data"] == []
        await it.post(f"/session/{session}/prompt_async", prompt("once more"), status=204)
        asked = await it.until("permission.asked")
        await it.post(f"/permission/{asked['properties']['id']}/reply", {"reply": "once"})
        await it.until("session.idle")
        assert await send(it, "DELETE", "/api/permission/saved/psv_nothing") == (204, None)
