import asyncio
import os
from pathlib import Path

import psutil
import pytest

from opencode.project.process import NOT_INSTALLED, GitError, null_separated, run_git


async def test_output_and_exit_code_are_told(tmp_path: Path) -> None:
    answer = await run_git("--version", cwd=str(tmp_path))
    assert answer.code == 0
    assert answer.line.startswith("git version")
    failed = await run_git("rev-parse", "HEAD", cwd=str(tmp_path))
    assert failed.code != 0
    assert failed.line == ""
    with pytest.raises(GitError, match="not a git repository"):
        failed.expect()


async def test_a_missing_directory_is_an_answer(tmp_path: Path) -> None:
    answer = await run_git("--version", cwd=str(tmp_path / "no"))
    assert answer.code == NOT_INSTALLED


async def test_input_reaches_the_command(tmp_path: Path) -> None:
    answer = await run_git("hash-object", "--stdin", cwd=str(tmp_path), feed=b"hello\n")
    assert answer.line == "ce013625030ba8dba906f756967f9e9ca394464a"


async def test_variables_of_another_repository_are_not_inherited(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_DIR", "/nowhere/at/all")
    assert (await run_git("init", "-q", cwd=str(tmp_path))).code == 0
    assert (tmp_path / ".git").is_dir()


async def test_a_null_separated_listing_keeps_odd_names(tmp_path: Path) -> None:
    await run_git("init", "-q", cwd=str(tmp_path))
    (tmp_path / 'a "b"\n').write_text("")
    answer = await run_git("ls-files", "-z", "--others", cwd=str(tmp_path))
    assert null_separated(answer) == ['a "b"\n']


async def test_a_cancelled_command_leaves_no_child(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    task = asyncio.ensure_future(run_git("hash-object", "--no-filters", "pipe", cwd=str(tmp_path)))
    with await asyncio.to_thread(pipe.open, "wb"):
        children = psutil.Process().children()
        assert children
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert not any(child.is_running() for child in children)


async def test_a_command_that_takes_too_long_is_ended(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(GitError, match="did not end within"):
        await run_git("hash-object", "--no-filters", "pipe", cwd=str(tmp_path), timeout=0.2)
