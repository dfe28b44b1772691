from pathlib import Path

from opencode.project.changes import FORMAT, read_changes
from opencode.project.process import run_git
from tests.project.repositories import git, repository


async def changes_of(repo: Path, *options: str) -> list[tuple[str, str, int, int, str]]:
    answer = await run_git("diff", *FORMAT, *options, "HEAD", cwd=str(repo))
    return [
        (item.file, item.status, item.additions, item.deletions, item.patch)
        for item in read_changes(answer.expect().out)
    ]


async def test_nothing_changed_is_nothing(tmp_path: Path) -> None:
    assert await changes_of(repository(tmp_path / "r"), "--patch") == []


async def test_odd_names_and_contents_stay_with_their_file(tmp_path: Path) -> None:
    repo = repository(tmp_path / "r")
    names = ["-x", 'a "b"\t', "diff --git a", "new\nline", "ü"]
    for name in names:
        (repo / name).write_text("diff --git a/x b/x\n:100644 000000\0\n".replace("\0", ""))
    git(repo, "add", "-A")
    found = await changes_of(repo, "--patch")
    assert [item[0] for item in found] == sorted(names)
    for item in found:
        assert item[1:4] == ("added", 2, 0)
        assert item[4].startswith("diff --git ")
        assert item[4].endswith("@@ -0,0 +1,2 @@\n+diff --git a/x b/x\n+:100644 000000\n")


async def test_a_file_that_becomes_a_link_keeps_both_halves_of_its_patch(tmp_path: Path) -> None:
    repo = repository(tmp_path / "r")
    (repo / "b.txt").write_text("b\n")
    git(repo, "add", "b.txt")
    git(repo, "commit", "-q", "-m", "b")
    (repo / "a.txt").unlink()
    (repo / "a.txt").symlink_to("b.txt")
    (repo / "b.txt").write_text("c\n")
    first, second = await changes_of(repo, "--patch")
    assert first[:2] == ("a.txt", "modified")
    assert first[4].count("diff --git a/a.txt b/a.txt") == 2
    assert second[4].startswith("diff --git a/b.txt b/b.txt")


async def test_binary_files_count_no_lines(tmp_path: Path) -> None:
    repo = repository(tmp_path / "r")
    (repo / "a.txt").write_bytes(b"\0\1\2")
    assert await changes_of(repo) == [("a.txt", "modified", 0, 0, "")]


async def test_a_conflict_is_one_modified_file(tmp_path: Path) -> None:
    repo = repository(tmp_path / "r")
    git(repo, "checkout", "-q", "-b", "other")
    (repo / "a.txt").write_text("theirs\n")
    git(repo, "commit", "-q", "-a", "-m", "theirs")
    git(repo, "checkout", "-q", "main")
    (repo / "a.txt").write_text("ours\n")
    git(repo, "commit", "-q", "-a", "-m", "ours")
    answer = await run_git("merge", "other", cwd=str(repo))
    assert answer.code != 0
    found = await changes_of(repo, "--patch")
    assert [(item[0], item[1]) for item in found] == [("a.txt", "modified")]
    assert "<<<<<<<" in found[0][4]
