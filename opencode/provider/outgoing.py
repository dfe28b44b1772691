"""A `ModelRequest` in the model library's terms: messages, settings, tools.

Imported only through `provider/llm.py`.
"""

import re
from collections.abc import Iterable, Sequence
from typing import Any

from pydantic_ai.messages import (
    BinaryContent,
    ModelMessage,
    ModelResponse,
    ModelResponsePart,
    SystemPromptPart,
    TextPart,
    ThinkingPart,
    ToolCallPart,
    ToolReturnPart,
    UserContent,
    UserPromptPart,
)
from pydantic_ai.messages import ModelRequest as Request
from pydantic_ai.models import ModelRequestParameters
from pydantic_ai.tools import ToolDefinition

from opencode.provider.base import (
    AssistantTurn,
    BadAnswer,
    FileContent,
    ModelRequest,
    ModelTurn,
    ReasoningContent,
    TextContent,
    ToolCallContent,
    ToolTurn,
    UserTurn,
)
from opencode.provider.transport import AGENT_HEADER
from opencode.provider.vendors import Client
from opencode.schema.provider import Model

MAX_OUTPUT = 32_000
MEDIA = {"image": "image", "audio": "audio", "video": "video", "application/pdf": "pdf"}
NAMES = {
    "compatible": "compatible",
    "responses": "openai",
    "anthropic": "anthropic",
    "google": "google",
}
"""Under which key a wire's own data stands in the metadata of a part."""

Settings = dict[str, Any]


def parameters(request: ModelRequest) -> ModelRequestParameters:
    """The tools on offer."""
    tools = [
        ToolDefinition(
            name=tool.name, description=tool.description, parameters_json_schema=tool.parameters
        )
        for tool in request.tools
    ]
    return ModelRequestParameters(function_tools=tools, allow_text_output=True)


def settings(request: ModelRequest, client: Client) -> Settings:
    """Everything of a request that is not its messages or tools."""
    options = {**request.model.options, **request.options}
    found: Settings = {
        "extra_headers": _headers(request),
        "max_tokens": _max_tokens(request.model, options),
    }
    found.update(_times(request.provider.options))
    if request.tools:
        found["tool_choice"] = request.tool_choice
    thinking = (options.get("thinking") or {}).get("type") in ("enabled", "adaptive")
    if request.temperature is not None and request.model.capabilities.temperature and not thinking:
        found["temperature"] = request.temperature
    if request.top_p is not None and not thinking:
        found["top_p"] = request.top_p
    wires = {
        "compatible": _compatible,
        "responses": _responses,
        "anthropic": _anthropic,
        "google": _google,
    }
    found.update(wires[client.vendor.wire](request, options))
    return found


def messages(request: ModelRequest, client: Client) -> list[ModelMessage]:
    """The conversation."""
    found: list[ModelMessage] = []
    if request.system:
        found.append(Request(parts=[SystemPromptPart("\n".join(request.system))]))
    for turn in request.turns:
        message = _message(turn, request.model, client)
        if message is not None:
            found.append(message)
    return found


def _message(turn: ModelTurn, model: Model, client: Client) -> ModelMessage | None:
    match turn:
        case UserTurn(content):
            return Request(parts=[_prompt(content, model, client)]) if content else None
        case ToolTurn():
            return _results(turn, model, client)
        case AssistantTurn(content):
            parts = [part for item in content if (part := _answer(item, client)) is not None]
            return (
                ModelResponse(parts=parts, provider_name=client.backend.system) if parts else None
            )


def _prompt(
    content: Sequence[TextContent | FileContent], model: Model, client: Client
) -> UserPromptPart:
    if len(content) == 1 and isinstance(content[0], TextContent):
        return UserPromptPart(content[0].text)
    return UserPromptPart([_content(item, model, client) for item in content])


def _content(item: TextContent | FileContent, model: Model, client: Client) -> UserContent:
    if isinstance(item, TextContent):
        return item.text
    medium = MEDIA.get(item.mime) or MEDIA.get(item.mime.partition("/")[0])
    if medium is None:
        raise BadAnswer(f"'file part media type {item.mime}' functionality not supported.")
    if not getattr(model.capabilities.input, medium):
        name = f'"{item.filename}"' if item.filename else medium
        reason = f"(this model does not support {medium} input)"
        return f"ERROR: Cannot read {name} {reason}. Inform the user."
    found = BinaryContent(item.data, media_type=item.mime)
    if medium == "pdf" and client.vendor.wire == "compatible":
        found.vendor_metadata = {"filename": item.filename or "document.pdf"}
    return found


def _results(turn: ToolTurn, model: Model, client: Client) -> Request:
    # Where a format has no mark for a failure the library would wrap the text instead.
    marked = client.vendor.wire == "anthropic"
    parts: list[Any] = [
        ToolReturnPart(
            result.name,
            result.output,
            result.call_id,
            outcome="failed" if result.error and marked else "success",
        )
        for result in turn.results
    ]
    files = [file for result in turn.results for file in result.files]
    if files:
        parts.append(UserPromptPart([_content(file, model, client) for file in files]))
    return Request(parts=parts)


def _answer(
    item: TextContent | ReasoningContent | ToolCallContent, client: Client
) -> ModelResponsePart | None:
    system = client.backend.system
    match item:
        case TextContent(text):
            return TextPart(text) if text else None
        case ReasoningContent():
            return _reasoning(item, client)
        case ToolCallContent():
            signature = item.metadata.get("google", {}).get("thoughtSignature")
            part = ToolCallPart(item.name, item.arguments, item.call_id)
            if signature and client.vendor.wire == "google":
                part.provider_name = system
                part.provider_details = {"thought_signature": signature}
            return part


def _reasoning(item: ReasoningContent, client: Client) -> ThinkingPart | None:
    """Reasoning goes back to who wrote it; another vendor would refuse it or take it for text."""
    wire, system = client.vendor.wire, client.backend.system
    own = item.metadata.get(NAMES[wire]) or {}
    match wire:
        case "compatible":
            return ThinkingPart(item.text, id=client.vendor.reasoning, provider_name=system)
        case "anthropic" if own.get("redactedData"):
            return ThinkingPart(
                "", id="redacted_thinking", signature=own["redactedData"], provider_name=system
            )
        case "anthropic" if own.get("signature"):
            return ThinkingPart(item.text, signature=own["signature"], provider_name=system)
        case "responses" if own.get("reasoningEncryptedContent"):
            return ThinkingPart(
                item.text,
                id=own.get("itemId"),
                signature=own["reasoningEncryptedContent"],
                provider_name=system,
            )
        case "google":
            return ThinkingPart(
                item.text, signature=own.get("thoughtSignature"), provider_name=system
            )
        case _:
            return None


def _headers(request: ModelRequest) -> dict[str, str]:
    headers = {**_texts(request.provider.options.get("headers")), **request.model.headers}
    agents = [name for name in headers if name.lower() == "user-agent"]
    for name in agents:
        headers[AGENT_HEADER] = headers.pop(name)
    if request.session_id:
        headers["X-Session-Affinity"] = request.session_id
        headers["X-Session-Id"] = request.session_id
    if request.parent_session_id:
        headers["X-Parent-Session-Id"] = request.parent_session_id
    return headers


def _texts(given: Any) -> dict[str, str]:
    return (
        {str(name): str(value) for name, value in given.items()} if isinstance(given, dict) else {}
    )


def _times(options: Settings) -> Settings:
    """`timeout` bounds a whole request; the others bound a silence, which one value does."""
    whole = _seconds(options.get("timeout"))
    silence = _seconds(options.get("chunkTimeout")) or _seconds(options.get("headerTimeout"))
    found: Settings = {"request_timeout": whole} if whole else {}
    return {**found, "timeout": silence} if silence else found


def _seconds(milliseconds: Any) -> float | None:
    return milliseconds / 1000 if type(milliseconds) in (int, float) else None


def _max_tokens(model: Model, options: Settings) -> int:
    limit = model.limit.output or MAX_OUTPUT
    budget = (options.get("thinking") or {}).get("budgetTokens") or 0
    # What is spent on thinking counts against the limit of an answer: leave room beside it.
    return min(limit, MAX_OUTPUT + int(budget))


def _compatible(request: ModelRequest, options: Settings) -> Settings:
    body = _effort(request, options)
    renamed = {"reasoningEffort": "reasoning_effort", "textVerbosity": "verbosity"}
    body = {renamed.get(name, name): value for name, value in body.items()}
    if request.provider.options.get("setCacheKey") and request.session_id:
        body["prompt_cache_key"] = request.session_id
    return {"extra_body": body} if body else {}


def _responses(request: ModelRequest, options: Settings) -> Settings:
    body = _effort(request, options)
    reasoning = {
        name: body.pop(key)
        for key, name in (("reasoningEffort", "effort"), ("reasoningSummary", "summary"))
        if key in body
    }
    verbosity = body.pop("textVerbosity", None)
    body = {_snake(name): value for name, value in body.items()}
    if reasoning:
        body["reasoning"] = reasoning
    if verbosity:
        body["text"] = {"verbosity": verbosity}
    body.setdefault("store", False)
    if request.session_id:
        body.setdefault("prompt_cache_key", request.session_id)
    return {"extra_body": body, "openai_send_reasoning_ids": True}


def _anthropic(request: ModelRequest, options: Settings) -> Settings:
    body = _snake_keys(options)
    effort = body.pop("effort", None)
    if effort:
        body["output_config"] = {"effort": effort}
    # A gateway that serves other models in this format may refuse a field it does not know.
    claude = "claude" in request.model.api.id
    found: Settings = {"anthropic_eager_input_streaming": True} if claude else {}
    return {**found, "extra_body": body} if body else found


def _google(request: ModelRequest, options: Settings) -> Settings:
    found: Settings = {}
    if isinstance(options.get("thinkingConfig"), dict):
        found["google_thinking_config"] = _snake_keys(options["thinkingConfig"])
    if options.get("safetySettings"):
        found["google_safety_settings"] = _snake_keys(options["safetySettings"])
    return found


def _effort(request: ModelRequest, options: Settings) -> Settings:
    """Models of this family think little unless told, and are asked for a middle effort."""
    wanted = dict(options)
    name = request.model.api.id
    thinks = request.model.capabilities.reasoning
    if thinks and "gpt-5" in name and "chat" not in name and "-pro" not in name:
        wanted.setdefault("reasoningEffort", "medium")
    return wanted


def _snake(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])([A-Z])", lambda found: "_" + found[1].lower(), name)


def _snake_keys(value: Any) -> Any:
    if isinstance(value, dict):
        return {_snake(str(name)): _snake_keys(item) for name, item in value.items()}
    if isinstance(value, Iterable) and not isinstance(value, str | bytes):
        return [_snake_keys(item) for item in value]
    return value
