import asyncio
import os
import shutil
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from opencode.project.locate import locate
from opencode.project.snapshot import Snapshot
from opencode.settings import Paths
from tests.project.repositories import git, repository


async def snapshot_of(repo: Path, tmp_path: Path, max_bytes: int = 1000) -> Snapshot:
    paths = Paths.from_environ({"HOME": str(tmp_path / "home")})
    return Snapshot(await locate(str(repo)), paths, max_bytes=max_bytes)


async def tracked(snapshot: Snapshot) -> str:
    tree = await snapshot.track()
    assert tree is not None
    return tree


def state(root: Path) -> dict[str, object]:
    """Every file of a tree with its mode and content, `.git` left out."""
    found: dict[str, object] = {}
    for folder, folders, files in os.walk(root):
        folders[:] = [name for name in folders if name != ".git"]
        links = [name for name in folders if os.path.islink(os.path.join(folder, name))]
        for name in files + links:
            path = Path(folder, name)
            key = str(path.relative_to(root))
            if path.is_symlink():
                found[key] = os.readlink(path)
            else:
                found[key] = (path.stat().st_mode & 0o111, path.read_bytes())
    return found


async def test_outside_of_a_repository_nothing_is_kept(tmp_path: Path) -> None:
    snapshot = await snapshot_of(tmp_path, tmp_path)
    assert await snapshot.track() is None
    assert not os.path.exists(snapshot.git_dir)


async def test_switched_off_it_keeps_nothing(tmp_path: Path) -> None:
    repo = repository(tmp_path / "r")
    paths = Paths.from_environ({"HOME": str(tmp_path)})
    snapshot = Snapshot(await locate(str(repo)), paths, enabled=False)
    assert await snapshot.track() is None


async def test_the_same_state_has_the_same_name(tmp_path: Path) -> None:
    repo = repository(tmp_path / "r")
    snapshot = await snapshot_of(repo, tmp_path)
    first = await tracked(snapshot)
    assert await tracked(snapshot) == first
    (repo / "a.txt").write_text("b\n")
    second = await tracked(snapshot)
    assert second != first
    (repo / "a.txt").write_text("a\n")
    assert await tracked(await snapshot_of(repo, tmp_path)) == first


async def test_a_repository_without_commits_is_kept_too(tmp_path: Path) -> None:
    repo = repository(tmp_path / "r", commit=False)
    (repo / "new").write_text("x")
    snapshot = await snapshot_of(repo, tmp_path)
    assert len(await tracked(snapshot)) == 40
    assert "/snapshot/global/" in snapshot.git_dir


async def test_the_users_repository_is_not_touched(tmp_path: Path) -> None:
    repo = repository(tmp_path / "r")
    (repo / "staged").write_text("s")
    git(repo, "add", "staged")

    def own() -> dict[str, bytes]:
        files = [path for path in (repo / ".git").rglob("*") if path.is_file()]
        return {str(path): path.read_bytes() for path in files}

    snapshot = await snapshot_of(repo, tmp_path)
    before = own()
    first = await tracked(snapshot)
    (repo / "a.txt").write_text("changed\n")
    await tracked(snapshot)
    await snapshot.restore(first)
    await snapshot.collect()
    assert own() == before


async def test_differences_are_told_by_file(tmp_path: Path) -> None:
    repo = repository(tmp_path / "r")
    (repo / "gone").write_text("1\n2\n")
    snapshot = await snapshot_of(repo, tmp_path)
    first = await tracked(snapshot)
    (repo / "gone").unlink()
    (repo / "a.txt").write_text("a\nb\n")
    (repo / "naïve ü.txt").write_text("n\n")
    second = await tracked(snapshot)
    diffs = await snapshot.diff(first, second)
    assert [(d.file, d.status, d.additions, d.deletions) for d in diffs] == [
        ("a.txt", "modified", 1, 0),
        ("gone", "deleted", 0, 2),
        ("naïve ü.txt", "added", 1, 0),
    ]
    assert diffs[0].patch is not None
    assert diffs[0].patch.startswith("diff --git a/a.txt b/a.txt\n")
    assert diffs[0].patch.endswith("@@ -1 +1,2 @@\n a\n+b\n")
    assert await snapshot.patch(first, second) == "".join(d.patch or "" for d in diffs)
    assert await snapshot.changed_files(first, second) == [
        str(repo / name) for name in ("a.txt", "gone", "naïve ü.txt")
    ]
    assert await snapshot.changed_files(first, first) == []


async def test_a_state_that_is_gone_has_no_difference(tmp_path: Path) -> None:
    repo = repository(tmp_path / "r")
    snapshot = await snapshot_of(repo, tmp_path)
    assert await snapshot.diff("0" * 40, await tracked(snapshot)) == []


async def test_everything_comes_back_as_it_was(tmp_path: Path) -> None:
    repo = repository(tmp_path / "r")
    (repo / ".gitattributes").write_text("* text=auto eol=crlf\n*.bin filter=none\n")
    (repo / "crlf").write_bytes(b"a\r\nb\n")
    (repo / "x.bin").write_bytes(bytes(range(256)))
    (repo / "run.sh").write_text("#!/bin/sh\n")
    (repo / "run.sh").chmod(0o755)
    (repo / "link").symlink_to("a.txt")
    (repo / "dir" / "deep").mkdir(parents=True)
    (repo / "dir" / "deep" / "f").write_text("f")
    (repo / "swap").write_text("a file")
    snapshot = await snapshot_of(repo, tmp_path)
    before, first = state(repo), await tracked(snapshot)

    (repo / "crlf").unlink()
    (repo / "x.bin").write_bytes(b"\0")
    (repo / "run.sh").chmod(0o644)
    (repo / "link").unlink()
    (repo / "link").write_text("no link")
    shutil.rmtree(repo / "dir")
    (repo / "dir").symlink_to("/tmp")
    (repo / "swap").unlink()
    (repo / "swap").mkdir()
    (repo / "swap" / "inner").write_text("i")
    (repo / "new" / "deep").mkdir(parents=True)
    (repo / "new" / "deep" / "n").write_text("n")
    after, second = state(repo), await tracked(snapshot)

    changed = await snapshot.restore(first)
    assert state(repo) == before
    assert not (repo / "new").exists()
    assert str(repo / "run.sh") in changed
    await snapshot.restore(second)
    assert state(repo) == after
    assert await tracked(snapshot) == second


async def test_only_the_named_files_come_back(tmp_path: Path) -> None:
    repo = repository(tmp_path / "r")
    snapshot = await snapshot_of(repo, tmp_path)
    first = await tracked(snapshot)
    for name in ("a.txt", "one", "two"):
        (repo / name).write_text("changed")
    changed = await snapshot.restore(first, [str(repo / "a.txt"), "one", "/etc/hostname", "none"])
    assert changed == [str(repo / "a.txt"), str(repo / "one")]
    assert (repo / "a.txt").read_text() == "a\n"
    assert not (repo / "one").exists()
    assert (repo / "two").read_text() == "changed"


async def test_files_come_back_from_a_state_each(tmp_path: Path) -> None:
    repo = repository(tmp_path / "r")
    snapshot = await snapshot_of(repo, tmp_path)
    trees = []
    for number in range(3):
        trees.append(await tracked(snapshot))
        for name in ("a.txt", "b", "swap"):
            path = repo / name
            if path.is_dir():
                shutil.rmtree(path)
            path.write_text(f"{name} {number}")
        (repo / "swap").unlink()
        (repo / "swap").mkdir()
        (repo / "swap" / "in").write_text(str(number))
    wanted = {
        str(repo / "a.txt"): trees[0],
        "b": trees[2],
        "swap/in": trees[1],
        "never": trees[0],
        "own": "0" * 40,
    }
    (repo / "own").write_text("own")
    changed = await snapshot.restore_each(wanted)
    assert sorted(changed) == [str(repo / name) for name in ("a.txt", "b", "swap/in")]
    assert (repo / "a.txt").read_text() == "a\n"
    assert (repo / "b").read_text() == "b 1"
    assert (repo / "swap" / "in").read_text() == "0"
    assert (repo / "own").read_text() == "own"
    assert await snapshot.restore_each({}) == []


async def test_states_are_collected_once_a_day(tmp_path: Path) -> None:
    repo = repository(tmp_path / "r")
    snapshot = await snapshot_of(repo, tmp_path)
    assert not await snapshot.collect_if_due()
    first = await tracked(snapshot)
    assert not await snapshot.collect_if_due()
    assert not await snapshot.collect_if_due()
    stamp = Path(snapshot.git_dir) / "collected"
    os.utime(stamp, (0, 0))
    (repo / "a.txt").write_text("changed\n")
    assert await snapshot.collect_if_due()
    assert not await snapshot.collect_if_due()
    await snapshot.restore(first)
    assert (repo / "a.txt").read_text() == "a\n"


async def test_what_is_ignored_stays_as_it_is(tmp_path: Path) -> None:
    repo = repository(tmp_path / "r")
    (repo / ".gitignore").write_text("*.log\n")
    (repo / ".git" / "info").mkdir(exist_ok=True)
    (repo / ".git" / "info" / "exclude").write_text("private\n")
    snapshot = await snapshot_of(repo, tmp_path)
    first = await tracked(snapshot)
    (repo / "x.log").write_text("log")
    (repo / "private").write_text("p")
    assert await tracked(snapshot) == first
    await snapshot.restore(first)
    assert (repo / "x.log").read_text() == "log"


async def test_a_file_that_was_ignored_survives_the_change_of_the_rules(tmp_path: Path) -> None:
    repo = repository(tmp_path / "r")
    (repo / ".gitignore").write_text(".env\n")
    (repo / ".env").write_text("KEY=1")
    snapshot = await snapshot_of(repo, tmp_path)
    first = await tracked(snapshot)
    (repo / ".gitignore").write_text("")
    (repo / "made").write_text("m")
    changed = await snapshot.restore(first)
    assert (repo / ".gitignore").read_text() == ".env\n"
    assert (repo / ".env").read_text() == "KEY=1"
    assert not (repo / "made").exists()
    assert str(repo / ".env") not in changed


async def test_new_large_files_are_left_out_and_known_ones_kept(tmp_path: Path) -> None:
    repo = repository(tmp_path / "r")
    snapshot = await snapshot_of(repo, tmp_path, max_bytes=10)
    first = await tracked(snapshot)
    (repo / "large [x]").write_text("x" * 11)
    assert await tracked(snapshot) == first
    (repo / "a.txt").write_text("y" * 11)
    second = await tracked(snapshot)
    assert await snapshot.changed_files(first, second) == [str(repo / "a.txt")]
    await snapshot.restore(first)
    assert (repo / "large [x]").exists()


async def test_repositories_within_are_left_alone(tmp_path: Path) -> None:
    repo = repository(tmp_path / "r")
    repository(repo / "with")
    repository(repo / "without", commit=False)
    snapshot = await snapshot_of(repo, tmp_path)
    first = await tracked(snapshot)
    (repo / "with" / "a.txt").write_text("changed")
    (repo / "more").write_text("m")
    second = await tracked(snapshot)
    assert await snapshot.changed_files(first, second) == [str(repo / "more")]


async def test_deletion_never_follows_a_link(tmp_path: Path) -> None:
    repo = repository(tmp_path / "r")
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "f").write_text("precious")
    snapshot = await snapshot_of(repo, tmp_path)
    first = await tracked(snapshot)
    (repo / "d").symlink_to(outside)
    await tracked(snapshot)
    await snapshot.restore(first)
    assert not (repo / "d").is_symlink()
    assert (outside / "f").read_text() == "precious"


async def test_hooks_of_the_user_do_not_run(tmp_path: Path) -> None:
    repo = repository(tmp_path / "r")
    snapshot = await snapshot_of(repo, tmp_path)
    first = await tracked(snapshot)
    hook = Path(snapshot.git_dir) / "hooks" / "post-checkout"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\ntouch ran\n")
    hook.chmod(0o755)
    (repo / "a.txt").write_text("changed")
    await snapshot.restore(first)
    assert not (repo / "ran").exists()


async def test_two_owners_share_one_shadow(tmp_path: Path) -> None:
    repo = repository(tmp_path / "r")
    one, two = await snapshot_of(repo, tmp_path), await snapshot_of(repo, tmp_path)
    for number in range(3):
        (repo / "n").write_text(str(number))
        trees = await asyncio.gather(one.track(), two.track(), one.track(), two.track())
        assert len(set(trees)) == 1
        assert None not in trees


async def test_linked_worktrees_have_shadows_of_their_own(tmp_path: Path) -> None:
    repo = repository(tmp_path / "r")
    git(repo, "worktree", "add", "-q", str(tmp_path / "linked"))
    one = await snapshot_of(repo, tmp_path)
    two = await snapshot_of(tmp_path / "linked", tmp_path)
    assert os.path.dirname(one.git_dir) == os.path.dirname(two.git_dir)
    assert one.git_dir != two.git_dir
    assert await tracked(one) == await tracked(two)


async def test_a_failure_is_no_snapshot(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    repo = repository(tmp_path / "r")
    snapshot = await snapshot_of(repo, tmp_path)
    Path(snapshot.git_dir).parent.mkdir(parents=True)
    Path(snapshot.git_dir).write_text("in the way")
    assert await snapshot.track() is None
    assert "no snapshot of" in caplog.text


NAMES = st.sampled_from(["a", "b", "d/e", "d/f/g", "d", "*", "-x", 'q"', "ü", ".gitignore"])
CONTENT = st.sampled_from([b"", b"x", b"x\r\n", b"\0\xff", b"a\nb\n", b"a\n"])
TREES = st.dictionaries(NAMES, CONTENT, max_size=5)


@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(TREES, min_size=2, max_size=4))
def test_any_state_can_be_restored(trees: list[dict[str, bytes]]) -> None:
    asyncio.run(_visit_and_return(trees))


async def _visit_and_return(trees: list[dict[str, bytes]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        repo = repository(Path(folder) / "r", commit=False)
        snapshot = await snapshot_of(repo, Path(folder))
        seen: dict[str, dict[str, object]] = {}
        for tree in trees:
            for entry in list(repo.iterdir()):
                if entry.name != ".git":
                    shutil.rmtree(entry) if entry.is_dir() else entry.unlink()
            for name, content in tree.items():
                path = repo / name
                if path.is_dir() or any(parent.is_file() for parent in path.parents):
                    continue
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(b"" if name == ".gitignore" else content)
            seen[await tracked(snapshot)] = state(repo)
        for name, expected in seen.items():
            await snapshot.restore(name)
            assert state(repo) == expected
