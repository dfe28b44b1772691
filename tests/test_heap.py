"""Loading: no collection meanwhile, and what was loaded is left out afterwards, once."""

import gc
import sys
from pathlib import Path

import pytest

from opencode.heap import load


def test_what_is_loaded_is_left_to_itself_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = "import gc\ncollecting = gc.isenabled()\nkept = [[] for _ in range(1000)]\n"
    (tmp_path / "large_library.py").write_text(source)
    monkeypatch.syspath_prepend(tmp_path)
    try:
        before = gc.get_freeze_count()
        module = load("large_library")
        assert not module.collecting
        assert gc.isenabled()
        frozen = gc.get_freeze_count()
        assert frozen >= before + 1000
        more = [[module] for _ in range(1000)]
        assert load("large_library") is module
        assert gc.get_freeze_count() < frozen + len(more)
    finally:
        gc.unfreeze()
        del sys.modules["large_library"]
