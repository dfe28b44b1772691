"""The language models: the light door to `provider/exchange.py` and the libraries behind it.

Those take a second to load, and many milliseconds to turn a long conversation into a request. So
they live in a thread with a loop of its own, started when first asked or earlier by `warm`; only
finished deltas cross over, as many at a time as have come.
"""

import asyncio
import contextlib
import threading
from collections import deque
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import TYPE_CHECKING

from opencode.heap import load
from opencode.provider.base import Delta, ModelRequest

if TYPE_CHECKING:
    from opencode.provider.exchange import Exchange

AT_ONCE = 100
AGAIN_S = 1.0
"""After so long a request that was to stop is told so again: while a connection is being made, the
network library may take the cancellation for one of its own."""


class LLM:
    """Answers `ModelRequest`s by asking the providers themselves."""

    def __init__(self) -> None:
        self._worker: Worker | None = None
        self._opening = asyncio.Lock()

    async def warm(self) -> None:
        """Load what the first request would have to wait for."""
        await self._open()

    async def stream(self, request: ModelRequest) -> AsyncGenerator[Delta]:
        """Ask. The last delta is `Finish`; closing the iterator closes the connection.

        Raises `ProviderError`, `ContextOverflow`, `BadAnswer`, `ProviderAuthError` (no key).
        """
        worker = await self._open()
        feed = Feed(asyncio.get_running_loop())
        asyncio.run_coroutine_threadsafe(worker.ask(request, feed), worker.loop)
        try:
            while not feed.ended:
                for delta in await feed.take():
                    yield delta
            if feed.error is not None:
                raise feed.error
        finally:
            while not feed.closed:
                worker.loop.call_soon_threadsafe(feed.abandon)
                await feed.drained(AGAIN_S)

    async def close(self) -> None:
        """Close the connections and end the thread."""
        worker, self._worker = self._worker, None
        if worker is not None:
            await asyncio.to_thread(worker.stop)

    async def _open(self) -> "Worker":
        async with self._opening:
            if self._worker is None:
                self._worker = await asyncio.to_thread(Worker)
            return self._worker


class Worker:
    """The thread in which requests are made and answers are read."""

    def __init__(self) -> None:
        module = load("opencode.provider.exchange")
        self.loop = asyncio.new_event_loop()
        self._exchange: Exchange = module.Exchange()
        self._thread = threading.Thread(target=self._run, name="language-models", daemon=True)
        self._thread.start()

    async def ask(self, request: ModelRequest, feed: "Feed") -> None:
        """Run one request, here in the thread; everything of it goes into `feed`."""
        error: Exception | None = None
        feed.filler = asyncio.current_task()
        try:
            if feed.abandoned:
                return
            async with aclosing(self._exchange.stream(request)) as deltas:
                async for delta in deltas:
                    feed.put(delta)
        except Exception as failed:
            error = failed
        finally:
            feed.end(error)

    def stop(self) -> None:
        """Close the connections and end. Called from another thread."""
        asyncio.run_coroutine_threadsafe(self._exchange.close(), self.loop).result()
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join()
        self.loop.close()

    def _run(self) -> None:
        asyncio.set_event_loop(self.loop)
        self.loop.run_forever()


class Feed:
    """What comes from the thread: filled there, taken here."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._deltas: deque[Delta] = deque()
        self._news = asyncio.Event()
        self._rung = False
        self.closed = False
        """Nothing more will come."""
        self.filler: asyncio.Task[None] | None = None
        """What fills this, once it has begun."""
        self.abandoned = False
        """Nobody takes any more."""
        self.error: Exception | None = None
        """Why the answer ended early; read once `ended`."""

    @property
    def ended(self) -> bool:
        """Whether the answer is complete and everything of it was taken."""
        return self.closed and not self._deltas

    def put(self, delta: Delta) -> None:
        """Add a delta; in the thread."""
        self._deltas.append(delta)
        self._ring()

    def end(self, error: Exception | None) -> None:
        """Nothing more will come; in the thread."""
        self.error = error
        self.closed = True
        self._ring()

    def abandon(self) -> None:
        """Stop filling; in the thread."""
        self.abandoned = True
        if self.filler is not None:
            self.filler.cancel()

    async def take(self) -> list[Delta]:
        """What has come since, waiting for something to come; not so much that it takes long."""
        await self._news.wait()
        taken = [self._deltas.popleft() for _ in range(min(len(self._deltas), AT_ONCE))]
        if self._deltas:
            await asyncio.sleep(0)  # others first: an answer may come faster than it can be told
        else:
            self._news.clear()
        return taken

    async def drained(self, seconds: float) -> None:
        """Wait for the end, not for ever, and forget what comes before it."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while not self.closed:
                    await self.take()

    def _ring(self) -> None:
        # One call for all that comes before the other loop gets to it.
        if not self._rung:
            self._rung = True
            self._loop.call_soon_threadsafe(self._ringing)

    def _ringing(self) -> None:
        self._rung = False
        self._news.set()
