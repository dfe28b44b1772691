"""An answer of the model library as our deltas.

Imported only through `provider/llm.py`.
"""

import json
from collections.abc import AsyncGenerator, Iterator
from typing import Any

from pydantic_ai.messages import (
    ModelResponsePart,
    PartDeltaEvent,
    PartEndEvent,
    PartStartEvent,
    TextPart,
    TextPartDelta,
    ThinkingPart,
    ThinkingPartDelta,
    ToolCallPart,
)
from pydantic_ai.models import StreamedResponse

from opencode.provider import base
from opencode.provider.base import BlockEnd, Delta, Finish, FinishReason, Usage
from opencode.provider.outgoing import NAMES
from opencode.provider.vendors import Client

REASONS: dict[str, FinishReason] = {
    "stop": "stop",
    "end_turn": "stop",
    "stop_sequence": "stop",
    "pause_turn": "stop",
    "completed": "stop",
    "length": "length",
    "max_tokens": "length",
    "max_output_tokens": "length",
    "model_context_window_exceeded": "length",
    "tool_calls": "tool-calls",
    "function_call": "tool-calls",
    "tool_use": "tool-calls",
    "content_filter": "content-filter",
    "refusal": "content-filter",
    "safety": "content-filter",
    "recitation": "content-filter",
    "blocklist": "content-filter",
    "prohibited_content": "content-filter",
    "spii": "content-filter",
    "failed": "error",
}


class Answer:
    """One answer being read."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._held: list[int] = []
        self._called = False

    async def deltas(self, stream: StreamedResponse) -> AsyncGenerator[Delta]:
        """Everything of the answer, `Finish` last."""
        async for event in stream:
            # The first two are nearly all events there are.
            if isinstance(event, PartDeltaEvent):
                delta = event.delta
                if isinstance(delta, TextPartDelta):
                    if delta.content_delta:
                        yield base.TextDelta(event.index, delta.content_delta)
                elif isinstance(delta, ThinkingPartDelta) and delta.content_delta:
                    yield base.ReasoningDelta(event.index, delta.content_delta)
            elif isinstance(event, PartStartEvent):
                for item in self._begun(event.index, event.part):
                    yield item
            elif isinstance(event, PartEndEvent):
                for item in self._ended(event.index, event.part):
                    yield item
        for item in self._rest(stream):
            yield item

    def _begun(self, index: int, part: ModelResponsePart) -> Iterator[Delta]:
        match part:
            case TextPart() if part.content:
                yield base.TextDelta(index, part.content)
            case ThinkingPart():
                yield base.ReasoningDelta(index, part.content)
            case ToolCallPart():
                self._called = True
                yield base.ToolCallStart(part.tool_call_id, part.tool_name)

    def _ended(self, index: int, part: ModelResponsePart) -> Iterator[Delta]:
        match part:
            case TextPart() if part.content:
                yield BlockEnd(index)
            case ThinkingPart():
                yield BlockEnd(index, self._metadata(part))
            case ToolCallPart() if _complete(part):
                yield self._call(part)
            case ToolCallPart():
                # Its arguments may still arrive between those of the calls after it.
                self._held.append(index)

    def _rest(self, stream: StreamedResponse) -> Iterator[Delta]:
        response = stream.get()
        for index in self._held:
            part = response.parts[index]
            if isinstance(part, ToolCallPart):
                yield self._call(part)
        details = stream.provider_details or {}
        yield Finish(self._reason(details.get("finish_reason"), stream), _usage(stream))

    def _reason(self, raw: Any, stream: StreamedResponse) -> FinishReason:
        if raw is None:
            # The library calls a stream that merely ended a stop; a refusal it does know.
            return "content-filter" if stream.finish_reason == "content_filter" else "unknown"
        reason = REASONS.get(str(raw).lower(), "unknown")
        if stream.finish_reason == "content_filter":
            return "content-filter"
        return "tool-calls" if reason == "stop" and self._called else reason

    def _metadata(self, part: ThinkingPart) -> dict[str, Any]:
        """What the vendor wants to see again beside this reasoning."""
        name = NAMES[self._client.vendor.wire]
        match name:
            case "anthropic" if part.id == "redacted_thinking":
                return {name: {"redactedData": part.signature}}
            case "anthropic" if part.signature:
                return {name: {"signature": part.signature}}
            case "openai" if part.id or part.signature:
                return {name: {"itemId": part.id, "reasoningEncryptedContent": part.signature}}
            case "google" if part.signature:
                return {name: {"thoughtSignature": part.signature}}
            case _:
                return {}

    def _call(self, part: ToolCallPart) -> base.ToolCall:
        signature = (part.provider_details or {}).get("thought_signature")
        wanted = signature and self._client.vendor.wire == "google"
        metadata = {"google": {"thoughtSignature": signature}} if wanted else {}
        return base.ToolCall(part.tool_call_id, part.tool_name, _arguments(part), metadata)


def _arguments(part: ToolCallPart) -> str:
    """The text as it was sent; a call without arguments has an empty object."""
    if isinstance(part.args, str):
        return part.args or "{}"
    return json.dumps(part.args or {}, ensure_ascii=False)


def _complete(part: ToolCallPart) -> bool:
    try:
        json.loads(_arguments(part))
    except ValueError:
        return False
    return bool(part.args)


def _usage(stream: StreamedResponse) -> Usage:
    reported = getattr(stream, "reported", None)
    if reported is not None:
        return _reported(reported)
    used = stream.usage
    cached = used.cache_read_tokens + used.cache_write_tokens
    reasoning = used.details.get("reasoning_tokens") or used.details.get("thoughts_tokens") or 0
    return Usage(
        input=max(0, used.input_tokens - cached),
        output=max(0, used.output_tokens - reasoning),
        reasoning=reasoning,
        cache_read=used.cache_read_tokens,
        cache_write=used.cache_write_tokens,
        total=used.input_tokens + used.output_tokens,
    )


def _reported(reported: Any) -> Usage:
    """Chat completions: the cached are part of the prompt, the reasoning part of the completion."""
    prompt, completion = reported.prompt_tokens or 0, reported.completion_tokens or 0
    cached = getattr(reported.prompt_tokens_details, "cached_tokens", None) or 0
    reasoning = getattr(reported.completion_tokens_details, "reasoning_tokens", None) or 0
    return Usage(
        input=max(0, prompt - cached),
        output=max(0, completion - reasoning),
        reasoning=reasoning,
        cache_read=cached,
        total=reported.total_tokens or prompt + completion,
    )
