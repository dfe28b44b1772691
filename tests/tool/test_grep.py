"""Lines by expression, by file."""

import pytest

from opencode.project.search import Search
from opencode.tool.base import ToolError, ToolResult
from opencode.tool.grep import Grep, GrepArguments
from tests.tool.surroundings import Surroundings


async def grep(
    here: Surroundings, pattern: str, path: str | None = None, include: str | None = None
) -> ToolResult:
    given = GrepArguments(pattern=pattern, path=path, include=include)
    return await Grep(Search.installed()).run(given, here.context())


async def test_matches_are_listed_by_file(here: Surroundings) -> None:
    first = here.file("a.py", "import os\nx\nimport re")
    second = here.file("sub/b.py", "import sys\n")
    result = await grep(here, "import")
    assert result.title == "import"
    assert result.output == (
        f"Found 3 matches\n{first}:\n  Line 1: import os\n\n  Line 3: import re\n\n"
        f"{second}:\n  Line 1: import sys\n"
    )
    assert result.metadata == {"matches": 3, "truncated": False}
    assert here.permissions() == [("grep", ["import"])]


async def test_one_file_can_be_searched(here: Surroundings) -> None:
    path = here.file("a.py", "import os\n")
    here.file("b.py", "import os\n")
    result = await grep(here, "import", "a.py")
    assert result.output == f"Found 1 matches\n{path}:\n  Line 1: import os\n"


async def test_names_can_be_limited(here: Surroundings) -> None:
    here.file("a.py", "x\n")
    here.file("b.js", "x\n")
    here.file("c.md", "x\n")
    result = await grep(here, "x", include="*.{py,js}")
    assert result.metadata["matches"] == 2
    assert here.asked[0].metadata == {"pattern": "x", "include": "*.{py,js}"}


async def test_nothing_found_is_said(here: Surroundings) -> None:
    assert (await grep(here, "nothing")).output == "No files found"


async def test_a_hundred_are_the_most(here: Surroundings) -> None:
    here.file("a", "x\n" * 200)
    result = await grep(here, "x")
    assert result.output.startswith("Found 100 matches (more matches available)\n")
    assert result.output.endswith(
        "\n(Results truncated. Consider using a more specific path or pattern.)"
    )
    assert result.metadata == {"matches": 100, "truncated": True}


async def test_a_very_long_line_is_shortened(here: Surroundings) -> None:
    here.file("a", "needle" + "x" * 5000)
    result = await grep(here, "needle")
    assert len(result.output) < 2300
    assert result.output.endswith("x...\n")


async def test_bad_calls_are_errors(here: Surroundings) -> None:
    with pytest.raises(ToolError, match="regex parse error"):
        await grep(here, "(unclosed")
    with pytest.raises(ToolError, match="nowhere"):
        await grep(here, "x", "nowhere")
    with pytest.raises(ToolError, match="pattern must not be empty"):
        await grep(here, "")


async def test_outside_of_the_worktree_is_asked_first(here: Surroundings) -> None:
    (here.root / "f").write_text("x\n")
    await grep(here, "x", str(here.root / "f"))
    assert here.permissions() == [
        ("external_directory", [f"{here.root}/*"]),
        ("grep", ["x"]),
    ]
