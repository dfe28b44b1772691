"""Every way a provider can fail, as the error a run decides by."""

import socket
from pathlib import Path
from typing import Any

import pytest

from opencode.provider.base import BadAnswer, ContextOverflow, Finish, ProviderError, TextDelta
from tests.provider.asking import PROTOCOLS, asking, finish
from tests.scripted_wires import JSON

OVERFLOWS: dict[str, JSON] = {
    "compatible": {"message": "This model's maximum context length is 8192 tokens."},
    "openai": {"message": "Too long", "code": "context_length_exceeded"},
    "anthropic": {"type": "invalid_request_error", "message": "prompt is too long: 9 > 8"},
    "google": {"code": 400, "message": "The input token count (9) exceeds the maximum"},
}


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize("status", [400, 401, 403, 404, 422])
async def test_a_refused_request_is_final(protocol: str, status: int, tmp_path: Path) -> None:
    async with asking(tmp_path, protocol, {"status": status}) as asker:
        with pytest.raises(ProviderError) as caught:
            await asker.ask()
        assert len(asker.server.requests) == 1
    error = caught.value
    assert (error.message, error.status) == (f"scripted error {status}", status)
    assert not error.retryable
    assert error.headers is not None
    assert error.headers["content-type"] == "application/json"
    assert error.body is not None
    assert "scripted error" in error.body
    assert error.url is not None
    assert error.url.startswith("http://127.0.0.1")


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize("status", [429, 500, 503, 529])
async def test_a_busy_provider_is_worth_another_try_of_ours(
    protocol: str, status: int, tmp_path: Path
) -> None:
    turn = {"status": status, "reason": "Busy"}
    async with asking(tmp_path, protocol, turn) as asker:
        with pytest.raises(ProviderError) as caught:
            await asker.ask()
        assert len(asker.server.requests) == 1
    assert caught.value.retryable
    assert caught.value.retry_after_ms is None


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize(
    ("headers", "wait"),
    [
        ({"retry-after": "2"}, 2000),
        ({"retry-after-ms": "150", "retry-after": "2"}, 150),
        ({"retry-after": "whenever"}, None),
    ],
)
async def test_the_wait_a_provider_asks_for_is_known(
    protocol: str, headers: dict[str, str], wait: int | None, tmp_path: Path
) -> None:
    async with asking(tmp_path, protocol, {"status": 429, "headers": headers}) as asker:
        with pytest.raises(ProviderError) as caught:
            await asker.ask()
    assert caught.value.retry_after_ms == wait


@pytest.mark.parametrize("protocol", PROTOCOLS)
async def test_too_long_a_conversation_is_told_by_its_words(protocol: str, tmp_path: Path) -> None:
    turn = {"status": 400, "body": {"error": OVERFLOWS[protocol]}}
    async with asking(tmp_path, protocol, turn, {"status": 413}) as asker:
        for _ in range(2):
            with pytest.raises(ContextOverflow) as caught:
                await asker.ask()
            assert not caught.value.retryable


@pytest.mark.parametrize("protocol", PROTOCOLS)
async def test_a_body_that_is_not_json_leaves_the_reason_phrase_and_its_few_words(
    protocol: str, tmp_path: Path
) -> None:
    turn = {"status": 422, "reason": "Unprocessable Entity"}
    async with asking(tmp_path, protocol, {**turn, "body": "<oops>"}) as asker:
        with pytest.raises(ProviderError, match=r"^Unprocessable Entity$"):
            await asker.ask()
    async with asking(tmp_path, protocol, {**turn, "body": "no such key\n"}) as asker:
        with pytest.raises(ProviderError, match=r"^Unprocessable Entity: no such key$"):
            await asker.ask()


@pytest.mark.parametrize("protocol", PROTOCOLS)
async def test_a_dropped_connection_keeps_what_came_and_is_retryable(
    protocol: str, tmp_path: Path
) -> None:
    got: list[Any] = []
    async with asking(tmp_path, protocol, {"text": "half an", "cut": True}) as asker:
        with pytest.raises(ProviderError, match="closed unexpectedly") as caught:
            async for delta in asker.llm.stream(asker.request()):
                got.append(delta)
    assert caught.value.retryable
    assert got[0] == TextDelta(0, "half ")


@pytest.mark.parametrize("protocol", PROTOCOLS)
async def test_an_error_in_mid_stream_is_retryable(protocol: str, tmp_path: Path) -> None:
    error = {"message": "stream boom", "type": "server_error", "code": "x"}
    async with asking(tmp_path, protocol, {"text": "a", "error": error}) as asker:
        with pytest.raises(ProviderError, match="stream boom") as caught:
            await asker.ask()
    assert caught.value.retryable


async def test_an_error_in_mid_stream_is_said_as_the_object_it_was(tmp_path: Path) -> None:
    error = {"message": "stream boom", "type": "server_error", "code": "x"}
    async with asking(tmp_path, "compatible", {"text": "a", "error": error}) as asker:
        with pytest.raises(ProviderError) as caught:
            await asker.ask()
    expected = '{"message":"stream boom","type":"server_error","code":"x"}'
    assert caught.value.message == expected


@pytest.mark.parametrize("protocol", PROTOCOLS)
async def test_a_piece_that_is_not_json_is_a_bad_answer(protocol: str, tmp_path: Path) -> None:
    named = "event: content_block_delta\n" if protocol == "anthropic" else ""
    raw = f"{named}data: {{not json\n\n"
    async with asking(tmp_path, protocol, {"text": "a", "raw": raw}) as asker:
        with pytest.raises(BadAnswer, match="not json"):
            await asker.ask()


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize("mime", ["text/html; charset=utf-8", "application/json"])
async def test_a_page_instead_of_a_stream_is_a_bad_answer(
    protocol: str, mime: str, tmp_path: Path
) -> None:
    async with asking(tmp_path, protocol, {"type": mime, "text": "welcome"}) as asker:
        with pytest.raises(BadAnswer, match="Expected a stream of events"):
            await asker.ask()
        assert len(asker.server.requests) == 1


@pytest.mark.parametrize("protocol", PROTOCOLS)
async def test_a_stream_that_merely_ends_has_an_unknown_reason(
    protocol: str, tmp_path: Path
) -> None:
    async with asking(tmp_path, protocol, {"text": "a", "finish": None}) as asker:
        assert finish(await asker.ask()).reason == "unknown"


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize(
    ("said", "reason"), [("length", "length"), ("content_filter", "content-filter")]
)
async def test_the_reason_of_an_early_end_is_known(
    protocol: str, said: str, reason: str, tmp_path: Path
) -> None:
    async with asking(tmp_path, protocol, {"text": "a", "finish": said}) as asker:
        assert finish(await asker.ask()).reason == reason


@pytest.mark.parametrize("protocol", PROTOCOLS)
async def test_nobody_listening_is_worth_another_try(protocol: str, tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    async with asking(tmp_path, protocol) as asker:
        elsewhere = asker.optioned(baseURL=f"http://127.0.0.1:{port}/v1")
        with pytest.raises(ProviderError, match="Unable to connect") as caught:
            await elsewhere.ask()
    assert caught.value.retryable


async def test_a_request_over_its_time_is_not_repeated(tmp_path: Path) -> None:
    async with asking(tmp_path, "compatible", {"text": "a", "hold": "for ever"}) as asker:
        with pytest.raises(BadAnswer, match="timed out"):
            await asker.optioned(timeout=300).ask()
        await asker.server.disconnected()


async def test_a_silent_stream_is_worth_another_try(tmp_path: Path) -> None:
    async with asking(tmp_path, "compatible", {"text": "a", "hold": "for ever"}) as asker:
        with pytest.raises(ProviderError, match="did not answer in time") as caught:
            await asker.optioned(chunkTimeout=300).ask()
    assert caught.value.retryable


async def test_an_empty_stream_is_an_answer_without_a_reason(tmp_path: Path) -> None:
    async with asking(tmp_path, "google", {"finish": None}) as asker:
        assert isinstance((await asker.ask())[-1], Finish)
