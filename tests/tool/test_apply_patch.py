"""Several files by one patch: all of it or nothing."""

import asyncio
import os
import stat

import pytest

from opencode.tool.apply_patch import ApplyPatch, ApplyPatchArguments
from opencode.tool.base import ToolError, ToolResult
from opencode.tool.read import Read, ReadArguments
from tests.tool.surroundings import Refused, Surroundings

FAILED = "apply_patch verification failed: "


async def patch(here: Surroundings, *lines: str) -> ToolResult:
    text = "\n".join(("*** Begin Patch", *lines, "*** End Patch"))
    return await ApplyPatch().run(ApplyPatchArguments(patch_text=text), here.context())


def contents(here: Surroundings) -> dict[str, str]:
    return {
        os.path.relpath(path, here.project): path.read_text()
        for path in sorted(here.project.rglob("*"))
        if path.is_file()
    }


async def test_files_are_added_changed_moved_and_deleted(here: Surroundings) -> None:
    here.file("src/util.py", "a = 1\nb = 2\n")
    here.file("gone", "x\n")
    moved = here.file("tool.sh", "echo one\n")
    os.chmod(moved, 0o755)
    result = await patch(
        here,
        "*** Add File: docs/new.txt",
        "+hello",
        "*** Update File: src/util.py",
        "-b = 2",
        "+b = 3",
        "*** Update File: tool.sh",
        "*** Move to: bin/tool",
        "-echo one",
        "+echo two",
        "*** Delete File: gone",
    )
    said = "Success. Updated the following files:\n"
    said += "A docs/new.txt\nM src/util.py\nM bin/tool\nD gone"
    assert (result.title, result.output) == (said, said)
    assert contents(here) == {
        "bin/tool": "echo two\n",
        "docs/new.txt": "hello\n",
        "src/util.py": "a = 1\nb = 3\n",
    }
    assert stat.S_IMODE(os.stat(here.project / "bin/tool").st_mode) == 0o755
    files = result.metadata["files"]
    assert [(one["type"], one["relativePath"]) for one in files] == [
        ("add", "docs/new.txt"),
        ("update", "src/util.py"),
        ("move", "bin/tool"),
        ("delete", "gone"),
    ]
    assert files[2]["movePath"] == str(here.project / "bin/tool")
    assert files[2]["filePath"] == moved
    assert [(one["additions"], one["deletions"]) for one in files] == [
        (1, 0),
        (1, 1),
        (1, 1),
        (0, 1),
    ]
    assert "+b = 3" in result.metadata["diff"]
    touched = ["docs/new.txt", "src/util.py", "tool.sh", "bin/tool", "gone"]
    assert here.permissions() == [("edit", touched)]
    assert here.asked[0].metadata["filepath"] == ", ".join(touched)
    assert [os.path.relpath(path, here.project) for path in here.edited] == touched


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (["*** Update File: nope", "-a"], FAILED + "Failed to read file to update: {project}/nope"),
        (["*** Delete File: nope"], FAILED + "Failed to read file to delete: {project}/nope"),
        (
            ["*** Update File: x", "-zzz"],
            FAILED + "Error: Failed to find expected lines in {project}/x:\nzzz",
        ),
        (["*** Delete File: ."], FAILED + "Error: {project} is a directory"),
        ([], "patch rejected: empty patch"),
        (
            ["*** Update File: x", "*** Move to: y", "-a", "+b"],
            FAILED + "Error: {project}/y exists already",
        ),
        (
            ["*** Delete File: x", "*** Add File: ./x", "+b"],
            FAILED + "Error: {project}/x is named more than once",
        ),
        (
            ["*** Add File: z", "+b", "*** Update File: x", "*** Move to: z", "-a", "+b"],
            FAILED + "Error: {project}/z is named more than once",
        ),
    ],
)
async def test_what_does_not_fit_changes_nothing(
    here: Surroundings, lines: list[str], message: str
) -> None:
    here.file("x", "a\n")
    here.file("y", "a\n")
    with pytest.raises(ToolError) as caught:
        await patch(here, *(["*** Update File: y", "-a", "+c"] if lines else []), *lines)
    assert str(caught.value) == message.format(project=here.project)
    assert contents(here) == {"x": "a\n", "y": "a\n"}


async def test_what_is_no_patch_is_told(here: Surroundings) -> None:
    with pytest.raises(ToolError) as caught:
        await ApplyPatch().run(ApplyPatchArguments(patch_text="diff"), here.context())
    reason = "Error: Invalid patch format: missing Begin/End markers"
    assert str(caught.value) == FAILED + reason


async def test_a_refused_patch_changes_nothing(here: Surroundings) -> None:
    here.file("x", "a\n")
    here.refuse = "edit"
    with pytest.raises(Refused):
        await patch(here, "*** Add File: y", "+b", "*** Update File: x", "-a", "+b")
    assert contents(here) == {"x": "a\n"}


async def test_a_file_outside_is_asked_about_first(here: Surroundings) -> None:
    await patch(here, "*** Add File: ../other/y", "+b")
    outside = str(here.root / "other" / "*")
    assert here.permissions() == [("external_directory", [outside]), ("edit", ["../other/y"])]


async def test_line_ends_and_marks_are_kept(here: Surroundings) -> None:
    here.file("x", b"\xef\xbb\xbfa\r\nb\xe9\r\n")
    await patch(here, "*** Update File: x", "-a", "+c")
    assert (here.project / "x").read_bytes() == b"\xef\xbb\xbfc\r\nb\xe9\r\n"


async def test_a_file_changed_since_it_was_read_is_refused(here: Surroundings) -> None:
    path = here.file("x", "a\n")
    await Read().run(ReadArguments(file_path=path), here.context())
    here.file("x", "a\nmore\n")
    with pytest.raises(ToolError, match="changed on disk since it was last read"):
        await patch(here, "*** Update File: x", "-a", "+b")


async def test_patches_of_the_same_files_follow_one_another(here: Surroundings) -> None:
    here.file("x", "".join(f"{number}\n" for number in range(8)))
    here.file("y", "".join(f"{number}\n" for number in range(8)))

    async def both(number: int) -> None:
        names = ("x", "y") if number % 2 else ("y", "x")
        lines = [
            line
            for name in names
            for line in (f"*** Update File: {name}", f"-{number}", f"+<{number}>")
        ]
        await patch(here, *lines)

    await asyncio.gather(*(both(number) for number in range(8)))
    wanted = "".join(f"<{number}>\n" for number in range(8))
    assert contents(here) == {"x": wanted, "y": wanted}
