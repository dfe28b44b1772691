"""Old results of tools that a model need not see again are marked, and from then on sent as a note.

Nothing is lost: the record keeps the output.
"""

from collections.abc import Iterable, Sequence

from opencode.ids import now_ms
from opencode.schema.message import MessageWithParts, UserMessage
from opencode.schema.part import ToolPart, ToolStateCompleted
from opencode.session.store import SessionStore

EXEMPT_TURNS = 2
CHARACTERS_A_TOKEN = 4
PROTECTED = 40_000 * CHARACTERS_A_TOKEN
"""So much of the newest output stays."""
WORTH_IT = 20_000 * CHARACTERS_A_TOKEN
"""Less than so much is not worth another reading of everything by the model."""
KEPT_TOOLS = frozenset({"skill"})
"""Tools whose results are instructions."""


async def prune(store: SessionStore, session_id: str) -> int:
    """Mark what is old; returns how many results that were."""
    parts = superfluous(await store.messages(session_id))
    for part in parts:
        if isinstance(part.state, ToolStateCompleted):
            part.state.time.compacted = now_ms()
            await store.save_part(part)
    return len(parts)


def superfluous(messages: Sequence[MessageWithParts]) -> list[ToolPart]:
    """The results that are old enough, none where they are too small to matter."""
    found: list[ToolPart] = []
    passed = gained = 0
    for part, size in _sizes(messages):
        passed += size
        if passed > PROTECTED:
            gained += size
            found.append(part)
    return found if gained >= WORTH_IT else []


def _sizes(messages: Sequence[MessageWithParts]) -> Iterable[tuple[ToolPart, int]]:
    """The results older than the newest turns and not marked before, newest first."""
    turns = 0
    for message in reversed(messages):
        if turns >= EXEMPT_TURNS:
            for part in reversed(message.parts):
                match part:
                    case ToolPart(state=ToolStateCompleted(time=time, output=output)):
                        if time.compacted:
                            return
                        if part.tool not in KEPT_TOOLS:
                            yield part, len(output)
                    case _:
                        continue
        turns += isinstance(message.info, UserMessage)
