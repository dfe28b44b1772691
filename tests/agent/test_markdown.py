"""Templates: their placeholders, what is typed in their place, what they include and mention."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opencode.agent.markdown import Piece, expand, hints, mentions, words


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


@pytest.mark.parametrize(
    ("typed", "wanted"),
    [
        ("", []),
        ("one two", ["one", "two"]),
        ("foo \"bar baz\" 'q u x'", ["foo", "bar baz", "q u x"]),
        ('a="b c"d', ["a=b cd"]),
        ("don't stop", ["don't", "stop"]),
        ('"open end', ['"open', "end"]),
        ('empty ""', ["empty", ""]),
        ("C:\\x", ["C:\\x"]),
    ],
)
def test_what_is_typed_is_split_as_a_shell_would(typed: str, wanted: list[str]) -> None:
    assert words(typed) == wanted


@pytest.mark.parametrize(
    ("template", "typed", "wanted"),
    [
        ("a=$1 rest=$2", "one two three four", "a=one rest=two three four"),
        ("$1", 'foo "bar baz"', "foo bar baz"),
        ("First=$1 All=$ARGUMENTS", 'foo "bar baz"', 'First=foo bar baz All=foo "bar baz"'),
        ("$1-$2-$3", "x", "x--"),
        ("$2 $1", "a b c", "b c a"),
        ("$0|$1", "a", "|a"),
        ("plain", "more", "plain\n\nmore"),
        ("plain", "  ", "plain"),
        ("$ARGUMENTS", "$1 $ARGUMENTS", "$1 $ARGUMENTS"),
    ],
)
def test_placeholders_are_replaced_once(template: str, typed: str, wanted: str) -> None:
    pieces = expand(template, typed)
    assert "".join(piece.text for piece in pieces) == wanted
    assert not any(piece.runs for piece in pieces)


def test_command_lines_are_told_from_text_and_take_arguments() -> None:
    assert expand("log: !`git log $1`!", "HEAD") == [
        Piece("log: "),
        Piece("git log HEAD", runs=True),
        Piece("!"),
    ]


@given(st.text())
def test_what_is_typed_is_never_run(typed: str) -> None:
    typed += "!`rm -rf /`"
    assert not any(piece.runs for piece in expand("do $ARGUMENTS and $1", typed))
    assert not any(piece.runs for piece in expand("do", typed))


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("see @src/util.py, and @./a.txt.", ["src/util.py", "./a.txt"]),
        ("@a @a @b", ["a", "b"]),
        ("mail me@example.com or `@decorator`", []),
        ("(@docs/) @~/notes @...", ["docs/", "~/notes"]),
    ],
)
def test_mentions_are_found_in_a_text(text: str, wanted: list[str]) -> None:
    assert mentions(text) == wanted
