"""The language models over every wire format, against a server that speaks it."""

import asyncio
import subprocess
import sys
from contextlib import aclosing
from pathlib import Path

import pytest

from opencode.errors import ProviderAuthError
from opencode.provider.base import BlockEnd, Finish, TextDelta, ToolCallStart, Usage
from opencode.provider.llm import LLM
from tests.provider.asking import PROTOCOLS, asking, calls, finish, reasoning, text
from tests.scripted_wires import JSON

USED: dict[str, JSON] = {
    "compatible": {
        "prompt_tokens": 1000,
        "completion_tokens": 50,
        "total_tokens": 1050,
        "prompt_tokens_details": {"cached_tokens": 400},
        "completion_tokens_details": {"reasoning_tokens": 20},
    },
    "openai": {
        "input_tokens": 1000,
        "output_tokens": 50,
        "total_tokens": 1050,
        "input_tokens_details": {"cached_tokens": 400},
        "output_tokens_details": {"reasoning_tokens": 20},
    },
    "anthropic": {
        "input_tokens": 100,
        "cache_read_input_tokens": 30,
        "cache_creation_input_tokens": 5,
        "output_tokens": 20,
    },
    "google": {
        "promptTokenCount": 1000,
        "cachedContentTokenCount": 400,
        "candidatesTokenCount": 30,
        "thoughtsTokenCount": 20,
        "totalTokenCount": 1050,
    },
}
COUNTED = {
    "anthropic": Usage(input=100, output=20, cache_read=30, cache_write=5, total=155),
}
COMMON = Usage(input=600, output=30, reasoning=20, cache_read=400, total=1050)
TWO_CALLS = [
    {"name": "bash", "args": {"command": "ls"}},
    {"name": "bash", "args": {"command": "printf '%s' \"a long argument that comes in pieces\""}},
]


@pytest.mark.parametrize("protocol", PROTOCOLS)
async def test_text_arrives_piece_by_piece_and_whole(protocol: str, tmp_path: Path) -> None:
    async with asking(tmp_path, protocol, {"text": "  Hello,\nbig world "}) as asker:
        deltas = await asker.ask()
    assert text(deltas) == "  Hello,\nbig world "
    assert sum(isinstance(it, TextDelta) for it in deltas) == 3
    assert isinstance(deltas[-2], BlockEnd)
    assert finish(deltas).reason == "stop"


@pytest.mark.parametrize("protocol", PROTOCOLS)
async def test_reasoning_comes_before_text_in_a_block_of_its_own(
    protocol: str, tmp_path: Path
) -> None:
    async with asking(tmp_path, protocol, {"reasoning": "let me think", "text": "yes"}) as asker:
        deltas = await asker.ask()
    assert reasoning(deltas) == "let me think"
    assert text(deltas) == "yes"
    ends = [it.index for it in deltas if isinstance(it, BlockEnd)]
    assert ends == [0, 1]


@pytest.mark.parametrize("protocol", PROTOCOLS)
async def test_parallel_calls_arrive_whole_and_in_order(protocol: str, tmp_path: Path) -> None:
    async with asking(tmp_path, protocol, {"text": "I will.", "tools": TWO_CALLS}) as asker:
        deltas = await asker.ask()
    found = calls(deltas)
    assert [it.name for it in found] == ["bash", "bash"]
    assert '"ls"' in found[0].arguments
    assert "comes in pieces" in found[1].arguments
    started = [it.call_id for it in deltas if isinstance(it, ToolCallStart)]
    assert started == [it.call_id for it in found]
    assert finish(deltas).reason == "tool-calls"


@pytest.mark.parametrize("protocol", PROTOCOLS)
async def test_tokens_are_disjoint_and_exact(protocol: str, tmp_path: Path) -> None:
    turn = {"text": "ok", "usage": USED[protocol]}
    async with asking(tmp_path, protocol, turn) as asker:
        assert finish(await asker.ask()).usage == COUNTED.get(protocol, COMMON)


@pytest.mark.parametrize("protocol", PROTOCOLS)
async def test_closing_the_iterator_closes_the_connection(protocol: str, tmp_path: Path) -> None:
    async with asking(tmp_path, protocol, {"text": "one two", "hold": "here"}) as asker:
        async with aclosing(asker.llm.stream(asker.request())) as deltas:
            async for _ in deltas:
                break
        await asker.server.disconnected()


@pytest.mark.parametrize("protocol", PROTOCOLS)
async def test_cancelling_the_task_closes_the_connection(protocol: str, tmp_path: Path) -> None:
    async with asking(tmp_path, protocol, {"text": "one two", "hold": "here"}) as asker:
        task = asyncio.ensure_future(asker.ask())
        await asker.server.held("here")
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await asker.server.disconnected()


@pytest.mark.parametrize("protocol", PROTOCOLS)
async def test_deltas_arrive_before_the_answer_is_complete(protocol: str, tmp_path: Path) -> None:
    async with asking(tmp_path, protocol, {"text": "now or never", "hold": "here"}) as asker:
        deltas = asker.llm.stream(asker.request())
        first = await anext(deltas)
        asker.server.release("here")
        rest = [delta async for delta in deltas]
    assert isinstance(first, TextDelta)
    assert isinstance(rest[-1], Finish)


@pytest.mark.parametrize("protocol", ["openai", "anthropic", "google"])
async def test_a_missing_key_is_said_before_anything_is_sent(protocol: str, tmp_path: Path) -> None:
    async with asking(tmp_path, protocol) as asker:
        with pytest.raises(ProviderAuthError, match="API key is missing"):
            await asker.optioned(apiKey=None).ask()
        assert asker.server.requests == []


async def test_no_key_for_a_compatible_server_sends_no_authorization(tmp_path: Path) -> None:
    async with asking(tmp_path) as asker:
        await asker.optioned(apiKey=None).ask()
        await asker.ask()
        without, with_key = asker.server.requests
    assert "authorization" not in without.headers
    assert with_key.headers["authorization"] == "Bearer k"


async def test_warm_loads_once_and_close_ends_the_connections(tmp_path: Path) -> None:
    llm = LLM()
    await asyncio.gather(llm.warm(), llm.warm())
    await llm.close()
    await llm.close()


def test_importing_the_door_loads_no_heavy_library() -> None:
    heavy = "{'pydantic_ai', 'openai', 'anthropic', 'google.genai', 'httpx2'}"
    program = f"import sys, opencode.provider.llm; sys.exit(bool({heavy} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


async def test_an_answer_nobody_waits_for_is_given_up_at_any_moment(tmp_path: Path) -> None:
    turn = {"words": 50, "delay": 0.01}
    async with asking(tmp_path, "compatible", *[turn] * 6) as asker:
        request = asker.request()
        for patience in (0, 0.001, 0.02, 0.1):
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(patience), aclosing(asker.llm.stream(request)) as answer:
                    async for _ in answer:
                        pass
        assert finish(await asker.ask()).reason == "stop"


async def test_many_requests_stopped_as_they_reach_the_provider_all_end(tmp_path: Path) -> None:
    turn: JSON = {"text": "slow", "hold": "on"}
    async with asking(tmp_path, "compatible", *[turn] * 12) as asker:
        tasks = [asyncio.ensure_future(asker.ask()) for _ in range(12)]
        await asker.server.received(6)  # the others are on their way
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        assert all(task.cancelled() for task in tasks)
