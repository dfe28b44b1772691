"""Answers that must fit a schema: judged, asked for again, and in the end an error."""

import json
from pathlib import Path
from typing import Any

import pytest

from opencode.errors import BadRequestError
from opencode.schema.message import AssistantMessage, MessageWithParts, OutputFormatJsonSchema
from opencode.session.structured import NAME, StructuredOutput, check_format
from tests.session.working import JSON, error_of, tools, working

SCHEMA: JSON = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "type": "object",
    "properties": {"city": {"type": "string"}, "people": {"type": "integer", "minimum": 0}},
    "required": ["city"],
    "additionalProperties": False,
}
FORMAT: JSON = {"type": "json_schema", "schema": SCHEMA}


def given(arguments: Any) -> JSON:
    return {"tools": [{"name": NAME, "args": arguments}]}


def structured(message: MessageWithParts) -> Any:
    assert isinstance(message.info, AssistantMessage)
    return message.info.structured


async def test_an_answer_that_fits_ends_the_run(tmp_path: Path) -> None:
    async with working(tmp_path, given({"city": "Bern", "people": 140_000})) as it:
        answer = await it.prompt("capital?", format=FORMAT)
        assert structured(answer) == {"city": "Bern", "people": 140_000}
        assert error_of(answer) is None
        (part,) = tools(answer)
        state = part.state.plain()
        assert (state["status"], state["title"]) == ("completed", "Structured Output")
        assert state["output"] == "Structured output captured successfully."
        assert state["metadata"]["valid"] is True
        (body,) = it.asked()
        assert body["tool_choice"] == "required"
        offered = {tool["function"]["name"]: tool["function"] for tool in body["tools"]}
        assert list(offered) == sorted(offered)
        assert offered[NAME]["parameters"] == {
            key: value for key, value in SCHEMA.items() if key != "$schema"
        }
        assert (await it.answers())[-1].structured == {"city": "Bern", "people": 140_000}


async def test_other_tools_may_be_called_before(tmp_path: Path) -> None:
    bash = {"name": "bash", "args": {"command": "echo Bern"}}
    turns: list[JSON] = [{"tools": [bash]}] * 4
    async with working(tmp_path, *turns, given({"city": "Bern"})) as it:
        answer = await it.prompt("capital?", format={**FORMAT, "retryCount": 0})
        assert structured(answer) == {"city": "Bern"}
        assert len(it.asked()) == 5


async def test_an_answer_that_does_not_fit_is_given_back_with_the_reason(tmp_path: Path) -> None:
    turns: list[JSON] = [given({"people": 3}), given("{not json"), given({"city": "Bern"})]
    async with working(tmp_path, *turns) as it:
        answer = await it.prompt("capital?", format=FORMAT)
        assert structured(answer) == {"city": "Bern"}
        _, second, third = it.asked()
        assert "'city' is a required property" in second["messages"][-1]["content"]
        assert "not a JSON object" in third["messages"][-1]["content"]
        first, _, _ = await it.answers()
        assert first.structured is None


async def test_an_answer_in_words_is_asked_for_again(tmp_path: Path) -> None:
    turns: list[JSON] = [{"text": "It is Bern."}, given({"city": "Bern"})]
    async with working(tmp_path, *turns) as it:
        answer = await it.prompt("capital?", format=FORMAT)
        assert structured(answer) == {"city": "Bern"}
        last = it.asked()[-1]["messages"][-1]
        assert last["role"] == "user"
        assert NAME in last["content"]
        roles = [one.info.role for one in await it.messages()]
        assert roles == ["user", "assistant", "assistant"]


@pytest.mark.parametrize(("count", "requests"), [(None, 3), (0, 1), (1, 2)])
async def test_when_it_never_fits_the_answer_tells_so(
    tmp_path: Path, count: int | None, requests: int
) -> None:
    wanted = FORMAT if count is None else {**FORMAT, "retryCount": count}
    async with working(tmp_path, *[given({"city": 1})] * 9) as it:
        answer = await it.prompt("capital?", format=wanted)
        error = error_of(answer)
        assert error is not None
        assert error["name"] == "StructuredOutputError"
        assert error["data"]["retries"] == requests - 1
        assert "1 is not of type 'string'" in error["data"]["message"]
        assert '["city"]' in error["data"]["message"]
        assert len(it.asked()) == requests
        assert [one["error"]["name"] for one in it.of("session.error")] == ["StructuredOutputError"]
        assert structured(answer) is None


async def test_words_only_end_with_the_plain_error(tmp_path: Path) -> None:
    async with working(tmp_path, *[{"text": "Bern"}] * 9) as it:
        error = error_of(await it.prompt("capital?", format={**FORMAT, "retryCount": 1}))
        assert error == {
            "name": "StructuredOutputError",
            "data": {"message": "Model did not produce structured output", "retries": 1},
        }


async def test_what_is_no_schema_is_refused_before_anything_is_stored(tmp_path: Path) -> None:
    async with working(tmp_path) as it:
        bad = {"type": "json_schema", "schema": {"type": "object", "properties": 3}}
        with pytest.raises(BadRequestError) as caught:
            await it.prompt("capital?", format=bad)
        assert '["format"]["schema"]' in str(caught.value.message)
        assert await it.messages() == []


async def test_the_conversation_is_read_as_it_was_stored(tmp_path: Path) -> None:
    async with working(tmp_path, given({"city": "Bern"})) as it:
        await it.prompt("capital?", format=FORMAT)
        page, _ = await it.app.sessions.page(it.session_id)
        stored = json.loads(bytes(page.body))
        assert stored[0]["info"]["format"]["schema"] == SCHEMA
        assert stored[1]["info"]["structured"] == {"city": "Bern"}


async def test_no_reference_is_fetched(tmp_path: Path) -> None:
    await check_format(OutputFormatJsonSchema(json_schema={"type": "object"}))
    outside: JSON = {"$ref": "http://127.0.0.1:9/schema.json"}
    async with working(tmp_path, given({})) as it:
        wanted = {"type": "json_schema", "schema": outside, "retryCount": 0}
        error = error_of(await it.prompt(format=wanted))
        assert error is not None
        assert "http://127.0.0.1:9/schema.json" in error["data"]["message"]


def test_the_number_of_retries_has_a_default() -> None:
    assert StructuredOutput(OutputFormatJsonSchema(json_schema={})).retries == 2
    none = OutputFormatJsonSchema(json_schema={}, retry_count=0)
    assert StructuredOutput(none).retries == 0
