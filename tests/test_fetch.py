"""Outgoing requests of our own: within limits, with errors that say why."""

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from tornado.web import RequestHandler

from opencode.fetch import Fetch, FetchError, FetchRefused, FetchTimeout, FetchTooLarge
from tests.web import Answer, web


@asynccontextmanager
async def fetching(pages: dict[str, Answer]) -> AsyncIterator[tuple[Fetch, str]]:
    fetch = Fetch()
    try:
        async with web(pages) as port:
            yield fetch, f"http://127.0.0.1:{port}"
    finally:
        await fetch.close()


def latin(page: RequestHandler) -> None:
    page.set_header("Content-Type", "Text/Plain; charset=ISO-8859-1")
    page.write("gr\u00fcn".encode("latin-1"))


def missing(page: RequestHandler) -> None:
    page.set_status(404, "Nothing Here")
    page.write(page.request.headers.get("x-mine", ""))


def onwards(page: RequestHandler) -> None:
    page.redirect("/latin")


def in_circles(page: RequestHandler) -> None:
    page.redirect("/round")


def big(page: RequestHandler) -> None:
    page.write(b"x" * 5000)


async def big_by_pieces(page: RequestHandler) -> None:
    for _ in range(5):
        page.write(b"x" * 1000)
        await page.flush()


async def never(page: RequestHandler) -> None:
    await asyncio.Event().wait()


def echo(page: RequestHandler) -> None:
    page.write(f"{page.request.method} {page.request.body.decode()}".encode())


async def test_a_body_is_sent_and_no_redirect_followed() -> None:
    async with fetching({"/echo": echo, "/onwards": onwards}) as (fetch, url):
        found = await fetch.post(f"{url}/echo", b"hello")
        assert found.body == b"POST hello"
        with pytest.raises(FetchRefused, match="redirects"):
            await fetch.post(f"{url}/onwards", b"hello")


async def test_an_answer_is_read_with_its_kind_and_character_set() -> None:
    async with fetching({"/latin": latin}) as (fetch, url):
        found = await fetch.get(f"{url}/latin")
    assert (found.status, found.mime, found.text()) == (200, "text/plain", "gr\u00fcn")
    assert found.url == f"{url}/latin"


async def test_an_error_status_is_an_answer_and_headers_are_sent() -> None:
    async with fetching({"/missing": missing}) as (fetch, url):
        found = await fetch.get(f"{url}/missing", headers={"x-mine": "yes"})
    assert (found.status, found.reason, found.body) == (404, "Nothing Here", b"yes")


async def test_redirects_are_followed_but_not_for_ever() -> None:
    async with fetching({"/latin": latin, "/on": onwards, "/round": in_circles}) as (fetch, url):
        assert (await fetch.get(f"{url}/on")).url == f"{url}/latin"
        with pytest.raises(FetchRefused, match="more than 3 redirects"):
            await fetch.get(f"{url}/round", max_redirects=3)


@pytest.mark.parametrize("path", ["/big", "/pieces"])
async def test_an_answer_over_the_limit_is_refused(path: str) -> None:
    async with fetching({"/big": big, "/pieces": big_by_pieces}) as (fetch, url):
        with pytest.raises(FetchTooLarge, match="4999 bytes"):
            await fetch.get(url + path, max_bytes=4999)
        assert len((await fetch.get(url + path, max_bytes=5000)).body) == 5000


async def test_a_silent_server_ends_in_time() -> None:
    async with fetching({"/never": never}) as (fetch, url):
        with pytest.raises(FetchTimeout, match=r"within 0\.2 seconds"):
            await fetch.get(f"{url}/never", timeout=0.2)


@pytest.mark.parametrize("url", ["http://127.0.0.1:1/", "ftp://x/", "nonsense", "http://[::1"])
async def test_an_address_that_cannot_be_read_says_so(url: str) -> None:
    fetch = Fetch()
    with pytest.raises(FetchRefused, match="Cannot read"):
        await fetch.get(url)
    await fetch.close()


async def test_a_character_set_nobody_knows_is_read_as_utf8() -> None:
    def odd(page: RequestHandler) -> None:
        page.set_header("Content-Type", "text/plain; charset=klingon")
        page.write("gr\u00fcn")

    async with fetching({"/odd": odd}) as (fetch, url):
        assert (await fetch.get(f"{url}/odd")).text() == "gr\u00fcn"


async def test_it_can_be_used_again_after_closing() -> None:
    async with fetching({"/latin": latin}) as (fetch, url):
        await fetch.get(f"{url}/latin")
        await fetch.close()
        assert (await fetch.get(f"{url}/latin")).status == 200


def test_every_error_is_a_fetch_error() -> None:
    assert all(issubclass(it, FetchError) for it in (FetchRefused, FetchTimeout, FetchTooLarge))


def test_importing_it_loads_no_client() -> None:
    program = "import sys, opencode.fetch; sys.exit('httpx2' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
