"""Where news goes: `publish` hands an event to every subscriber that wants it, waiting for none.

An event is encoded once, whatever the number of subscribers. Every subscriber's queue is bounded
in frames and bytes; one that falls too far behind is closed with a reason and comes back with the
last id it saw. A publisher never knows who listens.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Protocol

MAX_FRAMES = 20_000
MAX_BYTES = 4 * 1024 * 1024


class Publishable(Protocol):
    """What the bus carries: an event of the schema, with its id and type."""

    @property
    def id(self) -> str: ...

    @property
    def type(self) -> str: ...

    def wire(self) -> bytes: ...


class Envelope:
    """A published event, the scope it belongs to, and its encodings."""

    __slots__ = ("_frames", "directory", "event", "payload", "project")

    def __init__(self, event: Publishable, directory: str | None, project: str | None) -> None:
        self.event = event
        self.directory = directory
        self.project = project
        self.payload = event.wire()
        self._frames: dict[Callable[[Envelope], bytes], bytes] = {}

    def frame(self, form: Callable[["Envelope"], bytes]) -> bytes:
        """This event in the form a transport writes, made once for all its subscribers."""
        found = self._frames.get(form)
        if found is None:
            found = self._frames[form] = form(self)
        return found


class Subscription:
    """One listener's bounded queue. Iterate to receive all that was queued since, as a list."""

    def __init__(
        self,
        bus: "Bus",
        accepts: Callable[[Envelope], bool] | None,
        max_frames: int,
        max_bytes: int,
    ) -> None:
        self._bus = bus
        self._accepts = accepts
        self._queue: list[Envelope] = []
        self._bytes = 0
        self._max_frames = max_frames
        self._max_bytes = max_bytes
        self._waiter: asyncio.Future[None] | None = None
        self.closed: str | None = None
        """Why the subscription ended (`overflow`, `closed`), None while it lives."""

    def accepts(self, envelope: Envelope) -> bool:
        """Whether it lives and wants this event."""
        return self.closed is None and (self._accepts is None or self._accepts(envelope))

    def offer(self, envelope: Envelope) -> None:
        """Queue one event; called by the bus."""
        if not self.accepts(envelope):
            return
        self._queue.append(envelope)
        self._bytes += len(envelope.payload)
        if len(self._queue) > self._max_frames or self._bytes > self._max_bytes:
            self.close("overflow")
        self._wake()

    def close(self, reason: str = "closed") -> None:
        """End the subscription. What is queued is dropped on overflow, delivered otherwise."""
        if self.closed is not None:
            return
        self.closed = reason
        self._bus.forget(self)
        if reason == "overflow":
            self._queue.clear()
            self._bytes = 0
        self._wake()

    def take(self) -> list[Envelope]:
        """Everything queued now, without waiting."""
        taken, self._queue, self._bytes = self._queue, [], 0
        return taken

    async def wait(self) -> bool:
        """Wait until something is queued. False when the subscription has ended and is drained."""
        while not self._queue:
            if self.closed is not None:
                return False
            self._waiter = asyncio.get_running_loop().create_future()
            try:
                await self._waiter
            finally:
                self._waiter = None
        return True

    async def __aiter__(self) -> AsyncIterator[list[Envelope]]:
        try:
            while await self.wait():
                yield self.take()
        finally:
            self.close()

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)


class Bus:
    """The process's single stream of events, in one total order."""

    def __init__(self) -> None:
        self._subscriptions: dict[Subscription, None] = {}

    def publish(
        self, event: Publishable, *, directory: str | None = None, project: str | None = None
    ) -> Envelope:
        """Hand `event` to all subscribers. Encoded here, once; returns at once."""
        envelope = Envelope(event, directory, project)
        for subscription in tuple(self._subscriptions):
            subscription.offer(envelope)
        return envelope

    def subscribe(
        self,
        accepts: Callable[[Envelope], bool] | None = None,
        *,
        max_frames: int = MAX_FRAMES,
        max_bytes: int = MAX_BYTES,
    ) -> Subscription:
        """Listen from now on. `accepts` filters before anything is queued."""
        subscription = Subscription(self, accepts, max_frames, max_bytes)
        self._subscriptions[subscription] = None
        return subscription

    def heard(self, envelope: Envelope) -> bool:
        """Whether anybody would be handed this event now."""
        return any(one.accepts(envelope) for one in self._subscriptions)

    def forget(self, subscription: Subscription) -> None:
        """Called by a subscription that ends."""
        self._subscriptions.pop(subscription, None)

    def close(self) -> None:
        """End every subscription after what it has queued."""
        for subscription in tuple(self._subscriptions):
            subscription.close()

    @property
    def subscribers(self) -> int:
        return len(self._subscriptions)
