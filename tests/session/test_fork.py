"""Copies of conversations: up to where, under which names, of what is under way."""

import json
from pathlib import Path

import pytest

from opencode.errors import NotFoundError
from opencode.schema.message import AssistantMessage, MessageWithParts, UserMessage
from opencode.schema.part import (
    CompactionPart,
    FilePart,
    TextPart,
    ToolPart,
    ToolStateCompleted,
    ToolStateError,
    ToolTime,
)
from opencode.session.fork import fork, forked_title
from tests.session.stores import Kept, assistant_message, open_store, text_part, user_message
from tests.session.working import working


@pytest.mark.parametrize(
    ("title", "wanted"),
    [
        ("One", "One (fork #1)"),
        ("One (fork #1)", "One (fork #2)"),
        ("One (fork #19)", "One (fork #20)"),
        ("(fork #1)", "(fork #1) (fork #1)"),
        ("two\nlines", "two\nlines (fork #1)"),
    ],
)
def test_forks_are_counted_in_the_title(title: str, wanted: str) -> None:
    assert forked_title(title) == wanted


def shape(messages: list[MessageWithParts]) -> list[str]:
    """The messages without any id or time."""
    found = []
    for message in messages:
        text = json.dumps([message.info.plain(), [part.plain() for part in message.parts]])
        ids = [message.info.id, message.info.session_id, *(part.id for part in message.parts)]
        for name in ids:
            text = text.replace(name, "_")
        found.append(text)
    return found


async def talk(kept: Kept) -> str:
    """A session of two prompts, the first answered with a call that attached a file."""
    session = await kept.session(title="Talk", agent="plan")
    store, ids = kept.store, kept.store.ids
    first = user_message(ids, session.id)
    await store.save_message(first, [text_part(ids, first, "one")])
    answer = assistant_message(ids, first, cost=0.5)
    attached = FilePart(
        id=ids.part(),
        session_id=session.id,
        message_id=answer.id,
        mime="image/png",
        url="data:,",
    )
    state = ToolStateCompleted(
        input={},
        output="o",
        title="t",
        metadata={},
        time=ToolTime(start=1, end=2),
        attachments=[attached],
    )
    call = ToolPart(
        id=ids.part(),
        session_id=session.id,
        message_id=answer.id,
        call_id="c",
        tool="read",
        state=state,
    )
    answer.time.completed = 3
    await store.save_message(answer, [call])
    second = user_message(ids, session.id)
    mark = CompactionPart(
        id=ids.part(),
        session_id=session.id,
        message_id=second.id,
        auto=False,
        tail_start_id=answer.id,
    )
    await store.save_message(second, [mark])
    return session.id


async def test_everything_is_copied_under_new_names(tmp_path: Path) -> None:
    async with open_store(tmp_path) as kept:
        session_id = await talk(kept)
        before = await kept.store.messages(session_id)
        copy = await fork(kept.store, session_id)
        assert (copy.title, copy.parent_id, copy.cost, copy.agent) == (
            "Talk (fork #1)",
            None,
            0,
            "plan",
        )
        assert copy.tokens is not None
        assert copy.tokens.input == 0
        assert copy.id < session_id  # newer sessions sort first
        copies = await kept.store.messages(copy.id)
        assert await kept.store.messages(session_id) == before
        first, answer, second = copies
        assert isinstance(answer.info, AssistantMessage)
        assert answer.info.parent_id == first.info.id
        old = {one.info.id for one in before} | {part.id for one in before for part in one.parts}
        new = {one.info.id for one in copies} | {part.id for one in copies for part in one.parts}
        assert old & new == set()
        (call,) = answer.parts
        assert isinstance(call, ToolPart)
        assert isinstance(call.state, ToolStateCompleted)
        assert call.state.attachments is not None
        assert call.state.attachments[0].message_id == answer.info.id
        assert call.state.attachments[0].session_id == copy.id
        (mark,) = second.parts
        assert isinstance(mark, CompactionPart)
        assert mark.tail_start_id == answer.info.id
        assert shape(copies)[0] == shape(before)[0]


async def test_the_copy_is_told_in_the_order_of_the_words(tmp_path: Path) -> None:
    async with open_store(tmp_path) as kept:
        session_id = await talk(kept)
        kept.news.take()
        copy = await fork(kept.store, session_id)
        told = list(kept.news.take())
        assert [envelope.event.type for envelope in told] == [
            "session.created",
            *["message.updated", "message.part.updated"] * 3,
        ]
        assert {envelope.directory for envelope in told} == {"/d"}
        saved = await kept.store.messages(copy.id)
        for envelope, message in zip(told[1::2], saved, strict=True):
            assert json.loads(envelope.payload)["properties"]["info"] == message.info.plain()


async def test_what_comes_before_a_message_is_copied(tmp_path: Path) -> None:
    async with open_store(tmp_path) as kept:
        session_id = await talk(kept)
        first, _, second = await kept.store.messages(session_id)
        copy = await fork(kept.store, session_id, second.info.id)
        assert len(await kept.store.messages(copy.id)) == 2
        empty = await fork(kept.store, session_id, first.info.id)
        assert await kept.store.messages(empty.id) == []
        with pytest.raises(NotFoundError, match="msg_nobody"):
            await fork(kept.store, session_id, "msg_nobody")
        with pytest.raises(NotFoundError, match="ses_nobody"):
            await fork(kept.store, "ses_nobody")


async def test_an_answer_under_way_is_copied_as_far_as_it_came(tmp_path: Path) -> None:
    turn = {"text": "so far", "tools": [{"name": "bash", "args": {"command": "sleep 60"}}]}
    async with working(tmp_path, turn) as it:
        await it.accept()
        await it.until(
            "message.part.updated",
            lambda told: told["part"].get("state", {}).get("status") == "running",
        )
        copy = await fork(it.app.sessions, it.session_id)
        assert it.instance.runner.busy(it.session_id)
        assert not it.instance.runner.busy(copy.id)
        prompt, answer = await it.app.sessions.messages(copy.id)
        assert isinstance(prompt.info, UserMessage)
        assert isinstance(answer.info, AssistantMessage)
        assert answer.info.time.completed is not None
        assert answer.info.error is not None
        assert answer.info.error.name == "MessageAbortedError"
        text = next(part for part in answer.parts if isinstance(part, TextPart))
        call = next(part for part in answer.parts if isinstance(part, ToolPart))
        assert text.text == "so far"
        assert isinstance(call.state, ToolStateError)
        await it.instance.runner.abort(it.session_id)

        it.model.queue({"text": "goes on"})
        await it.prompt("and now?", session=copy.id)
        said = it.asked()[-1]["messages"]
        assert [one["role"] for one in said] == ["system", "user", "assistant", "tool", "user"]


async def test_what_was_taken_back_is_not_copied(tmp_path: Path) -> None:
    async with working(tmp_path, {"text": "one"}, {"text": "two"}) as it:
        await it.prompt("first")
        answer = await it.prompt("second")
        assert isinstance(answer.info, AssistantMessage)
        await it.instance.reverts.revert(it.session_id, answer.info.parent_id)
        copy = await fork(it.app.sessions, it.session_id)
        assert copy.revert is None
        assert len(await it.app.sessions.messages(copy.id)) == 2
        assert len(await it.messages()) == 4
