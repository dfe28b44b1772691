import base64
import os
import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opencode.errors import BadRequestError, ForbiddenError, NotFoundError
from opencode.project.files import Files, confine, is_within
from opencode.project.git import Git
from opencode.project.locate import locate
from tests.project.repositories import git, repository

PNG = b"\x89PNG\r\n\x1a\n\x00"
NAMES = st.sampled_from(
    ["..", ".", "", "a", "b", "inner", "outer", "loop", "file", "new", "a b", "ü"]
)
PATHS = st.tuples(st.sampled_from(["", "/", "{root}/", "//"]), st.lists(NAMES, max_size=6))


def tree(root: Path) -> Path:
    """A directory with links to its inside, to its outside and to themselves."""
    project = root / "project"
    (project / "a" / "b").mkdir(parents=True)
    (project / "file").write_text("x")
    (root / "secret").mkdir()
    (root / "secret" / "file").write_text("secret")
    (project / "inner").symlink_to("a")
    (project / "outer").symlink_to(root / "secret")
    (project / "a" / "outer").symlink_to("../../secret/file")
    (project / "loop").symlink_to("loop")
    return project.resolve()


@given(PATHS)
def test_no_path_leads_out(parts: tuple[str, list[str]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        root = tree(Path(folder))
        path = parts[0].format(root=root) + "/".join(parts[1])
        try:
            found = confine(str(root), path)
        except ForbiddenError:
            return
        assert os.path.realpath(found) == found
        assert os.path.commonpath([str(root), found]) == str(root)


@given(st.text(max_size=20))
def test_any_text_is_inside_or_refused(path: str) -> None:
    root = os.path.realpath(tempfile.gettempdir())
    try:
        assert is_within(root, confine(root, path))
    except (ForbiddenError, BadRequestError):
        return


@pytest.mark.parametrize("path", ["", ".", "a/b", "./a//b/", "inner/b", "a/../file", "no/such"])
def test_inner_paths_are_found(tmp_path: Path, path: str) -> None:
    root = tree(tmp_path)
    assert confine(str(root), path).startswith(str(root))
    assert confine(str(root), str(root / path)) == confine(str(root), path)


@pytest.mark.parametrize(
    "path", ["..", "../secret/file", "/etc/hostname", "outer", "outer/file", "a/outer", "a/../../x"]
)
def test_outer_paths_are_refused(tmp_path: Path, path: str) -> None:
    with pytest.raises(ForbiddenError, match="path leads out of the directory"):
        confine(str(tree(tmp_path)), path)


def test_a_neighbour_with_the_same_beginning_is_outside(tmp_path: Path) -> None:
    (tmp_path / "p").mkdir()
    (tmp_path / "p2").mkdir()
    with pytest.raises(ForbiddenError):
        confine(str(tmp_path / "p"), str(tmp_path / "p2"))


def test_a_linked_root_accepts_both_of_its_names(tmp_path: Path) -> None:
    root = tree(tmp_path)
    (tmp_path / "link").symlink_to(root)
    assert confine(str(tmp_path / "link"), str(tmp_path / "link" / "file")) == str(root / "file")
    assert confine(str(root), str(tmp_path / "link" / "file")) == str(root / "file")


def test_everything_is_inside_of_the_root_directory() -> None:
    assert confine("/", "etc") == os.path.realpath("/etc")


def test_a_null_character_is_refused() -> None:
    with pytest.raises(BadRequestError, match="null"):
        confine("/", "a\0b")


async def test_entries_are_sorted_and_marked(tmp_path: Path) -> None:
    repo = repository(tmp_path / "r")
    for name in ("Beta", "alpha", "build", ".hidden"):
        (repo / name).mkdir()
    for name in ("z.log", "Main.py", "build/x"):
        (repo / name).write_text("")
    (repo / ".gitignore").write_text("build/\n*.log\n")
    nodes = await Files(str(repo)).list()
    assert [(node.path, node.ignored) for node in nodes] == [
        (".git/", False),
        (".hidden/", False),
        ("alpha/", False),
        ("Beta/", False),
        ("build/", True),
        (".gitignore", False),
        ("a.txt", False),
        ("Main.py", False),
        ("z.log", True),
    ]
    assert nodes[4].absolute == str(repo / "build")
    inside = await Files(str(repo)).list("build/")
    assert [(node.name, node.path, node.type, node.ignored) for node in inside] == [
        ("x", "build/x", "file", True)
    ]


async def test_every_spelling_of_a_directory_lists_it(tmp_path: Path) -> None:
    root = tree(tmp_path)
    files = Files(str(root))
    expected = [node.path for node in await files.list("a")]
    assert expected == ["a/b/", "a/outer"]
    for path in ("a/", "./a", str(root / "a"), "b/../a"):
        assert [node.path for node in await files.list(path)] == expected
    assert [node.path for node in await files.list("inner")] == ["inner/b/", "inner/outer"]


async def test_what_cannot_be_listed_says_why(tmp_path: Path) -> None:
    files = Files(str(tree(tmp_path)))
    with pytest.raises(NotFoundError, match="No such directory: nope"):
        await files.list("nope")
    with pytest.raises(BadRequestError, match="path is not a directory: file"):
        await files.list("file")
    for path in ("..", "outer", "/etc"):
        with pytest.raises(ForbiddenError):
            await files.list(path)


async def test_text_is_read_without_its_last_line_end(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(b"hello\r\nsecond\n\n")
    (tmp_path / "i.svg").write_text("<svg/>")
    files = Files(str(tmp_path))
    assert (await files.read("a.txt")).plain() == {"type": "text", "content": "hello\r\nsecond"}
    assert (await files.read(str(tmp_path / "i.svg"))).type == "text"


async def test_a_missing_or_empty_file_is_empty_text(tmp_path: Path) -> None:
    (tmp_path / "empty.png").write_bytes(b"")
    for path in ("nope", "empty.png", "empty.png/below"):
        content = await Files(str(tmp_path)).read(path)
        assert content.plain() == {"type": "text", "content": ""}


@pytest.mark.parametrize(
    ("name", "data", "kind"),
    [
        ("i.png", PNG, "image/png"),
        ("i.png", b"no zero byte", "image/png"),
        ("x.bin", b"\0\1", "application/octet-stream"),
        ("latin.txt", "café".encode("latin-1"), "application/octet-stream"),
    ],
)
async def test_other_bytes_are_base64(tmp_path: Path, name: str, data: bytes, kind: str) -> None:
    (tmp_path / name).write_bytes(data)
    assert (await Files(str(tmp_path)).read(name)).plain() == {
        "type": "binary",
        "content": base64.b64encode(data).decode(),
        "encoding": "base64",
        "mimeType": kind,
    }


async def test_what_cannot_be_read_says_why(tmp_path: Path) -> None:
    root = tree(tmp_path)
    os.mkfifo(root / "pipe")
    files = Files(str(root))
    for path in ("", ".", "a"):
        with pytest.raises(BadRequestError, match="path is a directory"):
            await files.read(path)
    with pytest.raises(BadRequestError, match="not a regular file"):
        await files.read("pipe")
    for path in ("outer/file", "a/outer", "../secret/file", "/etc/hostname", "loop"):
        with pytest.raises(ForbiddenError):
            await files.read(path)


async def test_changed_files_are_counted(tmp_path: Path) -> None:
    repo = repository(tmp_path / "r")
    (repo / "a.txt").write_text("a\nb\n")
    (repo / "new").write_text("1\n2\n")
    found = await Files(str(repo)).status(Git(await locate(str(repo))))
    assert [file.plain() for file in found] == [
        {"path": "a.txt", "added": 1, "removed": 0, "status": "modified"},
        {"path": "new", "added": 2, "removed": 0, "status": "added"},
    ]
    assert git(repo, "status", "--porcelain") == "M a.txt\n?? new"
