from pathlib import Path

import pytest

from opencode.errors import VcsApplyError
from opencode.project.git import Git
from opencode.project.locate import locate
from tests.project.repositories import git, repository


async def git_of(path: Path) -> Git:
    return Git(await locate(str(path)))


async def test_outside_of_a_repository_all_is_empty(tmp_path: Path) -> None:
    found = await git_of(tmp_path)
    assert (await found.info()).plain() == {"branch": None, "default_branch": None}
    assert await found.status() == []
    assert await found.diff() == await found.diff("branch") == []
    assert await found.raw_diff() == ""
    with pytest.raises(VcsApplyError) as caught:
        await found.apply("")
    assert caught.value.body()["data"]["reason"] == "non-git"


async def test_the_default_branch_is_main_or_what_origin_says(tmp_path: Path) -> None:
    repo = repository(tmp_path / "r")
    git(repo, "checkout", "-q", "-b", "feat")
    found = await git_of(repo)
    assert (await found.info()).plain() == {"branch": "feat", "default_branch": "main"}
    git(repo, "branch", "-m", "main", "trunk")
    assert await found.default_branch() is None
    git(repo, "clone", "-q", "-b", "trunk", str(repo), str(tmp_path / "clone"))
    clone = await git_of(tmp_path / "clone")
    assert (await clone.info()).plain() == {"branch": "trunk", "default_branch": "feat"}


async def test_no_branch_is_named_while_none_is_checked_out(tmp_path: Path) -> None:
    repo = repository(tmp_path / "r")
    git(repo, "checkout", "-q", "--detach")
    assert await (await git_of(repo)).branch() is None


async def test_every_kind_of_change_is_listed(tmp_path: Path) -> None:
    repo = repository(tmp_path / "r")
    for name, content in (("gone", "1\n2\n"), ("moved", "m\n"), ("staged", "s\n"), ("mode", "x\n")):
        (repo / name).write_text(content)
    (repo / ".gitignore").write_text("*.log\n")
    git(repo, "add", ".")
    git(repo, "commit", "-q", "-m", "more")
    (repo / "gone").unlink()
    git(repo, "mv", "moved", "moved2")
    (repo / "staged").write_text("s\nt\n")
    git(repo, "add", "staged")
    (repo / "mode").chmod(0o755)
    (repo / "deep").mkdir()
    (repo / "deep" / "naïve ü").write_text("n\n")
    (repo / "empty").write_text("")
    (repo / "bin").write_bytes(b"\0")
    (repo / "x.log").write_text("ignored")
    index = (repo / ".git" / "index").read_bytes()
    found = await git_of(repo)
    status = [tuple(item.plain().values()) for item in await found.status()]
    assert status == [
        ("bin", 0, 0, "added"),
        ("deep/naïve ü", 1, 0, "added"),
        ("empty", 0, 0, "added"),
        ("gone", 0, 2, "deleted"),
        ("mode", 0, 0, "modified"),
        ("moved", 0, 1, "deleted"),
        ("moved2", 1, 0, "added"),
        ("staged", 1, 0, "modified"),
    ]
    diffs = {item.file: item.patch or "" for item in await found.diff()}
    assert [*diffs] == [item[0] for item in status]
    assert diffs["deep/naïve ü"].splitlines()[1] == "new file mode 100644"
    assert diffs["mode"].endswith("old mode 100644\nnew mode 100755\n")
    assert await found.raw_diff() == "".join(diffs.values())
    assert (repo / ".git" / "index").read_bytes() == index


async def test_settings_of_the_user_do_not_change_a_patch(tmp_path: Path) -> None:
    repo = repository(tmp_path / "r")
    for name, value in (
        ("diff.noprefix", "true"),
        ("color.diff", "always"),
        ("diff.renames", "true"),
    ):
        git(repo, "config", name, value)
    (repo / "a.txt").write_text("b\n")
    assert await (await git_of(repo)).raw_diff() == (
        "diff --git a/a.txt b/a.txt\nindex 7898192..6178079 100644\n"
        "--- a/a.txt\n+++ b/a.txt\n@@ -1 +1 @@\n-a\n+b\n"
    )


async def test_a_sub_folder_sees_only_what_is_below_it(tmp_path: Path) -> None:
    repo = repository(tmp_path / "r")
    (repo / "sub [x]").mkdir()
    (repo / "sub [x]" / "new").write_text("n\n")
    (repo / "a.txt").write_text("b\n")
    found = await git_of(repo / "sub [x]")
    assert [item.file for item in await found.status()] == ["sub [x]/new"]


async def test_context_lines_are_as_many_as_asked(tmp_path: Path) -> None:
    repo = repository(tmp_path / "r")
    lines = [f"{number}\n" for number in range(20)]
    (repo / "a.txt").write_text("".join(lines))
    git(repo, "commit", "-q", "-a", "-m", "lines")
    (repo / "a.txt").write_text("".join(lines).replace("10\n", "ten\n"))
    found = await git_of(repo)
    for context in (0, 1, 5):
        patch = (await found.diff(context=context))[0].patch or ""
        assert len([line for line in patch.splitlines() if line.startswith(" ")]) == 2 * context


async def test_a_branch_is_compared_with_where_it_began(tmp_path: Path) -> None:
    repo = repository(tmp_path / "r")
    found = await git_of(repo)
    assert await found.diff("branch") == []
    git(repo, "checkout", "-q", "-b", "feat")
    (repo / "b.txt").write_text("b\n")
    git(repo, "add", "b.txt")
    git(repo, "commit", "-q", "-m", "b")
    git(repo, "checkout", "-q", "main")
    (repo / "later").write_text("l\n")
    git(repo, "add", "later")
    git(repo, "commit", "-q", "-m", "later")
    git(repo, "checkout", "-q", "feat")
    (repo / "c.txt").write_text("c\n")
    assert [item.file for item in await found.diff("branch")] == ["b.txt", "c.txt"]
    assert [item.file for item in await found.diff("git")] == ["c.txt"]


async def test_before_the_first_commit_everything_is_added(tmp_path: Path) -> None:
    repo = repository(tmp_path / "r", commit=False)
    (repo / "a").write_text("a\n")
    (repo / "b").write_text("b\n")
    git(repo, "add", "a")
    status = await (await git_of(repo)).status()
    assert [(item.file, item.status) for item in status] == [("a", "added"), ("b", "added")]


async def test_a_patch_is_applied_wholly_or_not_at_all(tmp_path: Path) -> None:
    repo = repository(tmp_path / "r")
    found = await git_of(repo)
    (repo / "a.txt").write_text("a\nb\n")
    (repo / "new").write_text("n\n")
    patch = await found.raw_diff()
    git(repo, "checkout", "-q", ".")
    (repo / "new").unlink()
    await found.apply(patch)
    assert (repo / "a.txt").read_text() == "a\nb\n"
    assert (repo / "new").read_text() == "n\n"
    (repo / "new").unlink()
    for bad in (patch, "rubbish", "", patch.replace("new", "../outside")):
        with pytest.raises(VcsApplyError) as caught:
            await found.apply(bad)
        assert caught.value.body()["data"] == {
            "message": "Patch can't be applied",
            "reason": "not-clean",
        }
    assert not (repo / "new").exists()
    assert not (tmp_path / "outside").exists()


async def test_a_linked_worktree_has_its_own_changes(tmp_path: Path) -> None:
    repo = repository(tmp_path / "r")
    git(repo, "worktree", "add", "-q", str(tmp_path / "linked"))
    (tmp_path / "linked" / "new").write_text("n\n")
    linked = await git_of(tmp_path / "linked")
    assert [item.file for item in await linked.status()] == ["new"]
    assert await (await git_of(repo)).status() == []
