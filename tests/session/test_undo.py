"""The end of a conversation: which it is, and what is left once it has been removed."""

from collections.abc import Sequence
from pathlib import Path

from opencode.schema.message import AssistantMessage, MessageWithParts
from opencode.schema.part import CacheTokens, StepFinishPart, StepStartPart, Tokens
from opencode.schema.session import (
    Session,
    SessionRevert,
    SessionSummary,
    SessionTokens,
    SnapshotFileDiff,
)
from opencode.session.undo import remaining, settle, undone
from tests.session.stores import Kept, assistant_message, open_store, text_part, user_message


class Same:
    """One file is said to differ between any two states."""

    async def diff(self, before: str, after: str) -> list[SnapshotFileDiff]:
        return [SnapshotFileDiff(file=f"{before}-{after}", additions=2, deletions=1)]


async def talk(kept: Kept, prompts: int = 2) -> tuple[Session, list[MessageWithParts]]:
    """Prompts and their answers, each with two texts and a cost."""
    session = await kept.session()
    store, ids = kept.store, kept.store.ids
    for number in range(prompts):
        asked = user_message(ids, session.id)
        await store.save_message(asked, [text_part(ids, asked, "q")])
        tokens = Tokens(input=10, output=3, reasoning=1, cache=CacheTokens(read=4, write=5))
        answer = assistant_message(ids, asked, cost=0.1, tokens=tokens)
        begin = StepStartPart(
            id=ids.part(), snapshot=f"s{number}", session_id=session.id, message_id=answer.id
        )
        said = [text_part(ids, answer, "a"), text_part(ids, answer, "b")]
        end = StepFinishPart(
            id=ids.part(),
            reason="stop",
            cost=0.1,
            tokens=tokens,
            snapshot=f"s{number + 1}",
            session_id=session.id,
            message_id=answer.id,
        )
        await store.save_message(answer, [begin, *said, end])
    sums = SessionTokens(
        input=10 * prompts,
        output=3 * prompts,
        reasoning=prompts,
        cache=CacheTokens(read=4 * prompts, write=5 * prompts),
    )

    def spent(it: Session) -> Session:
        it.cost, it.tokens = 0.1 * prompts, sums
        return it

    await store.update(session.id, spent)
    return await store.get(session.id), await store.messages(session.id)


async def taken_back(kept: Kept, session: Session, point: SessionRevert) -> Session:
    def change(it: Session) -> Session:
        it.revert, it.summary = point, SessionSummary(files=9)
        return it

    return await kept.store.update(session.id, change)


def ids(messages: Sequence[MessageWithParts]) -> list[str]:
    return [one.info.id for one in messages]


async def test_the_end_begins_at_a_message_or_within_one(tmp_path: Path) -> None:
    async with open_store(tmp_path) as kept:
        _, messages = await talk(kept)
        point = SessionRevert(message_id=messages[2].info.id)
        assert (ids(remaining(messages, point)), ids(undone(messages, point))) == (
            ids(messages[:2]),
            ids(messages[2:]),
        )
        point = SessionRevert(message_id=messages[1].info.id, part_id=messages[1].parts[2].id)
        before, after = remaining(messages, point), undone(messages, point)
        assert ids(before) == ids(messages[:2])
        assert ids(after) == ids(messages[1:])
        assert [*before[1].parts, *after[0].parts] == messages[1].parts
        assert len(before[1].parts) == 2


async def test_nothing_is_settled_where_nothing_was_taken_back(tmp_path: Path) -> None:
    async with open_store(tmp_path) as kept:
        session, messages = await talk(kept)
        kept.news.take()
        assert not await settle(kept.store, Same(), session)
        assert await kept.store.messages(session.id) == messages
        assert kept.published() == []


async def test_messages_and_what_they_cost_are_gone(tmp_path: Path) -> None:
    async with open_store(tmp_path) as kept:
        session, messages = await talk(kept, 3)
        point = SessionRevert(message_id=messages[2].info.id)
        session = await taken_back(kept, session, point)
        kept.news.take()
        assert await settle(kept.store, Same(), session)
        assert kept.published() == [*["message.removed"] * 4, "session.updated"]
        assert await kept.store.messages(session.id) == messages[:2]
        now = await kept.store.get(session.id)
        assert (now.revert, now.cost) == (None, 0.1)
        assert now.tokens == SessionTokens(
            input=10, output=3, reasoning=1, cache=CacheTokens(read=4, write=5)
        )
        assert now.summary == SessionSummary(additions=2, deletions=1, files=1)


async def test_the_rest_of_an_answer_goes_and_its_cost_stays(tmp_path: Path) -> None:
    async with open_store(tmp_path) as kept:
        session, messages = await talk(kept)
        answer = messages[1]
        point = SessionRevert(message_id=answer.info.id, part_id=answer.parts[2].id)
        session = await taken_back(kept, session, point)
        kept.news.take()
        assert await settle(kept.store, Same(), session)
        assert kept.published() == [
            *["message.part.removed"] * 2,
            *["message.removed"] * 2,
            "session.updated",
        ]
        _, left = await kept.store.messages(session.id)
        assert left.parts == answer.parts[:2]
        now = await kept.store.get(session.id)
        assert isinstance(left.info, AssistantMessage)
        assert now.cost == left.info.cost == 0.1


async def test_a_cost_is_never_negative(tmp_path: Path) -> None:
    async with open_store(tmp_path) as kept:
        session, messages = await talk(kept, 1)

        def forgotten(it: Session) -> Session:
            it.cost, it.tokens = 0.05, None
            it.revert = SessionRevert(message_id=messages[0].info.id)
            return it

        session = await kept.store.update(session.id, forgotten)
        await settle(kept.store, Same(), session)
        now = await kept.store.get(session.id)
        assert (now.cost, now.tokens) == (0, SessionTokens())
