"""The cost of work: taken from a real server, printed, never asserted."""

import os
import sys
from pathlib import Path

import pytest

from tools import cost
from tools.bench import server


def test_processor_time_is_counted_in_seconds() -> None:
    assert 0 < cost.used(os.getpid()) < 3600


async def test_every_piece_of_work_has_its_cost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cost, "SETTLE", 0.1)
    monkeypatch.setattr(cost, "WORK", {"short prompt": cost.WORK["short prompt"]})
    found = await cost.play(server(), tmp_path, program_of=sys.executable)
    assert list(found) == [cost.OPENING, "short prompt"]
    assert all(seconds >= 0 for seconds in found.values())
