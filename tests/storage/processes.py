"""Another process at work in the same file."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from subprocess import PIPE

ROOT = Path(__file__).parent.parent.parent


class Child:
    """A program of `tests.storage.children`."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process

    async def ready(self) -> None:
        """Until it says that it has come so far."""
        assert self.process.stdout is not None
        assert await self.process.stdout.readline() == b"ready\n"

    def go_on(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(b"\n")

    async def ended(self) -> None:
        """Until it has ended, well."""
        assert await self.process.wait() == 0

    async def kill(self) -> None:
        self.process.kill()
        await self.process.wait()


@asynccontextmanager
async def child(name: str, path: Path) -> AsyncIterator[Child]:
    """Start a program; it is dead at the end."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.storage.children", name, os.fspath(path),
        cwd=ROOT, stdin=PIPE, stdout=PIPE,
    )  # fmt: skip
    try:
        yield Child(process)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
        transport = process._transport  # type: ignore[attr-defined]
        transport.close()  # else its pipes warn when they are collected
