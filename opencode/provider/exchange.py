"""Asks models: one request out, one answer in. `provider/llm.py` is the door to it.

Loads the model library: nothing else imports it, and it is imported in a thread.
"""

import asyncio
from collections import OrderedDict
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import cast

from pydantic_ai.direct import model_request_stream
from pydantic_ai.exceptions import UnexpectedModelBehavior
from pydantic_ai.settings import ModelSettings

from opencode.provider import outgoing
from opencode.provider.base import BadAnswer, Delta, Finish, ModelRequest, ProviderError, Usage
from opencode.provider.failures import translate
from opencode.provider.incoming import Answer
from opencode.provider.transport import TICKET_HEADER, Transport
from opencode.provider.vendors import Client, connect
from opencode.schema.provider import Model, Provider

KEPT_CLIENTS = 32


class Exchange:
    """The connections to providers and the clients on them."""

    def __init__(self) -> None:
        self._transport = Transport()
        self._clients: OrderedDict[str, Client] = OrderedDict()

    async def stream(self, request: ModelRequest) -> AsyncGenerator[Delta]:
        """Ask, and give the answer as it arrives."""
        client = await self._client(request.provider, request.model)
        answer = Answer(client)
        ticket = self._transport.ticket()
        try:
            wanted = outgoing.settings(request, client)
            wanted["extra_headers"][TICKET_HEADER] = ticket
            asked = model_request_stream(
                client.backend,
                outgoing.messages(request, client),
                model_settings=cast(ModelSettings, wanted),
                model_request_parameters=outgoing.parameters(request),
            )
            async with asked as stream, aclosing(answer.deltas(stream)) as deltas:
                async for delta in deltas:
                    yield delta
        except (BadAnswer, ProviderError):
            raise
        except Exception as error:
            if not _empty(error):
                raise translate(error) from error
            yield Finish("unknown", Usage())
        finally:
            await self._transport.release(ticket)

    async def close(self) -> None:
        """Close every connection."""
        await self._transport.close()

    async def _client(self, provider: Provider, model: Model) -> Client:
        access = (provider.options.get("baseURL"), provider.options.get("apiKey"), provider.key)
        key = repr((provider.id, model.api, model.capabilities, access))
        client = self._clients.get(key)
        if client is None:
            # An SDK's first client loads further modules.
            client = await asyncio.to_thread(connect, provider, model, self._transport.http)
            self._clients[key] = client
            while len(self._clients) > KEPT_CLIENTS:
                self._clients.popitem(last=False)
        return client


def _empty(error: Exception) -> bool:
    """A stream without a single event: nothing was said, and nothing was wrong with it."""
    return isinstance(error, UnexpectedModelBehavior) and error.__cause__ is None
