"""The types of `opencode.schema.part` as they travel."""

from typing import Any

import pytest

from tests.wire.golden import examples, survives, untold


@pytest.mark.parametrize(("name", "example"), examples("part"))
def test_an_example_survives_reading_and_writing(name: str, example: Any) -> None:
    survives("part", name, example)


def test_every_type_has_an_example() -> None:
    assert sorted(untold("part")) == []
