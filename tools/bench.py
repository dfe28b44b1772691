"""Measure a server of this checkout: readiness, memory, request rate, event fan-out, a prompt.

Usage:
  tools.bench [--seconds=<n>] [--clients=<n>] [--events=<n>]

Options:
  --seconds=<n>   How long each rate is measured. [default: 3]
  --clients=<n>   Readers of the event stream. [default: 20]
  --events=<n>    Events sent to each of them. [default: 2000]

The rate is compared with a bare Tornado handler, measured by the same client in the same run. The
prompt reads, edits, runs a command and streams 2,000 words in a repository of 500 files, with a
scripted model in a process of its own; told is the longest step of the server's loop meanwhile.
"""

import asyncio
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

from docopt import docopt

from tools.floors import ROOT

STARTS = 5
CONNECTIONS = 8
ROUNDS = 3
FILES = 500
PATIENCE = 120.0
WARM = 5.0
"""Seconds for the libraries of a first prompt to be loaded."""
IDENTITY = ["-c", "user.name=bench", "-c", "user.email=bench@example.com"]
SCRIPT = json.dumps(
    [
        {
            "reasoning": "hm " * 50,
            "tools": [{"name": "read", "args": {"filePath": "room1/module1.py"}}],
        },
        {"tools": [{"name": "bash", "args": {"command": "date > room2/new.txt; ls"}}]},
        {"words": 2000},
    ]
)
BARE = """
import asyncio, tornado.web
class Handler(tornado.web.RequestHandler):
    def get(self): self.write({"healthy": True, "version": "1"})
async def main():
    server = tornado.web.Application([("/global/health", Handler)]).listen(0, "127.0.0.1")
    port = next(iter(server._sockets.values())).getsockname()[1]
    print(f"listening on http://127.0.0.1:{port}", flush=True)
    await asyncio.Event().wait()
asyncio.run(main())
"""


@asynccontextmanager
async def program(
    *arguments: str,
    cwd: Path | None = None,
    environ: Mapping[str, str] | None = None,
    executable: str = sys.executable,
) -> AsyncIterator[tuple[asyncio.subprocess.Process, int, float]]:
    """A process that prints its address, the port, and the milliseconds until it did."""
    with tempfile.TemporaryDirectory() as home:
        kept = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
        began = time.perf_counter()
        process = await asyncio.create_subprocess_exec(
            executable,
            *arguments,
            cwd=cwd or home,
            env={**kept, "HOME": home, "PYTHONPATH": str(ROOT), **(environ or {})},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
        )
        assert process.stdout is not None
        line = b""
        while b"http://" not in line and not process.stdout.at_eof():
            line = await process.stdout.readline()
        took = (time.perf_counter() - began) * 1000
        try:
            yield process, int(line.decode().rpartition(":")[2]), took
        finally:
            if process.returncode is None:
                process.terminate()
                await process.wait()


def server() -> tuple[str, ...]:
    return ("-P", "-m", "opencode.cli", "serve", "--port=0")


def pss(pid: int) -> float:
    """The process's proportional memory in MiB."""
    text = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii")
    found = re.search(r"^Pss:\s+(\d+) kB", text, re.MULTILINE)
    return int(found[1]) / 1024 if found else 0.0


def cpu(pid: int) -> float:
    """Seconds of processor time a process has used: what a busy machine does not change."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


async def rate(port: int, path: str, seconds: float) -> float:
    """Requests a second over a few kept connections."""
    request = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n".encode()
    until = time.perf_counter() + seconds

    async def ask() -> int:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        done = 0
        while time.perf_counter() < until:
            writer.write(request)
            head = await reader.readuntil(b"\r\n\r\n")
            length = re.search(rb"Content-Length: (\d+)", head)
            await reader.readexactly(int(length[1]) if length else 0)
            done += 1
        await hang_up(writer)
        return done

    return sum(await asyncio.gather(*(ask() for _ in range(CONNECTIONS)))) / seconds


async def fan_out(port: int, clients: int, events: int) -> float:
    """Frames a second delivered to all readers while one client makes the server publish."""
    target = events * clients
    seen = 0
    finished = asyncio.Event()

    async def read(ready: asyncio.Event) -> None:
        nonlocal seen
        own = 0
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"GET /global/event HTTP/1.1\r\nHost: localhost\r\n\r\n")
        await reader.readuntil(b"server.connected")
        ready.set()
        while own < events and (line := await reader.readline()):
            own += b"global.disposed" in line
        seen += own
        if seen >= target:
            finished.set()
        await hang_up(writer)

    readiness = [asyncio.Event() for _ in range(clients)]
    async with asyncio.TaskGroup() as group:
        for one in readiness:
            group.create_task(read(one))
        await asyncio.gather(*(one.wait() for one in readiness))
        began = time.perf_counter()
        await _publish(port, events)
        await finished.wait()
        took = time.perf_counter() - began
    return target / took


async def _publish(port: int, events: int) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    request = b"POST /global/dispose HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n"
    for _ in range(events):
        writer.write(request)
        await reader.readuntil(b"true")
    await hang_up(writer)


async def hang_up(writer: asyncio.StreamWriter) -> None:
    """Close a connection, whether or not the other side has."""
    writer.close()
    with suppress(ConnectionError):
        await writer.wait_closed()


def repository(place: Path) -> None:
    """A git repository of 500 small files."""
    for number in range(FILES):
        folder = place / f"room{number % 20}"
        folder.mkdir(exist_ok=True)
        (folder / f"module{number}.py").write_text(f"value = {number}\n" * 50)
    for command in (["init", "-q"], ["add", "-A"], [*IDENTITY, "commit", "-q", "-m", "Start"]):
        subprocess.run(["git", *command], cwd=place, check=True)


def config(port: int) -> str:
    """A configuration whose only model is the scripted one at `port`."""
    model = {"tool_call": True, "limit": {"context": 128000, "output": 8000}}
    options = {"baseURL": f"http://127.0.0.1:{port}/v1", "apiKey": "none"}
    provider = {"npm": "@ai-sdk/openai-compatible", "options": options, "models": {"m1": model}}
    return json.dumps({"model": "scripted/m1", "provider": {"scripted": provider}})


async def request(port: int, method: str, path: str, body: Any = None) -> Any:
    """One request on a connection of its own; the JSON of the answer."""
    data = None if body is None else json.dumps(body).encode()
    headers = {"Content-Type": "application/json"}
    url = f"http://127.0.0.1:{port}{path}"
    asked = urllib.request.Request(url, data, headers, method=method)

    def answer() -> Any:
        with urllib.request.urlopen(asked, timeout=PATIENCE) as found:
            return json.load(found)

    return await asyncio.to_thread(answer)


async def longest_step(folder: Path) -> dict[str, float]:
    """Milliseconds: the longest step of the loop while prompts run, and the time of the last."""
    project, record = folder / "project", folder / "steps"
    project.mkdir()
    await asyncio.to_thread(repository, project)
    async with program("-m", "tests.scripted_model", "0", cwd=ROOT) as (_, model, _):
        watched = ("-P", "-m", "tools.steps", str(record), "serve", "--port=0")
        environ = {"OPENCODE_CONFIG_CONTENT": config(model), "OPENCODE_DISABLE_LOCAL_MODELS": "1"}
        async with program(*watched, cwd=project, environ=environ) as (_, port, _):
            session = (await request(port, "POST", "/session", {"title": "Bench"}))["id"]
            await asyncio.sleep(WARM)
            began = time.time()
            for _ in range(ROUNDS):
                asked = time.perf_counter()
                prompt = {"parts": [{"type": "text", "text": f"Work. SCRIPT: {SCRIPT}"}]}
                await request(port, "POST", f"/session/{session}/message", prompt)
                took = (time.perf_counter() - asked) * 1000
    steps = [json.loads(line) for line in record.read_text(encoding="utf-8").splitlines()]
    longest = max((step["ms"] for step in steps if step["at"] >= began), default=0.0)
    return {"longest step in a prompt, ms": longest, "prompt ms": took}


async def measure(seconds: float, clients: int, events: int) -> dict[str, float]:
    """All figures."""
    starts = []
    for _ in range(STARTS):
        async with program(*server()) as (_, _, took):
            starts.append(took)
    found = {"ready ms (median)": statistics.median(starts)}
    async with program(*server()) as (process, port, _), program("-c", BARE) as (plain, bare, _):
        await asyncio.sleep(0.5)
        found["PSS MiB after start"] = pss(process.pid)
        ours, theirs = [], []
        began = cpu(process.pid), cpu(plain.pid)
        for _ in range(ROUNDS):
            ours.append(await rate(port, "/global/health", seconds / ROUNDS))
            theirs.append(await rate(bare, "/global/health", seconds / ROUNDS))
        found["health req/s"] = statistics.median(ours)
        found["bare Tornado req/s"] = statistics.median(theirs)
        used = cpu(process.pid) - began[0], cpu(plain.pid) - began[1]
        per_request = [one / sum(done) for one, done in zip(used, (ours, theirs), strict=True)]
        found["ratio by processor time"] = per_request[1] / per_request[0]
        found["ratio"] = found["health req/s"] / found["bare Tornado req/s"]
        found[f"frames/s to {clients} readers"] = await fan_out(port, clients, events)
        found["PSS MiB after fan-out"] = pss(process.pid)
    with tempfile.TemporaryDirectory() as folder:
        found |= await longest_step(Path(folder))
    return {name: round(value, 2) for name, value in found.items()}


def main() -> int:
    arguments = docopt(__doc__ or "")
    numbers = [float(arguments[name]) for name in ("--seconds", "--clients", "--events")]
    seconds, clients, events = numbers
    print(json.dumps(asyncio.run(measure(seconds, int(clients), int(events))), indent=2))
    return 0


if __name__ == "__main__":
    sys.exit(main())
