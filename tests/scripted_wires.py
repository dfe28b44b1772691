"""The four wire formats the scripted model speaks: reading, and writing answers."""

import json
import re
from dataclasses import dataclass, field
from typing import Any

JSON = dict[str, Any]
DONE: JSON = {"text": "done"}
SIGNATURE = "c2NyaXB0ZWQ="
PIECE = 24


@dataclass
class Conversation:
    """What a request says, whatever its format."""

    system: str
    turns: list[tuple[str, str]] = field(default_factory=list)
    """Role (`user`, `assistant`, `tool`) and text; neighbouring assistant items are one turn."""

    def add(self, role: str, text: str) -> None:
        if role == "assistant" and self.turns and self.turns[-1][0] == "assistant":
            text = self.turns.pop()[1] + text
        self.turns.append((role, text))

    def scripted(self) -> JSON | None:
        """The turn a `SCRIPT:` in the conversation has for this moment."""
        for place in range(len(self.turns) - 1, -1, -1):
            role, text = self.turns[place]
            if role == "user" and "SCRIPT:" in text:
                source = text.split("SCRIPT:", 1)[1].strip()
                script = json.JSONDecoder().raw_decode(source)[0]
                said = sum(role == "assistant" for role, _ in self.turns[place + 1 :])
                return script[said] if said < len(script) else DONE
        return None


class Chat:
    """Chat completions."""

    reasons = {"stop": "stop", "length": "length", "tool_calls": "tool_calls"}
    usage: JSON = {
        "prompt_tokens": 100,
        "completion_tokens": 20,
        "total_tokens": 120,
        "prompt_tokens_details": {"cached_tokens": 10},
    }

    def __init__(self, body: JSON) -> None:
        self.body = body

    def conversation(self) -> Conversation:
        heads = ("system", "developer")
        messages = self.body["messages"]
        found = Conversation(
            " ".join(_text(it["content"]) for it in messages if it["role"] in heads)
        )
        for message in messages:
            if message["role"] not in heads:
                found.add(message["role"], _text(message.get("content")))
        return found

    def start(self) -> list[str]:
        return [self._chunk({"role": "assistant", "content": ""})]

    def reasoning(self, text: str) -> list[str]:
        return [self._chunk({"reasoning_content": piece}) for piece in _pieces(text)]

    def text(self, text: str) -> list[str]:
        return [self._chunk({"content": piece}) for piece in _pieces(text)]

    def tools(self, calls: list[tuple[str, str, str]]) -> list[str]:
        found = []
        for index, (call_id, name, arguments) in enumerate(calls):
            function = {"name": name, "arguments": ""}
            head = {"index": index, "id": call_id, "type": "function", "function": function}
            found.append(self._chunk({"tool_calls": [head]}))
            for piece in _cut(arguments):
                part = {"index": index, "function": {"arguments": piece}}
                found.append(self._chunk({"tool_calls": [part]}))
        return found

    def error(self, error: JSON) -> list[str]:
        return [_data({"error": error})]

    def finish(self, reason: str | None, usage: JSON) -> list[str]:
        if reason is None:
            return [_data("[DONE]")]
        ended = self._chunk({}, reason)
        return [ended, _data({**self._head(), "choices": [], "usage": usage}), _data("[DONE]")]

    def _chunk(self, delta: JSON, reason: str | None = None) -> str:
        choice = {"index": 0, "delta": delta, "finish_reason": reason}
        return _data({**self._head(), "choices": [choice]})

    def _head(self) -> JSON:
        head = {"id": "chat_1", "object": "chat.completion.chunk", "created": 1}
        return {**head, "model": self.body["model"]}


class Responses:
    """The Responses API."""

    usage: JSON = {
        "input_tokens": 100,
        "input_tokens_details": {"cached_tokens": 10},
        "output_tokens": 20,
        "output_tokens_details": {"reasoning_tokens": 0},
        "total_tokens": 120,
    }

    def __init__(self, body: JSON) -> None:
        self.body = body
        self.output: list[JSON] = []
        self.number = 0

    def conversation(self) -> Conversation:
        found = Conversation(str(self.body.get("instructions") or ""))
        for item in self.body["input"]:
            if item.get("role") in ("system", "developer"):
                found.system += _text(item["content"])
            elif item.get("type") == "function_call_output":
                found.add("tool", str(item["output"]))
            elif item.get("type") in ("function_call", "reasoning"):
                found.add("assistant", "")
            else:
                found.add(item["role"], _text(item["content"]))
        return found

    def start(self) -> list[str]:
        return [self._event("response.created", response=self._response("in_progress"))]

    def reasoning(self, text: str) -> list[str]:
        part = {"type": "summary_text", "text": text}
        item = {"id": "rs_1", "type": "reasoning", "summary": [], "encrypted_content": SIGNATURE}
        place = {"item_id": "rs_1", "output_index": len(self.output), "summary_index": 0}
        found = [self._added(item)]
        empty = {**part, "text": ""}
        found.append(self._event("response.reasoning_summary_part.added", **place, part=empty))
        for piece in _pieces(text):
            kind = "response.reasoning_summary_text.delta"
            found.append(self._event(kind, **place, delta=piece))
        found.append(self._event("response.reasoning_summary_text.done", **place, text=text))
        return [*found, self._done({**item, "summary": [part]})]

    def text(self, text: str) -> list[str]:
        item = {"id": "msg_1", "type": "message", "role": "assistant", "status": "in_progress"}
        place = {"item_id": "msg_1", "output_index": len(self.output), "content_index": 0}
        part = {"type": "output_text", "text": "", "annotations": []}
        found = [self._added({**item, "content": []})]
        found.append(self._event("response.content_part.added", **place, part=part))
        for piece in _pieces(text):
            kind = "response.output_text.delta"
            found.append(self._event(kind, **place, delta=piece, logprobs=[]))
        found.append(self._event("response.output_text.done", **place, text=text, logprobs=[]))
        whole = {**item, "status": "completed", "content": [{**part, "text": text}]}
        return [*found, self._done(whole)]

    def tools(self, calls: list[tuple[str, str, str]]) -> list[str]:
        found = []
        for number, (call_id, name, arguments) in enumerate(calls):
            item = {"id": f"fc_{number}", "type": "function_call", "call_id": call_id, "name": name}
            place = {"item_id": item["id"], "output_index": len(self.output)}
            found.append(self._added({**item, "arguments": "", "status": "in_progress"}))
            for piece in _cut(arguments):
                kind = "response.function_call_arguments.delta"
                found.append(self._event(kind, **place, delta=piece))
            kind = "response.function_call_arguments.done"
            found.append(self._event(kind, **place, arguments=arguments, name=name))
            found.append(self._done({**item, "arguments": arguments, "status": "completed"}))
        return found

    def error(self, error: JSON) -> list[str]:
        known = {"code": error.get("code"), "message": error["message"], "param": None}
        return [self._event("error", **known)]

    def finish(self, reason: str | None, usage: JSON) -> list[str]:
        if reason is None:
            return []
        causes = {"length": "max_output_tokens", "content_filter": "content_filter"}
        if reason in causes:
            details = {"incomplete_details": {"reason": causes[reason]}, "usage": usage}
            ended = {**self._response("incomplete"), **details}
            return [self._event("response.incomplete", response=ended)]
        ended = {**self._response("completed"), "usage": usage, "output": self.output}
        return [self._event("response.completed", response=ended)]

    def _added(self, item: JSON) -> str:
        place = len(self.output)
        return self._event("response.output_item.added", output_index=place, item=item)

    def _done(self, item: JSON) -> str:
        self.output.append(item)
        place = len(self.output) - 1
        return self._event("response.output_item.done", output_index=place, item=item)

    def _response(self, status: str) -> JSON:
        head = {"id": "resp_1", "object": "response", "created_at": 1, "status": status}
        rest = {"output": [], "tools": [], "tool_choice": "auto", "parallel_tool_calls": True}
        return {**head, **rest, "model": self.body["model"]}

    def _event(self, kind: str, **fields: Any) -> str:
        self.number += 1
        return _event(kind, {"type": kind, "sequence_number": self.number, **fields})


class Messages:
    """Anthropic's Messages API."""

    reasons = {"stop": "end_turn", "length": "max_tokens", "tool_calls": "tool_use"}
    usage: JSON = {
        "input_tokens": 90,
        "cache_read_input_tokens": 10,
        "cache_creation_input_tokens": 0,
        "output_tokens": 20,
    }

    def __init__(self, body: JSON) -> None:
        self.body = body
        self.index = -1

    def conversation(self) -> Conversation:
        found = Conversation(_text(self.body.get("system")))
        for message in self.body["messages"]:
            blocks = message["content"] if isinstance(message["content"], list) else []
            results = any(block.get("type") == "tool_result" for block in blocks)
            found.add("tool" if results else message["role"], _text(message["content"]))
        return found

    def start(self) -> list[str]:
        usage = {"input_tokens": 0, "output_tokens": 0}
        message = {"id": "msg_1", "type": "message", "role": "assistant", "content": []}
        rest = {"model": self.body["model"], "stop_reason": None, "stop_sequence": None}
        return [self._event("message_start", message={**message, **rest, "usage": usage})]

    def reasoning(self, text: str) -> list[str]:
        block = {"type": "thinking", "thinking": "", "signature": ""}
        deltas: list[JSON] = [
            {"type": "thinking_delta", "thinking": piece} for piece in _pieces(text)
        ]
        return self._block(block, [*deltas, {"type": "signature_delta", "signature": SIGNATURE}])

    def text(self, text: str) -> list[str]:
        deltas = [{"type": "text_delta", "text": piece} for piece in _pieces(text)]
        return self._block({"type": "text", "text": ""}, deltas)

    def tools(self, calls: list[tuple[str, str, str]]) -> list[str]:
        found = []
        for call_id, name, arguments in calls:
            block = {"type": "tool_use", "id": call_id, "name": name, "input": {}}
            deltas = [
                {"type": "input_json_delta", "partial_json": piece} for piece in _cut(arguments)
            ]
            found += self._block(block, deltas)
        return found

    def error(self, error: JSON) -> list[str]:
        return [self._event("error", error=error)]

    def finish(self, reason: str | None, usage: JSON) -> list[str]:
        if reason is None:
            return [self._event("message_stop")]
        delta = {"stop_reason": self.reasons.get(reason, "refusal"), "stop_sequence": None}
        ended = self._event("message_delta", delta=delta, usage=usage)
        return [ended, self._event("message_stop")]

    def _block(self, block: JSON, deltas: list[JSON]) -> list[str]:
        self.index += 1
        place = {"index": self.index}
        found = [self._event("content_block_start", **place, content_block=block)]
        found += [self._event("content_block_delta", **place, delta=delta) for delta in deltas]
        return [*found, self._event("content_block_stop", **place)]

    def _event(self, kind: str, **fields: Any) -> str:
        return _event(kind, {"type": kind, **fields})


class Generate:
    """Google's streamGenerateContent."""

    reasons = {"stop": "STOP", "length": "MAX_TOKENS", "tool_calls": "STOP"}
    usage: JSON = {
        "promptTokenCount": 100,
        "cachedContentTokenCount": 10,
        "candidatesTokenCount": 20,
        "totalTokenCount": 120,
    }

    def __init__(self, body: JSON) -> None:
        self.body = body

    def conversation(self) -> Conversation:
        found = Conversation(_text((self.body.get("systemInstruction") or {}).get("parts")))
        for item in self.body["contents"]:
            results = any("functionResponse" in part for part in item["parts"])
            role = {"model": "assistant"}.get(item["role"], "user")
            found.add("tool" if results else role, _text(item["parts"]))
        return found

    def start(self) -> list[str]:
        return []

    def reasoning(self, text: str) -> list[str]:
        return [self._parts([{"text": piece, "thought": True}]) for piece in _pieces(text)]

    def text(self, text: str) -> list[str]:
        return [self._parts([{"text": piece}]) for piece in _pieces(text)]

    def tools(self, calls: list[tuple[str, str, str]]) -> list[str]:
        parts: list[JSON] = [
            {"functionCall": {"id": call_id, "name": name, "args": json.loads(arguments)}}
            for call_id, name, arguments in calls
        ]
        if parts:
            parts[0]["thoughtSignature"] = SIGNATURE
        return [self._parts(parts)] if parts else []

    def error(self, error: JSON) -> list[str]:
        known = {"code": 503, "status": "UNAVAILABLE"}
        return [_data({"error": {**known, "message": error["message"]}})]

    def finish(self, reason: str | None, usage: JSON) -> list[str]:
        if reason is None:
            return []
        ended = {"finishReason": self.reasons.get(reason, "SAFETY"), "index": 0}
        return [_data({"candidates": [ended], "usageMetadata": usage, "modelVersion": "m1"})]

    def _parts(self, parts: list[JSON]) -> str:
        content = {"role": "model", "parts": parts}
        return _data({"candidates": [{"content": content, "index": 0}], "modelVersion": "m1"})


Speaker = Chat | Responses | Messages | Generate
SPEAKERS: dict[str, type[Speaker]] = {
    "/chat/completions": Chat,
    "/responses": Responses,
    "/messages": Messages,
    ":streamGenerateContent": Generate,
}


def _text(content: Any) -> str:
    """The texts of a message, however it holds them."""
    if isinstance(content, list):
        return "\n".join(str(it.get("text", "")) for it in content if isinstance(it, dict))
    return content or ""


def _pieces(text: str) -> list[str]:
    """A text word by word, losing nothing."""
    return re.findall(r"\s*\S+\s?|\s+", text)


def _cut(text: str) -> list[str]:
    return [text[place : place + PIECE] for place in range(0, len(text), PIECE)]


def _data(value: JSON | str) -> str:
    text = value if isinstance(value, str) else json.dumps(value, separators=(",", ":"))
    return f"data: {text}\n\n"


def _event(kind: str, value: JSON) -> str:
    return f"event: {kind}\n{_data(value)}"
