"""What the model was asked, without the prose: roles, contents, tools and options."""

import re
from typing import Any

from tests.scripted_model import Received
from tests.scripted_wires import SPEAKERS

JSON = dict[str, Any]
HEADERS = (
    "authorization",
    "content-type",
    "x-api-key",
    "x-goog-api-key",
    "anthropic-version",
    "x-session-affinity",
    "x-session-id",
    "x-parent-session-id",
    "x-scenario",
)
"""What a model server, or a proxy before it, may look at."""
SYSTEM_ROLES = ("system", "developer")
REMINDER = re.compile(
    r"<system-reminder>(?!\nInstructions from:).*?</system-reminder>\n?", re.DOTALL
)
ENVIRONMENT = re.compile(r"<env>\n(.*?)\n\s*</env>", re.DOTALL)
INSTRUCTIONS = re.compile(r"^Instructions from: .*", re.MULTILINE)
MARKED = re.compile(r"^MARK .*", re.MULTILINE)
"""Lines of scenarios' own instructions and prompts: these must reach the model."""


def is_title(request: Received) -> bool:
    """Whether a title is asked for."""
    if request.body.get("tools"):
        return False
    return "title" in _conversation_system(request).lower()


def request_view(request: Received) -> JSON:
    """A request as it is compared."""
    body = dict(request.body)
    body.pop("tools", None)
    return {
        "path": request.path,
        "headers": {name: request.headers[name] for name in HEADERS if name in request.headers},
        "body": {key: _without_prose(key, value) for key, value in body.items()},
        "tools": dict(_tool(one) for one in _tools(request.body)),
    }


def system_facts(text: str) -> list[str]:
    """What a system prompt says besides prose: surroundings, whose instructions, marked lines."""
    found = ENVIRONMENT.search(text)
    lines = [line.strip() for line in found[1].splitlines()] if found else []
    rest = sorted(
        (it.start(), it[0]) for form in (INSTRUCTIONS, MARKED) for it in form.finditer(text)
    )
    return [*lines, *(line for _, line in rest)]


def _conversation_system(request: Received) -> str:
    path = request.path.partition("?")[0]
    speaker = next((it for end, it in SPEAKERS.items() if path.endswith(end)), None)
    return speaker(request.body).conversation().system if speaker else ""


def _without_prose(key: str, value: Any) -> Any:
    if key in ("system", "instructions", "systemInstruction"):
        return {"facts": system_facts(_all_text(value)), "form": _form(value)}
    if key in ("messages", "input", "contents"):
        return [_message(one) for one in value]
    return value


def _message(message: JSON) -> JSON:
    if message.get("role") in SYSTEM_ROLES:
        return {**message, "content": system_facts(_all_text(message["content"]))}
    shortened: JSON = _shortened(message)
    return shortened


def _shortened(value: Any) -> Any:
    """Reminders of our own words and of theirs are one."""
    match value:
        case str():
            return REMINDER.sub("<reminder>", value)
        case list():
            return [_shortened(one) for one in value]
        case dict():
            return {key: _shortened(one) for key, one in value.items()}
        case _:
            return value


def _all_text(value: Any) -> str:
    match value:
        case str():
            return value
        case list():
            return "\n".join(_all_text(one) for one in value)
        case dict():
            return _all_text(value.get("text") or value.get("parts") or "")
        case _:
            return ""


def _form(value: Any) -> Any:
    """What stands around the text of a system prompt."""
    if isinstance(value, list):
        return [{**one, "text": "<text>"} for one in value]
    return type(value).__name__


def _tools(body: JSON) -> list[JSON]:
    found: list[JSON] = []
    for one in body.get("tools", ()):
        found += one.get("functionDeclarations", [one])
    return found


def _tool(tool: JSON) -> tuple[str, JSON]:
    function = tool.get("function", tool)
    rest = {key: value for key, value in tool.items() if key != "function"}
    known = {**rest, **function}
    name = known.pop("name")
    known.pop("description", None)
    return name, _undescribed(known)


def _undescribed(schema: Any) -> Any:
    match schema:
        case dict():
            return {
                key: _undescribed(value)
                for key, value in schema.items()
                if not (key == "description" and isinstance(value, str))
            }
        case list():
            return [_undescribed(one) for one in schema]
        case _:
            return schema
