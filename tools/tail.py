"""Print a server's events as they come, one line each.

Usage:
  tools.tail [--url=<url>] [--directory=<dir>] [--type=<prefix>]... [--raw]

Options:
  --url=<url>         The server. [default: http://127.0.0.1:4096]
  --directory=<dir>   Only the events of this directory.
  --type=<prefix>     Only types that begin so. May be repeated.
  --raw               The JSON as it came instead of a line for people.

The password is taken from OPENCODE_SERVER_PASSWORD, the name from OPENCODE_SERVER_USERNAME.
"""

import json
import os
import sys
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import httpx2
from docopt import docopt

LINE = 200


def frames(lines: Iterator[str]) -> Iterator[dict[str, Any]]:
    """The events of a stream's lines."""
    for line in lines:
        if line.startswith("data:"):
            yield json.loads(line[5:])


def told(event: dict[str, Any]) -> str:
    """An event as a line for people: its type, its directory, the beginning of what it says."""
    payload = event.get("payload", event)
    properties = json.dumps(payload.get("properties", {}), ensure_ascii=False)
    return f"{payload['type']:<28} {event.get('directory', '')} {properties}"[:LINE]


def main() -> int:
    arguments = docopt(__doc__ or "")
    directory, types = arguments["--directory"], tuple(arguments["--type"])
    path = "/event" if directory else "/global/event"
    password = os.environ.get("OPENCODE_SERVER_PASSWORD")
    name = os.environ.get("OPENCODE_SERVER_USERNAME") or "opencode"
    with httpx2.stream(
        "GET",
        arguments["--url"] + path,
        params={"directory": os.path.abspath(directory)} if directory else None,
        auth=(name, password) if password else None,
        timeout=None,
    ) as answer:
        if answer.status_code != 200:
            print(f"{answer.status_code}: {answer.read().decode()}", file=sys.stderr)
            return 1
        for event in frames(answer.iter_lines()):
            payload = event.get("payload", event)
            if not types or payload["type"].startswith(types):
                print(json.dumps(event) if arguments["--raw"] else told(event), flush=True)
    return 0


if __name__ == "__main__":
    with suppress(KeyboardInterrupt):
        sys.exit(main())
