"""Stored messages become what a model is asked: pure functions, so a restart or a fork is no case.

The system prompt is built here too, from facts its caller gathered.
"""

import base64
import json
import urllib.parse
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from html import escape

from opencode.agent.prompts import prompt
from opencode.provider import base
from opencode.schema.agent import Skill
from opencode.schema.message import AssistantMessage, MessageWithParts, UserMessage
from opencode.schema.part import (
    CompactionPart,
    FilePart,
    Part,
    ReasoningPart,
    StepStartPart,
    SubtaskPart,
    TextPart,
    ToolPart,
    ToolStateCompleted,
    ToolStateError,
)
from opencode.schema.provider import Model

INTERRUPTED = "[Tool execution was interrupted]"
CLEARED = "[Old tool result content cleared]"
EXECUTED_BY_USER = "The following tool was executed by the user"
SKILLS = (
    "A skill is a set of instructions for one kind of work. Load it with the skill tool before you"
    " begin with work that its description speaks of."
)
SUMMARY_QUESTION = "What have we done so far?"
READ_AS_TEXT = frozenset({"text/plain", "application/x-directory"})
"""Files whose content already stands in synthetic text beside them."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a model is told about where it works."""

    directory: str
    worktree: str
    git: bool
    platform: str
    today: date
    instructions: Sequence[tuple[str, str]] = ()


def system_prompt(
    *,
    agent_prompt: str | None,
    model: Model,
    where: Surroundings,
    extra: str | None,
    skills: Sequence[Skill] = (),
) -> tuple[str, ...]:
    """The blocks of the system prompt: who, with what model, where, by which rules, what else."""
    environment = "\n".join(
        (
            "<env>",
            f"Working directory: {where.directory}",
            f"Workspace root folder: {where.worktree}",
            f"Is directory a git repo: {'yes' if where.git else 'no'}",
            f"Platform: {where.platform}",
            f"Today's date: {where.today:%a %b %d %Y}",
            "</env>",
        )
    )
    blocks = [
        agent_prompt or prompt("default"),
        f"The model answering is {model.name}, exactly {model.provider_id}/{model.id}.\n"
        + environment,
        *(f"Instructions from: {path}\n{text}" for path, text in where.instructions),
    ]
    if skills:
        blocks.append(_skills(skills))
    if extra:
        blocks.append(extra)
    return tuple(blocks)


def _skills(skills: Sequence[Skill]) -> str:
    lines = [SKILLS, "<available_skills>"]
    for skill in skills:
        lines += [
            "  <skill>",
            f"    <name>{escape(skill.name)}</name>",
            f"    <description>{escape(skill.description)}</description>",
            f"    <location>{escape(skill.location)}</location>",
            "  </skill>",
        ]
    return "\n".join([*lines, "</available_skills>"])


def since_summary(messages: Sequence[MessageWithParts]) -> Sequence[MessageWithParts]:
    """The messages a model still sees: from the last finished summary on."""
    summarised = _summarised(messages)
    for position in range(len(messages) - 1, -1, -1):
        message = messages[position]
        if message.info.id in summarised and any(
            isinstance(part, CompactionPart) for part in message.parts
        ):
            return messages[position:]
    return messages


def _summarised(messages: Sequence[MessageWithParts]) -> set[str]:
    """The user messages that a finished summary answers."""
    return {
        one.info.parent_id
        for one in messages
        if isinstance(one.info, AssistantMessage)
        and one.info.summary
        and one.info.finish
        and one.info.error is None
    }


def turns(
    messages: Sequence[MessageWithParts], model: Model, *, reminder: str | None = None
) -> tuple[base.ModelTurn, ...]:
    """The conversation as the model is asked to continue it.

    `reminder` is added to the last user message of the request and stored nowhere.
    """
    found: list[base.ModelTurn] = []
    summarised = _summarised(messages)
    for message in since_summary(messages):
        if isinstance(message.info, UserMessage):
            given = message.parts
            if message.info.id not in summarised:  # a place whose summary failed is no question
                given = [part for part in given if not isinstance(part, CompactionPart)]
            content = tuple(_user_content(given))
            if content:
                found.append(base.UserTurn(content))
        elif _is_sent(message.info, message.parts):
            found.extend(_assistant(message.info, message.parts, model))
    if reminder:
        _remind(found, reminder)
    return tuple(found)


def mode_reminder(
    messages: Sequence[MessageWithParts], parent: UserMessage, agent: str
) -> str | None:
    """What a model must not miss about the mode it is in: plan, or plan no longer."""
    if agent == "plan":
        return prompt("plan")
    earlier = [
        one.info
        for one in messages
        if isinstance(one.info, AssistantMessage) and one.info.parent_id != parent.id
    ]
    planned = bool(earlier) and earlier[-1].agent == "plan"
    return prompt("build") if planned and agent == "build" else None


def _remind(found: list[base.ModelTurn], reminder: str) -> None:
    for position in range(len(found) - 1, -1, -1):
        turn = found[position]
        if isinstance(turn, base.UserTurn):
            found[position] = base.UserTurn((*turn.content, base.TextContent(reminder)))
            return


def _user_content(parts: Iterable[Part]) -> Iterable[base.TextContent | base.FileContent]:
    for part in parts:
        match part:
            case TextPart() if not part.ignored and part.text:
                yield base.TextContent(part.text)
            case FilePart() if part.mime not in READ_AS_TEXT:
                content = _file(part.mime, part.url, part.filename)
                if content is not None:
                    yield content
            case SubtaskPart():
                yield base.TextContent(EXECUTED_BY_USER)
            case CompactionPart():
                yield base.TextContent(SUMMARY_QUESTION)
            case _:
                continue


def _file(mime: str, url: str, filename: str | None) -> base.FileContent | None:
    """The content of a `data:` URL; anything else was resolved when the prompt was stored."""
    if not url.startswith("data:"):
        return None
    head, _, body = url.partition(",")
    try:
        data = (
            base64.b64decode(body)
            if head.endswith(";base64")
            else urllib.parse.unquote_to_bytes(body)
        )
    except ValueError:
        return None
    return base.FileContent(mime=mime, data=data, filename=filename)


def _is_sent(message: AssistantMessage, parts: Iterable[Part]) -> bool:
    """A failed answer is left out; one that was stopped is kept as far as it came."""
    if message.error is None or message.error.name == "MessageAbortedError":
        return True
    return any(isinstance(part, ToolPart) for part in parts)


def _assistant(
    message: AssistantMessage, parts: Sequence[Part], model: Model
) -> Iterable[base.ModelTurn]:
    same_model = (message.provider_id, message.model_id) == (model.provider_id, model.id)
    content: list[base.TextContent | base.ReasoningContent | base.ToolCallContent] = []
    results: list[base.ToolResultContent] = []
    for part in parts:
        match part:
            case TextPart() if part.text and not part.ignored:
                if results:  # words after calls belong to the next request's answer
                    yield base.AssistantTurn(tuple(content))
                    yield base.ToolTurn(tuple(results))
                    content, results = [], []
                content.append(base.TextContent(part.text))
            case ReasoningPart() if same_model and (part.text or part.metadata):
                content.append(base.ReasoningContent(part.text, part.metadata or {}))
            case ToolPart():
                content.append(
                    base.ToolCallContent(
                        call_id=part.call_id,
                        name=part.tool,
                        arguments=json.dumps(part.state.input, ensure_ascii=False),
                        metadata=(part.metadata or {}) if same_model else {},
                    )
                )
                results.append(_result(part))
            case StepStartPart() if results:  # what follows was said by who knew the results
                yield base.AssistantTurn(tuple(content))
                yield base.ToolTurn(tuple(results))
                content, results = [], []
            case _:
                continue
    if any(not isinstance(one, base.ReasoningContent) for one in content):
        yield base.AssistantTurn(tuple(content))  # thoughts alone are no answer: vendors refuse it
    if results:
        yield base.ToolTurn(tuple(results))


def _result(part: ToolPart) -> base.ToolResultContent:
    match part.state:
        case ToolStateCompleted(time=time, output=output, attachments=attachments):
            files = () if time.compacted else tuple(_attached(attachments or ()))
            text = CLEARED if time.compacted else output
            return base.ToolResultContent(part.call_id, part.tool, text, files=files)
        case ToolStateError(error=error):
            return base.ToolResultContent(part.call_id, part.tool, error, error=True)
        case _:
            return base.ToolResultContent(part.call_id, part.tool, INTERRUPTED, error=True)


def _attached(attachments: Iterable[FilePart]) -> Iterable[base.FileContent]:
    for attachment in attachments:
        content = _file(attachment.mime, attachment.url, attachment.filename)
        if content is not None:
            yield content
