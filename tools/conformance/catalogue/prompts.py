"""The fields of a prompt, its files, the instructions of a project, and wrong prompts."""

import base64
from typing import Any

from tools.conformance.scenario import JSON, Scenario, parts, prompt
from tools.conformance.stage import Stage
from tools.conformance.web import PIXEL

TEXT: JSON = {"type": "text", "text": "What is it?"}
SEES: JSON = {
    "attachment": True,
    "modalities": {"input": ["text", "image", "pdf"], "output": ["text"]},
}
CUSTOM: JSON = {
    "agent": {
        "mine": {
            "prompt": "MARK my own prompt",
            "temperature": 0.3,
            "top_p": 0.9,
            "foo": "bar",
            "description": "Mine",
        }
    }
}
PIXEL_URL = f"data:image/png;base64,{base64.b64encode(PIXEL).decode()}"
VARIANTS: JSON = {"reasoning": True}


def file(url: str, mime: str = "text/plain", **more: Any) -> JSON:
    return {"type": "file", "mime": mime, "url": url, **more}


def of_file(name: str, *given: JSON, **rest: Any) -> Scenario:
    return Scenario(f"file-{name}", [{"text": "Seen."}], parts(TEXT, *given), **rest)


async def not_answered(it: Stage) -> None:
    await it.session()
    await it.prompt("Only a note", noReply=True)
    await it.prompt("Now answer")


async def own_ids(it: Stage) -> None:
    await it.session()
    await it.prompt("Mine", messageID="msg_7fffffff0001AAAAAAAAAAAAAA")


async def two_models(it: Stage) -> None:
    await it.session()
    await it.prompt("With the second", model={"providerID": "fake", "modelID": "m2"})
    await it.prompt("With the same again")


async def two_agents(it: Stage) -> None:
    await it.session()
    await it.prompt("Plan", agent="plan")
    await it.prompt("Build", agent="build")
    await it.prompt("Build more", agent="build")


async def wrong(it: Stage) -> None:
    """Prompts that cannot be taken."""
    await it.session()
    path = "/session/{session}/message"
    await it.ask("POST", path, {})
    await it.ask("POST", path, {"parts": [{"type": "zzz"}]})
    await it.ask("POST", path, {"parts": [{"type": "text"}]})
    await it.ask("POST", path, {"parts": [TEXT], "messageID": "foo"})
    await it.ask("POST", "/session/ses_nobody0000000000000000/message", {"parts": [TEXT]})
    await it.ask("POST", "/session/nobody/message", {"parts": [TEXT]})
    await it.ask("GET", "/session/{session}/message/msg_nobody00000000000000000")


async def wrong_names(it: Stage) -> None:
    await it.session()
    path = "/session/{session}/message"
    await it.ask("POST", path, {"parts": [TEXT], "agent": "nobody"})
    model = {"providerID": "fake", "modelID": "none"}
    await it.ask("POST", path, {"parts": [TEXT], "model": model})


async def read_back(it: Stage) -> None:
    await it.session()
    for number in range(3):
        await it.prompt(f"Number {number}")
    await it.ask("GET", "/session/{session}/message?limit=2")
    await it.ask("GET", f"/session/{{session}}/message/{it.message_ids[0]}")
    await it.ask("GET", "/session/status")
    await it.ask("PATCH", "/session/{session}", {"title": "Another"})
    await it.ask("GET", "/session/{session}/children")
    await it.ask("GET", "/session/{session}/diff")


SCENARIOS = [
    Scenario("prompt-system", play=prompt("Do it", system="MARK extra words")),
    Scenario("prompt-no-reply", [{"text": "Yes."}], not_answered),
    Scenario("prompt-own-id", [{"text": "Yes."}], own_ids),
    Scenario("prompt-no-parts", [{"text": "Yes."}], parts()),
    Scenario("prompt-several-texts", [{"text": "Yes."}], parts(TEXT, {**TEXT, "text": "And?"})),
    Scenario(
        "prompt-ignored-text",
        [{"text": "Yes."}],
        parts(
            TEXT,
            {**TEXT, "text": "not for you", "ignored": True},
            {**TEXT, "text": "made", "synthetic": True},
        ),
    ),
    Scenario("prompt-variant", play=prompt("Do it", variant="high"), model=VARIANTS),
    Scenario(
        "prompt-agent",
        play=prompt("Do it", agent="mine"),
        config=CUSTOM,
        model={"temperature": True},
    ),
    Scenario("prompt-agents", [{"text": "1"}, {"text": "2"}], two_agents),
    Scenario(
        "prompt-models",
        [{"text": "1"}, {"text": "2"}],
        two_models,
    ),
    Scenario("prompt-wrong", play=wrong),
    Scenario("prompt-wrong-names", play=wrong_names),
    Scenario(
        "model-options",
        play=prompt("Do it"),
        model={
            "options": {"custom": 5},
            "headers": {"x-scenario": "yes"},
            "limit": {"context": 200000, "output": 64000},
        },
    ),
    Scenario("read-back", [{"text": str(n)} for n in range(3)], read_back),
    of_file("text", file("file://<project>/src/util.py", filename="src/util.py")),
    of_file("range", file("file://<project>/multi.txt?start=2&end=3", filename="multi.txt")),
    of_file("directory", file("file://<project>/src", "application/x-directory")),
    of_file("missing", file("file://<project>/nofile.txt")),
    of_file("data", file("data:text/plain;base64,aGVsbG8K", filename="d.txt")),
    of_file(
        "image",
        file("file://<project>/p.png", "image/png", filename="p.png"),
        files={"p.png": PIXEL},
        model=SEES,
    ),
    of_file(
        "image-unseen",
        file("file://<project>/p.png", "image/png", filename="p.png"),
        files={"p.png": PIXEL},
    ),
    of_file("image-data", file(PIXEL_URL, "image/png"), model=SEES),
    Scenario("instructions", files={"AGENTS.md": "MARK be kind\n"}),
    Scenario("instructions-claude", files={"CLAUDE.md": "MARK be brief\n"}),
    Scenario(
        "instructions-configured",
        files={"AGENTS.md": "MARK be kind\n", "docs/a.md": "MARK a\n", "docs/b.md": "MARK b\n"},
        config={"instructions": ["docs/*.md", "missing.md"]},
    ),
]
