"""Real repositories for tests."""

import subprocess
from pathlib import Path


def git(cwd: Path, *arguments: str) -> str:
    done = subprocess.run(["git", *arguments], cwd=cwd, check=True, capture_output=True, text=True)
    return done.stdout.strip()


def repository(path: Path, *, commit: bool = True) -> Path:
    path.mkdir(parents=True)
    git(path, "init", "-q", "-b", "main")
    git(path, "config", "user.email", "a@b.c")
    git(path, "config", "user.name", "n")
    if commit:
        (path / "a.txt").write_text("a\n")
        git(path, "add", ".")
        git(path, "commit", "-q", "-m", "first")
    return path.resolve()
