"""The published clients from npm, as `tools/test` puts them into `.cache/clients`."""

import asyncio
import os
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
CLIENTS = ROOT / ".cache" / "clients"
OPENCODE = CLIENTS / "node_modules" / "opencode-linux-x64" / "bin" / "opencode"
SCRIPTS = Path(__file__).parent
PATIENCE = 120.0
"""How long a client may take; only a broken program needs it."""
WIDTH, HEIGHT = 140, 45


def environment(home: Path) -> dict[str, str]:
    """A client's environment: a home of its own, and no way to update itself."""
    home.mkdir(exist_ok=True)
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "LANG": "C.UTF-8",
        "TERM": "xterm-256color",
        "OPENCODE_DISABLE_AUTOUPDATE": "1",
    }


async def run_node(script: str, *arguments: str, home: Path, path: str = "") -> str:
    """Run a script of this folder where the packages are found; what it printed."""
    assert (CLIENTS / "node_modules").is_dir(), "run tools/test once: it installs the clients"
    environ = environment(home)
    child = await asyncio.create_subprocess_exec(
        "node",
        *("--input-type=module", "-", *arguments),
        cwd=CLIENTS,
        env={**environ, "PATH": f"{path}:{environ['PATH']}" if path else environ["PATH"]},
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    source = (SCRIPTS / script).read_bytes()
    try:
        out, err = await asyncio.wait_for(child.communicate(source), PATIENCE)
    finally:
        if child.returncode is None:
            child.kill()
    assert child.returncode == 0, err.decode()
    return out.decode()


def launcher(folder: Path, home: Path) -> str:
    """A folder for PATH in which `opencode` is this program, with a home of its own."""
    folder.mkdir(exist_ok=True)
    program = folder / "opencode"
    environ = f'HOME="{home}" PYTHONPATH="{ROOT}"'
    program.write_text(f'#!/bin/sh\n{environ} exec "{sys.executable}" -m opencode.cli "$@"\n')
    program.chmod(0o755)
    return str(folder)


@dataclass
class Terminal:
    """A program in a terminal of its own: what it shows, and keys for it."""

    socket: str

    async def tmux(self, *arguments: str) -> str:
        child = await asyncio.create_subprocess_exec(
            *("tmux", "-S", self.socket, "-f", os.devnull, *arguments),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        out, err = await child.communicate()
        assert child.returncode == 0, err.decode()
        return out.decode()

    async def screen(self) -> str:
        return await self.tmux("capture-pane", "-p")

    async def shows(self, *texts: str) -> str:
        """Wait until the screen holds every text; the screen then."""
        return await self.until(lambda screen: all(text in screen for text in texts), texts)

    async def hides(self, text: str) -> str:
        """Wait until the screen holds the text no more."""
        return await self.until(lambda screen: text not in screen, f"no {text}")

    async def until(self, holds: Callable[[str], bool], wanted: object) -> str:
        end = time.monotonic() + PATIENCE
        while True:
            screen = await self.screen()
            if holds(screen):
                return screen
            assert time.monotonic() < end, f"{wanted}: not what is on\n{screen}"
            await asyncio.sleep(0.2)

    async def types(self, text: str) -> None:
        await self.tmux("send-keys", "-l", text)

    async def presses(self, *keys: str) -> None:
        await self.tmux("send-keys", *keys)


@asynccontextmanager
async def attached(url: str, directory: Path, home: Path) -> AsyncIterator[Terminal]:
    """The published terminal client, attached to a server."""
    assert OPENCODE.exists(), "run tools/test once: it installs the clients"
    settings = [f"{name}={value}" for name, value in environment(home).items()]
    # A socket's path may not be long, and a temporary directory of pytest is.
    with tempfile.TemporaryDirectory(prefix="tmux-") as folder:
        terminal = Terminal(os.path.join(folder, "socket"))
        await terminal.tmux(
            *("new-session", "-d", "-x", str(WIDTH), "-y", str(HEIGHT), "env", "-i", *settings),
            *(str(OPENCODE), "attach", url, "--dir", str(directory)),
        )
        try:
            yield terminal
        finally:
            await terminal.tmux("kill-server")
