"""Features that are not built yet: told, never a failure. They move to the others as they land."""

from tools.conformance.scenario import JSON, Scenario, calls, parts, prompt
from tools.conformance.stage import Stage

MODEL: JSON = {"providerID": "fake", "modelID": "m1"}
TEXT: JSON = {"type": "text", "text": "Find it"}
TASK: JSON = {"description": "Find things", "prompt": "Look around", "subagent_type": "general"}
SKILL = "---\nname: demo\ndescription: Shows\n---\nDo demo things.\n"
COMMAND = "---\ndescription: Says\n---\nFirst=$1 rest=$2 all=$ARGUMENTS file=@src/util.py\n"
SCHEMA: JSON = {
    "type": "json_schema",
    "schema": {
        "type": "object",
        "properties": {"answer": {"type": "integer"}},
        "required": ["answer"],
    },
}
PATCH = (
    "*** Begin Patch\n*** Add File: added.txt\n+one\n*** Update File: multi.txt\n"
    "@@\n foo\n-bar\n+BAR\n*** Delete File: README.md\n*** End Patch"
)
MOVE = (
    "*** Begin Patch\n*** Update File: multi.txt\n*** Move to: moved.txt\n"
    "@@\n foo\n-bar\n+BAR\n*** End Patch"
)
GPT: JSON = {"id": "gpt-5.1"}
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


async def commanded(it: Stage) -> None:
    await it.session()
    given = {"command": "say", "arguments": 'foo "bar baz" qux'}
    await it.ask("POST", "/session/{session}/command", given)


async def by_hand(it: Stage) -> None:
    await it.session()
    given = {"agent": "build", "command": "echo hi; echo e >&2", "model": MODEL}
    await it.ask("POST", "/session/{session}/shell", given)
    await it.prompt("What did it say?")


SCENARIOS: list[Scenario] = [
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
        "task",
        [{"tools": [{"name": "task", "args": TASK}]}, {"text": "Found."}, {"text": "Done."}],
    ),
    Scenario(
        "task-failing",
        [{"tools": [{"name": "task", "args": TASK}]}, {"status": 400}, {"text": "Done."}],
    ),
    calls("task-unknown", ("task", {**TASK, "subagent_type": "nosuch"})),
    Scenario(
        "subtask",
        [{"text": "Found."}, {"text": "Done."}],
        parts({"type": "subtask", "prompt": "Look", "description": "Looking", "agent": "general"}),
    ),
    Scenario("agent-mention", play=parts(TEXT, {"type": "agent", "name": "explore"})),
    calls(
        "skill",
        ("skill", {"name": "demo"}),
        ("skill", {"name": "nosuch"}),
        files={".opencode/skill/demo/SKILL.md": SKILL, ".opencode/skill/demo/ref/a.txt": "a\n"},
        alone=True,
    ),
    Scenario("command", play=commanded, files={".opencode/command/say.md": COMMAND}, alone=True),
    Scenario("shell", [{"text": "hi"}], by_hand),
    Scenario(
        "revert",
        [WRITE, {"text": "Written."}, EDIT, {"text": "Edited."}, {"text": "Afresh."}],
        reverted,
    ),
    Scenario("fork", [{"text": "1"}, {"text": "2"}], forked),
    Scenario("message-deleted", [{"text": "1"}, {"text": "2"}, {"text": "3"}], taken_away),
    Scenario(
        "structured",
        [{"tools": [{"name": "StructuredOutput", "args": {"answer": 42}}]}],
        prompt("How much?", format=SCHEMA),
    ),
    Scenario("structured-missing", [{"text": "42"}], prompt("How much?", format=SCHEMA)),
    calls("apply-patch", ("apply_patch", {"patchText": PATCH}), model=GPT),
    calls("apply-patch-move", ("apply_patch", {"patchText": MOVE}), model=GPT),
    calls(
        "apply-patch-wrong",
        ("apply_patch", {"patchText": "nothing"}),
        ("apply_patch", {"patchText": "*** Begin Patch\n*** End Patch"}),
        ("apply_patch", {"patchText": MOVE.replace("-bar", "-zzz")}),
        model=GPT,
    ),
    calls(
        "steps",
        *[("read", {"filePath": "README.md"})] * 3,
        config={"agent": {"build": {"steps": 2}}},
    ),
    Scenario(
        "formatter",
        [WRITE, {"text": "Done."}],
        config={
            "formatter": {
                "fk": {"command": ["sed", "-i", "s/two/three/", "$FILE"], "extensions": [".txt"]}
            }
        },
    ),
]
