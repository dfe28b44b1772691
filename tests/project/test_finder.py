"""Files and directories by a few letters."""

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opencode.project.finder import EntryKind, Finder, _ranked
from opencode.project.search import Search

FILES = ("README.md", "src/main.py", "src/lib/maintain.py", "docs/guide.md", "tests/test_main.py")


def finder(tmp_path: Path, files: tuple[str, ...] = FILES) -> Finder:
    for name in files:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("")
    return Finder(Search.installed(), str(tmp_path))


async def found(
    of: Finder, query: str, kind: EntryKind | None = None, limit: int | None = None
) -> list[str]:
    return [one.path for one in await of.find(query, kind=kind, limit=limit)]


@pytest.mark.parametrize(
    ("query", "wanted"),
    [
        ("main.py", ["src/main.py", "tests/test_main.py"]),
        ("MAIN", ["src/main.py", "src/lib/maintain.py", "tests/test_main.py"]),
        ("src/lib", ["src/lib/", "src/lib/maintain.py"]),
        ("smp", ["src/main.py", "tests/test_main.py", "src/lib/maintain.py"]),
        ("gudie", ["docs/guide.md"]),
        ("lib/", ["src/lib/"]),
        ("qqqq", []),
    ],
)
async def test_the_best_match_comes_first(tmp_path: Path, query: str, wanted: list[str]) -> None:
    assert (await found(finder(tmp_path), query))[: len(wanted) or 1] == wanted


async def test_without_a_query_short_paths_come_first(tmp_path: Path) -> None:
    of = finder(tmp_path)
    assert await found(of, "", limit=2) == ["README.md", "src/main.py"]
    assert await found(of, "", "directory") == ["src/", "docs/", "tests/", "src/lib/"]


async def test_a_kind_and_a_limit_narrow_the_answer(tmp_path: Path) -> None:
    of = finder(tmp_path)
    assert await found(of, "src", "directory") == ["src/", "src/lib/"]
    assert await found(of, "src", "file", 1) == ["src/main.py"]
    assert {one.type for one in await of.find("src")} == {"file", "directory"}


async def test_a_directory_that_is_gone_holds_nothing(tmp_path: Path) -> None:
    assert await found(Finder(Search.installed(), str(tmp_path / "gone")), "a") == []


async def test_a_name_that_is_not_utf8_is_shown_all_the_same(tmp_path: Path) -> None:
    (tmp_path / "plain.txt").write_text("")
    (tmp_path / os.fsdecode(b"od\xff.txt")).touch()
    assert len(await found(Finder(Search.installed(), str(tmp_path)), "")) == 2


NAMES = st.lists(st.text("ab.", min_size=1, max_size=3), min_size=1, max_size=3).map("/".join)


@given(st.sets(NAMES, max_size=8), st.text("ab./$(", max_size=4))
def test_nothing_is_found_twice(names: set[str], query: str) -> None:
    files = [f"/place/{name}" for name in names]
    paths = _ranked(sorted(files), "/place", query, None)
    assert len(paths) == len(set(paths))
