"""Skills: told to the model, loaded by it, refused by rules, and readable where they lie."""

from pathlib import Path

from tests.flows.story import JSON, Story, story

SKILL = "---\nname: demo\ndescription: for <demo> work\n---\n# How\nDo demo things.\n"
FILES = {
    ".opencode/skill/demo/SKILL.md": SKILL,
    ".opencode/skill/demo/ref/a.txt": "aaa\n",
}


def load(name: str) -> JSON:
    return {"name": "skill", "args": {"name": name}}


async def ask(it: Story, **more: JSON) -> list[JSON]:
    session = await it.session(title="Skilled")
    body = {"parts": [{"type": "text", "text": "go"}], **more}
    await it.post(f"/session/{session}/message", body)
    messages = await it.messages(session)
    return [p["state"] for one in messages for p in one["parts"] if p["type"] == "tool"]


async def test_a_skill_is_told_and_loaded(tmp_path: Path) -> None:
    turns: list[JSON] = [{"tools": [load("demo"), load("nosuch")]}, {"text": "done"}]
    async with story(tmp_path, turns, files=FILES) as it:
        loaded, missing = await ask(it, system="Last words.")  # type: ignore[arg-type]
        system = it.model.requests[0].body["messages"][0]["content"]
        place = it.project / ".opencode" / "skill" / "demo"
    assert f"    <location>{place}/SKILL.md</location>" in system
    assert "    <description>for &lt;demo&gt; work</description>" in system
    assert "    <location>&lt;built-in&gt;</location>" in system
    assert system.index("</available_skills>") < system.index("Last words.")
    assert loaded["title"] == "Loaded skill: demo"
    assert "# How\nDo demo things." in loaded["output"]
    assert f"<file>{place}/ref/a.txt</file>" in loaded["output"]
    assert loaded["metadata"] == {"name": "demo", "dir": str(place), "truncated": False}
    assert missing["error"] == (
        'Skill "nosuch" not found. Available skills: customize-opencode, demo'
    )


async def test_a_skill_forbidden_by_a_rule_is_neither_told_nor_loaded(tmp_path: Path) -> None:
    turns: list[JSON] = [{"tools": [load("demo")]}, {"text": "done"}]
    rules = {"permission": {"skill": {"demo": "deny"}}}
    async with story(tmp_path, turns, files=FILES, config=rules) as it:
        [call] = await ask(it)
        system = it.model.requests[0].body["messages"][0]["content"]
    assert "<name>customize-opencode</name>" in system
    assert "<name>demo</name>" not in system
    assert call["error"].startswith("The user has specified a rule")


async def test_who_may_load_no_skills_is_told_of_none(tmp_path: Path) -> None:
    rules = {"permission": {"skill": "deny"}}
    async with story(tmp_path, [{"text": "done"}], files=FILES, config=rules) as it:
        await ask(it)
        system = it.model.requests[0].body["messages"][0]["content"]
    assert "<available_skills>" not in system


async def test_the_files_of_a_skill_outside_are_read_without_a_question(tmp_path: Path) -> None:
    place = tmp_path / "home" / ".claude" / "skills" / "far"
    place.mkdir(parents=True)
    (place / "SKILL.md").write_text(SKILL.replace("demo", "far"))
    (place / "more.txt").write_text("more to know\n")
    read = {"name": "read", "args": {"filePath": str(place / "more.txt")}}
    turns: list[JSON] = [{"tools": [read]}, {"text": "done"}]
    async with story(tmp_path, turns, files={"a": ""}) as it:
        [call] = await ask(it)
        agents = {one["name"]: one["permission"] for one in await it.get("/agent")}
    assert "more to know" in call["output"]
    rule = {"permission": "external_directory", "pattern": f"{place}/*", "action": "allow"}
    assert rule in agents["build"]
    assert rule in agents["explore"]
