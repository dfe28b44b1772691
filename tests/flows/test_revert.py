"""Two prompts that change files; the second is taken back, restored, taken back, made final."""

from pathlib import Path

from tests.flows.story import JSON, Story, story


def call(name: str, **arguments: object) -> JSON:
    return {"tools": [{"name": name, "args": arguments}]}


def script() -> list[JSON]:
    return [
        call("write", filePath="ra.txt", content="A\n"),
        {"text": "made"},
        call("edit", filePath="ra.txt", oldString="A", newString="B"),
        {"text": "edited"},
        {"text": "went on"},
    ]


async def ask(it: Story, session: str, text: str) -> str:
    """Prompt and wait; the id of the prompt."""
    await it.post(f"/session/{session}/message", {"parts": [{"type": "text", "text": text}]})
    await it.until("session.idle")
    return [
        str(one["info"]["id"])
        for one in await it.messages(session)
        if one["info"]["role"] == "user"
    ][-1]


def sums(messages: list[JSON]) -> JSON:
    """The tokens of all answers."""
    found: JSON = {"input": 0, "output": 0, "reasoning": 0, "cache": {"read": 0, "write": 0}}
    for tokens in (one["info"]["tokens"] for one in messages if one["info"]["role"] != "user"):
        for name in ("input", "output", "reasoning"):
            found[name] += tokens[name]
        for name in ("read", "write"):
            found["cache"][name] += tokens["cache"][name]
    return found


async def test_a_prompt_is_taken_back_restored_and_taken_back_for_good(tmp_path: Path) -> None:
    async with story(tmp_path, script(), files={"README.md": "r\n"}) as it:
        session = await it.session(title="t")
        await ask(it, session, "make a")
        target = await ask(it, session, "edit a")
        before = await it.get(f"/session/{session}")
        it.seen.clear()
        place = it.project / "ra.txt"

        reverted = await it.post(f"/session/{session}/revert", {"messageID": target})
        assert place.read_text() == "A\n"
        point = reverted["revert"]
        assert point["messageID"] == target
        assert len(point["snapshot"]) == 40
        assert point["diff"].startswith("diff --git a/ra.txt b/ra.txt\n")
        assert point["diff"].endswith("@@ -1 +1 @@\n-B\n+A")
        assert reverted["summary"] == {"additions": 1, "deletions": 1, "files": 1}
        (undone,) = await it.get(f"/session/{session}/diff")
        assert (undone["file"], undone["status"]) == ("ra.txt", "modified")
        assert "-A\n+B\n" in undone["patch"]

        restored = await it.post(f"/session/{session}/unrevert")
        assert place.read_text() == "B\n"
        assert "revert" not in restored
        assert restored["summary"] == before["summary"]
        listed = await it.messages(session)

        await it.post(f"/session/{session}/revert", {"messageID": target})
        assert place.read_text() == "A\n"
        assert await it.messages(session) == listed

        await it.post(f"/session/{session}/message", {"parts": [{"type": "text", "text": "go on"}]})
        await it.until("session.idle")
        gone = [
            event["properties"]["messageID"]
            for event in it.seen
            if event["type"] == "message.removed"
        ]
        assert gone == [one["info"]["id"] for one in listed if one["info"]["id"] >= target]
        assert it.lines()[:9] == [
            "session.diff",
            "session.updated",
            "session.diff",
            "session.updated",
            "session.diff",
            "session.updated",
            *["message.removed"] * 3,
        ]
        after = await it.get(f"/session/{session}")
        assert "revert" not in after
        assert after["tokens"] == sums(await it.messages(session))
        said = [message.get("content") for message in it.model.requests[-1].body["messages"][1:]]
        assert said[0] == "make a"
        assert said[-1] == "go on"
        assert "edit a" not in said
