"""The watched program: slow steps of its loop are noticed, quick ones are not told."""

import asyncio
import asyncio.events
import time

import pytest

from tools.steps import watch


async def test_a_step_that_takes_long_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asyncio.events.Handle, "_run", asyncio.events.Handle._run)
    found = watch()
    done = asyncio.Event()

    def slow() -> None:
        until = time.thread_time() + 0.02
        while time.thread_time() < until:
            pass
        done.set()

    asyncio.get_running_loop().call_soon(slow)
    await done.wait()
    await asyncio.sleep(0)
    assert [step["what"] for step in found if step["ms"] >= 20] == [repr(slow)[:200]]
