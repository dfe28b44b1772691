"""Titles, totals, and how long to wait."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opencode.ids import Ids, now_ms
from opencode.schema.message import MessageWithParts
from opencode.schema.part import StepFinishPart, StepStartPart, Tokens
from opencode.schema.session import SnapshotFileDiff
from opencode.session import summary
from tests.session.stores import assistant_message, open_store, user_message


class Compared:
    """Compares states by their names."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str]] = []

    async def diff(self, before: str, after: str) -> list[SnapshotFileDiff]:
        self.asked.append((before, after))
        return [SnapshotFileDiff(file="a", additions=2, deletions=1)]


@pytest.mark.parametrize(
    ("said", "title"),
    [
        ("A title", "A title"),
        ("\n  A title  \nand more", "A title"),
        ("<think>hm\nhm</think>\nA title", "A title"),
        ("", None),
        (" \n ", None),
        ("<think>only</think>", None),
        ("x" * 100, "x" * 100),
        ("x" * 101, "x" * 97 + "..."),
    ],
)
def test_a_title_is_the_first_line_a_model_said(said: str, title: str | None) -> None:
    assert summary.clean_title(said) == title


@given(st.text())
def test_a_title_is_never_long_nor_empty(said: str) -> None:
    title = summary.clean_title(said)
    assert title is None or 0 < len(title) <= 100


async def test_only_a_session_nobody_named_wants_a_title(tmp_path: Path) -> None:
    async with open_store(tmp_path) as kept:
        fresh = await kept.session()
        assert summary.wants_title(fresh)
        assert not summary.wants_title(await kept.session(title="Mine"))
        assert not summary.wants_title(await kept.session(title=""))
        assert not summary.wants_title(await kept.session(parent_id=fresh.id))


@pytest.mark.parametrize(
    ("attempt", "asked", "jitter", "waited"),
    [
        (1, None, 0, 2000),
        (1, None, 1, 2500),
        (2, None, 0, 4000),
        (5, None, 0.5, 36000),
        (3, 0, 1, 0),
        (3, 1500, 1, 1500),
    ],
)
def test_the_wait_doubles_unless_the_provider_says(
    attempt: int, asked: int | None, jitter: float, waited: int
) -> None:
    assert summary.waiting_time(attempt, asked, jitter) == waited


def test_a_moment_is_counted_from_now() -> None:
    assert summary.moment_after(10_000) >= now_ms() + 9_000


def conversation() -> list[MessageWithParts]:
    """Two prompts, each with an answer; the states of the files are a, b, b, c."""
    ids = Ids()
    found = []
    for before, after in (("a", "b"), ("b", "c")):
        prompt = user_message(ids, "ses_1")
        answer = assistant_message(ids, prompt)
        known: dict[str, Any] = {"session_id": "ses_1", "message_id": answer.id}
        start = StepStartPart(id=ids.part(), snapshot=before, **known)
        end = StepFinishPart(
            id=ids.part(), snapshot=after, reason="stop", cost=0, tokens=Tokens(), **known
        )
        found.append(MessageWithParts(info=prompt, parts=[]))
        found.append(MessageWithParts(info=answer, parts=[start, end]))
    return found


async def test_differences_are_between_the_first_and_the_last_state() -> None:
    messages, compared = conversation(), Compared()
    assert len(await summary.differences(compared, messages)) == 1
    await summary.differences(compared, summary.of_turn(messages, messages[2].info.id))
    assert compared.asked == [("a", "c"), ("b", "c")]
    assert await summary.differences(compared, []) == []
    assert await summary.differences(compared, messages[:1]) == []


def test_the_first_prompt_is_that_only_while_it_is_alone() -> None:
    messages = conversation()
    assert summary.first_prompt(messages[:2]) == messages[0]
    assert summary.first_prompt(messages) is None
    assert summary.first_prompt([]) is None


def test_totals_are_lines_and_files() -> None:
    diffs = [
        SnapshotFileDiff(file="a", additions=2, deletions=1),
        SnapshotFileDiff(file="b", additions=3, deletions=0),
    ]
    assert summary.totals(diffs).plain() == {"additions": 5, "deletions": 1, "files": 2}
