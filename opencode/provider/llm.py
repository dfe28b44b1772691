"""The language models: the light door to `provider/exchange.py` and the libraries behind it.

Those take a second to load, so they are loaded in a thread: when first asked, or earlier by `warm`.
"""

import asyncio
import importlib
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import TYPE_CHECKING

from opencode.provider.base import Delta, ModelRequest

if TYPE_CHECKING:
    from opencode.provider.exchange import Exchange


class LLM:
    """Answers `ModelRequest`s by asking the providers themselves."""

    def __init__(self) -> None:
        self._exchange: Exchange | None = None
        self._loading = asyncio.Lock()

    async def warm(self) -> None:
        """Load what the first request would have to wait for."""
        await self._open()

    async def stream(self, request: ModelRequest) -> AsyncGenerator[Delta]:
        """Ask. The last delta is `Finish`; closing the iterator closes the connection.

        Raises `ProviderError`, `ContextOverflow`, `BadAnswer`, `ProviderAuthError` (no key).
        """
        exchange = await self._open()
        async with aclosing(exchange.stream(request)) as deltas:
            async for delta in deltas:
                yield delta

    async def close(self) -> None:
        """Close the connections."""
        exchange, self._exchange = self._exchange, None
        if exchange is not None:
            await exchange.close()

    async def _open(self) -> "Exchange":
        async with self._loading:
            if self._exchange is None:
                self._exchange = await asyncio.to_thread(_load)
            return self._exchange


def _load() -> "Exchange":
    module = importlib.import_module("opencode.provider.exchange")
    exchange: Exchange = module.Exchange()
    return exchange
