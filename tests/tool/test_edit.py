"""Pieces of text, exactly where they are meant."""

import asyncio
import os
import stat
from typing import Any

import pytest

from opencode.tool.base import ToolError, ToolResult
from opencode.tool.edit import Edit, EditArguments
from opencode.tool.read import Read, ReadArguments
from tests.tool.surroundings import Refused, Surroundings


async def edit(here: Surroundings, path: str, old: str, new: str, **more: Any) -> ToolResult:
    given = EditArguments(file_path=path, old_string=old, new_string=new, **more)
    return await Edit().run(given, here.context())


async def test_a_piece_is_replaced_and_the_diff_told(here: Surroundings) -> None:
    path = here.file("multi.txt", "foo\nbar\nfoo\n")
    result = await edit(here, "multi.txt", "bar", "BAR")
    patch = (
        f"Index: {path}\n{'=' * 67}\n--- {path}\n+++ {path}\n"
        "@@ -1,3 +1,3 @@\n foo\n-bar\n+BAR\n foo\n"
    )
    assert (result.title, result.output) == ("multi.txt", "Edit applied successfully.")
    assert result.metadata == {
        "diagnostics": {},
        "diff": patch,
        "filediff": {"file": path, "patch": patch, "additions": 1, "deletions": 1},
    }
    assert here.asked[0].metadata == {"filepath": path, "diff": patch}
    assert here.permissions() == [("edit", ["multi.txt"])]
    assert here.edited == [path]


@pytest.mark.parametrize(
    ("name", "old", "new", "message"),
    [
        ("x", "foo", "y", "Found multiple matches for oldString. Provide more surrounding context"),
        ("x", "zzz", "y", "Could not find oldString in the file. It must match exactly"),
        ("x", "foo", "foo", "No changes to apply: oldString and newString are identical."),
        ("missing", "foo", "y", "File {project}/missing not found"),
        (".", "foo", "y", "Path is a directory, not a file: {project}"),
        ("x", "", "y", "oldString cannot be empty when editing an existing file."),
    ],
)
async def test_what_cannot_be_done_is_said(
    here: Surroundings, name: str, old: str, new: str, message: str
) -> None:
    here.file("x", "foo\nbar\nfoo\n")
    with pytest.raises(ToolError) as caught:
        await edit(here, name, old, new)
    assert str(caught.value).startswith(message.format(project=here.project))
    assert (here.project / "x").read_text() == "foo\nbar\nfoo\n"


async def test_every_occurrence_is_replaced_when_asked(here: Surroundings) -> None:
    here.file("x", "foo\nbar\nfoo\n")
    await edit(here, "x", "foo", "y", replace_all=True)
    assert (here.project / "x").read_text() == "y\nbar\ny\n"


async def test_an_empty_old_text_creates_a_file(here: Surroundings) -> None:
    await edit(here, "new/file", "", "text\n")
    assert (here.project / "new" / "file").read_text() == "text\n"


async def test_line_ends_mark_mode_and_foreign_bytes_are_kept(here: Surroundings) -> None:
    path = here.file("x", b"\xef\xbb\xbfa\r\nb\xe9\r\nc\r\n")
    os.chmod(path, 0o755)
    result = await edit(here, "x", "c\n", "d\ne\n")
    assert (here.project / "x").read_bytes() == b"\xef\xbb\xbfa\r\nb\xe9\r\nd\r\ne\r\n"
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o755
    assert result.metadata["diff"].encode()


async def test_a_file_changed_since_it_was_read_is_refused(here: Surroundings) -> None:
    path = here.file("x", "foo\n")
    await Read().run(ReadArguments(file_path=path), here.context())
    here.file("x", "foo and more\n")
    with pytest.raises(ToolError, match="changed on disk since it was last read"):
        await edit(here, "x", "foo", "bar")
    assert (here.project / "x").read_text() == "foo and more\n"


async def test_a_file_changed_while_the_user_was_asked_is_refused(here: Surroundings) -> None:
    here.file("x", "foo\n")
    context = here.context()
    asking = context.ask

    async def ask(*arguments: Any, **named: Any) -> None:
        await asking(*arguments, **named)
        here.file("x", "foo and more\n")

    context.ask = ask
    with pytest.raises(ToolError, match="changed on disk"):
        await Edit().run(EditArguments(file_path="x", old_string="foo", new_string="bar"), context)
    assert (here.project / "x").read_text() == "foo and more\n"


async def test_parallel_edits_of_one_file_all_take_effect(here: Surroundings) -> None:
    here.file("x", "".join(f"<{number}>\n" for number in range(10)))
    await asyncio.gather(*(edit(here, "x", f"<{number}>", f"[{number}]") for number in range(10)))
    assert (here.project / "x").read_text() == "".join(f"[{number}]\n" for number in range(10))


async def test_a_refused_edit_changes_nothing(here: Surroundings) -> None:
    here.file("x", "foo\n")
    here.refuse = "edit"
    with pytest.raises(Refused):
        await edit(here, "x", "foo", "bar")
    assert (here.project / "x").read_text() == "foo\n"
