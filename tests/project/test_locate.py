import os
from pathlib import Path

import pytest

from opencode.errors import BadRequestError
from opencode.project.locate import GLOBAL, locate, remote_id
from tests.project.repositories import git, repository

WIDGET = "8fe349baa7f3a93f6d1fef03bdc508e75177538b"


async def test_a_plain_directory_is_global(tmp_path: Path) -> None:
    found = await locate(str(tmp_path))
    assert (found.worktree, found.project_id, found.vcs) == ("/", GLOBAL, None)
    assert found.path == str(tmp_path.resolve()).lstrip("/")


async def test_a_repository_without_commits_is_global_but_git(tmp_path: Path) -> None:
    repo = repository(tmp_path / "r", commit=False)
    found = await locate(str(repo))
    assert (found.worktree, found.project_id, found.vcs) == (str(repo), GLOBAL, "git")
    assert not (repo / ".git" / "opencode").exists()


async def test_a_remote_names_the_project_before_the_first_commit(tmp_path: Path) -> None:
    repo = repository(tmp_path / "r", commit=False)
    git(repo, "remote", "add", "origin", "git@github.com:acme/Widget.git")
    assert (await locate(str(repo))).project_id == WIDGET


async def test_the_first_commit_names_a_repository_without_remote(tmp_path: Path) -> None:
    repo = repository(tmp_path / "r")
    root = git(repo, "rev-parse", "HEAD")
    (repo / "sub").mkdir()
    found = await locate(str(repo / "sub"))
    assert (found.project_id, found.worktree, found.path) == (root, str(repo), "sub")
    assert (repo / ".git" / "opencode").read_text() == root


async def test_the_first_of_several_root_commits_counts(tmp_path: Path) -> None:
    repo = repository(tmp_path / "r")
    git(repo, "checkout", "-q", "--orphan", "other")
    git(repo, "commit", "-q", "-m", "other root")
    git(repo, "merge", "-q", "--allow-unrelated-histories", "-m", "both", "main")
    roots = git(repo, "rev-list", "--max-parents=0", "HEAD").split()
    assert len(roots) == 2
    assert (await locate(str(repo))).project_id == min(roots)


async def test_a_written_id_stays_when_the_history_changes(tmp_path: Path) -> None:
    repo = repository(tmp_path / "r")
    (repo / ".git" / "opencode").write_text("kept")
    assert (await locate(str(repo))).project_id == "kept"
    git(repo, "remote", "add", "origin", "https://github.com/acme/Widget")
    assert (await locate(str(repo))).project_id == WIDGET
    assert (repo / ".git" / "opencode").read_text() == WIDGET


async def test_linked_worktrees_share_the_project(tmp_path: Path) -> None:
    repo = repository(tmp_path / "r")
    git(repo, "worktree", "add", "-q", str(tmp_path / "linked"))
    one, two = await locate(str(repo)), await locate(str(tmp_path / "linked"))
    assert one.project_id == two.project_id
    assert two.worktree == str(tmp_path.resolve() / "linked")
    assert one.git_common_dir == two.git_common_dir == str(repo / ".git")


async def test_a_missing_directory_belongs_to_what_is_above_it(tmp_path: Path) -> None:
    repo = repository(tmp_path / "r")
    inside = await locate(str(repo / "no" / "such"))
    assert (inside.worktree, inside.path) == (str(repo), "no/such")
    outside = await locate(str(tmp_path / "nosuch"))
    assert (outside.directory, outside.project_id) == (str(tmp_path.resolve() / "nosuch"), GLOBAL)


async def test_a_file_as_directory_is_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "f").write_text("")
    with pytest.raises(BadRequestError, match="directory is not a directory"):
        await locate(str(tmp_path / "f"))
    with pytest.raises(BadRequestError, match="directory must not contain"):
        await locate("/a\0b")


async def test_the_directory_is_normalised_and_real(tmp_path: Path) -> None:
    repo = repository(tmp_path / "r")
    os.symlink(repo, tmp_path / "link")
    for way in (f"{repo}/", f"{repo}/x/..", f"{repo}//.", str(tmp_path / "link")):
        assert (await locate(way)).directory == str(repo)


async def test_the_root_of_the_file_system_is_located() -> None:
    found = await locate("/")
    assert (found.directory, found.worktree, found.path) == ("/", "/", "")


async def test_a_broken_repository_counts_as_none(tmp_path: Path) -> None:
    (tmp_path / ".git").write_text("gitdir: /nowhere")
    assert (await locate(str(tmp_path))).vcs is None


@pytest.mark.parametrize(
    "url",
    [
        "git@github.com:acme/Widget.git",
        "git@GitHub.com:acme/Widget",
        "github.com:acme/Widget.git",
        "ssh://git@github.com/acme/Widget.git",
        "ssh://git@github.com:22/acme/Widget.git/",
        "https://github.com/acme/Widget",
        "https://user:pass@github.com/acme/Widget.git",
        "http://github.com:8080/acme/Widget.git?x=1",
        "git://GITHUB.com/acme/Widget/",
    ],
)
def test_every_form_of_a_remote_gives_one_id(url: str) -> None:
    assert remote_id(url) == WIDGET


@pytest.mark.parametrize(
    "url", ["", "/srv/repo.git", "file:///srv/repo", "../other", "C:/repo", "https://github.com/"]
)
def test_other_remotes_do_not_count(url: str) -> None:
    assert remote_id(url) is None


def test_the_path_of_a_remote_keeps_its_case() -> None:
    assert remote_id("git@github.com:Acme/Widget.git") != WIDGET
