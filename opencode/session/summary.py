"""What is said about a session by itself: its title, and which files it changed."""

import logging
import re
from collections.abc import Iterable, Sequence
from contextlib import aclosing
from typing import Protocol

from opencode.agent.prompts import prompt
from opencode.ids import now_ms
from opencode.provider import base
from opencode.schema.message import MessageWithParts, UserMessage
from opencode.schema.part import StepFinishPart, StepStartPart, TextPart
from opencode.schema.provider import Model, Provider
from opencode.schema.session import Session, SessionSummary, SnapshotFileDiff

log = logging.getLogger(__name__)

DEFAULT_TITLE = re.compile(r"(New|Child) session - \d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
THOUGHT = re.compile(r"<think>.*?</think>", re.DOTALL)
TITLE_LENGTH = 100
ASK_TITLE = "Write the title of this conversation:\n"


class Differences(Protocol):
    """Compares two states of a directory's files."""

    async def diff(self, before: str, after: str) -> list[SnapshotFileDiff]: ...


def wants_title(session: Session) -> bool:
    """Nobody has named it yet, and it is no subagent's."""
    return session.parent_id is None and DEFAULT_TITLE.fullmatch(session.title) is not None


def title_request(
    provider: Provider, model: Model, message: MessageWithParts, temperature: float | None
) -> base.ModelRequest:
    """Ask for the title of the conversation that `message` begins."""
    said = tuple(
        base.UserTurn((base.TextContent(part.text),))
        for part in message.parts
        if isinstance(part, TextPart) and part.text and not part.ignored
    )
    return base.ModelRequest(
        provider=provider,
        model=model,
        system=(prompt("title"),),
        turns=(base.UserTurn((base.TextContent(ASK_TITLE),)), *said),
        temperature=temperature,
        session_id=message.info.session_id,
        options=model.options,
    )


def clean_title(text: str) -> str | None:
    """The first line a model gave, without what it thought, at most 100 characters."""
    lines = (line.strip() for line in THOUGHT.sub("", text).splitlines())
    line = next((line for line in lines if line), None)
    if line is None or len(line) <= TITLE_LENGTH:
        return line
    return line[: TITLE_LENGTH - 3] + "..."


async def ask_title(models: base.LanguageModels, request: base.ModelRequest) -> str | None:
    """The title, or None: a title is not worth an error."""
    words: list[str] = []
    try:
        async with aclosing(models.stream(request)) as deltas:
            async for delta in deltas:
                if isinstance(delta, base.TextDelta):
                    words.append(delta.text)
    except Exception as error:
        log.info("no title for %s: %s", request.session_id, type(error).__name__)
        return None
    return clean_title("".join(words))


def states(messages: Iterable[MessageWithParts]) -> tuple[str, str] | None:
    """The first and the last state of the files that these messages noted."""
    found: list[str] = []
    for message in messages:
        for part in message.parts:
            if isinstance(part, StepStartPart | StepFinishPart) and part.snapshot:
                found.append(part.snapshot)
    return (found[0], found[-1]) if found else None


def of_turn(messages: Sequence[MessageWithParts], user_id: str) -> list[MessageWithParts]:
    """The answers to one user message."""
    return [one for one in messages if getattr(one.info, "parent_id", None) == user_id]


async def differences(
    snapshots: Differences, messages: Sequence[MessageWithParts]
) -> list[SnapshotFileDiff]:
    """How the files changed from the first to the last of these messages."""
    ends = states(messages)
    if ends is None or ends[0] == ends[1]:
        return []
    return await snapshots.diff(*ends)


def totals(diffs: Iterable[SnapshotFileDiff]) -> SessionSummary:
    """Lines and files, as a session tells them."""
    summary = SessionSummary()
    for diff in diffs:
        summary.additions += diff.additions
        summary.deletions += diff.deletions
        summary.files += 1
    return summary


def first_prompt(messages: Sequence[MessageWithParts]) -> MessageWithParts | None:
    """The message that began the conversation, None when there are several by now."""
    said = [one for one in messages if isinstance(one.info, UserMessage)]
    return said[0] if len(said) == 1 else None


def waiting_time(attempt: int, asked: int | None, jitter: float) -> int:
    """Milliseconds before an attempt after failure number `attempt`: what the provider asked for,
    else two seconds doubling each time, plus up to a quarter."""
    if asked is not None:
        return asked
    return round(2000.0 * (1 << (attempt - 1)) * (1 + 0.25 * jitter))


def moment_after(milliseconds: int) -> int:
    return now_ms() + milliseconds
