"""The diff reads like the one clients know, and applying it gives the new text."""

import subprocess
import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from opencode.tool.difference import compare

RULE = "=" * 67


def test_the_form_of_a_small_change() -> None:
    found = compare("/p/multi.txt", "foo\nbar\nfoo\n", "foo\nBAR\nfoo\n")
    assert found.patch == (
        f"Index: /p/multi.txt\n{RULE}\n--- /p/multi.txt\n+++ /p/multi.txt\n"
        "@@ -1,3 +1,3 @@\n foo\n-bar\n+BAR\n foo\n"
    )
    assert (found.additions, found.deletions) == (1, 1)


def test_a_new_file() -> None:
    found = compare("w", "", "a\n")
    assert found.patch.endswith("+++ w\n@@ -0,0 +1,1 @@\n+a\n")


def test_a_missing_line_end_is_said() -> None:
    assert compare("w", "a\n", "a").patch.endswith("-a\n+a\n\\ No newline at end of file\n")


def test_nothing_changed_is_a_header_alone() -> None:
    assert compare("w", "a\n", "a\n").patch == f"Index: w\n{RULE}\n--- w\n+++ w\n"


def test_a_small_change_in_a_big_file_stays_small() -> None:
    before = "".join(f"line {number}\n" for number in range(100_000))
    found = compare("w", before, before.replace("line 50000\n", "changed\n"))
    assert found.patch.splitlines()[4] == "@@ -49997,9 +49997,9 @@"
    assert len(found.patch.splitlines()) == 4 + 1 + 4 + 2 + 4


lines = st.lists(st.sampled_from(["a", "b", "", "c d", "-x", "+y"]), max_size=12)


@settings(max_examples=40, deadline=None)
@given(old=lines, new=lines, old_end=st.booleans(), new_end=st.booleans())
def test_git_applies_it_to_the_same_result(
    old: list[str], new: list[str], old_end: bool, new_end: bool
) -> None:
    before = "\n".join(old) + "\n" * old_end
    after = "\n".join(new) + "\n" * new_end
    if before == after or not before or not after:
        return
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "w"
        path.write_text(before)
        patch = compare("w", before, after).patch
        subprocess.run(
            ["git", "apply", "-p0", "--unidiff-zero", "-"],
            cwd=directory,
            input=patch.encode(),
            check=True,
        )
        assert path.read_text() == after
