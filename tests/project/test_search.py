"""Both ways of searching give the same answers on real trees."""

import asyncio
import contextlib
import os
import shutil
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path
from typing import TypeVar

import pytest

from opencode.project.search import Search, SearchError
from tests.processes import running, until

T = TypeVar("T")
RIPGREP = shutil.which("rg")
WAYS = [Search(None)] + ([Search(RIPGREP)] if RIPGREP else [])
both = pytest.mark.parametrize("search", WAYS, ids=["python", "ripgrep"][: len(WAYS)])


async def collect(source: AsyncIterator[T]) -> list[T]:
    return [item async for item in source]


def tree(root: Path) -> Path:
    subprocess.run(["git", "init", "-q", str(root)], check=True)
    for name, text in {
        "a.py": "import os\nprint('x')\n",
        "sub/b.py": "import sys\n",
        "sub/c.js": "import y\n",
        "sub/keep.log": "import kept\n",
        "skipped/d.py": "import no\n",
        ".hidden/e.py": "import hidden\n",
        "f.log": "import log\n",
        ".gitignore": "skipped/\n*.log\n",
        "sub/.gitignore": "!keep.log\n",
    }.items():
        (root / name).parent.mkdir(exist_ok=True, parents=True)
        (root / name).write_text(text)
    return root


def names(paths: list[str], root: Path) -> list[str]:
    return [os.path.relpath(path, root) for path in paths]


@both
async def test_files_honour_ignore_files_and_show_hidden_ones(
    search: Search, tmp_path: Path
) -> None:
    root = tree(tmp_path)
    found = names(await collect(search.files(str(root))), root)
    assert found == [
        ".gitignore",
        ".hidden/e.py",
        "a.py",
        "sub/.gitignore",
        "sub/b.py",
        "sub/c.js",
        "sub/keep.log",
    ]


@both
async def test_a_directory_below_the_repository_keeps_its_rules(
    search: Search, tmp_path: Path
) -> None:
    root = tree(tmp_path)
    (root / "sub" / "more").mkdir()
    (root / "sub" / "more" / "x.log").write_text("")
    (root / "sub" / "more" / "y.py").write_text("")
    found = await collect(search.files(str(root / "sub" / "more")))
    assert names(found, root) == ["sub/more/y.py"]


@both
async def test_globs_select_at_any_depth(search: Search, tmp_path: Path) -> None:
    root = tree(tmp_path)
    found = names(await collect(search.files(str(root), globs=["*.{py,js}"])), root)
    assert found == [".hidden/e.py", "a.py", "sub/b.py", "sub/c.js"]
    assert names(await collect(search.files(str(root), globs=["sub/*.py"])), root) == ["sub/b.py"]


@both
async def test_hidden_files_can_be_left_out(search: Search, tmp_path: Path) -> None:
    root = tree(tmp_path)
    found = names(await collect(search.files(str(root), globs=["*.py"], hidden=False)), root)
    assert found == ["a.py", "sub/b.py"]


@both
async def test_matches_carry_line_offset_and_submatch(search: Search, tmp_path: Path) -> None:
    root = tree(tmp_path)
    [match] = await collect(search.matches(r"pri(nt)", str(root)))
    assert match.path == str(root / "a.py")
    assert (match.line_number, match.line, match.absolute_offset) == (2, "print('x')\n", 10)
    assert [(item.text, item.start, item.end) for item in match.submatches] == [("print", 0, 5)]


@both
async def test_matches_in_one_file(search: Search, tmp_path: Path) -> None:
    root = tree(tmp_path)
    found = await collect(search.matches("import", str(root / "sub" / "c.js")))
    assert [(match.path, match.line) for match in found] == [
        (str(root / "sub" / "c.js"), "import y\n")
    ]


@both
async def test_a_line_of_a_million_characters_is_found_whole(
    search: Search, tmp_path: Path
) -> None:
    line = "x" * 1_000_000 + "needle" + "y" * 10
    (tmp_path / "long.txt").write_text(f"short\n{line}\nend\n")
    [match] = await collect(search.matches("needle", str(tmp_path)))
    assert match.line == line + "\n"


@both
async def test_bytes_that_are_not_utf8_are_shown_as_replacement(
    search: Search, tmp_path: Path
) -> None:
    (tmp_path / "latin.txt").write_bytes(b"caf\xe9 needle\n")
    [match] = await collect(search.matches("needle", str(tmp_path)))
    assert match.line == "caf\ufffd needle\n"


@both
async def test_binary_files_are_passed_over(search: Search, tmp_path: Path) -> None:
    (tmp_path / "data.bin").write_bytes(b"\0\0needle\n")
    (tmp_path / "text.txt").write_text("needle\n")
    found = await collect(search.matches("needle", str(tmp_path)))
    assert [match.path for match in found] == [str(tmp_path / "text.txt")]


@both
async def test_a_bad_expression_is_an_error(search: Search, tmp_path: Path) -> None:
    with pytest.raises(SearchError, match="regex parse error"):
        await collect(search.matches("(unclosed", str(tmp_path)))


@both
async def test_a_missing_directory_is_an_error(search: Search, tmp_path: Path) -> None:
    with pytest.raises(SearchError, match="nowhere"):
        await collect(search.files(str(tmp_path / "nowhere")))
    with pytest.raises(SearchError, match="nowhere"):
        await collect(search.matches("x", str(tmp_path / "nowhere")))


async def test_closing_the_iterator_ends_the_program(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "a.txt").write_text("a\n")
    program = tmp_path / "endless"
    program.write_text(f"#!/bin/sh\necho $$ > {tmp_path}/pid\nwhile :; do printf 'a\\0'; done\n")
    program.chmod(0o755)
    source = Search(str(program)).files(str(tmp_path / "data"))
    async with contextlib.aclosing(source) as found:
        async for _ in found:
            break
    pid = int((tmp_path / "pid").read_text())
    await until(lambda: not running(pid))


async def test_cancelling_the_searcher_ends_the_program(tmp_path: Path) -> None:
    program = tmp_path / "silent"
    program.write_text(
        f"#!/bin/sh\necho $$ > {tmp_path}/pid.tmp\n"
        f"mv {tmp_path}/pid.tmp {tmp_path}/pid\nexec sleep 1000\n"
    )
    program.chmod(0o755)
    searching = asyncio.ensure_future(collect(Search(str(program)).files(str(tmp_path))))
    await until((tmp_path / "pid").exists)
    pid = int((tmp_path / "pid").read_text())
    searching.cancel()
    with pytest.raises(asyncio.CancelledError):
        await searching
    await until(lambda: not running(pid))
