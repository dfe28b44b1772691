"""A child process whose output is followed as it comes, and whose whole group can be ended.

Memory stays bounded whatever the child prints: the end is kept, the whole goes to a file once it is
too long for the model. A grandchild that keeps the pipe open delays nothing.
"""

import asyncio
import contextlib
import os
import signal
from collections.abc import Mapping
from typing import BinaryIO

from opencode.ids import Ids
from opencode.tool.output import MAX_BYTES, MAX_LINES, new_path

GRACE = 0.5
"""Seconds between asking a group to end and ending it."""
AFTER_EXIT = 0.3
"""Seconds to go on reading after the child is gone."""
KEPT = 256 * 1024
"""Bytes of the end of the output kept in memory."""
PENDING = 8 * 1024 * 1024
"""Bytes taken from the pipe before reading pauses until they are stored."""
MAX_FILE = 256 * 1024 * 1024
"""Bytes of output kept in the file; what comes after is only shown while it is the end."""


class Output(asyncio.Protocol):
    """What the child prints. `store` is called regularly by whoever waits for the child."""

    def __init__(self, directory: str, ids: Ids) -> None:
        self._directory = directory
        self._ids = ids
        self._transport: asyncio.ReadTransport | None = None
        self._pending: list[bytes] = []
        self._waiting = 0
        self._kept = bytearray()
        self._size = 0
        self._lines = 0
        self._file: BinaryIO | None = None
        self.path: str | None = None
        """The file with the whole output, once it is too long for the model."""
        self.ended = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.ReadTransport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._pending.append(data)
        self._waiting += len(data)
        if self._waiting > PENDING and self._transport is not None:
            self._transport.pause_reading()

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.ended.done():
            self.ended.set_result(None)

    async def store(self) -> bool:
        """Put away what has come since; False if nothing has."""
        if not self._pending:
            return False
        data, self._pending, self._waiting = b"".join(self._pending), [], 0
        if self._file is None and not self._must_spool(data):
            self._append(data)
        else:
            await asyncio.to_thread(self._append, data)
        if self._transport is not None and not self._transport.is_closing():
            self._transport.resume_reading()
        return True

    def text(self) -> str:
        """The end of the output, the whole of it while `path` is None."""
        kept = bytes(self._kept)
        if self._size > len(kept):
            kept = kept.lstrip(bytes(range(0x80, 0xC0)))
        return kept.decode(errors="replace")

    @property
    def complete(self) -> bool:
        """Whether the file holds everything."""
        return self._size <= MAX_FILE

    def close(self) -> None:
        """Stop reading and close the file."""
        if self._transport is not None:
            self._transport.close()
        if self._file is not None:
            self._file.close()

    def _must_spool(self, data: bytes) -> bool:
        lines = self._lines + data.count(b"\n")
        return self._size + len(data) > MAX_BYTES or lines >= MAX_LINES

    def _append(self, data: bytes) -> None:
        if self._file is None and self._must_spool(data):
            self.path = new_path(self._directory, self._ids)
            self._file = open(self.path, "wb")  # noqa: SIM115 - closed by close()
            self._file.write(self._kept)
        if self._file is not None:
            self._file.write(data[: max(0, MAX_FILE - self._size)])
            self._file.flush()
        self._size += len(data)
        self._lines += data.count(b"\n")
        self._kept += data
        if self.path is not None and len(self._kept) > KEPT:
            del self._kept[:-KEPT]


class Child:
    """A running child, leader of its own process group and session."""

    def __init__(self, process: asyncio.subprocess.Process, output: Output) -> None:
        self._process = process
        self.output = output

    @classmethod
    async def start(
        cls, command: list[str], *, cwd: str, environ: Mapping[str, str], output: Output
    ) -> "Child":
        """Start `command` without input; both its outputs go to `output` in the order they come."""
        # A pipe of our own: asyncio's would make waiting for the child wait for its heirs as well.
        reading, writing = os.pipe()
        try:
            loop = asyncio.get_running_loop()
            await loop.connect_read_pipe(lambda: output, os.fdopen(reading, "rb", buffering=0))
            process = await asyncio.create_subprocess_exec(
                *command,
                cwd=cwd,
                env=environ,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=writing,
                stderr=writing,
                start_new_session=True,
            )
        except BaseException:
            output.close()
            raise
        finally:
            os.close(writing)
        return cls(process, output)

    async def wait(self) -> int:
        """The exit status, negative for a signal."""
        return await self._process.wait()

    async def drain(self) -> None:
        """Read what is left after the exit, but do not wait for heirs that keep the pipe."""
        try:
            async with asyncio.timeout(AFTER_EXIT):
                while not self.output.ended.done() or await self.output.store():
                    await asyncio.wait([self.output.ended], timeout=0.02)
                    await self.output.store()
        except TimeoutError:
            await self.output.store()
        finally:
            self.output.close()

    async def end(self) -> None:
        """Ask the whole group to end, then end it. A second cancellation ends it at once."""
        try:
            self._signal(signal.SIGTERM)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(GRACE):
                    await self.wait()
                    while self._signal(0):  # noqa: ASYNC110 - nothing tells when a group is empty
                        await asyncio.sleep(0.02)
        finally:
            self._signal(signal.SIGKILL)
        await self.wait()

    def _signal(self, number: int) -> bool:
        try:
            os.killpg(self._process.pid, number)
        except (ProcessLookupError, PermissionError):
            return False
        return True
