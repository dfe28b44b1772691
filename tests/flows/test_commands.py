"""A command of the project: its template is filled in, answered, and told as executed."""

from pathlib import Path

from tests.flows.story import story

TEMPLATE = """---
description: looks at a file
agent: plan
---
First=$1 Second=$2 All=$ARGUMENTS shell=!`echo shellout` file=@src/util.py end
"""
FILES = {"src/util.py": "x = 1\n", ".opencode/command/look.md": TEMPLATE}


async def test_a_command_is_a_prompt_with_a_name(tmp_path: Path) -> None:
    async with story(tmp_path, [{"text": "Looked."}], files=FILES) as it:
        session = await it.session(title="Commands")
        known = {one["name"]: one for one in await it.get("/command")}
        assert known["look"]["hints"] == ["$1", "$2", "$ARGUMENTS"]
        answer = await it.post(
            f"/session/{session}/command",
            {"command": "look", "arguments": 'foo "bar baz" qux', "model": "fake/m1"},
        )
        assert answer["info"]["finish"] == "stop"
        executed = await it.until("command.executed")
        assert executed["properties"] == {
            "name": "look",
            "sessionID": session,
            "arguments": 'foo "bar baz" qux',
            "messageID": answer["info"]["id"],
        }
        assert it.lines()[-3:] == ["status idle", "session.idle", "command.executed"]
        prompt = (await it.messages(session))[0]
        assert prompt["info"]["agent"] == "plan"
        text, called, content, file = prompt["parts"]
        assert text["text"] == (
            'First=foo Second=bar baz qux All=foo "bar baz" qux shell=shellout\n'
            " file=@src/util.py end"
        )
        util = it.project / "src" / "util.py"
        assert called["text"] == (
            f'Called the Read tool with the following input: {{"filePath":"{util}"}}'
        )
        assert "1: x = 1" in content["text"]
        assert called["synthetic"] is content["synthetic"] is True
        assert (file["mime"], file["filename"], file["url"]) == (
            "text/plain",
            "src/util.py",
            util.as_uri(),
        )


async def test_an_unknown_command_names_the_known_ones(tmp_path: Path) -> None:
    async with story(tmp_path, [], files=FILES) as it:
        session = await it.session(title="Commands")
        body = {"command": "lock", "arguments": ""}
        error = await it.post(f"/session/{session}/command", body, status=404)
        assert error["name"] == "NotFoundError"
        assert "look" in error["data"]["message"]
        assert await it.messages(session) == []


async def test_init_has_the_project_described(tmp_path: Path) -> None:
    async with story(tmp_path, [{"text": "Written."}], files=FILES) as it:
        session = await it.session(title="Commands")
        own = "msg_" + "0" * 26
        body = {"messageID": own, "providerID": "fake", "modelID": "m1"}
        assert await it.post(f"/session/{session}/init", body) is True
        prompt, answer = await it.messages(session)
        assert prompt["info"]["id"] == own
        assert "AGENTS.md" in prompt["parts"][0]["text"]
        assert answer["info"]["parentID"] == own


async def test_a_command_for_a_subagent_is_worked_on_beside(tmp_path: Path) -> None:
    turns = [{"text": "found it"}, {"text": "All is well."}]
    async with story(tmp_path, turns, files=FILES) as it:
        session = await it.session(title="Commands")
        body = {"command": "review", "arguments": "", "agent": "build"}
        answer = await it.post(f"/session/{session}/command", body)
        await it.until("command.executed")
        first = (await it.messages(session))[0]
        (part,) = first["parts"]
        assert (part["type"], part["command"], part["agent"]) == ("subtask", "review", "build")
        assert [p["text"] for p in answer["parts"] if p["type"] == "text"] == ["All is well."]
        (child,) = await it.get(f"/session/{session}/children")
        assert child["parentID"] == session
