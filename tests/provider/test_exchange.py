"""Requests side by side, on clients that are kept."""

import asyncio
from pathlib import Path

from opencode.provider.exchange import Exchange
from tests.provider.asking import asking, text


async def test_requests_at_the_same_time_do_not_mix(tmp_path: Path) -> None:
    async with asking(tmp_path) as asker:
        asker.server.queue(*({"text": f"answer {number}"} for number in range(6)))
        answers = await asyncio.gather(*(asker.ask() for _ in range(6)))
    assert sorted(map(text, answers)) == [f"answer {number}" for number in range(6)]


async def test_one_cancelled_request_leaves_the_others_alone(tmp_path: Path) -> None:
    async with asking(tmp_path) as asker:
        asker.server.queue({"text": "one two", "hold": "first"}, {"text": "one two", "hold": "b"})
        first = asyncio.ensure_future(asker.ask())
        await asker.server.held("first")
        second = asyncio.ensure_future(asker.ask())
        await asker.server.held("b")
        first.cancel()
        await asker.server.disconnected()
        asker.server.release("b")
        assert text(await second) == "one two"


async def test_another_key_is_another_client(tmp_path: Path) -> None:
    async with asking(tmp_path) as asker:
        await asker.optioned(apiKey="first").ask()
        await asker.optioned(apiKey="second").ask()
        sent = [it.headers["authorization"] for it in asker.server.requests]
    assert sent == ["Bearer first", "Bearer second"]


async def test_it_can_be_closed_before_it_was_used() -> None:
    await Exchange().close()
