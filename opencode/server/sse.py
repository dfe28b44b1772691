"""Event streams over HTTP: what comes first, the heartbeat, the end, the cut of a stalled reader.

A frame is one `data:` line with the JSON the bus encoded once. All that was published during one
turn of the loop goes out in one write. A reader that stalls fills its own bounded queue and is cut;
it comes back by itself.
"""

import asyncio
import logging
from collections.abc import Iterable
from typing import Any

from tornado.iostream import StreamClosedError

from opencode.api.operation import Stream
from opencode.bus import Envelope
from opencode.server.door import Door

HEARTBEAT = 10.0
COMMENT_HEARTBEAT = 15.0
MAX_WRITE_BUFFER = 16 * 1024 * 1024
HEADERS = {
    "Content-Type": "text/event-stream",
    "Cache-Control": "no-cache, no-transform",
    "X-Content-Type-Options": "nosniff",
    "X-Accel-Buffering": "no",
}
log = logging.getLogger(__name__)


async def pour(handler: Door, stream: Stream[Any], *, heartbeat: float) -> None:
    """Write `stream` until it ends or its reader is gone."""
    for name, value in HEADERS.items():
        handler.set_header(name, value)
    if handler.request.method == "HEAD":
        stream.subscription.close()
        handler.finish()
        return
    writer = Writer(handler, stream)
    beat = Beat(writer, heartbeat if stream.heartbeat else COMMENT_HEARTBEAT)
    try:
        await writer.run()
    except StreamClosedError:
        pass
    finally:
        beat.stop()
        stream.subscription.close("gone")


class Writer:
    """One reader's side of a stream."""

    def __init__(self, handler: Door, stream: Stream[Any]) -> None:
        self._handler = handler
        self._stream = stream
        self.writing = False
        connection: Any = handler.request.connection
        connection.stream.max_write_buffer_size = MAX_WRITE_BUFFER

    async def run(self) -> None:
        """Everything from the first frame to the last."""
        subscription = self._stream.subscription
        await self._write(self._frames(self._stream.first()))
        while await subscription.wait():
            batch = subscription.take()
            ended = next((i for i, one in enumerate(batch) if self._stream.last(one)), None)
            await self._write(self._frames(batch if ended is None else batch[: ended + 1]))
            if ended is not None:
                self._handler.finish()
                return
        if subscription.closed != "gone":
            self._handler.cut()

    def beat(self) -> None:
        """Called in every interval: say we live, or end a reader that has fallen too far behind."""
        closed = self._stream.subscription.closed
        if closed == "overflow":
            log.warning(
                "an event stream of %s is cut: reader too slow", self._handler.request.remote_ip
            )
            self._handler.cut()
        elif closed is None and not self.writing:
            make = self._stream.heartbeat
            frame = b": heartbeat\n\n" if make is None else self._frames([make()])
            self._handler.write(frame)
            self._handler.flush()

    def _frames(self, batch: Iterable[Envelope]) -> bytes:
        form = self._stream.form
        return b"".join([b"data: %b\n\n" % envelope.frame(form) for envelope in batch])

    async def _write(self, frames: bytes) -> None:
        self.writing = True
        self._handler.write(frames)
        await self._handler.flush()
        self.writing = False


class Beat:
    """A timer that calls a writer's `beat` until stopped."""

    def __init__(self, writer: Writer, interval: float) -> None:
        self._writer = writer
        self._interval = interval
        self._timer = self._arm()

    def stop(self) -> None:
        self._timer.cancel()

    def _arm(self) -> asyncio.TimerHandle:
        return asyncio.get_running_loop().call_later(self._interval, self._tick)

    def _tick(self) -> None:
        self._timer = self._arm()
        self._writer.beat()
