"""A request's life, seen from outside: what is answered, in which form, with which headers."""

import asyncio
import gzip
import json
from pathlib import Path

import pytest

from tests.conftest import running

NO_ROUTE = {"name": "NotFoundError", "message": "No such route: GET /nope"}


async def test_health_answers_lean_json(tmp_path: Path) -> None:
    async with running(tmp_path) as server:
        answer = await server.fetch("/global/health")
        assert answer.code == 200
        assert answer.headers["Content-Type"] == "application/json"
        assert answer.headers["Vary"] == "Origin"
        assert "Server" not in answer.headers
        assert json.loads(answer.body) == {"healthy": True, "version": server.app.version}


@pytest.mark.parametrize("path", ["/Global/Health", "/global/health/", "//global//health//"])
async def test_case_and_slashes_do_not_matter(tmp_path: Path, path: str) -> None:
    async with running(tmp_path) as server:
        assert (await server.fetch(path)).code == 200


async def test_head_is_get_without_its_body(tmp_path: Path) -> None:
    async with running(tmp_path) as server:
        whole, head = (
            await server.fetch("/global/health"),
            await server.fetch("/global/health", "HEAD"),
        )
        assert head.code == 200
        assert head.body == b""
        assert head.headers["Content-Length"] == str(len(whole.body))


async def test_an_unknown_path_is_a_json_404(tmp_path: Path) -> None:
    async with running(tmp_path) as server:
        answer = await server.fetch("/nope")
        assert answer.code == 404
        found = json.loads(answer.body)
        assert found.pop("data") == {"message": "No such route: GET /nope"}
        assert found == NO_ROUTE
        assert (await server.fetch("/nope", "POST", body={})).code == 404


async def test_a_wrong_method_is_a_json_405(tmp_path: Path) -> None:
    async with running(tmp_path) as server:
        answer = await server.fetch("/global/health", "DELETE")
        assert answer.code == 405
        assert answer.headers["Allow"] == "GET, HEAD, OPTIONS"
        assert json.loads(answer.body)["name"] == "MethodNotAllowed"


@pytest.mark.parametrize("path", ["/global/health", "/nope", "/", "/event"])
async def test_a_preflight_is_answered_everywhere_without_credentials(
    tmp_path: Path, path: str
) -> None:
    async with running(tmp_path, password="secret") as server:
        headers = {"Origin": "http://localhost:1", "Access-Control-Request-Headers": "x-y"}
        answer = await server.fetch(path, "OPTIONS", headers=headers)
        assert answer.code == 204
        assert answer.headers["Access-Control-Allow-Origin"] == "http://localhost:1"
        assert answer.headers["Access-Control-Allow-Headers"] == "x-y"
        assert answer.headers["Access-Control-Max-Age"] == "86400"


@pytest.mark.parametrize("path", ["/", "/global/health", "/doc", "/event", "/nope", "/ws/ticket"])
async def test_without_the_password_nothing_is_shown(tmp_path: Path, path: str) -> None:
    async with running(tmp_path, password="secret") as server:
        answer = await server.fetch(path)
        assert answer.code == 401
        assert answer.headers["WWW-Authenticate"] == 'Basic realm="Secure Area"'
        assert json.loads(answer.body)["name"] == "UnauthorizedError"


async def test_the_password_opens_by_header_and_by_query(tmp_path: Path) -> None:
    async with running(tmp_path, password="secret") as server:
        options = {"auth_username": "opencode", "auth_password": "secret"}
        assert (await server.fetch("/global/health", **options)).code == 200
        token = "b3BlbmNvZGU6c2VjcmV0"
        assert (await server.fetch(f"/global/health?auth_token={token}")).code == 200
        assert (await server.fetch("/global/health?auth_token=x", **options)).code == 401


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        ({"Host": "evil.com"}, 403),
        ({"Origin": "http://evil.com"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Content-Type": "text/plain"}, 415),
        ({"Content-Type": "application/json; charset=utf-8"}, 200),
        ({"Origin": "http://localhost:1", "Sec-Fetch-Site": "cross-site"}, 200),
    ],
)
async def test_what_a_foreign_page_could_send_is_refused(
    tmp_path: Path, headers: dict[str, str], code: int
) -> None:
    async with running(tmp_path) as server:
        headers = {"Content-Type": "application/json", **headers}
        body = b'{"service":"t","level":"info","message":"m"}'
        answer = await server.fetch("/log", "POST", body=body, headers=headers)
        assert answer.code == code
        assert answer.headers["Content-Type"] == "application/json"


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"{bad", "Invalid JSON"),
        (b"[]", "Expected object"),
        (b"{}", 'Missing key\n  at ["service"]'),
        (b'{"service":5,"level":"info","message":""}', 'Expected string, got 5\n  at ["service"]'),
        (b'{"service":"","level":"x","message":""}', 'at ["level"]'),
        (b"", "Expected object, got undefined"),
        (b"\xff\xfe", "Invalid JSON"),
    ],
)
async def test_a_bad_body_is_400_and_names_the_field(
    tmp_path: Path, body: bytes, message: str
) -> None:
    async with running(tmp_path) as server:
        headers = {"Content-Type": "application/json"}
        answer = await server.fetch("/log", "POST", body=body, headers=headers)
        found = json.loads(answer.body)
        assert answer.code == 400
        assert found["name"] == "BadRequest"
        assert message in found["message"]
        assert found["data"] == {"message": found["message"], "kind": "Payload"}


async def test_a_query_that_is_not_utf8_is_refused(tmp_path: Path) -> None:
    async with running(tmp_path) as server:
        assert (await server.fetch("/global/health?x=%ff")).code == 400


async def test_a_large_body_is_refused_before_it_is_sent(tmp_path: Path) -> None:
    async with running(tmp_path) as server:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        head = f"POST /log HTTP/1.1\r\nHost: localhost\r\nContent-Length: {100 * 2**20}\r\n\r\n"
        writer.write(head.encode() + b"x" * 1000)
        answer = await reader.readuntil(b"\r\n\r\n")
        assert answer.startswith(b"HTTP/1.1 413 ")
        assert b"PayloadTooLarge" in await reader.readuntil(b"}}")
        writer.close()


async def test_a_large_answer_is_gzipped_for_who_can_read_it(tmp_path: Path) -> None:
    async with running(tmp_path) as server:
        plain = await server.fetch("/doc")
        packed = await server.fetch(
            "/doc", headers={"Accept-Encoding": "gzip"}, decompress_response=False
        )
        assert "Content-Encoding" not in plain.headers
        assert packed.headers["Content-Encoding"] == "gzip"
        assert packed.headers["Vary"] == "Origin, Accept-Encoding"
        assert gzip.decompress(packed.body) == plain.body
        small = await server.fetch("/global/health", headers={"Accept-Encoding": "gzip"})
        assert "Content-Encoding" not in small.headers


@pytest.mark.parametrize("path", ["/app", "/mode"])
async def test_the_old_editor_probe_finds_a_server(tmp_path: Path, path: str) -> None:
    async with running(tmp_path) as server:
        answer = await server.fetch(path, headers={"Accept": "text/html"})
        assert answer.code == 200
        assert answer.headers["Content-Type"] == "application/json"
