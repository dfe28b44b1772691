"""What became of prompts, read from the conversation: pure functions."""

from collections.abc import Iterable, Sequence

from opencode.errors import NotFoundError
from opencode.schema.message import AssistantMessage, MessageWithParts, UserMessage
from opencode.schema.part import CompactionPart, Part, TextPart


def answer_to(messages: Sequence[MessageWithParts], prompt_id: str) -> MessageWithParts:
    """The answer with which the work on a prompt ended: its own last one, or where it was taken up
    with later prompts, theirs. Without any, the prompt.

    What the server says in the user's name to go on after a summary belongs to the prompt before
    it. Raises `NotFoundError` where there is no such prompt any more.
    """
    found = None
    owner, since = "", False
    owners: dict[str, str] = {}
    for message in messages:
        info = message.info
        if isinstance(info, UserMessage):
            if not _of_the_server(message.parts):
                if since and _conclusive(found):
                    break
                owner = info.id
            owners[info.id] = owner
            if info.id == prompt_id:
                found, since = message, True
        elif since and owners.get(info.parent_id, "") >= prompt_id:
            found = message
    if found is None:
        raise NotFoundError(f"Message not found: {prompt_id}")
    return found


def interrupted(messages: Sequence[MessageWithParts]) -> UserMessage | None:
    """The prompt whose answer did not come to its end, where nothing has been said since."""
    if not messages:
        return None
    last = messages[-1].info
    if not isinstance(last, AssistantMessage) or last.error is None:
        return None
    parent = next((one for one in messages if one.info.id == last.parent_id), None)
    if parent is None or not isinstance(parent.info, UserMessage) or _by_hand(parent.parts):
        return None
    return parent.info


def broken_off(messages: Sequence[MessageWithParts]) -> UserMessage | None:
    """The prompt that more answers were to follow, though the last there is has come to its end."""
    if not messages:
        return None
    last = messages[-1].info
    if not isinstance(last, AssistantMessage) or last.error is not None:
        return None
    parent = next((one for one in messages if one.info.id == last.parent_id), None)
    if parent is None or not isinstance(parent.info, UserMessage):
        return None
    if last.summary:
        return None if _by_hand(parent.parts) else parent.info
    if last.structured is not None:
        return None
    return parent.info if last.finish in (None, "tool-calls", "unknown") else None


def last_prompt(messages: Sequence[MessageWithParts]) -> UserMessage | None:
    """The newest user message."""
    prompts = (one.info for one in reversed(messages))
    return next((info for info in prompts if isinstance(info, UserMessage)), None)


def _by_hand(parts: Iterable[Part]) -> bool:
    """Whether somebody asked for a summary here, which is no work that could go on."""
    return any(isinstance(part, CompactionPart) and not part.auto for part in parts)


def _of_the_server(parts: Iterable[Part]) -> bool:
    """Whether the server wrote this in the user's name."""
    return any(
        (isinstance(part, CompactionPart) and part.auto)
        or (isinstance(part, TextPart) and bool((part.metadata or {}).get("compaction_continue")))
        for part in parts
    )


def _conclusive(message: MessageWithParts | None) -> bool:
    """An answer after which no other is to be expected."""
    if message is None or not isinstance(message.info, AssistantMessage):
        return False
    info = message.info
    return info.error is not None or (info.finish or "tool-calls") != "tool-calls"
