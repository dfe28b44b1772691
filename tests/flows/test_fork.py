"""A conversation forked before its second prompt goes on by itself."""

from pathlib import Path

from tests.flows.story import JSON, story


def prompt(text: str) -> JSON:
    return {"parts": [{"type": "text", "text": text}]}


async def test_a_fork_goes_another_way(tmp_path: Path) -> None:
    turns: list[JSON] = [{"text": "one"}, {"text": "two"}, {"text": "another"}]
    async with story(tmp_path, turns, files={"a.txt": "a\n"}) as it:
        session = await it.session(title="Way")
        await it.post(f"/session/{session}/message", prompt("first"))
        await it.post(f"/session/{session}/message", prompt("second"))
        listed = await it.messages(session)
        await it.until("session.idle")
        await it.until("session.idle")
        it.seen.clear()
        copy = await it.post(f"/session/{session}/fork", {"messageID": listed[2]["info"]["id"]})
        assert (copy["title"], copy["cost"]) == ("Way (fork #1)", 0)
        assert "parentID" not in copy
        await it.post(f"/session/{copy['id']}/message", prompt("instead"))
        await it.until("session.idle")
        assert it.lines()[:6] == [
            "session.created",
            "message user",
            "part text",
            "message assistant completed",
            "part step-start",
            "part text ended",
        ]
        said = it.model.requests[-1].body["messages"][1:]
        assert [one["content"] for one in said] == ["first", "one", "instead"]
        assert await it.messages(session) == listed
        whole = await it.post(f"/session/{copy['id']}/fork")
        assert whole["title"] == "Way (fork #2)"
        assert len(await it.messages(whole["id"])) == 4
        children = await it.get(f"/session/{session}/children")
        assert children == []
