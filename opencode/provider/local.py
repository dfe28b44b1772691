"""Model servers on this machine: Ollama, LM Studio, llama.cpp.

They are looked for on loopback when providers are first asked for, never at start. A port nobody
listens on refuses at once; one that listens gets a short time to list its models.
"""

import asyncio
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from opencode.fetch import Fetch, FetchError
from opencode.provider.facts import COMPATIBLE, JSON, wire_model

OFF = "OPENCODE_DISABLE_LOCAL_MODELS"
CONNECT_SECONDS = 0.3
LIST_SECONDS = 2.0
KEEP_SECONDS = 30.0
LIST_BYTES = 1024 * 1024


@dataclass(frozen=True, slots=True)
class LocalServer:
    """A kind of model server and where it listens by default."""

    id: str
    name: str
    port: int
    host: str = "127.0.0.1"

    @property
    def base_url(self) -> str:
        return f"http://{self.host}:{self.port}/v1"


SERVERS = (
    LocalServer("ollama", "Ollama (local)", 11434),
    LocalServer("lmstudio", "LM Studio (local)", 1234),
    LocalServer("llama.cpp", "llama.cpp (local)", 8080),
)


class LocalModels:
    """What the model servers of this machine offer, as providers."""

    def __init__(
        self,
        fetch: Fetch,
        environ: Mapping[str, str],
        *,
        servers: tuple[LocalServer, ...] = SERVERS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._fetch = fetch
        self._servers = () if environ.get(OFF, "") not in ("", "0", "false") else servers
        self._clock = clock
        self._found: dict[str, JSON] = {}
        self._due = float("-inf")
        self._looking = asyncio.Lock()

    async def providers(self) -> dict[str, JSON]:
        """The servers that answer now, in wire form; remembered for half a minute."""
        async with self._looking:
            if self._servers and self._clock() >= self._due:
                found = await asyncio.gather(*map(self._ask, self._servers))
                self._found = {item["id"]: item for item in found if item is not None}
                self._due = self._clock() + KEEP_SECONDS
        return self._found

    async def _ask(self, server: LocalServer) -> JSON | None:
        if not await _listens(server):
            return None
        try:
            answer = await self._fetch.get(
                f"{server.base_url}/models", timeout=LIST_SECONDS, max_bytes=LIST_BYTES
            )
            names = _names(json.loads(answer.body)) if answer.status == 200 else []
        except (FetchError, ValueError):
            return None
        return _provider(server, names) if names else None


async def _listens(server: LocalServer) -> bool:
    try:
        async with asyncio.timeout(CONNECT_SECONDS):
            _, writer = await asyncio.open_connection(server.host, server.port)
    except (OSError, TimeoutError):
        return False
    writer.close()
    return True


def _names(listed: Any) -> list[str]:
    """The ids of an OpenAI model list, and of nothing else that may listen on such a port."""
    if not isinstance(listed, dict) or not isinstance(listed.get("data"), list):
        return []
    items = [item for item in listed["data"] if isinstance(item, dict)]
    return [item["id"] for item in items if isinstance(item.get("id"), str) and item["id"]]


def _provider(server: LocalServer, names: list[str]) -> JSON:
    facts = {"id": server.id, "npm": COMPATIBLE, "api": server.base_url}
    return {
        "id": server.id,
        "name": server.name,
        "source": "custom",
        "env": [],
        "options": {"baseURL": server.base_url},
        "models": {name: wire_model(facts, {"id": name}, {}) for name in names},
    }
