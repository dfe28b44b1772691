"""The pages that scenarios fetch."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tornado.httpserver import HTTPServer
from tornado.netutil import bind_sockets
from tornado.web import Application, RequestHandler

HTML = """<!doctype html><html><head><title>T</title><style>p{}</style></head>
<body><h1>Head</h1><p>Para <b>bold</b> <a href="/x">link</a></p>
<ul><li>one</li><li>two</li></ul><script>1</script></body></html>"""
PIXEL = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010806000000"
    "1f15c4890000000d49444154789c6360606060000000050001a5f64540"
    "0000000049454e44ae426082"
)
"""A picture of one transparent point."""


class Page(RequestHandler):
    """Every page."""

    def get(self, name: str) -> None:
        match name:
            case "page.html":
                self.set_header("Content-Type", "text/html; charset=utf-8")
                self.finish(HTML)
            case "plain.txt":
                self.set_header("Content-Type", "text/plain")
                self.finish("plain text\n")
            case "data.json":
                self.finish({"a": 1})
            case "long.txt":
                self.set_header("Content-Type", "text/plain")
                self.finish("".join(f"line {number}\n" for number in range(3000)))
            case "image.png":
                self.set_header("Content-Type", "image/png")
                self.finish(PIXEL)
            case _:
                self.set_status(404)
                self.finish("nothing here")


@asynccontextmanager
async def pages() -> AsyncIterator[str]:
    """The address of the pages."""
    application = Application([(r"/(.*)", Page)], log_function=lambda handler: None)
    server = HTTPServer(application)
    sockets = bind_sockets(0, "127.0.0.1")
    server.add_sockets(sockets)
    try:
        yield f"http://127.0.0.1:{sockets[0].getsockname()[1]}"
    finally:
        server.stop()
        await server.close_all_connections()
