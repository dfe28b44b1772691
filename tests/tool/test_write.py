"""Whole files, shown before they are written."""

import os

import pytest

from opencode.tool.base import ToolError, ToolResult
from opencode.tool.read import Read, ReadArguments
from opencode.tool.write import Write, WriteArguments
from tests.tool.surroundings import Refused, Surroundings


async def write(here: Surroundings, path: str, content: str) -> ToolResult:
    return await Write().run(WriteArguments(file_path=path, content=content), here.context())


async def test_a_new_file_is_written_after_its_diff_was_shown(here: Surroundings) -> None:
    path = str(here.project / "a" / "new.txt")
    result = await write(here, "a/new.txt", "one\n")
    assert (result.title, result.output) == ("a/new.txt", "Wrote file successfully.")
    assert result.metadata == {"diagnostics": {}, "filepath": path, "exists": False}
    assert (here.project / "a" / "new.txt").read_text() == "one\n"
    assert here.permissions() == [("edit", ["a/new.txt"])]
    assert here.asked[0].metadata["filepath"] == path
    assert here.asked[0].metadata["diff"].endswith("@@ -0,0 +1,1 @@\n+one\n")
    assert here.edited == [path]


async def test_a_refused_file_is_not_written(here: Surroundings) -> None:
    here.refuse = "edit"
    with pytest.raises(Refused):
        await write(here, "x", "one")
    assert os.listdir(here.project) == []


async def test_an_existing_file_need_not_be_read_before(here: Surroundings) -> None:
    here.file("x", "old")
    result = await write(here, "x", "new")
    assert result.metadata["exists"] is True
    assert (here.project / "x").read_text() == "new"


async def test_somebody_elses_change_is_not_overwritten(here: Surroundings) -> None:
    path = here.file("x", "old")
    await Read().run(ReadArguments(file_path=path), here.context())
    here.file("x", "theirs")
    with pytest.raises(ToolError, match="changed on disk"):
        await write(here, path, "ours")
    assert (here.project / "x").read_text() == "theirs"
    await Read().run(ReadArguments(file_path=path), here.context())
    await write(here, path, "ours")
    await write(here, path, "ours again")
    assert (here.project / "x").read_text() == "ours again"


async def test_a_directory_is_not_a_file(here: Surroundings) -> None:
    with pytest.raises(ToolError, match="is a directory"):
        await write(here, ".", "x")


async def test_outside_of_the_worktree_is_asked_first(here: Surroundings) -> None:
    await write(here, str(here.root / "out.txt"), "x")
    assert here.permissions() == [
        ("external_directory", [f"{here.root}/*"]),
        ("edit", ["../out.txt"]),
    ]
