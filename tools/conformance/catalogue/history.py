"""What becomes of a conversation: compacted, taken back, copied, edited."""

from tools.conformance.scenario import JSON, Scenario, prompt
from tools.conformance.stage import Stage

MODEL: JSON = {"providerID": "fake", "modelID": "m1"}
SMALL: JSON = {"limit": {"context": 10000, "output": 1000}}
FULL: JSON = {"prompt_tokens": 9000, "completion_tokens": 100, "total_tokens": 9100}
OVERFLOW: JSON = {
    "status": 400,
    "body": {
        "error": {
            "message": "This model's maximum context length is 8192 tokens.",
            "code": "context_length_exceeded",
        }
    },
}
WRITE: JSON = {"tools": [{"name": "write", "args": {"filePath": "new.txt", "content": "two\n"}}]}
EDIT: JSON = {
    "tools": [
        {
            "name": "edit",
            "args": {"filePath": "multi.txt", "oldString": "bar", "newString": "BAR"},
        }
    ]
}


async def summarized(it: Stage) -> None:
    await it.session()
    await it.prompt("First question")
    await it.ask("POST", "/session/{session}/summarize", MODEL)
    await it.prompt("Next question")


async def reverted(it: Stage) -> None:
    await it.session()
    await it.prompt("Write")
    await it.prompt("Edit")
    listed = await it.peek("/session/{session}/message")
    users = [one["info"]["id"] for one in listed if one["info"]["role"] == "user"]
    await it.ask("POST", "/session/{session}/revert", {"messageID": users[-1]})
    await it.ask("POST", "/session/{session}/unrevert")
    await it.ask("POST", "/session/{session}/revert", {"messageID": users[0]})
    await it.prompt("Afresh")


async def forked(it: Stage) -> None:
    await it.session()
    await it.prompt("One")
    await it.prompt("Two")
    whole = await it.ask("POST", "/session/{session}/fork", {})
    await it.settled()
    await it.ask("GET", f"/session/{whole['id']}/message")


async def taken_away(it: Stage) -> None:
    await it.session()
    await it.prompt("One")
    await it.prompt("Two")
    first, second = it.message_ids
    listed = await it.peek(f"/session/{{session}}/message/{second}")
    part = next(one for one in listed["parts"] if one["type"] == "text")
    path = f"/session/{{session}}/message/{second}/part/{part['id']}"
    await it.ask("PATCH", path, {**part, "text": "Changed."})
    await it.ask("DELETE", f"/session/{{session}}/message/{first}")
    await it.prompt("Three")


SCENARIOS = [
    Scenario("compaction-asked", [{"text": "A."}, {"text": "Sum."}, {"text": "B."}], summarized),
    Scenario(
        "compaction-by-itself",
        [{"text": "Full.", "usage": FULL}, {"text": "Sum."}, {"text": "Going on."}],
        model=SMALL,
    ),
    Scenario(
        "compaction-switched-off",
        [{"text": "Full.", "usage": FULL}],
        prompt("One", "Two"),
        model=SMALL,
        config={"compaction": {"auto": False}},
    ),
    Scenario("compaction-after-overflow", [OVERFLOW, {"text": "Sum."}, {"text": "Going on."}]),
    Scenario(
        "revert",
        [WRITE, {"text": "Written."}, EDIT, {"text": "Edited."}, {"text": "Afresh."}],
        reverted,
    ),
    Scenario("fork", [{"text": "1"}, {"text": "2"}], forked),
    Scenario("message-deleted", [{"text": "1"}, {"text": "2"}, {"text": "3"}], taken_away),
]
