"""Format, lint, types, floors and the API document; all of them, also when one fails.

Usage:
  tools.check [--fix]

Options:
  --fix   Let ruff repair what it can, and write the API document anew.
"""

import subprocess
import sys

from docopt import docopt

from tools.floors import ROOT


def commands(*, fix: bool) -> list[tuple[str, list[str]]]:
    """What is run, in order, under which name."""
    python = [sys.executable, "-m"]
    return [
        ("format", [*python, "ruff", "format", *([] if fix else ["--check"]), "."]),
        ("lint", [*python, "ruff", "check", *(["--fix"] if fix else []), "."]),
        ("types", [*python, "mypy"]),
        ("floors", [*python, "tools.floors"]),
        ("document", [*python, "tools.openapi", "write" if fix else "compare"]),
    ]


def main() -> int:
    arguments = docopt(__doc__ or "")
    failed = []
    for name, command in commands(fix=bool(arguments["--fix"])):
        print(f"== {name}", flush=True)
        if subprocess.run(command, cwd=ROOT, check=False).returncode:
            failed.append(name)
    if failed:
        print(f"failed: {', '.join(failed)}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
