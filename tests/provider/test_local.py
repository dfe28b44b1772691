"""Model servers on this machine, found on the loopback."""

import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from tornado.web import RequestHandler

from opencode.fetch import Fetch
from opencode.provider.catalog import Catalog
from opencode.provider.credentials import Credentials
from opencode.provider.local import OFF, SERVERS, LocalModels, LocalServer
from opencode.schema.config import Config
from opencode.settings import Paths
from tests.scripted_model import ScriptedModel
from tests.web import web


@asynccontextmanager
async def looking(*servers: LocalServer, **environ: str) -> AsyncIterator[LocalModels]:
    fetch = Fetch()
    try:
        yield LocalModels(fetch, environ, servers=servers, clock=Clock())
    finally:
        await fetch.close()


class Clock:
    """Time that passes a minute at every look."""

    now = 0.0

    def __call__(self) -> float:
        self.now += 60.0
        return self.now


def server_on(port: int) -> LocalServer:
    return LocalServer("ollama", "Ollama (local)", port)


def unused_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


async def test_a_server_that_answers_is_a_provider() -> None:
    async with ScriptedModel() as server:
        mine = LocalServer("ollama", "Ollama (local)", server.port)
        async with looking(mine) as local:
            found = await local.providers()
    provider = found["ollama"]
    assert provider["source"] == "custom"
    assert provider["options"] == {"baseURL": f"http://127.0.0.1:{server.port}/v1"}
    assert provider["models"]["m1"]["api"]["npm"] == "@ai-sdk/openai-compatible"


async def test_nobody_listening_is_no_provider() -> None:
    async with looking(LocalServer("ollama", "Ollama", unused_port())) as local:
        assert await local.providers() == {}


@pytest.mark.parametrize("body", ["<html>", "[]", '{"data": [{"id": 3}, 4]}', '{"data": "x"}'])
async def test_another_program_on_the_port_is_no_provider(body: str) -> None:
    def page(handler: RequestHandler) -> None:
        handler.write(body)

    async with web({"/v1/models": page}) as port, looking(server_on(port)) as local:
        assert await local.providers() == {}


async def test_a_server_that_goes_is_forgotten_at_the_next_look() -> None:
    async with ScriptedModel() as server, looking(server_on(server.port)) as local:
        assert list(await local.providers()) == ["ollama"]
        await server.__aexit__(None, None, None)
        assert await local.providers() == {}


async def test_the_environment_switches_it_off() -> None:
    async with ScriptedModel() as server:
        mine = LocalServer("ollama", "Ollama", server.port)
        async with looking(mine, **{OFF: "1"}) as local:
            assert await local.providers() == {}


async def test_a_local_model_is_taken_where_nothing_else_is_connected(tmp_path: Path) -> None:
    paths = Paths.from_environ({"HOME": str(tmp_path)})
    async with ScriptedModel() as server, looking(server_on(server.port)) as local:
        known = Catalog(paths, {}, credentials=Credentials(paths), local=local)
        found = await known.providers_for(Config())
    assert found.default_model()[1].id == "m1"


def test_the_known_servers_are_on_the_loopback() -> None:
    ports = {it.id: it.port for it in SERVERS}
    assert ports == {"ollama": 11434, "lmstudio": 1234, "llama.cpp": 8080}
    assert {it.host for it in SERVERS} == {"127.0.0.1"}
