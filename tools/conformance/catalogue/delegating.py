"""Work given to others: subagents, skills, commands, the user's shell, answers in a form."""

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


async def commanded(it: Stage) -> None:
    await it.session()
    given = {"command": "say", "arguments": 'foo "bar baz" qux'}
    await it.ask("POST", "/session/{session}/command", given)


async def by_hand(it: Stage) -> None:
    await it.session()
    given = {"agent": "build", "command": "echo hi; echo e >&2", "model": MODEL}
    await it.ask("POST", "/session/{session}/shell", given)
    await it.prompt("What did it say?")


SCENARIOS = [
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
        "structured",
        [{"tools": [{"name": "StructuredOutput", "args": {"answer": 42}}]}],
        prompt("How much?", format=SCHEMA),
    ),
    Scenario("structured-missing", [{"text": "42"}], prompt("How much?", format=SCHEMA)),
    calls(
        "steps",
        *[("read", {"filePath": "README.md"})] * 3,
        config={"agent": {"build": {"steps": 2}}},
    ),
]
