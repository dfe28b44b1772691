"""Background work: kept, named, cancelled on close, its failures logged."""

import asyncio

import pytest

from opencode.errors import BadRequestError
from opencode.tasks import Tasks


async def test_a_task_has_its_name_and_its_result() -> None:
    tasks = Tasks()

    async def work() -> int:
        return 7

    task = tasks.start("count", work())
    assert task.get_name() == "count"
    assert await task == 7


async def test_a_failure_is_logged_under_its_name(caplog: pytest.LogCaptureFixture) -> None:
    async def work() -> None:
        raise ValueError("broken")

    task = Tasks().start("the work", work())
    with pytest.raises(ValueError, match="broken"):
        await task
    assert "task the work failed" in caplog.text
    assert "ValueError: broken" in caplog.text


async def test_an_error_meant_for_a_client_is_no_fault_of_ours(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def work() -> None:
        raise BadRequestError("not like that")

    task = Tasks().start("the work", work())
    with pytest.raises(BadRequestError):
        await task
    assert caplog.text == ""


async def test_closing_cancels_and_waits_until_all_have_ended() -> None:
    tasks, ended = Tasks(), []
    running = asyncio.Event()

    async def work() -> None:
        running.set()
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0)
            ended.append("ended")

    task = tasks.start("endless", work())
    await running.wait()
    await tasks.close()
    assert ended == ["ended"]
    assert task.cancelled()


async def test_closing_without_work_is_no_work() -> None:
    await Tasks().close()


async def test_what_is_kept_by_nobody_else_still_runs_to_its_end() -> None:
    done = asyncio.Event()

    async def work() -> None:
        await asyncio.sleep(0)
        done.set()

    Tasks().start("forgotten", work())
    await done.wait()
