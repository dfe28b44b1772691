"""Whose run it is: a living process, a dead one, another with the same number."""

import os
from pathlib import Path

from opencode.storage.owner import alive, own_name
from tests.storage.processes import child


def test_we_are_alive_and_always_the_same() -> None:
    assert own_name() == own_name()
    assert alive(own_name())


def test_another_process_with_our_number_is_not_us() -> None:
    assert not alive(f"{os.getpid()}:12345:another-boot")


def test_what_is_no_name_is_nobody() -> None:
    assert not alive("")
    assert not alive("somebody:1")


async def test_a_process_is_dead_once_it_is_killed(tmp_path: Path) -> None:
    async with child("open_at_once", tmp_path / "server.db") as other:
        await other.ready()
        pid = other.process.pid
        stat = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        name = f"{pid}:{stat[19]}:{own_name().split(':')[2]}"
        assert alive(name)
        await other.kill()
        assert not alive(name)
