"""A conversation as one text, for a model that is to sum it up: pure functions."""

import json
from collections.abc import Iterable, Sequence

from opencode.schema.message import AssistantMessage, MessageWithParts
from opencode.schema.part import (
    CompactionPart,
    FilePart,
    Part,
    SubtaskPart,
    TextPart,
    ToolPart,
    ToolStateCompleted,
    ToolStateError,
)

MOST_OF_A_RESULT = 2000
"""Characters of a tool's result that are worth summing up."""
MOST_OF_A_CALL = 1000
LEFT_OUT = "[{} earlier entries are left out here]"


def as_text(messages: Sequence[MessageWithParts], most: int | None = None) -> str:
    """Everything said and done, in order; where it is longer than `most` characters the oldest
    entries but the first are left out."""
    blocks = [block for message in messages for block in _blocks(message)]
    if most is not None:
        blocks = _fitting(blocks, most)
    return "<conversation>\n" + "\n\n".join(blocks) + "\n</conversation>"


def _fitting(blocks: list[str], most: int) -> list[str]:
    """The first entry, which says what it is all about, and as many of the last as there is room
    for; an entry too long for any room is cut."""
    if sum(len(block) + 2 for block in blocks) <= most or not blocks:
        return blocks
    first = _cut(blocks[0], most // 4)
    room = most - len(first)
    kept: list[str] = []
    for block in reversed(blocks[1:]):
        taken = _cut(block, max(most // 4, 1))
        room -= len(taken) + 2
        if room < 0:
            break
        kept.append(taken)
    missing = len(blocks) - 1 - len(kept)
    gap = [LEFT_OUT.format(missing)] if missing else []
    return [first, *gap, *reversed(kept)]


def _blocks(message: MessageWithParts) -> Iterable[str]:
    speaker = "Assistant" if isinstance(message.info, AssistantMessage) else "User"
    for part in message.parts:
        yield from _block(part, speaker)


def _block(part: Part, speaker: str) -> Iterable[str]:
    match part:
        case TextPart() if part.text and not part.ignored:
            yield f"[{speaker}]: {part.text}"
        case FilePart():
            yield f"[{speaker} attached]: {part.filename or part.mime} ({part.mime})"
        case SubtaskPart():
            yield f"[{speaker} gave a subagent]: {part.prompt}"
        case CompactionPart():
            yield "[The conversation before this is summed up in the next answer]"
        case ToolPart():
            given = _cut(json.dumps(part.state.input, ensure_ascii=False), MOST_OF_A_CALL)
            yield f"[Assistant tool call]: {part.tool}({given})"
            yield from _result(part)
        case _:
            return


def _result(part: ToolPart) -> Iterable[str]:
    match part.state:
        case ToolStateCompleted(time=time, output=output) if not time.compacted:
            yield f"[Tool result]: {_cut(output, MOST_OF_A_RESULT)}"
        case ToolStateError(error=error):
            yield f"[Tool error]: {_cut(error, MOST_OF_A_RESULT)}"
        case _:
            return


def _cut(text: str, most: int) -> str:
    """At most about so many characters, beginning and end of it where it is longer."""
    if len(text) <= most:
        return text
    half = most // 2
    return f"{text[:half]}\n[... {len(text) - 2 * half} characters ...]\n{text[len(text) - half :]}"
