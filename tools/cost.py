"""Processor time of this server and of the published one, for the same work in the same run.

Usage:
  tools.cost [--rounds=<n>]

Options:
  --rounds=<n>   Each figure is the median of so many. [default: 3]

Both get the same scripted model and a copy of the same repository. Told are the seconds of the
server and of the children it has waited for: its start with a first session, a first prompt, a
short one, one with 20 commands, and one that streams 3,000 words to a listener; and ours as a part
of theirs.
"""

import asyncio
import json
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

from docopt import docopt

from tools.bench import config, hang_up, program, repository, request, server
from tools.conformance.published import fetch
from tools.floors import ROOT

TICKS = 100.0
SETTLE = 3.0
"""Seconds for what a server does after it has answered."""
OPENING = "start, first session"
COMMAND = [{"tools": [{"name": "bash", "args": {"command": "echo done"}}]}]
WORK: dict[str, list[dict[str, Any]]] = {
    "first prompt": [{"text": "Hello."}],
    "short prompt": [{"text": "Hello again."}],
    "20 commands": [*COMMAND * 20, {"text": "Done."}],
    "3,000 words": [{"words": 3000}],
}


def used(pid: int) -> float:
    """Seconds of processor time of a process and of its children that have ended."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return sum(int(one) for one in fields[11:15]) / TICKS


async def listen(port: int) -> None:
    """Read the events of the whole server for as long as it lives."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(b"GET /global/event HTTP/1.1\r\nHost: localhost\r\n\r\n")
        while await reader.read(1 << 16):
            pass
    finally:
        await hang_up(writer)


async def play(command: Sequence[str], folder: Path, *, program_of: str) -> dict[str, float]:
    """The cost of each piece of work on one server."""
    project = folder / "project"
    project.mkdir()
    await asyncio.to_thread(repository, project)
    found: dict[str, float] = {}
    async with AsyncExitStack() as stack:
        models = program("-m", "tests.scripted_model", "0", cwd=ROOT)
        _, model, _ = await stack.enter_async_context(models)
        environ = {
            "OPENCODE_CONFIG_CONTENT": config(model),
            "OPENCODE_DISABLE_LOCAL_MODELS": "1",
            "OPENCODE_DISABLE_AUTOUPDATE": "1",
        }
        serving = program(*command, cwd=project, environ=environ, executable=program_of)
        process, port, _ = await stack.enter_async_context(serving)
        session = (await request(port, "POST", "/session", {"title": "Cost"}))["id"]
        listening = asyncio.ensure_future(listen(port))
        await asyncio.sleep(SETTLE)
        found[OPENING] = used(process.pid)
        for name, script in WORK.items():
            before = used(process.pid)
            text = f"Work. SCRIPT: {json.dumps(script)}"
            prompt = {"parts": [{"type": "text", "text": text}]}
            await request(port, "POST", f"/session/{session}/message", prompt)
            await asyncio.sleep(SETTLE)
            found[name] = used(process.pid) - before
        listening.cancel()
        await asyncio.wait([listening])
    return found


async def measure(rounds: int) -> dict[str, dict[str, float]]:
    """Both servers, one after the other in every round."""
    theirs = str(await asyncio.to_thread(fetch))
    sides = {"ours": (server(), sys.executable), "theirs": (("serve", "--port=0"), theirs)}
    taken: dict[str, list[dict[str, float]]] = {name: [] for name in sides}
    for _ in range(rounds):
        for name, (command, executable) in sides.items():
            with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
                one = await play(command, Path(folder), program_of=executable)
                taken[name].append(one)
    found: dict[str, dict[str, float]] = {}
    for work in (OPENING, *WORK):
        both = {name: statistics.median(one[work] for one in taken[name]) for name in sides}
        ratio = both["ours"] / both["theirs"] if both["theirs"] else 0.0
        found[work] = {name: round(it, 2) for name, it in {**both, "ratio": ratio}.items()}
    return found


def main() -> int:
    arguments = docopt(__doc__ or "")
    try:
        found = asyncio.run(measure(int(arguments["--rounds"])))
    except (OSError, subprocess.CalledProcessError) as error:
        print(f"the published server cannot be had: {error}", file=sys.stderr)
        return 2
    print(json.dumps(found, indent=2))
    return 0


if __name__ == "__main__":
    sys.exit(main())
