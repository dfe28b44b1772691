"""Bring the page's third-party modules into static/vendor.

Usage:
  tools.vendor [--check] [--into=DIR]
  tools.vendor --help

Run it as `python -m tools.vendor`.

Options:
  --check      Touch nothing and need no network: compare the files with the lock.
  --into=DIR   The folder of the files [default: static/vendor].

Without --check the pinned packages are fetched with `npm pack`, the few files the page uses are
taken out of them, and the lock is written anew. The page has no build step, so the modules are
served as they are; only imports of one another become relative and references to source maps go.
"""

import hashlib
import json
import re
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from docopt import docopt

LOCK = "vendor.lock.json"
LANGUAGES = (
    "bash",
    "css",
    "diff",
    "go",
    "javascript",
    "json",
    "markdown",
    "python",
    "rust",
    "sql",
    "typescript",
    "xml",
    "yaml",
)
IMPORTS = {
    "preact": "./preact.js",
    "preact/hooks": "./preact-hooks.js",
    "@preact/signals-core": "./signals-core.js",
}
BARE_IMPORT = re.compile(r'((?<!")\b(?:import|export)\s*[\w$*{][^"\'();]*?from)\s*"([^"./][^"]*)"')
SOURCE_MAP = re.compile(r"//# sourceMappingURL=\S+\s*$")


class VendorError(Exception):
    """The files cannot be brought or do not agree with the lock; the text says which and why."""


@dataclass(frozen=True)
class Pin:
    """One package at one version, and what is taken from it."""

    package: str
    version: str
    licence: str
    """SPDX name of the licence the files are used under."""
    files: tuple[tuple[str, str], ...]
    """Pairs of a path in the package and the name it gets here; licence texts among them."""

    @property
    def spec(self) -> str:
        return f"{self.package}@{self.version}"


PINS = (
    Pin(
        "preact",
        "11.2.0",
        "MIT",
        (
            ("dist/preact.mjs", "preact.js"),
            ("hooks/dist/hooks.mjs", "preact-hooks.js"),
            ("LICENSE", "preact.LICENSE"),
        ),
    ),
    Pin("htm", "3.1.1", "Apache-2.0", (("dist/htm.mjs", "htm.js"), ("LICENSE", "htm.LICENSE"))),
    Pin(
        "@preact/signals-core",
        "1.14.5",
        "MIT",
        (("dist/signals-core.mjs", "signals-core.js"), ("LICENSE", "signals-core.LICENSE")),
    ),
    Pin(
        "@preact/signals",
        "2.11.4",
        "MIT",
        (("dist/signals.mjs", "signals.js"), ("LICENSE", "signals.LICENSE")),
    ),
    Pin(
        "marked",
        "18.2.1",
        "MIT",
        (("lib/marked.esm.js", "marked.js"), ("LICENSE", "marked.LICENSE")),
    ),
    Pin(
        "dompurify",
        "3.4.18",
        "Apache-2.0",
        (("dist/purify.es.mjs", "dompurify.js"), ("LICENSE", "dompurify.LICENSE")),
    ),
    Pin(
        "@highlightjs/cdn-assets",
        "11.12.0",
        "BSD-3-Clause",
        (
            ("es/core.min.js", "highlight/core.js"),
            *((f"es/languages/{name}.min.js", f"highlight/{name}.js") for name in LANGUAGES),
            ("LICENSE", "highlight/LICENSE"),
        ),
    ),
)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; 1 when the folder is not as the lock says."""
    options = docopt(__doc__ or "", argv=None if argv is None else list(argv))
    folder = Path(options["--into"])
    try:
        if options["--check"]:
            check(folder, PINS)
        else:
            bring(folder, PINS)
    except VendorError as error:
        print(f"vendor: {error}", file=sys.stderr)
        return 1
    return 0


def bring(folder: Path, pins: Sequence[Pin]) -> None:
    """Fetch every pinned package, write its files and the lock, drop what is no longer listed."""
    files: dict[str, bytes] = {}
    packages: dict[str, dict[str, Any]] = {}
    with tempfile.TemporaryDirectory() as scratch:
        for pin in pins:
            archive = pack(pin, Path(scratch))
            taken = take(archive, pin)
            files |= taken
            packages[pin.package] = entry(pin, archive, taken)
    for path in present(folder):
        if path not in files:
            (folder / path).unlink()
    for name, content in files.items():
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
    text = json.dumps({"packages": packages}, indent=2, sort_keys=True) + "\n"
    (folder / LOCK).write_text(text, encoding="utf-8")


def pack(pin: Pin, scratch: Path) -> Path:
    """The package's archive, fetched by npm, which verifies what it received."""
    done = subprocess.run(
        ["npm", "pack", "--silent", pin.spec],
        cwd=scratch,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise VendorError(f"npm pack {pin.spec} failed: {done.stderr.strip()}")
    return scratch / done.stdout.split()[-1]


def take(archive: Path, pin: Pin) -> dict[str, bytes]:
    """The listed files of an archive under the names they get here, ready to be served."""
    taken = {}
    with tarfile.open(archive) as tar:
        for member, name in pin.files:
            try:
                stream = tar.extractfile(f"package/{member}")
            except KeyError:
                stream = None
            if stream is None:
                raise VendorError(f"{pin.spec} has no file {member}")
            content = stream.read()
            taken[name] = served(content, name=name) if name.endswith(".js") else content
    return taken


def served(content: bytes, *, name: str) -> bytes:
    """A module with relative imports and without its source map."""

    def relative(found: re.Match[str]) -> str:
        target = IMPORTS.get(found[2])
        if target is None:
            raise VendorError(f"{name} imports {found[2]}, which is not vendored")
        return f'{found[1]}"{target}"'

    text = SOURCE_MAP.sub("", content.decode("utf-8"))
    return (BARE_IMPORT.sub(relative, text).rstrip() + "\n").encode("utf-8")


def entry(pin: Pin, archive: Path, taken: dict[str, bytes]) -> dict[str, Any]:
    """What the lock says about one package."""
    return {
        "version": pin.version,
        "licence": pin.licence,
        "archive": digest(archive.read_bytes()),
        "files": {name: digest(content) for name, content in taken.items()},
    }


def check(folder: Path, pins: Sequence[Pin]) -> None:
    """Compare folder, lock and pins; the first difference is raised."""
    packages = read_lock(folder)["packages"]
    versions = {pin.package: pin.version for pin in pins}
    if versions != {name: package["version"] for name, package in packages.items()}:
        raise VendorError(f"{LOCK} does not hold the pinned versions: run python -m tools.vendor")
    locked = {
        name: sum256 for package in packages.values() for name, sum256 in package["files"].items()
    }
    for name in {target for pin in pins for _, target in pin.files} - locked.keys():
        raise VendorError(f"{name} is pinned but not in {LOCK}")
    found = present(folder)
    for name in sorted(locked.keys() - found):
        raise VendorError(f"{name} is missing")
    for name in sorted(found - locked.keys()):
        raise VendorError(f"{name} is not in {LOCK}")
    for name, sum256 in locked.items():
        if digest((folder / name).read_bytes()) != sum256:
            raise VendorError(f"{name} was changed: its sha256 is not the one in {LOCK}")


def read_lock(folder: Path) -> Any:
    """The lock file's content."""
    try:
        return json.loads((folder / LOCK).read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise VendorError(f"{folder / LOCK} is missing") from None


def present(folder: Path) -> set[str]:
    """The files in the folder, the lock left out."""
    paths = (path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    return {path for path in paths if path != LOCK}


def digest(content: bytes) -> str:
    """Hexadecimal sha256."""
    return hashlib.sha256(content).hexdigest()


if __name__ == "__main__":
    sys.exit(main())
