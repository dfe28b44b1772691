"""The queue of a session at work."""

import asyncio

from opencode.schema.message import UserMessage
from opencode.session.run import Queued, Run
from tests.session.test_outcome import user


def run() -> Run:
    return Run("ses_1", asyncio.get_running_loop().create_future())


def queued(given: Run, number: int) -> Queued:
    info = user(number).info
    assert isinstance(info, UserMessage)
    found = Queued(info, given, asyncio.get_running_loop().create_future())
    given.queue.append(found)
    return found


async def test_everything_queued_is_taken_up_at_once_and_the_newest_is_answered() -> None:
    it = run()
    queued(it, 1)
    newest = queued(it, 2)
    assert it.take() is newest.message
    assert it.queue == []
    assert it.take() is None


async def test_what_is_cancelled_is_not_taken_up() -> None:
    it = run()
    first, second = queued(it, 1), queued(it, 2)
    assert it.cancel("msg_2")
    assert second.withdrawn.done()
    assert not first.withdrawn.done()
    assert it.take() is first.message
    assert not it.cancel("msg_1")


async def test_answers_sort_after_every_message_there_is() -> None:
    it = run()
    it.seen(["msg_2", "msg_1"])
    it.seen(["msg_1"])
    assert it.newest == "msg_2"


async def test_an_end_is_told_once() -> None:
    it = run()
    it.end()
    it.end()
    assert it.ended.done()
