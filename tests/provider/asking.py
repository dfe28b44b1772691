"""What every test of the language models needs: a scripted server and a way to ask it."""

from collections.abc import AsyncIterator, Iterable
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from opencode.provider.base import (
    Delta,
    Finish,
    ModelRequest,
    ModelTurn,
    ReasoningDelta,
    TextContent,
    TextDelta,
    ToolCall,
    ToolSpec,
    UserTurn,
)
from opencode.provider.catalog import Catalog
from opencode.provider.credentials import Credentials
from opencode.provider.llm import LLM
from opencode.schema.config import Config
from opencode.schema.provider import Model, Provider
from opencode.settings import Paths
from tests.scripted_model import ScriptedModel
from tests.scripted_wires import JSON

PROTOCOLS = ("compatible", "openai", "anthropic", "google")
BASH = ToolSpec(
    "bash",
    "Run a command",
    {"type": "object", "properties": {"command": {"type": "string"}}, "required": ["command"]},
)
HELLO = UserTurn((TextContent("hello"),))


@dataclass
class Asker:
    """A model server and a client that asks it."""

    server: ScriptedModel
    llm: LLM
    provider: Provider
    model: Model

    def request(self, *turns: ModelTurn, **given: Any) -> ModelRequest:
        known: JSON = {"system": ("Be kind.",), "tools": (BASH,), "session_id": "ses_1"}
        return ModelRequest(
            self.provider, self.model, turns=turns or (HELLO,), **{**known, **given}
        )

    async def ask(self, *turns: ModelTurn, **given: Any) -> list[Delta]:
        async with aclosing(self.llm.stream(self.request(*turns, **given))) as deltas:
            return [delta async for delta in deltas]

    async def sent(self, *turns: ModelTurn, **given: Any) -> JSON:
        """The body of the request these turns make."""
        await self.ask(*turns, **given)
        return self.server.requests[-1].body

    def optioned(self, **options: Any) -> "Asker":
        """The same with other options of the provider."""
        provider = self.provider.model_copy(
            update={"options": {**self.provider.options, **options}}
        )
        return replace(self, provider=provider)


@asynccontextmanager
async def asking(
    home: Path, protocol: str = "compatible", *turns: JSON, **model: Any
) -> AsyncIterator[Asker]:
    """A server that speaks `protocol` and will say `turns`."""
    llm = LLM()
    try:
        async with ScriptedModel(list(turns)) as server:
            config = Config.model_validate(server.config(protocol, **model))
            providers = await catalog(home).providers_for(config)
            yield Asker(server, llm, *providers.default_model())
    finally:
        await llm.close()


def catalog(home: Path, **environ: str) -> Catalog:
    """A catalogue with nothing of this machine's in it."""
    paths = Paths.from_environ({"HOME": str(home)})
    return Catalog(paths, environ, credentials=Credentials(paths))


def text(deltas: Iterable[Delta]) -> str:
    return "".join(it.text for it in deltas if isinstance(it, TextDelta))


def reasoning(deltas: Iterable[Delta]) -> str:
    return "".join(it.text for it in deltas if isinstance(it, ReasoningDelta))


def calls(deltas: Iterable[Delta]) -> list[ToolCall]:
    return [it for it in deltas if isinstance(it, ToolCall)]


def finish(deltas: list[Delta]) -> Finish:
    assert isinstance(deltas[-1], Finish)
    return deltas[-1]
