"""The project a scenario is played in: a small repository, the same on both sides."""

import json
import os
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

JSON = dict[str, Any]
USUAL: Mapping[str, str] = {
    "README.md": "# Demo\n\nhello\n",
    "multi.txt": "foo\nbar\nfoo\n",
    "src/app.py": "import sys\n\n\ndef main():\n    print(sys.argv)\n",
    "src/util.py": "def double(x):\n    return x * 2\n",
    "sub/deep/x.py": "import os\n",
    "outside/note.txt": "outside\n",
}
OUTSIDE = "outside/"
CONFIG = "opencode.json"
WHEN = "2026-01-02T03:04:05Z"
UNCHANGED = (".git", CONFIG)
"""What neither side's files are compared for."""


@dataclass(frozen=True)
class Places:
    """Where one side plays one scenario."""

    root: Path

    @property
    def project(self) -> Path:
        return self.root / "project"

    @property
    def outside(self) -> Path:
        return self.root / "outside"

    def configure(self, config: JSON) -> None:
        """Write the project's configuration, which git and searches do not see."""
        (self.project / CONFIG).write_text(json.dumps(config, indent=1))
        with (self.project / ".git" / "info" / "exclude").open("a") as file:
            file.write(f"/{CONFIG}\n")

    def files(self) -> dict[str, str]:
        """Every file of the project and beside it: its kind, mode and content."""
        found: dict[str, str] = {}
        for top in (self.project, self.outside):
            for path in sorted(top.rglob("*")):
                name = path.relative_to(self.root).as_posix()
                if path.relative_to(top).parts[0] not in UNCHANGED and not path.is_dir():
                    found[name] = described(path)
        return found


def described(path: Path) -> str:
    """A file in one text."""
    if path.is_symlink():
        return f"link to {os.readlink(path)}"
    content = path.read_bytes().decode("utf-8", "backslashreplace")
    return f"{path.stat().st_mode & 0o777:o}\n{content}"


def build(root: Path, name: str) -> Places:
    """Make an empty repository; its root commit is its own, so that it is its own project."""
    places = Places(root)
    places.project.mkdir(parents=True)
    git(places.project, "init", "-q", "-b", "main")
    git(places.project, "commit", "-q", "--allow-empty", "-m", f"Start of {name}")
    return places


def furnish(places: Places, name: str, files: Mapping[str, str | bytes]) -> None:
    """Bring the places into the state in which a scenario begins, whatever they held."""
    _empty(places.project)
    _empty(places.outside)
    for path, content in {**USUAL, **files}.items():
        target = places.root / path if path.startswith(OUTSIDE) else places.project / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content.encode() if isinstance(content, str) else content)
    git(places.project, "add", "-A")
    git(places.project, "commit", "-q", "--allow-empty", "-m", f"Begin {name}")


def git(directory: Path, *arguments: str) -> None:
    identity = ("-c", "user.name=Test", "-c", "user.email=test@example.com")
    environ = {**os.environ, "GIT_AUTHOR_DATE": WHEN, "GIT_COMMITTER_DATE": WHEN}
    environ |= {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    command = ["git", *identity, *arguments]
    subprocess.run(command, cwd=directory, env=environ, check=True, capture_output=True)


def _empty(directory: Path) -> None:
    directory.mkdir(exist_ok=True)
    for path in directory.iterdir():
        if path.name in UNCHANGED:
            continue
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()
