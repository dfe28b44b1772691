"""Run the program and write down every step of its loop that takes long.

Usage:
  tools.steps <file> <argument>...

The arguments are those of `opencode`. When the program ends, <file> holds a line of JSON for each
step of a millisecond or more: when it began (seconds since the epoch), the milliseconds of
processor time it took, and what it was.
"""

import asyncio
import asyncio.events
import json
import os
import sys
import threading
import time
from pathlib import Path
from typing import Any

from docopt import docopt

from opencode.cli import run

WORTH_TELLING = 0.001


def watch() -> list[dict[str, Any]]:
    """The steps of the main thread's loop from now on, as they are noticed."""
    found: list[dict[str, Any]] = []
    original = asyncio.events.Handle._run
    main = threading.main_thread().ident

    def watched(handle: asyncio.Handle) -> None:
        began, used = time.time(), time.thread_time()
        original(handle)
        took = time.thread_time() - used
        if took >= WORTH_TELLING and threading.get_ident() == main:
            callback: Any = handle._callback  # type: ignore[attr-defined]
            owner = getattr(callback, "__self__", callback)
            found.append({"at": began, "ms": round(took * 1000, 1), "what": repr(owner)[:200]})

    asyncio.events.Handle._run = watched  # type: ignore[method-assign, assignment]
    return found


def main() -> int:
    arguments = docopt(__doc__ or "", options_first=True)
    found = watch()
    status = run(arguments["<argument>"], os.environ)
    lines = "".join(json.dumps(step) + "\n" for step in found)
    Path(arguments["<file>"]).write_text(lines, encoding="utf-8")
    return status


if __name__ == "__main__":
    sys.exit(main())
