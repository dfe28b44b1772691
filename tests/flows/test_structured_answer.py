"""An answer as data: the tool that takes it, a second try, and the record that stays readable."""

from pathlib import Path

import pytest

from tests.flows.story import JSON, story

SCHEMA: JSON = {
    "type": "object",
    "properties": {"city": {"type": "string"}},
    "required": ["city"],
}


@pytest.mark.parametrize("protocol", ["compatible", "anthropic"])
async def test_the_model_is_told_what_does_not_fit(tmp_path: Path, protocol: str) -> None:
    turns: list[JSON] = [
        {"tools": [{"name": "StructuredOutput", "args": {"town": "Bern"}}]},
        {"tools": [{"name": "StructuredOutput", "args": {"city": "Bern"}}]},
    ]
    async with story(tmp_path, turns, files={"a.txt": "a\n"}, protocol=protocol) as it:
        session = await it.session(title="Data")
        answer = await it.post(
            f"/session/{session}/message",
            {
                "parts": [{"type": "text", "text": "capital of Switzerland?"}],
                "format": {"type": "json_schema", "schema": SCHEMA, "retryCount": 2},
            },
        )
        assert answer["info"]["structured"] == {"city": "Bern"}
        assert "error" not in answer["info"]
        await it.until("session.idle")
        told = [line for line in it.lines() if line.startswith(("part tool", "message assistant"))]
        assert told == [
            "message assistant",
            "part tool StructuredOutput pending",
            "part tool StructuredOutput running",
            "part tool StructuredOutput error",
            "message assistant tool-calls",
            "message assistant completed",
            "message assistant",
            "part tool StructuredOutput pending",
            "part tool StructuredOutput running",
            "part tool StructuredOutput completed",
            "message assistant tool-calls",
            "message assistant completed",
        ]
        user, first, second = await it.messages(session)
        assert user["info"]["format"]["retryCount"] == 2
        assert "structured" not in first["info"]
        assert second["info"]["structured"] == {"city": "Bern"}
        wanted = {"compatible": "required", "anthropic": {"type": "any"}}[protocol]
        assert it.model.requests[0].body["tool_choice"] == wanted


async def test_a_schema_that_is_none_is_refused(tmp_path: Path) -> None:
    async with story(tmp_path, [], files={"a.txt": "a\n"}) as it:
        session = await it.session(title="Data")
        error = await it.post(
            f"/session/{session}/message",
            {
                "parts": [{"type": "text", "text": "capital?"}],
                "format": {"type": "json_schema", "schema": {"type": "town"}},
            },
            status=400,
        )
        assert '["format"]["schema"]' in error["data"]["message"]
        assert await it.messages(session) == []
