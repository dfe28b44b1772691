"""Loading: no collection meanwhile, and what was loaded is left out afterwards."""

import gc

from opencode.heap import loading


def test_what_is_loaded_is_left_to_itself() -> None:
    before = gc.get_freeze_count()
    try:
        with loading():
            assert not gc.isenabled()
            kept: list[list[int]] = [[] for _ in range(1000)]
        assert gc.isenabled()
        assert gc.get_freeze_count() >= before + len(kept)
    finally:
        gc.unfreeze()
