"""Children, their output and their end."""

import os
import signal
from pathlib import Path

import pytest

from opencode.ids import Ids
from opencode.tool.process import KEPT, Child, Output
from tests.processes import running, until
from tests.tool.surroundings import Surroundings


async def start(here: Surroundings, line: str) -> Child:
    return await Child.start(
        ["/bin/sh", "-c", line],
        cwd=str(here.project),
        environ=dict(os.environ),
        output=Output(str(here.output), Ids()),
    )


async def test_both_outputs_come_in_order(here: Surroundings) -> None:
    child = await start(here, "echo one; echo two >&2; echo three; exit 3")
    assert await child.wait() == 3
    await child.drain()
    assert child.output.text() == "one\ntwo\nthree\n"
    assert child.output.path is None


async def test_a_signal_is_a_negative_status(here: Surroundings) -> None:
    child = await start(here, "kill -9 $$")
    assert await child.wait() == -signal.SIGKILL
    await child.drain()


async def test_long_output_goes_to_a_file_and_its_end_is_kept(here: Surroundings) -> None:
    child = await start(here, "seq 200000")
    await child.wait()
    await child.drain()
    expected = "".join(f"{number}\n" for number in range(1, 200_001))
    assert child.output.path is not None
    assert Path(child.output.path).read_text() == expected
    assert child.output.text() == expected[-KEPT:]
    assert child.output.complete


async def test_a_cut_character_is_not_shown(here: Surroundings) -> None:
    child = await start(here, "yes é | tr -d '\\n' | head -c 400001")
    await child.wait()
    await child.drain()
    assert set(child.output.text().removesuffix("\ufffd")) == {"é"}


async def test_an_heir_that_keeps_the_pipe_delays_nothing(here: Surroundings) -> None:
    child = await start(here, "sleep 1000 & echo $!")
    assert await child.wait() == 0
    await child.drain()
    heir = int(child.output.text())
    assert running(heir)
    os.kill(heir, signal.SIGKILL)


async def test_ending_reaches_the_whole_group_even_if_it_will_not_hear(
    here: Surroundings,
) -> None:
    line = "trap '' TERM; (trap '' TERM; while :; do sleep 0.1; done) & echo $!; wait; sleep 1000"
    child = await start(here, line)
    await until(lambda: bool(child.output._pending))
    await child.output.store()
    heir = int(child.output.text())
    await child.end()
    assert await child.wait() == -signal.SIGKILL
    await child.drain()
    await until(lambda: not running(heir))


async def test_what_cannot_be_started_leaves_nothing_open(here: Surroundings) -> None:
    before = len(os.listdir("/proc/self/fd"))
    with pytest.raises(FileNotFoundError):
        await Child.start(
            ["/nowhere/program"],
            cwd=str(here.project),
            environ={},
            output=Output(str(here.output), Ids()),
        )
    await until(lambda: len(os.listdir("/proc/self/fd")) <= before)
