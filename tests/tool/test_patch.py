"""Patches read and applied, exactly, nearly, and not at all."""

import contextlib
import difflib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opencode.tool.patch import (
    AddFile,
    DeleteFile,
    Hunk,
    PatchError,
    UpdateFile,
    apply,
    read_patch,
    writes_patches,
)

ALL = """*** Begin Patch
*** Add File: new.txt
+one
+
+two
*** Update File: old.py
*** Move to: renamed.py
@@ class A:
@@ def f(self):
     x = 1
-    y = 2
+    y = 3

*** Delete File: gone
*** End Patch"""


def updated(text: str, *lines: str) -> str:
    """`text` after a patch with these lines."""
    patch = "\n".join(("*** Begin Patch", "*** Update File: f", *lines, "*** End Patch"))
    [change] = read_patch(patch)
    assert isinstance(change, UpdateFile)
    return apply(text, change.hunks, "f")


@pytest.mark.parametrize("text", [ALL, ALL.replace("\n", "\r\n"), f"<<'EOF'\n{ALL}\nEOF\n"])
def test_a_patch_is_read_file_by_file(text: str) -> None:
    added, changed, deleted = read_patch(text)
    assert added == AddFile("new.txt", ["one", "", "two"])
    assert deleted == DeleteFile("gone")
    hunk = Hunk(
        above=["class A:", "def f(self):"],
        lines=[(" ", "    x = 1"), ("-", "    y = 2"), ("+", "    y = 3"), (" ", "")],
    )
    assert changed == UpdateFile("old.py", [hunk], "renamed.py")


@pytest.mark.parametrize("text", ["", "nonsense", "*** Begin Patch\n", "*** End Patch"])
def test_what_has_no_envelope_is_no_patch(text: str) -> None:
    with pytest.raises(PatchError, match=r"^Invalid patch format: missing Begin/End markers$"):
        read_patch(text)


def test_a_line_without_a_sign_is_told() -> None:
    patch = "*** Begin Patch\n*** Update File: f\n*Hello\n*** End Patch"
    with pytest.raises(PatchError, match=r"unexpected line: \*Hello"):
        read_patch(patch)
    with pytest.raises(PatchError, match="unexpected line: text"):
        read_patch("*** Begin Patch\ntext\n*** End Patch")


def test_an_envelope_without_files_does_nothing() -> None:
    assert read_patch("words\n*** Begin Patch\n\n*** End Patch\nmore") == []


def test_lines_are_replaced_where_they_stand() -> None:
    assert updated("a\nb\nc\n", "@@", " a", "-b", "+B", " c") == "a\nB\nc\n"
    assert updated("a\nb\nc\n", "-b") == "a\nc\n"
    assert updated("a\nb\n", " b", "+c") == "a\nb\nc\n"


def test_several_hunks_apply_from_top_to_bottom() -> None:
    text = "x\na\nx\nb\nx\n"
    assert updated(text, "@@", "-x", "+1", "@@", " b", "-x", "+2") == "1\na\nx\nb\n2\n"
    with pytest.raises(PatchError):
        updated(text, "@@", " b", "@@", " a")


def test_the_line_above_says_which_of_several_places_is_meant() -> None:
    text = "def f():\n    return 1\ndef g():\n    return 1\n"
    changed = updated(text, "@@ def g():", "-    return 1", "+    return 2")
    assert changed == "def f():\n    return 1\ndef g():\n    return 2\n"
    with pytest.raises(PatchError, match=r"Failed to find context 'def h\(\):' in f"):
        updated(text, "@@ def h():", "-    return 1")


def test_lines_without_a_place_are_added_at_the_end_or_below_the_line_above() -> None:
    assert updated("a\nb\n", "@@", "+c") == "a\nb\nc\n"
    assert updated("a\nb\n", "@@ a", "+c") == "a\nc\nb\n"
    assert updated("", "+c") == "c\n"


def test_the_end_of_the_file_is_meant_where_it_is_said() -> None:
    assert updated("x\na\nx\n", "-x", "+y", "*** End of File") == "x\na\ny\n"
    assert updated("x\na\nx\n", "-x", "+y") == "y\na\nx\n"


def test_blanks_and_typographic_signs_are_forgiven_and_kept() -> None:
    assert updated("\ta  \nb\n", " a", "-b", "+c") == "\ta  \nc\n"
    assert updated("say \u201chi\u201d \u2013 so\nb\n", ' say "hi" - so', "-b", "+c") == (
        "say \u201chi\u201d \u2013 so\nc\n"
    )


def test_an_exact_place_is_taken_before_a_similar_one() -> None:
    assert updated("  a\na\n", "-a", "+b") == "  a\nb\n"


def test_a_blank_line_before_the_next_marker_is_no_line_of_the_file() -> None:
    assert updated("a\nb\n", " a", "-b", "+c", "") == "a\nc\n"


def test_line_ends_are_kept() -> None:
    assert updated("a\r\nb\r\n", " a", "-b", "+c") == "a\r\nc\r\n"
    assert updated("a\nb", "-a", "+c") == "c\nb"
    assert updated("a\nb", "-b", "+c") == "a\nc\n"
    assert updated("a\n", "-a") == ""


def test_lines_that_are_not_there_are_shown() -> None:
    with pytest.raises(PatchError) as caught:
        updated("a\n", " zzz", "-y")
    assert str(caught.value) == "Failed to find expected lines in f:\nzzz\ny"


def test_some_models_write_patches() -> None:
    assert writes_patches("gpt-5.1-codex")
    assert not writes_patches("claude-sonnet")


LINES = st.lists(st.sampled_from(["a", "b", "  c", "", "}", "x = 1"]), max_size=12)


@given(LINES, LINES, st.integers(0, 3))
def test_a_patch_made_of_two_texts_leads_from_one_to_the_other(
    before: list[str], after: list[str], around: int
) -> None:
    marked = [f"{number} {line}" for number, line in enumerate(before)]
    kept = dict(zip(before, marked, strict=True))
    wanted = [kept.get(line, line) for line in after]
    lines = [
        "@@" if line.startswith("@@") else line
        for line in difflib.unified_diff(marked, wanted, lineterm="", n=around)
        if not line.startswith(("---", "+++"))
    ]
    text = "".join(line + "\n" for line in marked)
    if marked == wanted or (around == 0 and _inserts_only(lines)):
        return
    assert updated(text, *lines) == "".join(line + "\n" for line in wanted)


def _inserts_only(lines: list[str]) -> bool:
    """Whether a hunk has no line that says where it is."""
    hunks = "\n".join(lines).split("@@")[1:]
    return any(all(line.startswith("+") for line in hunk.split("\n") if line) for hunk in hunks)


@given(st.text(max_size=300))
def test_whatever_a_model_writes_is_read_or_refused(text: str) -> None:
    with contextlib.suppress(PatchError):
        read_patch(f"*** Begin Patch\n{text}\n*** End Patch")
