"""The placeholders of a template."""

import pytest

from opencode.agent.markdown import hints


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("nothing to fill in, not even for $5.00 or $", ["$5"]),
        ("plain", []),
        ("$ARGUMENTS first, then $2 and $1, $1 again", ["$1", "$2", "$ARGUMENTS"]),
        ("$10 and $9", ["$9", "$10"]),
        ("$arguments", []),
    ],
)
def test_placeholders_come_in_order_and_once(text: str, wanted: list[str]) -> None:
    assert hints(text) == wanted
