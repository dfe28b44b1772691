"""Files over HTTP: listed, read, found; nothing outside the directory."""

from pathlib import Path
from typing import Any

import pytest

from tests.api.asking import place

FILES = {
    "README.md": "hello world\nsecond hello\n",
    "src/util.py": "def hello(): ...\n",
    "src/lib/deep.py": "",
    ".gitignore": "ignored/\n",
}


async def test_a_directory_is_listed_with_what_git_ignores_marked(tmp_path: Path) -> None:
    async with place(tmp_path, FILES) as at:
        (at.project / "ignored").mkdir()
        found = {one["path"]: one for one in await at.ask("file.list", path="")}
        files = [".gitignore", "opencode.json", "README.md"]
        assert list(found) == [".git/", "ignored/", "src/", *files]
        assert found["ignored/"]["ignored"] is True
        assert found["README.md"]["ignored"] is False
        below = await at.ask("file.list", path="src/")
        assert [one["path"] for one in below] == ["src/lib/", "src/util.py"]


async def test_a_file_is_read_and_a_missing_one_is_empty(tmp_path: Path) -> None:
    async with place(tmp_path, FILES) as at:
        found = await at.ask("file.read", path="README.md")
        assert found == {"type": "text", "content": "hello world\nsecond hello"}
        assert (await at.ask("file.read", path="none.txt"))["content"] == ""
        (at.project / "b.bin").write_bytes(b"\0\1")
        assert (await at.ask("file.read", path="b.bin"))["encoding"] == "base64"


@pytest.mark.parametrize("path", ["../secret.txt", "/etc/hostname", "link.txt"])
async def test_nothing_outside_the_directory_is_shown(tmp_path: Path, path: str) -> None:
    async with place(tmp_path, FILES) as at:
        (tmp_path / "secret.txt").write_text("secret")
        (at.project / "link.txt").symlink_to(tmp_path / "secret.txt")
        for operation in ("file.read", "file.list"):
            status, answer = await at.send(operation, path=path)
            assert status in (400, 403)
            assert "secret\n" not in str(answer)


async def test_changed_files_are_told_with_their_counts(tmp_path: Path) -> None:
    async with place(tmp_path, FILES) as at:
        (at.project / "README.md").write_text("hello world\n")
        assert await at.ask("file.status") == [
            {"path": "README.md", "added": 0, "removed": 1, "status": "modified"}
        ]


async def test_text_is_found_with_its_place(tmp_path: Path) -> None:
    async with place(tmp_path, FILES) as at:
        found = await at.ask("find.text", pattern="hel+o")
        lines = [(one["path"]["text"], one["line_number"]) for one in found]
        assert lines == [("README.md", 1), ("README.md", 2), ("src/util.py", 1)]
        assert found[1] == {
            "path": {"text": "README.md"},
            "lines": {"text": "second hello\n"},
            "line_number": 2,
            "absolute_offset": 12,
            "submatches": [{"match": {"text": "hello"}, "start": 7, "end": 12}],
        }


async def test_more_than_ten_lines_are_found(tmp_path: Path) -> None:
    async with place(tmp_path, {"many.txt": "line\n" * 3000}) as at:
        assert len(await at.ask("find.text", pattern="line")) == 2000


async def test_a_bad_expression_is_a_bad_request(tmp_path: Path) -> None:
    async with place(tmp_path, FILES) as at:
        status, answer = await at.send("find.text", pattern="(")
        assert (status, answer["name"]) == (400, "BadRequest")
        assert '["pattern"]' in answer["message"]
        assert (await at.send("find.text"))[0] == 400


@pytest.mark.parametrize(
    ("parameters", "wanted"),
    [
        ({"query": "util"}, ["src/util.py"]),
        ({"query": "src"}, ["src/", "src/lib/", "src/util.py", "src/lib/deep.py"]),
        ({"query": "src", "dirs": "false"}, ["src/util.py", "src/lib/deep.py"]),
        ({"query": "src", "type": "directory"}, ["src/", "src/lib/"]),
        ({"query": "src/"}, ["src/", "src/lib/"]),
        ({"query": "README", "limit": 1}, ["README.md"]),
        ({"query": "zzzzqq"}, []),
    ],
)
async def test_files_are_found_by_name(
    tmp_path: Path, parameters: dict[str, Any], wanted: list[str]
) -> None:
    async with place(tmp_path, FILES) as at:
        assert await at.ask("find.files", **parameters) == wanted


async def test_the_number_of_files_has_its_limits(tmp_path: Path) -> None:
    async with place(tmp_path, FILES) as at:
        for limit in (0, 201):
            status, answer = await at.send("find.files", query="", limit=limit)
            assert status == 400
            assert '["limit"]' in answer["message"]


async def test_no_symbols_are_known_without_a_language_server(tmp_path: Path) -> None:
    async with place(tmp_path, FILES) as at:
        assert await at.ask("find.symbols", query="hello") == []
