"""Files by name, at most a hundred."""

import pytest

from opencode.project.search import Search
from opencode.tool.base import ToolError, ToolResult
from opencode.tool.glob import Glob, GlobArguments
from tests.tool.surroundings import Surroundings


async def glob(here: Surroundings, pattern: str, path: str | None = None) -> ToolResult:
    tool = Glob(Search.installed())
    return await tool.run(GlobArguments(pattern=pattern, path=path), here.context())


async def test_absolute_paths_one_a_line(here: Surroundings) -> None:
    first, second = here.file("src/a.py"), here.file("src/sub/b.py")
    here.file("src/c.js")
    result = await glob(here, "**/*.py", "src")
    assert (result.title, result.output) == ("src", f"{first}\n{second}")
    assert result.metadata == {"count": 2, "truncated": False}
    assert here.permissions() == [("glob", ["**/*.py"])]
    assert here.asked[0].metadata == {"pattern": "**/*.py", "path": "src"}


async def test_nothing_found_is_said(here: Surroundings) -> None:
    result = await glob(here, "*.py")
    assert (result.title, result.output) == ("", "No files found")
    assert here.asked[0].metadata == {"pattern": "*.py"}


async def test_a_hundred_are_the_most(here: Surroundings) -> None:
    for number in range(120):
        here.file(f"{number:03}.txt")
    result = await glob(here, "*.txt")
    assert result.metadata == {"count": 100, "truncated": True}
    assert result.output.endswith(
        "/099.txt\n\n(Results are truncated: showing first 100 results."
        " Consider using a more specific path or pattern.)"
    )


async def test_an_absolute_pattern_is_asked_for_outside(here: Surroundings) -> None:
    other = here.root / "other"
    other.mkdir()
    (other / "x.py").write_text("")
    result = await glob(here, f"{other}/*.py")
    assert result.output == f"{other}/x.py"
    assert here.permissions()[0] == ("external_directory", [f"{other}/*"])
    assert (await glob(here, f"{other}/x.py")).output == f"{other}/x.py"


async def test_a_file_or_a_missing_directory_is_an_error(here: Surroundings) -> None:
    path = here.file("x")
    with pytest.raises(ToolError, match=f"glob path must be a directory: {path}"):
        await glob(here, "*", "x")
    with pytest.raises(ToolError, match="nowhere"):
        await glob(here, "*", "nowhere")
