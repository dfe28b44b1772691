"""What a provider is sent: the conversation, the tools, the options, the headers."""

from pathlib import Path
from typing import Any

import pytest

from opencode.provider.base import (
    AssistantTurn,
    BadAnswer,
    BlockEnd,
    Delta,
    FileContent,
    ModelTurn,
    ReasoningContent,
    TextContent,
    ToolCallContent,
    ToolResultContent,
    ToolTurn,
    UserTurn,
)
from tests.provider.asking import HELLO, PROTOCOLS, asking, calls, reasoning, text
from tests.scripted_wires import JSON

SEES: JSON = {"modalities": {"input": ["text", "image", "pdf"]}}
PICTURE = FileContent("image/png", b"png", "p.png")
PAPER = FileContent("application/pdf", b"%PDF", "d.pdf")
BUSY: JSON = {
    "reasoning": "let me see",
    "text": "Looking.",
    "tools": [
        {"name": "bash", "args": {"command": "ls"}},
        {"name": "bash", "args": {"command": "pwd"}},
    ],
}


def continued(deltas: list[Delta], *results: str) -> list[ModelTurn]:
    """The conversation after an answer with calls and their results."""
    metadata = next(it.metadata for it in deltas if isinstance(it, BlockEnd))
    made = calls(deltas)
    answer = AssistantTurn(
        (
            ReasoningContent(reasoning(deltas), metadata),
            TextContent(text(deltas)),
            *(ToolCallContent(it.call_id, it.name, it.arguments, it.metadata) for it in made),
        )
    )
    given = [
        ToolResultContent(call.call_id, call.name, result, error=result == "boom")
        for call, result in zip(made, results, strict=True)
    ]
    return [HELLO, answer, ToolTurn(tuple(given))]


async def second(tmp_path: Path, protocol: str) -> JSON:
    """The body of the request after a tool round."""
    async with asking(tmp_path, protocol, BUSY, reasoning=True) as asker:
        return await asker.sent(*continued(await asker.ask(), "a.txt", "boom"))


async def test_compatible_tool_round_trip(tmp_path: Path) -> None:
    body = await second(tmp_path, "compatible")
    _, _, answer, first, other = body["messages"]
    assert answer["content"] == "Looking."
    assert answer["reasoning_content"] == "let me see"
    assert [it["id"] for it in answer["tool_calls"]] == ["call_1", "call_2"]
    assert first == {"role": "tool", "tool_call_id": "call_1", "content": "a.txt"}
    assert other == {"role": "tool", "tool_call_id": "call_2", "content": "boom"}


async def test_openai_tool_round_trip(tmp_path: Path) -> None:
    body = await second(tmp_path, "openai")
    items = body["input"][2:]
    assert [it.get("type", "message") for it in items] == [
        "reasoning",
        "message",
        "function_call",
        "function_call",
        "function_call_output",
        "function_call_output",
    ]
    assert items[0]["encrypted_content"] == "c2NyaXB0ZWQ="
    assert items[0]["id"] == "rs_1"
    assert items[5] == {"type": "function_call_output", "call_id": "call_2", "output": "boom"}
    assert body["store"] is False
    assert body["include"] == ["reasoning.encrypted_content"]
    assert body["prompt_cache_key"] == "ses_1"
    assert body["input"][0] == {"role": "developer", "content": "Be kind."}


async def test_anthropic_tool_round_trip(tmp_path: Path) -> None:
    body = await second(tmp_path, "anthropic")
    _, answer, results = body["messages"]
    thinking = answer["content"][0]
    assert (thinking["thinking"], thinking["signature"]) == ("let me see", "c2NyaXB0ZWQ=")
    assert [it["type"] for it in answer["content"]] == ["thinking", "text", "tool_use", "tool_use"]
    assert [it["is_error"] for it in results["content"]] == [False, True]
    assert results["content"][1]["content"] == [{"text": "boom", "type": "text"}]


async def test_anthropic_caches_the_beginning_and_the_last_two_messages(tmp_path: Path) -> None:
    body = await second(tmp_path, "anthropic")
    mark = {"type": "ephemeral"}
    assert body["system"] == [{"type": "text", "text": "Be kind.", "cache_control": mark}]
    marked = ["cache_control" in it["content"][-1] for it in body["messages"]]
    assert marked == [False, True, True]


async def test_only_claude_is_asked_to_stream_arguments_early(tmp_path: Path) -> None:
    for name, wanted in (("claude-of-tests", True), ("other", None)):
        async with asking(tmp_path, "anthropic", BUSY, id=name) as asker:
            body = await asker.sent(*continued(await asker.ask(), "a.txt", "boom"))
            assert body["tools"][0].get("eager_input_streaming") is wanted


async def test_the_system_prompt_has_the_role_its_model_knows(tmp_path: Path) -> None:
    for thinks, role in ((True, "developer"), (False, "system")):
        async with asking(tmp_path, "openai", BUSY, reasoning=thinks) as asker:
            body = await asker.sent(*continued(await asker.ask(), "a.txt", "boom"))
            assert body["input"][0]["role"] == role


async def test_google_tool_round_trip(tmp_path: Path) -> None:
    body = await second(tmp_path, "google")
    _, answer, results = body["contents"]
    assert answer["parts"][0] == {"text": "let me see", "thought": True}
    assert answer["parts"][2]["thoughtSignature"] == "c2NyaXB0ZWQ="
    responses = [it["functionResponse"]["response"] for it in results["parts"]]
    assert responses == [{"return_value": "a.txt"}, {"return_value": "boom"}]


@pytest.mark.parametrize("protocol", PROTOCOLS)
async def test_images_and_documents_go_along(protocol: str, tmp_path: Path) -> None:
    turn = UserTurn((TextContent("look"), PICTURE, PAPER))
    async with asking(tmp_path, protocol, **SEES) as asker:
        body = str(await asker.sent(turn))
    assert "cG5n" in body
    assert "JVBERg==" in body


async def test_compatible_media_have_their_form_and_name(tmp_path: Path) -> None:
    async with asking(tmp_path, **SEES) as asker:
        body = await asker.sent(UserTurn((TextContent("look"), PICTURE, PAPER)))
    assert body["messages"][-1]["content"] == [
        {"type": "text", "text": "look"},
        {"type": "image_url", "image_url": {"url": "data:image/png;base64,cG5n"}},
        {
            "type": "file",
            "file": {"filename": "d.pdf", "file_data": "data:application/pdf;base64,JVBERg=="},
        },
    ]


@pytest.mark.parametrize("protocol", PROTOCOLS)
async def test_a_model_that_cannot_see_is_told_so(protocol: str, tmp_path: Path) -> None:
    async with asking(tmp_path, protocol) as asker:
        body = str(await asker.sent(UserTurn((TextContent("look"), PICTURE))))
    assert "does not support image input). Inform the user." in body
    assert "cG5n" not in body


async def test_an_unknown_medium_is_refused(tmp_path: Path) -> None:
    blob = FileContent("application/octet-stream", b"x")
    async with asking(tmp_path) as asker:
        with pytest.raises(BadAnswer, match="media type application/octet-stream"):
            await asker.ask(UserTurn((TextContent("look"), blob)))
        assert asker.server.requests == []


@pytest.mark.parametrize("protocol", PROTOCOLS)
async def test_files_of_a_tool_follow_its_text(protocol: str, tmp_path: Path) -> None:
    call = AssistantTurn((ToolCallContent("call_9", "bash", '{"command":"ls"}'),))
    result = ToolTurn((ToolResultContent("call_9", "bash", "Read it", files=(PICTURE,)),))
    async with asking(tmp_path, protocol, **SEES) as asker:
        body = str(await asker.sent(HELLO, call, result))
    assert body.index("Read it") < body.index("cG5n")


async def test_an_answer_of_calls_alone_has_empty_content(tmp_path: Path) -> None:
    call = AssistantTurn((ToolCallContent("call_9", "bash", '{"command":"ls"}'),))
    result = ToolTurn((ToolResultContent("call_9", "bash", "a"),))
    async with asking(tmp_path) as asker:
        body = await asker.sent(HELLO, call, result)
    assert body["messages"][2]["content"] == ""


@pytest.mark.parametrize("protocol", ["openai", "anthropic"])
async def test_reasoning_of_another_vendor_is_left_out(protocol: str, tmp_path: Path) -> None:
    thought = ReasoningContent("secret thought", {"elsewhere": {"signature": "x"}})
    async with asking(tmp_path, protocol, reasoning=True) as asker:
        answer = AssistantTurn((thought, TextContent("Hi.")))
        body = str(await asker.sent(HELLO, answer, HELLO))
    assert "secret thought" not in body
    assert "Hi." in body


async def test_compatible_body_has_the_common_members(tmp_path: Path) -> None:
    async with asking(tmp_path) as asker:
        body = await asker.sent()
        bare = await asker.sent(tools=())
    assert set(body) == {
        *("model", "max_tokens", "messages", "tools", "tool_choice", "stream", "stream_options"),
    }
    assert body["max_tokens"] == 8000
    assert body["stream_options"] == {"include_usage": True}
    assert body["tool_choice"] == "auto"
    assert not {"tools", "tool_choice"} & set(bare)


async def test_the_output_is_capped(tmp_path: Path) -> None:
    limit = {"context": 128000, "output": 64000}
    async with asking(tmp_path, limit=limit) as asker:
        assert (await asker.sent())["max_tokens"] == 32000


async def test_a_required_call_is_asked_for(tmp_path: Path) -> None:
    async with asking(tmp_path) as asker:
        assert (await asker.sent(tool_choice="required"))["tool_choice"] == "required"


@pytest.mark.parametrize(("allowed", "sent"), [(True, 0.3), (False, None)])
async def test_temperature_only_where_the_model_has_one(
    allowed: bool, sent: float | None, tmp_path: Path
) -> None:
    async with asking(tmp_path, temperature=allowed) as asker:
        body = await asker.sent(temperature=0.3, top_p=0.9)
    assert body.get("temperature") == sent
    assert body["top_p"] == 0.9


OPTIONS: list[tuple[str, JSON, JSON]] = [
    (
        "compatible",
        {"reasoningEffort": "high", "foo": "bar"},
        {"reasoning_effort": "high", "foo": "bar"},
    ),
    (
        "openai",
        {"reasoningEffort": "low", "reasoningSummary": "auto", "serviceTier": "flex"},
        {"reasoning": {"effort": "low", "summary": "auto"}, "service_tier": "flex"},
    ),
    (
        "anthropic",
        {"thinking": {"type": "enabled", "budgetTokens": 2000}},
        {"thinking": {"type": "enabled", "budget_tokens": 2000}},
    ),
    ("anthropic", {"effort": "high"}, {"output_config": {"effort": "high"}}),
]


@pytest.mark.parametrize(("protocol", "options", "members"), OPTIONS)
async def test_options_become_members_of_the_body(
    protocol: str, options: JSON, members: JSON, tmp_path: Path
) -> None:
    async with asking(tmp_path, protocol, reasoning=True) as asker:
        body = await asker.sent(options=options)
    assert {name: body.get(name) for name in members} == members


async def test_google_thinking_is_configured(tmp_path: Path) -> None:
    options = {"thinkingConfig": {"includeThoughts": True, "thinkingBudget": 100}}
    async with asking(tmp_path, "google", reasoning=True) as asker:
        body = await asker.sent(options=options)
    thinking = body["generationConfig"]["thinkingConfig"]
    assert sorted(str(value) for value in thinking.values()) == ["100", "True"]


async def test_options_of_the_model_count_below_those_of_the_request(tmp_path: Path) -> None:
    async with asking(tmp_path, options={"a": 1, "b": 1}) as asker:
        body = await asker.sent(options={"b": 2})
    assert (body["a"], body["b"]) == (1, 2)


@pytest.mark.parametrize("protocol", PROTOCOLS)
async def test_headers_name_the_session_and_us(protocol: str, tmp_path: Path) -> None:
    async with asking(tmp_path, protocol, headers={"x-model": "m"}) as asker:
        await asker.optioned(headers={"x-provider": "p"}).ask(parent_session_id="ses_0")
        headers = asker.server.requests[-1].headers
    wanted: dict[str, Any] = {
        "user-agent": "opencode/1.18.33",
        "x-session-affinity": "ses_1",
        "x-session-id": "ses_1",
        "x-parent-session-id": "ses_0",
        "x-model": "m",
        "x-provider": "p",
    }
    assert {name: headers.get(name) for name in wanted} == wanted
    assert not [name for name in headers if name.startswith(("x-stainless", "x-opencode"))]


async def test_a_configured_agent_name_is_used(tmp_path: Path) -> None:
    async with asking(tmp_path) as asker:
        await asker.optioned(headers={"User-Agent": "mine/1"}).ask()
        assert asker.server.requests[-1].headers["user-agent"] == "mine/1"


async def test_anthropic_is_given_its_key_in_its_own_header(tmp_path: Path) -> None:
    async with asking(tmp_path, "anthropic") as asker:
        await asker.ask()
        request = asker.server.requests[-1]
    assert request.path == "/v1/messages"
    assert request.headers["x-api-key"] == "k"
    assert request.headers["anthropic-version"] == "2023-06-01"
    assert "authorization" not in request.headers
