"""The bus: order, bounds, filters, one encoding for all."""

import asyncio
from dataclasses import dataclass, field

from opencode.bus import Bus, Envelope, Subscription
from opencode.tasks import Tasks


@dataclass
class News:
    """An event that counts how often it is encoded."""

    id: str
    size: int = 10
    type: str = "news"
    encoded: list[int] = field(default_factory=list)

    def wire(self) -> bytes:
        self.encoded.append(1)
        return self.id.encode().ljust(self.size)


def ids(envelopes: list[Envelope]) -> list[str]:
    return [one.event.id for one in envelopes]


async def test_everybody_gets_everything_in_one_order() -> None:
    bus = Bus()
    first, second = bus.subscribe(), bus.subscribe()
    for number in range(100):
        bus.publish(News(str(number)))
    expected = [str(number) for number in range(100)]
    assert ids(first.take()) == expected
    assert ids(second.take()) == expected


async def test_an_event_is_encoded_once_whoever_listens() -> None:
    bus, news = Bus(), News("1")
    made: list[bytes] = []

    def form(envelope: Envelope) -> bytes:
        made.append(envelope.payload)
        return b"data: " + envelope.payload

    subscriptions = [bus.subscribe() for _ in range(5)]
    bus.publish(news)
    frames = [one.frame(form) for it in subscriptions for one in it.take()]
    assert len(frames) == 5
    assert all(frame is frames[0] for frame in frames)
    assert (len(news.encoded), len(made)) == (1, 1)


async def test_an_event_is_encoded_when_it_is_published() -> None:
    bus, news = Bus(), News("1")
    subscription = bus.subscribe()
    bus.publish(news, directory="/p", project="x")
    news.id = "2"
    (envelope,) = subscription.take()
    assert envelope.payload.strip() == b"1"
    assert (envelope.directory, envelope.project) == ("/p", "x")


async def test_too_many_frames_close_with_a_reason_and_drop_what_was_queued() -> None:
    bus = Bus()
    slow, other = bus.subscribe(max_frames=3), bus.subscribe()
    for number in range(4):
        bus.publish(News(str(number)))
    assert slow.closed == "overflow"
    assert slow.take() == []
    assert not await slow.wait()
    assert other.closed is None
    assert len(other.take()) == 4
    assert bus.subscribers == 1


async def test_too_many_bytes_close_as_well() -> None:
    bus = Bus()
    slow = bus.subscribe(max_bytes=100)
    bus.publish(News("1", size=60))
    assert slow.closed is None
    bus.publish(News("2", size=41))
    assert slow.closed == "overflow"


async def test_what_was_taken_no_longer_counts() -> None:
    bus = Bus()
    steady = bus.subscribe(max_frames=3, max_bytes=30)
    for number in range(50):
        bus.publish(News(str(number)))
        if number % 3 == 2:
            assert len(steady.take()) == 3
    assert steady.closed is None


async def test_what_is_not_wanted_is_never_queued() -> None:
    bus = Bus()
    choosy = bus.subscribe(lambda envelope: envelope.directory == "/p", max_frames=1)
    for _ in range(10):
        bus.publish(News("other"), directory="/q")
    bus.publish(News("own"), directory="/p")
    assert choosy.closed is None
    assert ids(choosy.take()) == ["own"]


async def test_closing_the_bus_delivers_what_is_queued_and_ends() -> None:
    bus = Bus()
    subscription = bus.subscribe()
    bus.publish(News("1"))
    bus.publish(News("2"))
    bus.close()
    bus.publish(News("3"))
    received = [ids(batch) async for batch in subscription]
    assert received == [["1", "2"]]
    assert subscription.closed == "closed"
    assert bus.subscribers == 0


async def test_a_listener_that_waits_is_woken_by_news_and_by_the_end() -> None:
    bus, tasks = Bus(), Tasks()
    subscription = bus.subscribe()
    waiting = asyncio.Event()

    async def listen() -> list[str]:
        waiting.set()
        return [one for batch in [ids(it) async for it in subscription] for one in batch]

    listener = tasks.start("listener", listen())
    await waiting.wait()
    await asyncio.sleep(0)
    bus.publish(News("1"))
    await asyncio.sleep(0)
    bus.publish(News("2"))
    await asyncio.sleep(0)
    subscription.close()
    assert await listener == ["1", "2"]


async def test_leaving_the_loop_ends_the_subscription() -> None:
    bus = Bus()
    subscription = bus.subscribe()
    bus.publish(News("1"))
    batches = subscription.__aiter__()
    async for _ in batches:
        break
    await batches.aclose()  # type: ignore[attr-defined]
    assert subscription.closed == "closed"
    assert bus.subscribers == 0


async def test_one_that_closes_another_in_its_filter_disturbs_nobody() -> None:
    bus = Bus()
    victims: list[Subscription] = []

    def accepts(envelope: Envelope) -> bool:
        victims[0].close("gone")
        return True

    other = bus.subscribe(accepts)
    victims.append(bus.subscribe())
    bus.publish(News("1"))
    assert ids(other.take()) == ["1"]
    assert victims[0].take() == []


async def test_a_closed_subscription_keeps_its_first_reason() -> None:
    subscription = Bus().subscribe()
    subscription.close("gone")
    subscription.close()
    assert subscription.closed == "gone"


async def test_whether_anybody_would_hear_an_event_is_known_before() -> None:
    bus = Bus()
    here = Envelope(News("1"), "/here", "p")
    assert not bus.heard(here)
    there = bus.subscribe(lambda envelope: envelope.directory == "/there")
    assert not bus.heard(here)
    everywhere = bus.subscribe()
    assert bus.heard(here)
    assert everywhere.take() == []
    everywhere.close()
    assert not bus.heard(here)
    there.close()
