"""What goes to the model is bounded, at the head or at the tail."""

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from opencode.ids import Ids
from opencode.tool.output import MAX_BYTES, MAX_LINES, bounded, fits, tail


def test_short_output_is_left_alone(tmp_path: Path) -> None:
    found = bounded("x\n" * 100, directory=str(tmp_path / "out"), ids=Ids())
    assert (found.text, found.path) == ("x\n" * 100, None)
    assert not (tmp_path / "out").exists()


def test_too_many_lines_keep_the_head_and_name_the_file(tmp_path: Path) -> None:
    text = "".join(f"{number}\n" for number in range(9000))
    found = bounded(text, directory=str(tmp_path / "out"), ids=Ids())
    assert found.path is not None
    assert Path(found.path).name.startswith("tool_")
    assert Path(found.path).read_text() == text
    assert found.text.startswith("0\n1\n")
    assert "\n1999\n\n...7001 lines truncated...\n\nThe tool call succeeded" in found.text
    assert f"Full output saved to: {found.path}\n" in found.text


def test_too_many_bytes_keep_whole_lines(tmp_path: Path) -> None:
    text = ("x" * 999 + "\n") * 100
    found = bounded(text, directory=str(tmp_path), ids=Ids())
    assert found.text.startswith("\n".join(["x" * 999] * 51) + "\n\n...")
    assert f"...{100_000 - 50_999} bytes truncated..." in found.text


def test_one_long_line_is_cut_within_it(tmp_path: Path) -> None:
    found = bounded("é" * 100_000, directory=str(tmp_path), ids=Ids())
    assert found.text.startswith("é" * (MAX_BYTES // 2) + "\n\n...")


@given(st.text(st.sampled_from("a\né"), max_size=200).map(lambda text: text * 400))
def test_the_tail_is_an_end_of_the_text_and_fits(text: str) -> None:
    found = tail(text)
    assert text.endswith(found)
    assert len(found.encode()) <= MAX_BYTES
    assert found.count("\n") < MAX_LINES
    assert bool(found) or not text or not fits(text)


def test_the_tail_keeps_whole_lines() -> None:
    assert tail("y" * 60_000 + "\n1\n2\n3\n") == "1\n2\n3\n"


def test_the_tail_of_one_long_line_is_its_end() -> None:
    assert tail("a" + "y" * 60_000) == "y" * MAX_BYTES
    assert tail("a" + "y" * 60_000 + "\n") == "y" * (MAX_BYTES - 1) + "\n"
