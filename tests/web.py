"""A small web server for tests: each path has the answer a function gives."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from tornado.httpserver import HTTPServer
from tornado.netutil import bind_sockets
from tornado.web import Application, RequestHandler

Answer = Callable[[RequestHandler], Any]


class Page(RequestHandler):
    """One path."""

    def initialize(self, answer: Answer) -> None:
        self.answer = answer

    async def get(self) -> None:
        result = self.answer(self)
        if result is not None:
            await result

    async def post(self) -> None:
        await self.get()


@asynccontextmanager
async def web(pages: dict[str, Answer]) -> AsyncIterator[int]:
    """A server on a free port of the loopback, whose number this is."""
    rules: list[Any] = [(path, Page, {"answer": answer}) for path, answer in pages.items()]
    server = HTTPServer(Application(rules, log_function=lambda handler: None))
    sockets = bind_sockets(0, "127.0.0.1")
    server.add_sockets(sockets)
    try:
        yield sockets[0].getsockname()[1]
    finally:
        server.stop()
        await server.close_all_connections()
