"""Errors of the provider: what is told, what is tried again."""

from typing import Any

from tools.conformance.scenario import JSON, Scenario, prompt
from tools.conformance.stage import Stage

SOON: JSON = {"headers": {"retry-after-ms": "30"}}
OVERFLOW: JSON = {
    "error": {
        "message": "This model's maximum context length is 8192 tokens.",
        "type": "invalid_request_error",
        "code": "context_length_exceeded",
    }
}


def failing(name: str, *turns: JSON, **rest: Any) -> Scenario:
    """These answers, then one that works, and a second prompt after it."""
    said = [*turns, {"text": "Recovered."}, {"text": "Second."}]
    return Scenario(f"error-{name}", said, prompt("Try", "Again"), **rest)


async def refused_connection(it: Stage) -> None:
    """A model server that nobody runs; stopped at the first retry."""
    await it.session()
    await it.start("Try", model={"providerID": "gone", "modelID": "m1"})
    while (await it.until("session.status"))["properties"]["status"]["type"] != "retry":
        pass
    await it.abort()


GONE: JSON = {
    "npm": "@ai-sdk/openai-compatible",
    "name": "Gone",
    "options": {"baseURL": "http://127.0.0.1:1/v1", "apiKey": "k"},
    "models": {"m1": {"name": "M1", "tool_call": True, "limit": {"context": 9000, "output": 900}}},
}

SCENARIOS = [
    failing("400", {"status": 400}),
    failing("401", {"status": 401}),
    failing("403", {"status": 403}),
    failing("404", {"status": 404}),
    failing("422-text", {"status": 422, "body": "no json here"}),
    failing("429", {"status": 429, **SOON}),
    failing("429-seconds", {"status": 429, "headers": {"retry-after": "1"}}),
    failing("500", {"status": 500, **SOON}),
    failing("503-529", {"status": 503, **SOON}, {"status": 529, **SOON}),
    failing("500-for-ever", *[{"status": 500, **SOON}] * 6),
    failing(
        "500-in-later-round",
        {"tools": [{"name": "read", "args": {"filePath": "README.md"}}]},
        {"status": 500, **SOON},
    ),
    failing("cut", {"text": "Half of ", "cut": True}),
    failing("chunk", {"text": "Half of ", "error": {"message": "boom", "type": "server_error"}}),
    failing("not-json", {"text": "Half of ", "raw": "data: {not json\n\n"}),
    failing("not-a-stream", {"type": "text/html", "raw": "<html>hello</html>"}),
    failing("length", {"text": "Half of", "finish": "length"}),
    failing("content-filter", {"text": "Half of", "finish": "content_filter"}),
    failing("no-finish", {"text": "Half of", "finish": None}),
    failing("unknown-finish", {"text": "Half of", "finish": "whatever"}),
    failing(
        "anthropic-400",
        {
            "status": 400,
            "body": {
                "type": "error",
                "error": {"type": "invalid_request_error", "message": "scripted"},
            },
        },
        protocol="anthropic",
    ),
    failing(
        "anthropic-529",
        {
            "status": 529,
            **SOON,
            "body": {
                "type": "error",
                "error": {"type": "overloaded_error", "message": "Overloaded"},
            },
        },
        protocol="anthropic",
    ),
    Scenario(
        "error-refused-connection", play=refused_connection, providers={"gone": GONE}, patience=40.0
    ),
]
