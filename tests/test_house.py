"""The house itself: its stairs, the mirror of its tests, the size of its rooms."""

import ast
import statistics
from pathlib import Path

import pytest

from opencode.api import MODULES
from opencode.api.operation import AnyOperation, collect
from tools.floors import FLOORS, ROOT, may_import, problems

MOST_LINES = 500
WITHOUT_A_TEST = {
    "opencode/__init__.py",
}
"""Packages' docstrings and lists need no test of their own."""
BESIDE_THE_MIRROR = ("clients", "flows", "wire", "tools")
"""Folders of tests about the whole, or about the developer programs."""
OF_THE_WHOLE = ("test_readme", "test_house", "test_page")
"""Tests about the whole, or about `static/`, by the beginning of their names."""


def modules() -> list[str]:
    """Every module of the package that holds code, as a path from the root."""
    found = sorted((ROOT / "opencode").rglob("*.py"))
    return [one.relative_to(ROOT).as_posix() for one in found if one.name != "__init__.py"]


def test_nobody_climbs_the_stairs() -> None:
    assert list(problems(ROOT / "opencode")) == []


def test_a_breach_of_the_rules_is_seen(tmp_path: Path) -> None:
    room = tmp_path / "opencode" / "storage"
    room.mkdir(parents=True)
    source = """
import tornado.web
from opencode.session.store import SessionStore
from . import database
import asyncio


def late():
    import json
    global made
    asyncio.create_task(json)
"""
    (room / "bad.py").write_text(source)
    found = [one.partition(": ")[2] for one in problems(tmp_path / "opencode")]
    assert len(found) == 6
    assert any("tornado may be imported in server/" in one for one in found)
    assert any("storage may not import session" in one for one in found)
    assert "relative import" in found
    assert "global made" in found


def test_the_stairs_are_those_of_the_map() -> None:
    assert may_import("server", "api")
    assert may_import("session", "agent")
    assert not may_import("agent", "session")
    assert not may_import("provider", "tool")
    assert not may_import("schema", "bus")
    assert FLOORS[-1] == ("cli",)


@pytest.mark.parametrize("module", modules())
def test_every_module_has_its_test(module: str) -> None:
    if module in WITHOUT_A_TEST:
        return
    path = Path(module)
    mirrored = ROOT / "tests" / path.relative_to("opencode").parent / f"test_{path.name}"
    assert mirrored.exists(), f"{module} has no {mirrored.relative_to(ROOT)}"


def test_every_test_has_its_module() -> None:
    lost = []
    for path in sorted((ROOT / "tests").rglob("test_*.py")):
        inside = path.relative_to(ROOT / "tests")
        if inside.parts[0] in BESIDE_THE_MIRROR or inside.name.startswith(OF_THE_WHOLE):
            continue
        name = inside.parent / inside.name.removeprefix("test_")
        if not any((root / name).exists() for root in (ROOT / "opencode", ROOT / "tests")):
            lost.append(inside.as_posix())
    assert lost == []


@pytest.mark.parametrize("module", modules())
def test_a_module_is_a_room_not_a_hall(module: str) -> None:
    source = (ROOT / module).read_text(encoding="utf-8")
    assert len(source.splitlines()) <= MOST_LINES
    assert ast.get_docstring(ast.parse(source)), f"{module} does not say what it is for"


def test_functions_are_short() -> None:
    lengths = sorted(
        (node.end_lineno or 0) - node.lineno + 1
        for module in modules()
        for node in ast.walk(ast.parse((ROOT / module).read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    )
    assert statistics.median(lengths) <= 10
    assert lengths[int(len(lengths) * 0.9)] <= 30


@pytest.mark.parametrize("module", modules())
def test_public_classes_say_what_they_are(module: str) -> None:
    tree = ast.parse((ROOT / module).read_text(encoding="utf-8"))
    silent = [
        node.name
        for node in tree.body
        if isinstance(node, ast.ClassDef)
        and not node.name.startswith("_")
        and not ast.get_docstring(node)
    ]
    assert silent == []


@pytest.mark.parametrize("operation", collect(MODULES), ids=lambda one: one.id)
def test_every_operation_is_declared_in_full(operation: AnyOperation) -> None:
    summary, _ = operation.documentation
    assert summary
    for name in operation.path_names:
        fields = operation.path_model.model_fields if operation.path_model else {}
        assert any(one.alias == name or key == name for key, one in fields.items())
    assert operation.answer is not operation.signature.empty
    for error in operation.errors:
        assert 400 <= error.status < 600
