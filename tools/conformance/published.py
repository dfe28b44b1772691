"""The published server from npm: found where the tests keep it, or fetched there."""

import shutil
import subprocess
from pathlib import Path

from tools.floors import ROOT

VERSION = "1.18.33"
PACKAGE = "opencode-linux-x64"
CLIENTS = ROOT / ".cache" / "clients"


class PublishedMissingError(Exception):
    """The published server is not here and cannot be fetched; the text says why."""


def find(folder: Path = CLIENTS) -> Path | None:
    """The program, when it has been fetched."""
    program = folder / "node_modules" / PACKAGE / "bin" / "opencode"
    return program if program.exists() else None


def fetch(folder: Path = CLIENTS) -> Path:
    """The program, fetched from npm when it is not here. Raises `PublishedMissingError`."""
    found = find(folder)
    if found is not None:
        return found
    npm = shutil.which("npm")
    if npm is None:
        raise PublishedMissingError("npm is not installed")
    folder.mkdir(parents=True, exist_ok=True)
    quiet = ("--silent", "--no-audit", "--no-fund", "--ignore-scripts")
    command = [npm, "install", *quiet, "--prefix", str(folder), f"{PACKAGE}@{VERSION}"]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    found = find(folder)
    if found is None:
        raise PublishedMissingError(f"npm could not fetch it: {done.stderr.strip()[:500]}")
    return found
