"""The catalogue's text and its index."""

import json
from pathlib import Path

from opencode.provider.snapshot import Snapshot

MODEL = {"id": "m", "name": "M"}
TWO = {
    "a": {"id": "a", "name": "A \u00e9", "env": ["A_KEY"], "models": {"m": MODEL}},
    "b/c": {"id": "b/c", "name": "B", "env": [], "models": {}},
}


def test_every_provider_is_indexed_and_decoded() -> None:
    for text in (json.dumps(TWO), json.dumps(TWO, indent=2, ensure_ascii=False)):
        snapshot = Snapshot(text)
        assert {key: snapshot.decode(key) for key in snapshot.entries} == TWO
        assert snapshot.entries["a"].env == ("A_KEY",)
        assert snapshot.entries["a"].name == "A \u00e9"
        assert snapshot.decode("never") is None


def test_an_empty_catalogue_has_no_provider() -> None:
    assert Snapshot("{}").entries == {}


def test_the_embedded_catalogue_is_large(tmp_path: Path) -> None:
    snapshot = Snapshot.load(str(tmp_path))
    assert len(snapshot.entries) > 100
    anthropic = snapshot.decode("anthropic")
    assert anthropic is not None
    assert "claude-sonnet-4-5" in anthropic["models"]


def test_a_broken_refreshed_copy_is_ignored(tmp_path: Path) -> None:
    for broken in ("", "{oops", '{"a": 3}', '{"a": {}}'):
        (tmp_path / "models.json").write_text(broken)
        assert "anthropic" in Snapshot.load(str(tmp_path)).entries
