"""What a session remembers of files."""

import asyncio

import pytest

from opencode.tool.base import FileTimes, Tool, ToolContext
from opencode.tool.invalid import Invalid, InvalidArguments


def test_a_version_is_remembered_by_path() -> None:
    times = FileTimes()
    assert times.seen("/a") is None
    times.note("/a", (1, 2))
    assert times.seen("/a") == (1, 2)


async def test_changes_of_one_file_follow_one_another() -> None:
    times = FileTimes()
    order: list[str] = []

    async def change(name: str) -> None:
        async with times.lock("/a"):
            order.append(f"{name} begins")
            await asyncio.sleep(0)
            order.append(f"{name} ends")

    await asyncio.gather(change("one"), change("two"))
    assert order == ["one begins", "one ends", "two begins", "two ends"]
    assert times.lock("/a") is not times.lock("/b")


def test_the_description_is_the_file_beside_the_module() -> None:
    assert Invalid().description() == "Not to be called.\n"


async def test_a_tool_without_run_says_so(here: object) -> None:
    class Nothing(Tool[InvalidArguments]):
        id = "nothing"
        arguments = InvalidArguments

    context: ToolContext = None  # type: ignore[assignment]
    with pytest.raises(NotImplementedError):
        await Nothing().run(InvalidArguments(tool="x", error="y"), context)
