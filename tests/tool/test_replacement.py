"""An exact match wins and changes nothing else; the forgiving ways, one example each."""

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from opencode.tool.replacement import NoMatch, SeveralMatches, find, replace

text = st.text(st.sampled_from("ab \t\n\\x{}"), max_size=40)


@given(before=text, old=text.filter(bool), new=text, after=text)
def test_an_exact_unique_match_is_replaced_once_and_nothing_else(
    before: str, old: str, new: str, after: str
) -> None:
    whole = before + old + after
    assume(sum(whole.startswith(old, index) for index in range(len(whole))) == 1)
    assert replace(whole, old, new) == before + new + after


@given(pieces=st.lists(text, min_size=2, max_size=5), old=text.filter(bool), new=text)
def test_every_replaces_what_str_replace_does_when_the_text_is_there(
    pieces: list[str], old: str, new: str
) -> None:
    whole = old.join(pieces)
    assert replace(whole, old, new, every=True) == whole.replace(old, new)


@given(whole=text, old=text)
def test_the_places_found_are_in_order_and_apart(whole: str, old: str) -> None:
    end = 0
    for start, stop in find(whole, old):
        assert end <= start <= stop <= len(whole)
        end = stop


@given(
    lines=st.lists(st.text(st.sampled_from("ab "), max_size=5), min_size=2, max_size=8),
    data=st.data(),
)
def test_line_ends_of_a_windows_file_are_kept(lines: list[str], data: st.DataObject) -> None:
    index = data.draw(st.integers(0, len(lines) - 1))
    unique = [*lines[:index], "needle", "thread", *lines[index:]]
    changed = replace("\r\n".join(unique), "needle\nthread", "one\ntwo")
    assert changed == "\r\n".join([*lines[:index], "one", "two", *lines[index:]])


def test_lines_are_matched_without_their_outer_blanks() -> None:
    whole = "def f():\n    if x:\n        a = 1\n    b\n"
    assert replace(whole, "if x:\n    a = 1", "NEW") == "def f():\nNEW\n    b\n"


def test_tabs_and_trailing_blanks_do_not_matter() -> None:
    assert replace("\tx = 1  \ny\n", "  x = 1\ny", "z") == "z\n"


def test_a_line_is_matched_whatever_the_amount_of_blanks() -> None:
    assert replace("a\n  x  =   1\nb\n", "x = 1", "y") == "a\ny\nb\n"


def test_blanks_are_forgiven_within_a_line() -> None:
    assert replace("r = f(a,  b) + 1\n", "f(a, b)", "g()") == "r = g() + 1\n"


def test_an_exact_match_has_priority_over_a_similar_one() -> None:
    assert replace("foo(a,  b)\nfoo(a, b)\n", "foo(a, b)", "X") == "foo(a,  b)\nX\n"


def test_a_block_is_found_by_its_ends_when_the_middle_is_similar() -> None:
    whole = "start\none\ntwo\nthree\nend\n"
    assert replace(whole, "start\noneX\ntwoY\nthree\nend", "new") == "new\n"


def test_the_most_similar_of_two_blocks_is_taken() -> None:
    whole = "start\nalpha\nend\nstart\nbeta gamma\nend\n"
    assert replace(whole, "start\nbeta gamme\nend", "new") == "start\nalpha\nend\nnew\n"


@pytest.mark.parametrize(
    "old",
    [
        "start\nnothing like it\nat all here\nsomething else\nend",
        "start\none\ntwo\nend",
        "ONE",
        "“one”",
    ],
)
def test_what_is_not_alike_is_not_found(old: str) -> None:
    with pytest.raises(NoMatch):
        replace("start\none\ntwo\nthree\nend\n", old, "x")


def test_ends_found_everywhere_say_nothing() -> None:
    with pytest.raises(NoMatch):
        replace("}\na\n" * 50_000, "}\nax\n}", "new")


def test_escape_sequences_are_resolved() -> None:
    assert replace('a = "x\ty"\n', 'a = "x\\ty"', "b") == "b\n"


def test_blanks_around_the_old_text_are_ignored() -> None:
    assert replace("x alpha y", "\n  alpha  \n", "beta") == "x beta y"


def test_several_places_are_refused() -> None:
    with pytest.raises(SeveralMatches):
        replace("foo\nfoo\n", "foo", "bar")
    with pytest.raises(SeveralMatches):
        replace("  foo = 1\n\tfoo = 1\n", " foo = 1 ", "bar")


def test_blank_lines_alone_are_never_matched_loosely() -> None:
    with pytest.raises(NoMatch):
        replace("a\n\n\nb\n", "   \n\t", "x")


def test_an_old_text_with_windows_line_ends_matches_a_unix_file() -> None:
    assert replace("a\nb\nc\n", "a\r\nb", "x\r\ny") == "x\ny\nc\n"


def test_the_new_text_is_left_alone_in_a_unix_file() -> None:
    assert replace("a\nb\n", "b", "x\r\ny") == "a\nx\r\ny\n"
