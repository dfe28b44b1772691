"""The note of which files an answer has changed."""

from pathlib import Path

import pytest

from opencode.schema.part import PatchPart
from opencode.session.patch import note_changes
from tests.session.stores import open_store


class States:
    """Says that these files differ, and how often it was asked."""

    def __init__(self, *files: str) -> None:
        self.files = list(files)
        self.asked: list[tuple[str, str]] = []

    async def changed_files(self, before: str, after: str) -> list[str]:
        self.asked.append((before, after))
        return self.files


async def test_the_files_that_differ_become_a_part(tmp_path: Path) -> None:
    async with open_store(tmp_path) as kept:
        session = await kept.session()
        answer = await kept.answer(session.id)
        await note_changes(kept.store, States("/d/a", "/d/b"), answer, before="x", after="y")
        assert kept.published() == ["message.part.updated"]
        (part,) = (await kept.store.message(session.id, answer.id)).parts
        assert isinstance(part, PatchPart)
        assert (part.hash, part.files) == ("x", ["/d/a", "/d/b"])


@pytest.mark.parametrize(
    ("before", "after", "asked"),
    [(None, "y", 0), ("x", None, 0), ("x", "x", 0), ("x", "y", 1)],
)
async def test_nothing_is_noted_where_nothing_differs(
    tmp_path: Path, before: str | None, after: str | None, asked: int
) -> None:
    async with open_store(tmp_path) as kept:
        answer = await kept.answer((await kept.session()).id)
        states = States()
        await note_changes(kept.store, states, answer, before=before, after=after)
        assert len(states.asked) == asked
        assert kept.published() == []
