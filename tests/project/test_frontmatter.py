import pytest
from hypothesis import given
from hypothesis import strategies as st

from opencode.project.frontmatter import split


def test_keys_and_body_are_told_apart() -> None:
    text = "---\nname: a\ntools:\n  bash: false\n---\n\nBody\n---\nmore\n"
    assert split(text) == ({"name": "a", "tools": {"bash": False}}, "\nBody\n---\nmore\n")


def test_windows_line_ends_and_a_byte_order_mark_are_read() -> None:
    assert split("\ufeff---\r\nname: a\r\n---\r\nBody\r\n") == ({"name": "a"}, "Body\r\n")


@pytest.mark.parametrize("text", ["---\n---\nBody", "---\n\n---\nBody"])
def test_empty_front_matter_is_no_keys(text: str) -> None:
    assert split(text) == ({}, "Body")


def test_front_matter_may_end_the_file() -> None:
    assert split("---\na: 1\n---") == ({"a": 1}, "")


@pytest.mark.parametrize(
    "text",
    ["", "Body", " ---\na: 1\n---\n", "---\na: 1\n", "---\n- a\n---\nBody", "---\n[\n---\nB"],
)
def test_anything_else_is_body(text: str) -> None:
    assert split(text) == ({}, text)


def test_a_sentence_with_colons_is_a_sentence() -> None:
    keys, body = split("---\ndescription: : bad: yaml:\nmode: all\n---\nBody")
    assert (keys, body) == ({"description": ": bad: yaml:", "mode": "all"}, "Body")
    keys, body = split("---\ndescription: Use when: asked\nmode: all\n---\nBody")
    assert (keys, body) == ({"description": "Use when: asked", "mode": "all"}, "Body")


@given(st.text(max_size=60))
def test_no_text_is_ever_refused(text: str) -> None:
    keys, body = split("---\n" + text)
    assert isinstance(keys, dict)
    assert ("---\n" + text).endswith(body)
