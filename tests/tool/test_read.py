"""Files, directories, images, and the instructions that come with them."""

import base64
import os

import pytest

from opencode.tool.base import ToolError, ToolResult
from opencode.tool.read import Read, ReadArguments
from tests.tool.surroundings import Refused, Surroundings


async def read(here: Surroundings, path: str, **arguments: int) -> ToolResult:
    given = ReadArguments(file_path=path, **arguments)
    return await Read().run(given, here.context())


async def test_a_file_is_shown_with_line_numbers(here: Surroundings) -> None:
    path = here.file("README.md", "# Demo\n\nhello\n")
    result = await read(here, path)
    assert result.title == "README.md"
    assert result.output == (
        f"<path>{path}</path>\n<type>file</type>\n<content>\n1: # Demo\n2: \n3: hello\n\n"
        "(End of file - total 3 lines)\n</content>"
    )
    assert result.metadata == {
        "preview": "# Demo\n\nhello",
        "truncated": False,
        "loaded": [],
        "display": {
            "type": "file",
            "path": path,
            "text": "# Demo\n\nhello",
            "lineStart": 1,
            "lineEnd": 3,
            "totalLines": 3,
            "truncated": False,
        },
    }
    assert here.permissions() == [("read", ["README.md"])]
    assert here.asked[0].always == ["*"]
    assert here.times.seen(path) is not None


async def test_a_page_says_how_to_go_on(here: Surroundings) -> None:
    path = here.file("long", "".join(f"{number}\n" for number in range(2599)))
    result = await read(here, path)
    assert "(Showing lines 1-2000 of 2599. Use offset=2001 to continue.)" in result.output
    assert result.metadata["truncated"] is True
    result = await read(here, path, offset=10, limit=2)
    assert "<content>\n10: 9\n11: 10\n\n(Showing lines 10-11 of 2599. Use" in result.output
    result = await read(here, path, offset=2599)
    assert "2599: 2598\n\n(End of file - total 2599 lines)" in result.output


async def test_fifty_kilobytes_are_the_most(here: Surroundings) -> None:
    result = await read(here, here.file("wide", ("x" * 200 + "\n") * 1000))
    assert (
        "(Output capped at 50 KB. Showing lines 1-254. Use offset=255 to continue.)"
        in result.output
    )


async def test_long_lines_are_cut(here: Surroundings) -> None:
    result = await read(here, here.file("line", "x" * 5000))
    assert f"1: {'x' * 2000}... (line truncated to 2000 chars)\n" in result.output


async def test_an_empty_file_has_no_lines(here: Surroundings) -> None:
    result = await read(here, here.file("empty"), offset=0)
    assert "<content>\n\n\n(End of file - total 0 lines)" in result.output
    assert result.metadata["display"]["lineEnd"] == 0


async def test_a_limit_of_none_shows_no_line(here: Surroundings) -> None:
    result = await read(here, here.file("one", "x\n"), limit=0)
    assert "<content>\n\n\n(Showing lines 1-0 of 1. Use offset=1 to continue.)" in result.output


async def test_line_ends_marks_and_foreign_bytes_are_not_shown(here: Surroundings) -> None:
    result = await read(here, here.file("odd", b"\xef\xbb\xbfa\r\nb\xff\r\n"))
    assert "\n1: a\n2: b\ufffd\n" in result.output


@pytest.mark.parametrize(
    ("name", "offset", "message"),
    [
        ("missing", 1, "File not found: {path}"),
        ("three", 4, "Offset 4 is out of range for this file (3 lines)"),
        ("binary", 1, "Cannot read binary file: {path}"),
        ("controls", 1, "Cannot read binary file: {path}"),
        ("pipe", 1, "Not a regular file: {path}"),
    ],
)
async def test_what_cannot_be_read_is_said(
    here: Surroundings, name: str, offset: int, message: str
) -> None:
    here.file("three", "a\nb\nc")
    here.file("binary", b"a\0b")
    here.file("controls", bytes(range(1, 32)) * 10)
    os.mkfifo(here.project / "pipe")
    with pytest.raises(ToolError) as caught:
        await read(here, name, offset=offset)
    assert str(caught.value) == message.format(path=here.project / name)


async def test_a_directory_is_listed(here: Surroundings) -> None:
    for name in ["b.py", "A.py", ".hidden", "sub/x"]:
        here.file(name)
    result = await read(here, str(here.project))
    assert result.title == ""
    assert result.output == (
        f"<path>{here.project}</path>\n<type>directory</type>\n<entries>\n"
        ".hidden\nA.py\nb.py\nsub/\n\n(4 entries)\n</entries>"
    )
    result = await read(here, ".", offset=2, limit=2)
    assert "<entries>\nA.py\nb.py\n\n(Showing 2 of 4 entries. Use 'offset'" in result.output
    assert "parameter to read beyond entry 4)" in result.output
    assert result.metadata["display"]["entries"] == ["A.py", "b.py"]


async def test_an_image_is_attached(here: Surroundings) -> None:
    result = await read(here, here.file("p.PNG", b"\x89PNG"))
    assert result.output == "Image read successfully"
    [attachment] = result.attachments
    assert attachment.mime == "image/png"
    assert attachment.url == "data:image/png;base64," + base64.b64encode(b"\x89PNG").decode()
    assert (await read(here, here.file("d.pdf", b"%PDF"))).output == "PDF read successfully"
    assert "1: <svg/>" in (await read(here, here.file("v.svg", "<svg/>"))).output


async def test_instructions_on_the_way_come_once(here: Surroundings) -> None:
    here.file("AGENTS.md", "root\n")
    near = here.file("src/deep/AGENTS.md", "deep rules\n")
    far = here.file("src/CLAUDE.md", "src rules\n")
    path = here.file("src/deep/x.py", "x\n")
    result = await read(here, path)
    assert result.metadata["loaded"] == [near, far]
    assert result.output.endswith(
        f"</content>\n\n<system-reminder>\nInstructions from: {near}\ndeep rules\n\n\n"
        f"Instructions from: {far}\nsrc rules\n\n</system-reminder>"
    )
    assert (await read(here, path)).metadata["loaded"] == []


async def test_outside_of_the_worktree_is_asked_first(here: Surroundings) -> None:
    other = here.root / "other"
    other.mkdir()
    (other / "f").write_text("x")
    await read(here, str(other / "f"))
    await read(here, str(other))
    assert here.permissions() == [
        ("external_directory", [f"{other}/*"]),
        ("read", ["../other/f"]),
        ("external_directory", [f"{other}/*"]),
        ("read", ["../other"]),
    ]
    here.refuse = "external_directory"
    with pytest.raises(Refused):
        await read(here, str(other / "f"))
