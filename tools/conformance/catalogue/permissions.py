"""Permissions: asked once, for always, refused with and without words, denied by rule, outside."""

from typing import Any

from tools.conformance.scenario import JSON, Play, Scenario, calls, prompt
from tools.conformance.stage import Stage

ASK_BASH: JSON = {"permission": {"bash": "ask"}}
HI: tuple[str, JSON] = ("bash", {"command": "echo hi there"})
SPLIT = (
    "echo $(whoami)",
    "(cd src; ls)",
    "true || npm run build --watch",
    "FOO=1 python3 -c 'print(1)'",
    "ls; cat README.md > out.txt",
    "if true; then echo a; fi",
    'echo "a && b"',
    "git -C src status",
    "cd src && ls",
    "for i in 1 2; do echo $i; done",
    "cat <<EOF\nhi\nEOF",
    'find . -name "*.py" | xargs wc -l',
    "f() { ls; }; f",
    "ls src 2>/dev/null",
)


def replied(*replies: tuple[str, str | None]) -> Play:
    """A prompt during which these replies are given to what is asked."""

    async def play(it: Stage) -> None:
        await it.session()
        await it.start("Do it")
        for reply, message in replies:
            await it.reply(reply, message)
        await it.idle()

    return play


def refused_by(name: str, rules: Any, *tools: tuple[str, Any]) -> Scenario:
    return calls(name, *tools, config={"permission": rules})


async def answered_the_old_way(it: Stage) -> None:
    await it.session()
    await it.start("Do it")
    asked = (await it.until("permission.asked"))["properties"]
    path = f"/session/{it.session_id}/permissions/{asked['id']}"
    await it.ask("POST", path, {"response": "once"})
    await it.idle()


async def stopped_while_asked(it: Stage) -> None:
    await it.session()
    await it.start("Do it")
    await it.until("permission.asked")
    await it.abort()


async def listed(it: Stage) -> None:
    await it.session()
    await it.start("Do it")
    await it.until("permission.asked")
    await it.ask("GET", "/permission")
    await it.ask("POST", "/permission/per_nobody00000000000000000/reply", {"reply": "once"})
    for one in await it.peek("/permission"):
        await it.ask("POST", f"/permission/{one['id']}/reply", {"reply": "once"})
    await it.idle()


SCENARIOS = [
    calls("permission-once", HI, HI, play=replied(("once", None), ("once", None)), config=ASK_BASH),
    calls(
        "permission-always",
        HI,
        ("bash", {"command": "echo other"}),
        play=replied(("always", None)),
        config=ASK_BASH,
        alone=True,
    ),
    calls("permission-reject", HI, play=replied(("reject", None)), config=ASK_BASH),
    calls("permission-feedback", HI, play=replied(("reject", "use another file")), config=ASK_BASH),
    calls("permission-old-reply", HI, play=answered_the_old_way, config=ASK_BASH),
    calls("permission-aborted", HI, play=stopped_while_asked, config=ASK_BASH, alone=True),
    calls("permission-listed", HI, play=listed, config=ASK_BASH),
    calls(
        "permission-split",
        *(("bash", {"command": one}) for one in SPLIT),
        play=replied(*[("once", None)] * len(SPLIT)),
        config=ASK_BASH,
    ),
    calls(
        "permission-edit",
        ("write", {"filePath": "src/new.py", "content": "x = 1\n"}),
        ("edit", {"filePath": "src/util.py", "oldString": "2", "newString": "3"}),
        play=replied(("once", None), ("once", None)),
        config={"permission": {"edit": "ask"}},
    ),
    calls(
        "permission-everything",
        ("read", {"filePath": "README.md"}),
        ("glob", {"pattern": "*.md"}),
        ("grep", {"pattern": "hello", "include": "*.md"}),
        ("webfetch", {"url": "<web>/plain.txt"}),
        ("todowrite", {"todos": []}),
        play=replied(*[("once", None)] * 5),
        config={"permission": "ask"},
    ),
    Scenario(
        "permission-reject-parallel",
        [{"tools": [{"name": "bash", "args": {"command": f"echo {n}"}} for n in "ab"]}],
        replied(("reject", None)),
        config=ASK_BASH,
    ),
    Scenario(
        "permission-doom-loop",
        [{"tools": [{"name": "read", "args": {"filePath": "README.md"}}] * 3}, {"text": "Done."}],
        replied(("once", None)),
    ),
    refused_by("deny-bash", {"bash": "deny"}, HI),
    refused_by(
        "deny-some",
        {"bash": {"*": "allow", "rm *": "deny"}},
        ("bash", {"command": "rm multi.txt"}),
        ("bash", {"command": "ls && rm README.md"}),
        HI,
    ),
    refused_by(
        "deny-all-but-git",
        {"bash": {"*": "deny", "git *": "allow"}},
        HI,
        ("bash", {"command": "git status --short"}),
    ),
    refused_by(
        "deny-edit",
        {"edit": {"src/*": "deny"}},
        ("write", {"filePath": "src/x.py", "content": "x"}),
        ("write", {"filePath": "y.py", "content": "y"}),
    ),
    refused_by("deny-order", {"bash": "deny", "*": "allow"}, HI),
    calls(
        "env-file",
        ("read", {"filePath": ".env"}),
        ("read", {"filePath": ".env.example"}),
        play=replied(("once", None)),
        files={".env": "A=1\n", ".env.example": "A=\n"},
    ),
    calls(
        "outside-read", ("read", {"filePath": "<outside>/note.txt"}), play=replied(("once", None))
    ),
    calls(
        "outside-rejected",
        ("read", {"filePath": "<outside>/note.txt"}),
        play=replied(("reject", None)),
    ),
    calls(
        "outside-write",
        ("write", {"filePath": "<outside>/w.txt", "content": "w\n"}),
        play=replied(("always", None)),
        alone=True,
    ),
    calls(
        "outside-search",
        ("glob", {"pattern": "*.txt", "path": "<outside>"}),
        ("grep", {"pattern": "out", "path": "<outside>"}),
        play=replied(("always", None)),
        alone=True,
    ),
    calls(
        "outside-bash",
        ("bash", {"command": "cat <outside>/note.txt"}),
        ("bash", {"command": "cd <outside> && ls"}),
        ("bash", {"command": "ls", "workdir": "<outside>"}),
        play=replied(*[("once", None)] * 3),
    ),
    calls("tool-switched-off", HI, play=prompt("Do it", tools={"bash": False, "webfetch": False})),
    calls(
        "plan-agent",
        ("write", {"filePath": "x.txt", "content": "x"}),
        ("read", {"filePath": "README.md"}),
        play=prompt("Plan it", agent="plan"),
    ),
]
