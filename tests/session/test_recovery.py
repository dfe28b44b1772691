"""After a crash: what a dead server left open is closed and says so; a living one is left alone."""

import asyncio
from pathlib import Path

from opencode.schema.message import AssistantMessage
from opencode.schema.part import (
    Part,
    ReasoningPart,
    TextPart,
    ToolPart,
    ToolState,
    ToolStateCompleted,
    ToolStateError,
    ToolStatePending,
    ToolStateRunning,
    ToolTime,
    ToolTimeStart,
)
from opencode.session.recovery import recover
from opencode.session.store import SessionStore
from opencode.storage import records
from tests.session.stores import Kept, open_store, text_part, user_message

DEAD = "999999999:1:another-boot"


async def left(kept: Kept, session_id: str, owner: str = DEAD) -> None:
    """The run of the session belongs to a server that is gone."""
    await kept.database.write(lambda db: records.claim_run(db, session_id, owner, 1))


def tool_part(kept: Kept, message: AssistantMessage, call_id: str, state: ToolState) -> ToolPart:
    return ToolPart(
        id=kept.store.ids.part(),
        session_id=message.session_id,
        message_id=message.id,
        call_id=call_id,
        tool="bash",
        state=state,
    )


async def test_what_was_open_is_closed_as_interrupted(tmp_path: Path) -> None:
    async with open_store(tmp_path) as kept:
        session = await kept.session()
        message = await kept.answer(session.id)
        done = ToolStateCompleted(
            input={}, output="o", title="t", metadata={}, time=ToolTime(start=1, end=2)
        )
        running = ToolStateRunning(input={"command": "x"}, time=ToolTimeStart(start=7))
        parts: list[Part] = [
            text_part(kept.store.ids, message, "half a sen"),
            tool_part(kept, message, "call_1", ToolStatePending()),
            tool_part(kept, message, "call_2", running),
            tool_part(kept, message, "call_3", done),
        ]
        for part in parts:
            await kept.store.save_part(part)
        await left(kept, session.id)
        kept.news.take()
        assert await recover(kept.store) == 1
        found = await kept.store.message(session.id, message.id)
        assert isinstance(found.info, AssistantMessage)
        assert found.info.error is not None
        assert found.info.error.name == "MessageAbortedError"
        assert found.info.time.completed is not None
        text, *tools = found.parts
        assert isinstance(text, TextPart)
        assert text.time is not None
        assert text.time.end is not None
        states = [tool.state for tool in tools if isinstance(tool, ToolPart)]
        assert [state.status for state in states] == ["error", "error", "completed"]
        assert isinstance(states[1], ToolStateError)
        assert states[1].input == {"command": "x"}
        assert states[1].time.start == 7
        assert states[1].metadata == {"interrupted": True}
        assert kept.published() == ["message.part.updated"] * 3 + ["message.updated"]
        assert await kept.database.read(records.runs) == []


async def test_what_had_ended_is_left_as_it_is(tmp_path: Path) -> None:
    async with open_store(tmp_path) as kept:
        session = await kept.session()
        message = await kept.answer(session.id)
        message.finish, message.time.completed = "stop", 5
        part = text_part(kept.store.ids, message, "done")
        await kept.store.save_message(message, [part])
        await left(kept, session.id)
        kept.news.take()
        assert await recover(kept.store) == 1
        found = await kept.store.message(session.id, message.id)
        assert (found.info, found.parts) == (message, [part])
        assert kept.published() == []


async def test_a_prompt_that_nobody_had_taken_up_gets_its_end_too(tmp_path: Path) -> None:
    async with open_store(tmp_path) as kept:
        session = await kept.session()
        prompt = user_message(kept.store.ids, session.id)
        await kept.store.save_message(prompt)
        await left(kept, session.id)
        assert await recover(kept.store) == 1
        *_, last = await kept.store.messages(session.id)
        assert isinstance(last.info, AssistantMessage)
        assert last.info.parent_id == prompt.id
        assert last.info.error is not None
        assert last.info.time.completed is not None


async def test_a_run_of_a_living_server_is_left_alone(tmp_path: Path) -> None:
    async with open_store(tmp_path) as kept:
        session = await kept.session()
        message = await kept.answer(session.id)
        await kept.store.claim(session.id)
        assert await recover(kept.store) == 0
        found = await kept.store.message(session.id, message.id)
        assert found.info == message


async def test_two_servers_that_start_at_once_close_each_run_once(tmp_path: Path) -> None:
    async with open_store(tmp_path) as kept:
        for _ in range(5):
            session = await kept.session()
            await kept.answer(session.id)
            await left(kept, session.id)
        kept.news.take()
        async with open_store(tmp_path) as other:
            # Both stores are of this process, so both may hold a run: the end is the same.
            counts = await asyncio.gather(recover(kept.store), recover(other.store))
            assert 5 <= sum(counts) <= 10
        assert await kept.database.read(records.runs) == []
        assert await recover(kept.store) == 0


async def test_a_run_another_server_takes_meanwhile_is_no_failure(tmp_path: Path) -> None:
    async with open_store(tmp_path) as kept:
        session = await kept.session()
        await left(kept, session.id)
        before = await kept.store.abandoned()
        assert before == [session.id]

        class Slower(SessionStore):
            """Looks, and while it looks the first process of the machine takes the run."""

            async def abandoned(self) -> list[str]:
                await kept.database.write(
                    lambda db: db.execute("UPDATE run SET owner = ?", (INIT,)).rowcount
                )
                return before

        assert await recover(Slower(kept.database, kept.bus, kept.store.ids, "1.0.0")) == 0


INIT = ":".join(
    (
        "1",
        Path("/proc/1/stat").read_text().rpartition(")")[2].split()[19],
        Path("/proc/sys/kernel/random/boot_id").read_text().strip(),
    )
)


async def test_thoughts_end_as_words_do(tmp_path: Path) -> None:
    async with open_store(tmp_path) as kept:
        session = await kept.session()
        message = await kept.answer(session.id)
        words = text_part(kept.store.ids, message)
        assert words.time is not None
        thought = ReasoningPart(
            id=words.id,
            session_id=session.id,
            message_id=message.id,
            text="hm",
            time=words.time,
        )
        await kept.store.save_part(thought)
        await left(kept, session.id)
        await recover(kept.store)
        (found,) = (await kept.store.message(session.id, message.id)).parts
        assert isinstance(found, ReasoningPart)
        assert found.time.end is not None


async def test_work_that_was_between_two_answers_is_told_as_interrupted(tmp_path: Path) -> None:
    async with open_store(tmp_path) as kept:
        session = await kept.session()
        message = await kept.answer(session.id)
        message.finish, message.time.completed = "tool-calls", 5
        await kept.store.save_message(message)
        await left(kept, session.id)
        assert await recover(kept.store) == 1
        *_, before, last = await kept.store.messages(session.id)
        assert before.info == message
        assert isinstance(last.info, AssistantMessage)
        assert last.info.parent_id == message.parent_id
        assert last.info.id > message.id
        assert last.info.error is not None
