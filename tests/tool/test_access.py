"""Where paths lead and what writing keeps."""

import os
import stat

import pytest

from opencode.tool import access
from opencode.tool.base import ToolError
from tests.tool.surroundings import Surroundings


def test_paths_are_seen_from_the_directory(here: Surroundings) -> None:
    context = here.context(directory=str(here.project / "sub"))
    assert access.resolve("a.txt", context) == str(here.project / "sub" / "a.txt")
    assert access.resolve("../a.txt", context) == str(here.project / "a.txt")
    assert access.resolve("/x/../y", context) == "/y"
    assert access.relative(str(here.project / "sub" / "a"), context) == "sub/a"
    assert access.relative(str(here.project), context) == ""


def test_what_lies_outside_is_told(here: Surroundings) -> None:
    context = here.context()
    assert access.outside(str(here.project / "a"), context) is None
    assert access.outside(str(here.project) + "2/a", context) == str(here.project) + "2/a"
    assert access.outside("/etc/hosts", context) == "/etc/hosts"


def test_a_link_that_leaves_the_worktree_is_outside(here: Surroundings) -> None:
    elsewhere = here.root / "elsewhere"
    elsewhere.mkdir()
    (here.project / "link").symlink_to(elsewhere)
    found = access.outside(str(here.project / "link" / "x"), here.context())
    assert found == str(elsewhere / "x")


def test_outside_of_a_repository_only_the_directory_is_inside(here: Surroundings) -> None:
    context = here.context(worktree="/")
    assert access.outside(str(here.project / "a"), context) is None
    assert access.outside("/etc/hosts", context) == "/etc/hosts"


async def test_asking_names_the_directory(here: Surroundings) -> None:
    await access.ask_outside("/etc/hosts", here.context(), directory=False)
    await access.ask_outside("/etc", here.context(), directory=True)
    await access.ask_outside(str(here.project / "a"), here.context(), directory=False)
    assert here.permissions() == [("external_directory", ["/etc/*"])] * 2
    assert here.asked[0].metadata == {"filepath": "/etc/hosts", "parentDir": "/etc"}
    assert here.asked[0].always == ["/etc/*"]


def test_writing_keeps_mode_and_leaves_nothing_behind(here: Surroundings) -> None:
    path = here.file("run.sh", "old")
    os.chmod(path, 0o751)
    stamp = access.save(path, "new", bom=False)
    assert stamp == access.stamp_of(path)
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o751
    assert os.listdir(here.project) == ["run.sh"]
    assert access.load(path).text == "new"


def test_writing_goes_through_a_symbolic_link(here: Surroundings) -> None:
    target = here.file("target", "old")
    link = here.project / "link"
    link.symlink_to("target")
    access.save(str(link), "new", bom=False)
    assert link.is_symlink()
    assert access.load(target).text == "new"


def test_writing_keeps_hard_links_together(here: Surroundings) -> None:
    path = here.file("one", "old")
    os.link(path, here.project / "two")
    access.save(path, "new", bom=False)
    assert (here.project / "two").read_text() == "new"


def test_a_byte_order_mark_and_foreign_bytes_survive(here: Surroundings) -> None:
    path = here.file("latin", b"\xef\xbb\xbfcaf\xe9\r\n")
    content = access.load(path)
    assert content.bom
    assert access.shown(content.text) == "caf\ufffd\r\n"
    access.save(path, content.text + "x", bom=content.bom)
    assert (here.project / "latin").read_bytes() == b"\xef\xbb\xbfcaf\xe9\r\nx"


def test_parents_are_made(here: Surroundings) -> None:
    path = str(here.project / "a" / "b" / "c")
    assert access.load(path).stamp is None
    access.save(path, "x", bom=False)
    assert access.load(path).text == "x"


def test_what_cannot_be_written_is_a_tool_error(here: Surroundings) -> None:
    path = here.file("file", "x")
    with pytest.raises(ToolError, match="UTF-8"):
        access.save(path, "\ud800", bom=False)
    with pytest.raises(ToolError, match="Cannot write"):
        access.save(path + "/below", "x", bom=False)
    with pytest.raises(ToolError, match="Cannot read"):
        access.load(path + "/below")


def test_a_changed_file_is_refused(here: Surroundings) -> None:
    path = here.file("file", "x")
    seen = access.stamp_of(path)
    access.check_unchanged(path, seen)
    here.file("file", "xy")
    with pytest.raises(ToolError, match="changed on disk"):
        access.check_unchanged(path, seen)


async def test_directories_are_known(here: Surroundings) -> None:
    assert await access.is_directory(str(here.project))
    assert not await access.is_directory(here.file("x"))
