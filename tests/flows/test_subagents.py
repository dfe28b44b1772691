"""Work handed to subagents: by the model, by a person, continued, refused, stopped."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.flows.story import JSON, Story, story

FILES = {"README.md": "hello\n"}


def task(agent: str = "general", prompt: str = "look around", **more: Any) -> JSON:
    given = {"description": "Find things", "prompt": prompt, "subagent_type": agent, **more}
    return {"name": "task", "args": given}


def text(said: str) -> JSON:
    return {"parts": [{"type": "text", "text": said}]}


def tools(messages: list[JSON]) -> list[JSON]:
    return [part for one in messages for part in one["parts"] if part["type"] == "tool"]


def offered(it: Story, number: int) -> list[str]:
    return [tool["function"]["name"] for tool in it.model.requests[number].body["tools"]]


async def ask(it: Story, body: JSON, **session: Any) -> tuple[str, JSON]:
    """Prompt a new session and wait for the answer."""
    found = await it.session(title="Parent", **session)
    return found, await it.post(f"/session/{found}/message", body)


@pytest.mark.parametrize("protocol", ["compatible", "anthropic"])
async def test_a_subagent_works_in_a_session_of_its_own(tmp_path: Path, protocol: str) -> None:
    turns: list[JSON] = [
        {"tools": [task()]},
        {"tools": [{"name": "read", "args": {"filePath": "README.md"}}]},
        {"text": "sub result"},
        {"text": "parent done"},
    ]
    async with story(tmp_path, turns, files=FILES, protocol=protocol) as it:
        parent, answer = await ask(it, text("delegate"))
        await it.until("session.idle", sessionID=parent)
        [child] = await it.get(f"/session/{parent}/children")
        [call] = tools(await it.messages(parent))
        inner = await it.messages(child["id"])
        told = who_did_what(it, parent, child["id"])
        headers = [request.headers for request in it.model.requests]
    assert answer["parts"][1]["text"] == "parent done"
    assert child["title"] == "Find things (@general subagent)"
    assert (child["agent"], child["parentID"]) == ("general", parent)
    assert child["permission"] == [{"permission": "task", "pattern": "*", "action": "deny"}]
    facts = {
        "parentSessionId": parent,
        "sessionId": child["id"],
        "model": {"modelID": "m1", "providerID": "fake"},
    }
    assert call["state"]["title"] == "Find things"
    assert call["state"]["metadata"] == {**facts, "truncated": False}
    assert call["state"]["output"] == (
        f'<task id="{child["id"]}" state="completed">\n<task_result>\nsub result\n'
        "</task_result>\n</task>"
    )
    assert [one["info"]["agent"] for one in inner] == ["general"] * 3
    assert [header.get("x-parent-session-id") for header in headers] == [None, parent, parent, None]
    assert told == [
        "parent task pending",
        "parent task running",
        "child created",
        "parent task running of its session",
        "child busy",
        "child read pending",
        "child read running",
        "child read completed",
        "child idle",
        "parent task completed",
        "parent idle",
    ]


def who_did_what(it: Story, parent: str, child: str) -> list[str]:
    """The states of calls and sessions in the order they were told, each once."""
    names = {parent: "parent", child: "child"}
    found: list[str] = []
    for event in it.seen:
        given = event["properties"]
        who = names.get(given.get("sessionID", ""), "")
        match event["type"]:
            case "session.created" if who == "child":
                found.append("child created")
            case "session.status" if who == "child" or given["status"]["type"] == "idle":
                found.append(f"{who} {given['status']['type']}")
            case "message.part.updated" if given["part"]["type"] == "tool":
                state = given["part"]["state"]
                known = "sessionId" in (state.get("metadata") or {})
                extra = " of its session" if known and state["status"] == "running" else ""
                found.append(f"{who} {given['part']['tool']} {state['status']}{extra}")
    return list(dict.fromkeys(found))


async def test_agents_are_offered_the_tools_their_rules_leave(tmp_path: Path) -> None:
    turns: list[JSON] = [
        {"tools": [task("general")]},
        {"text": "one"},
        {"tools": [task("explore")]},
        {"text": "two"},
        {"text": "done"},
    ]
    async with story(tmp_path, turns, files=FILES) as it:
        await ask(it, text("delegate"))
        described = it.model.requests[0].body["tools"]
        seen = [offered(it, number) for number in (0, 1, 3)]
    everything = "bash edit glob grep question read skill task todowrite webfetch write"
    assert seen[0] == everything.split()
    assert seen[1] == "bash edit glob grep read skill webfetch write".split()
    assert seen[2] == "bash glob grep read webfetch".split()
    [about] = [one["function"] for one in described if one["function"]["name"] == "task"]
    assert "\n- explore: " in about["description"]
    assert "\n- general: " in about["description"]
    assert "- build" not in about["description"]


async def test_a_task_is_continued_by_its_id(tmp_path: Path) -> None:
    async with story(tmp_path, [{"tools": [task()]}, {"text": "first"}], files=FILES) as it:
        parent, _ = await ask(it, text("delegate"))
        [child] = await it.get(f"/session/{parent}/children")
        it.model.queue(
            {"tools": [task(prompt="and then?", task_id=child["id"])]},
            {"text": "second"},
            {"tools": [task(prompt="who?", task_id="ses_nobody")]},
            {"text": "third"},
            {"text": "done"},
        )
        await it.post(f"/session/{parent}/message", text("go on"))
        children = await it.get(f"/session/{parent}/children")
        inner = await it.messages(child["id"])
        asked = [request.body["messages"][1:] for request in it.model.requests]
    assert [one["info"]["role"] for one in inner] == ["user", "assistant"] * 2
    resumed = next(one for one in asked if one[-1]["content"] == "and then?")
    assert [one["content"] for one in resumed] == ["look around", "first", "and then?"]
    assert len(children) == 2


async def test_what_a_subagent_cannot_do_is_told_to_the_model(tmp_path: Path) -> None:
    error = {"error": {"message": "no such thing", "type": "err", "code": None}}
    turns: list[JSON] = [
        {"tools": [task("nosuch")]},
        {"tools": [task("explore")]},
        {"tools": [task("general")]},
        {"status": 400, "body": error},
        {"text": "I see"},
    ]
    rules = {"permission": {"task": {"explore": "deny"}}}
    async with story(tmp_path, turns, files=FILES, config=rules) as it:
        parent, answer = await ask(it, text("delegate"))
        calls = tools(await it.messages(parent))
        [child] = await it.get(f"/session/{parent}/children")
        about = json.dumps(it.model.requests[0].body["tools"])
    unknown, denied, failed = (call["state"]["error"] for call in calls)
    assert unknown == "Unknown agent type: nosuch is not a valid agent type"
    assert denied.startswith("The user has specified a rule which prevents you")
    assert failed == f"Subagent failed (task_id: {child['id']}): no such thing"
    assert calls[2]["state"]["metadata"]["sessionId"] == child["id"]
    assert answer["parts"][1]["text"] == "I see"
    assert "- explore: " not in about


async def test_subagents_call_subagents_as_deep_as_allowed(tmp_path: Path) -> None:
    turns: list[JSON] = [
        {"tools": [task()]},
        {"tools": [task()]},
        {"tools": [task()]},
        {"text": "too deep"},
        {"text": "middle"},
        {"text": "done"},
    ]
    config = {"permission": {"task": "allow"}, "subagent_depth": 2}
    async with story(tmp_path, turns, files=FILES, config=config) as it:
        parent, _ = await ask(it, text("delegate"))
        [child] = await it.get(f"/session/{parent}/children")
        [grandchild] = await it.get(f"/session/{child['id']}/children")
        [call] = tools(await it.messages(grandchild["id"]))
    assert call["state"]["error"] == (
        'Subagent depth limit reached (2). Increase "subagent_depth" to allow nested subagents.'
    )


async def test_what_is_forbidden_to_a_session_is_forbidden_to_its_subagents(tmp_path: Path) -> None:
    turns: list[JSON] = [{"tools": [task("helper")]}, {"text": "ok"}, {"text": "done"}]
    helper = {"agent": {"helper": {"mode": "subagent", "description": "Helps"}}}
    rules = [
        {"permission": "bash", "pattern": "*", "action": "deny"},
        {"permission": "edit", "pattern": "*", "action": "ask"},
    ]
    async with story(tmp_path, turns, files=FILES, config=helper) as it:
        parent, _ = await ask(it, text("delegate"), permission=rules)
        [child] = await it.get(f"/session/{parent}/children")
        seen = offered(it, 1)
    shut = [
        {"permission": name, "pattern": "*", "action": "deny"}
        for name in ("bash", "todowrite", "task")
    ]
    assert child["permission"] == shut
    assert seen == "edit glob grep read skill webfetch write".split()


async def test_a_subagent_has_the_model_of_its_agent(tmp_path: Path) -> None:
    turns: list[JSON] = [{"tools": [task("other")]}, {"text": "ok"}, {"text": "done"}]
    async with story(tmp_path, turns, files=FILES) as it:
        provider = it.model.provider()
        provider["models"]["m2"] = provider["models"]["m1"]
        changes = {
            "provider": {"fake": provider},
            "agent": {"other": {"mode": "subagent", "model": "fake/m2"}},
        }
        (it.project / "opencode.json").write_text(json.dumps(changes))
        parent, _ = await ask(it, text("delegate"))
        [call] = tools(await it.messages(parent))
        models = [request.body["model"] for request in it.model.requests]
    assert models == ["m1", "m2", "m1"]
    assert call["state"]["metadata"]["model"] == {"modelID": "m2", "providerID": "fake"}


async def test_what_a_subagent_asks_is_asked_in_its_own_session(tmp_path: Path) -> None:
    turns: list[JSON] = [
        {"tools": [task()]},
        {"tools": [{"name": "bash", "args": {"command": "echo hi"}}]},
        {"text": "sub result"},
        {"text": "done"},
    ]
    async with story(tmp_path, turns, files=FILES, config={"permission": {"bash": "ask"}}) as it:
        parent = await it.session(title="Parent")
        await it.post(f"/session/{parent}/prompt_async", text("delegate"), status=204)
        asked = (await it.until("permission.asked"))["properties"]
        [child] = await it.get(f"/session/{parent}/children")
        assert asked["sessionID"] == child["id"]
        assert sorted(await it.get("/session/status")) == sorted([parent, child["id"]])
        await it.post(f"/permission/{asked['id']}/reply", {"reply": "once"})
        await it.until("session.idle", sessionID=parent)
        [call] = tools(await it.messages(child["id"]))
    assert call["state"]["output"] == "hi\n"


async def test_stopping_a_session_stops_its_subagents(tmp_path: Path) -> None:
    turns: list[JSON] = [
        {"tools": [task(), task("explore", "deeper")]},
        {"text": "thinking", "hold": "here"},
        {"text": "thinking", "hold": "here"},
    ]
    async with story(tmp_path, turns, files=FILES) as it:
        parent = await it.session(title="Parent")
        await it.post(f"/session/{parent}/prompt_async", text("delegate"), status=204)
        await it.model.received(3)
        await it.post(f"/session/{parent}/abort")
        await it.model.disconnected(2)
        assert await it.get("/session/status") == {}
        children = await it.get(f"/session/{parent}/children")
        ends = [(await it.messages(child["id"]))[-1]["info"]["error"] for child in children]
        calls = tools(await it.messages(parent))
    assert [end["name"] for end in ends] == ["MessageAbortedError"] * 2
    assert [call["state"]["error"] for call in calls] == ["Tool execution aborted"] * 2


async def test_a_subagent_stopped_alone_is_told_to_its_parent(tmp_path: Path) -> None:
    turns: list[JSON] = [
        {"tools": [task()]},
        {"text": "thinking", "hold": "here"},
        {"text": "went on"},
    ]
    async with story(tmp_path, turns, files=FILES) as it:
        parent = await it.session(title="Parent")
        await it.post(f"/session/{parent}/prompt_async", text("delegate"), status=204)
        await it.model.held("here")
        [child] = await it.get(f"/session/{parent}/children")
        await it.post(f"/session/{child['id']}/abort")
        await it.until("session.idle", sessionID=parent)
        messages = await it.messages(parent)
    assert tools(messages)[0]["state"]["error"].endswith("): Aborted")
    assert messages[-1]["parts"][1]["text"] == "went on"


# By a person --------------------------------------------------------------------------------------


async def test_a_subtask_is_done_before_the_model_is_asked(tmp_path: Path) -> None:
    part = {"type": "subtask", "prompt": "look", "description": "Look", "agent": "general"}
    async with story(tmp_path, [{"text": "seen"}, {"text": "all good"}], files=FILES) as it:
        parent, answer = await ask(it, {"parts": [part]})
        user, did, said = await it.messages(parent)
        [call] = did["parts"]
        sent = it.model.requests[1].body["messages"][1:]
    assert answer["parts"][1]["text"] == "all good"
    assert (did["info"]["agent"], did["info"]["mode"]) == ("general", "general")
    assert (did["info"]["finish"], said["info"]["agent"]) == ("tool-calls", "build")
    assert did["info"]["parentID"] == said["info"]["parentID"] == user["info"]["id"]
    assert len(call["callID"]) == 26
    assert call["state"]["input"] == {
        "prompt": "look",
        "description": "Look",
        "subagent_type": "general",
    }
    assert [one["role"] for one in sent] == ["user", "assistant", "tool"]
    assert sent[0]["content"] == "The following tool was executed by the user"
    assert "seen" in sent[2]["content"]


async def test_the_subtask_of_a_command_is_followed_by_a_word_to_go_on(tmp_path: Path) -> None:
    part = {"type": "subtask", "prompt": "look", "description": "Look", "agent": "general"}
    body = {"parts": [{**part, "command": "review"}]}
    async with story(tmp_path, [{"text": "seen"}, {"text": "all good"}], files=FILES) as it:
        parent, answer = await ask(it, body)
        _, did, word, said = await it.messages(parent)
    assert answer == said
    assert did["parts"][0]["state"]["input"]["command"] == "review"
    assert (word["info"]["role"], word["info"]["agent"]) == ("user", "build")
    assert word["parts"][0]["synthetic"] is True
    assert said["info"]["parentID"] == word["info"]["id"]


async def test_a_subtask_for_nobody_fails_and_the_run_goes_on(tmp_path: Path) -> None:
    part = {"type": "subtask", "prompt": "look", "description": "Look", "agent": "nosuch"}
    async with story(tmp_path, [{"text": "a pity"}], files=FILES) as it:
        parent, answer = await ask(it, {"parts": [part]})
        [call] = tools(await it.messages(parent))
    assert call["state"]["error"].startswith("Unknown agent type: nosuch")
    assert answer["parts"][1]["text"] == "a pity"


async def test_an_agent_named_by_a_person_may_be_called_whatever_the_rules(tmp_path: Path) -> None:
    turns: list[JSON] = [{"tools": [task("explore")]}, {"text": "found"}, {"text": "done"}]
    rules = {"permission": {"task": {"explore": "deny"}}}
    body = {"parts": [{"type": "text", "text": "where?"}, {"type": "agent", "name": "explore"}]}
    async with story(tmp_path, turns, files=FILES, config=rules) as it:
        parent, _ = await ask(it, body)
        messages = await it.messages(parent)
    note = messages[0]["parts"][2]
    assert note["synthetic"] is True
    assert "subagent: explore" in note["text"]
    assert tools(messages)[0]["state"]["status"] == "completed"
