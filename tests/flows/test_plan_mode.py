"""Planning into a file, and going on to build when the user agrees."""

from pathlib import Path

from tests.flows.story import JSON, Story, story

FLAG = {"OPENCODE_EXPERIMENTAL_PLAN_MODE": "1"}
FILES = {"README.md": "hello\n"}


async def planned(it: Story, answer: str) -> tuple[str, JSON]:
    """Plan, say that the plan is complete, and answer the question; the question."""
    session = await it.session(title="Planned")
    body = {"agent": "plan", "parts": [{"type": "text", "text": "make a plan"}]}
    await it.post(f"/session/{session}/prompt_async", body, status=204)
    asked: JSON = (await it.until("question.asked"))["properties"]
    await it.post(f"/question/{asked['id']}/reply", {"answers": [[answer]]})
    await it.until("session.idle", sessionID=session)
    return session, asked


async def plan_of(it: Story, session: str) -> str:
    found = await it.get(f"/session/{session}")
    return f".opencode/plans/{found['time']['created']}-{found['slug']}.md"


async def test_an_approved_plan_is_handed_to_the_builder(tmp_path: Path) -> None:
    turns: list[JSON] = [{"tools": [{"name": "plan_exit", "args": {}}]}, {"text": "built"}]
    async with story(tmp_path, turns, files=FILES, environ=FLAG) as it:
        session, asked = await planned(it, "Yes")
        plan = await plan_of(it, session)
        first, exit_, approved, built = await it.messages(session)
        offered = [
            {tool["function"]["name"] for tool in one.body["tools"]} for one in it.model.requests
        ]
    [question] = asked["questions"]
    assert question["question"].startswith(f"Plan at {plan} is complete.")
    assert (question["header"], question["custom"]) == ("Build Agent", False)
    assert first["parts"][1]["synthetic"] is True
    assert f"{it.project.resolve()}/{plan}" in first["parts"][1]["text"]
    [call] = [part for part in exit_["parts"] if part["type"] == "tool"]
    assert call["state"]["title"] == "Switching to build agent"
    assert approved["info"]["agent"] == "build"
    assert [part["synthetic"] for part in approved["parts"]] == [True, True]
    assert plan in approved["parts"][0]["text"]
    assert built["info"]["agent"] == "build"
    assert built["parts"][1]["text"] == "built"
    assert "plan_exit" in offered[0]
    assert "plan_exit" not in offered[1]


async def test_a_plan_that_is_not_approved_ends_the_run(tmp_path: Path) -> None:
    turns: list[JSON] = [{"tools": [{"name": "plan_exit", "args": {}}]}, {"text": "never"}]
    async with story(tmp_path, turns, files=FILES, environ=FLAG) as it:
        session, _ = await planned(it, "No")
        _, last = await it.messages(session)
        assert len(it.model.requests) == 1
    [call] = [part for part in last["parts"] if part["type"] == "tool"]
    assert call["state"]["error"] == "The user dismissed this question"
    assert last["info"]["finish"] == "tool-calls"


async def test_only_the_plan_may_be_written_while_planning(tmp_path: Path) -> None:
    async with story(tmp_path, [], files=FILES, environ=FLAG) as it:
        session = await it.session(title="Planned")
        plan = await plan_of(it, session)
        write = [
            {"name": "write", "args": {"filePath": name, "content": "x\n"}}
            for name in (str(it.project / plan), "src/app.py")
        ]
        it.model.queue({"tools": write}, {"text": "planned"})
        body = {"agent": "plan", "parts": [{"type": "text", "text": "make a plan"}]}
        await it.post(f"/session/{session}/message", body)
        _, answer, _ = await it.messages(session)
        written = (it.project / plan).read_text()
    own, other = (p["state"] for p in answer["parts"] if p["type"] == "tool")
    assert own["status"] == "completed"
    assert written == "x\n"
    assert other["error"].startswith("The user has specified a rule")
