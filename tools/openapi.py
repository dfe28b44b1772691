"""The committed copy of the API document, so that every change of the API shows in review.

Usage:
  tools.openapi (write | compare)
  tools.openapi missing <reference>

Commands:
  write     Write tests/wire/openapi.json.
  compare   Exit with 1 when it differs from what the program says now.
  missing   List the operations of another document that this program does not have.
"""

import difflib
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
from docopt import docopt

from opencode.api import MODULES
from opencode.api.operation import collect
from opencode.server.openapi import build
from tools.floors import ROOT

COPY = ROOT / "tests" / "wire" / "openapi.json"
SHOWN = 60


def current() -> str:
    """The document of the program as it is, indented for reading."""
    return orjson.dumps(orjson.loads(build(collect(MODULES))), option=orjson.OPT_INDENT_2).decode()


def differences(copy: str, now: str) -> list[str]:
    """What changed, as a unified difference."""
    lines = difflib.unified_diff(copy.splitlines(), now.splitlines(), "committed", "now", n=1)
    return list(lines)


def missing(reference: dict[str, Any], own: dict[str, Any]) -> Iterator[str]:
    """Operations of `reference` that `own` lacks, as `METHOD /path id`."""
    for path, methods in reference["paths"].items():
        for method, said in methods.items():
            if method not in own["paths"].get(path, {}):
                yield f"{method.upper()} {path} {said.get('operationId', '')}"


def main() -> int:
    arguments = docopt(__doc__ or "")
    now = current()
    if arguments["write"]:
        COPY.parent.mkdir(parents=True, exist_ok=True)
        COPY.write_text(now + "\n", encoding="utf-8")
        return 0
    if arguments["missing"]:
        reference = json.loads(Path(arguments["<reference>"]).read_text(encoding="utf-8"))
        print("\n".join(missing(reference, json.loads(now))))
        return 0
    found = differences(COPY.read_text(encoding="utf-8") if COPY.exists() else "", now)
    print("\n".join(found[:SHOWN]))
    if found:
        print(f"{COPY.relative_to(ROOT)} is not up to date: python -m tools.openapi write")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
