"""What a client sends wrong: each answer's status, and that its body names what was wrong."""

import asyncio
import base64
import json
import os
from pathlib import Path
from typing import Any

import pytest
from tornado.httpclient import HTTPResponse

from tests.conftest import PATIENCE, Running, running

JSON = dict[str, Any]
HUGE = 100 * 1024 * 1024


def read(answer: HTTPResponse) -> JSON:
    """The body of an error, which is always JSON with a message."""
    assert answer.headers["Content-Type"].startswith("application/json")
    body: JSON = json.loads(answer.body)
    assert body["message"]
    if "name" in body:
        assert body["data"]["message"] == body["message"]
    else:
        assert body["_tag"]
    return body


async def refused(server: Running, path: str, method: str = "GET", **options: Any) -> JSON:
    """The body of an answer that must be an error; its status comes along as `status`."""
    answer = await server.fetch(path, method, **options)
    assert 400 <= answer.code < 500, (answer.code, answer.body)
    return {**read(answer), "status": answer.code}


async def test_a_body_that_does_not_fit_is_named(tmp_path: Path) -> None:
    async with running(tmp_path) as server:
        created = json.loads((await server.fetch("/session", "POST", body={})).body)
        prompt = f"/session/{created['id']}/message"
        header = {"Content-Type": "application/json"}
        cases: list[tuple[str, str, Any, str]] = [
            ("POST", "/session", b"{rubbish", "JSON"),
            ("POST", "/session", {"title": 5}, '["title"]'),
            ("POST", "/session", [], "Expected object"),
            ("POST", prompt, b'{"parts": ', "JSON"),
            ("POST", prompt, {}, '["parts"]'),
            ("POST", prompt, {"parts": "x"}, '["parts"]'),
            ("POST", prompt, {"parts": [{"type": "zzz"}]}, '["parts"][0]'),
            ("POST", prompt, {"parts": [{"type": "text"}]}, '["parts"][0]["text"]'),
            ("POST", prompt, {"parts": [], "messageID": "foo"}, '["messageID"]'),
            ("POST", prompt, {"parts": [], "agent": "nobody"}, "nobody"),
            ("PATCH", f"/session/{created['id']}", {"title": []}, '["title"]'),
            ("POST", "/permission/per_1/reply", {"reply": "maybe"}, '["reply"]'),
            ("POST", "/question/que_1/reply", {"answers": "x"}, '["answers"]'),
            ("PUT", "/auth/openai", {"type": "zzz"}, "zzz"),
        ]
        for method, path, body, named in cases:
            body = await refused(server, path, method, body=body, headers=header)
            assert body["status"] == 400, (method, path, body)
            assert named in body["message"], (method, path, body)


async def test_ids_that_are_unknown_or_of_another_kind_are_told_apart(tmp_path: Path) -> None:
    async with running(tmp_path) as server:
        for path in ("/session/ses_nope", "/session/ses_nope/message", "/session/ses_nope/todo"):
            body = await refused(server, path)
            assert (body["status"], body["name"]) == (404, "NotFoundError")
            assert "ses_nope" in body["message"]
        for path in ("/session/foo", "/session/msg_1", "/session/ses_1/message/prt_1"):
            body = await refused(server, path)
            assert body["status"] == 400
            assert "Expected a string starting with" in body["message"]
        body = await refused(server, "/permission/per_1/reply", "POST", body={"reply": "once"})
        assert (body["status"], body["_tag"]) == (404, "PermissionNotFoundError")
        body = await refused(server, "/question/que_1/reject", "POST")
        assert (body["status"], body["_tag"]) == (404, "QuestionNotFoundError")


async def test_paths_and_methods_that_do_not_exist_are_json(tmp_path: Path) -> None:
    async with running(tmp_path) as server:
        assert (await refused(server, "/nothing/here"))["status"] == 404
        assert (await refused(server, "/session", "DELETE"))["status"] == 405
        answer = await server.fetch("/session", "DELETE")
        assert set(answer.headers["Allow"].split(", ")) >= {"GET", "POST"}


async def test_a_directory_that_is_a_file_is_refused_and_a_missing_one_is_empty(
    tmp_path: Path,
) -> None:
    (tmp_path / "file").write_text("x")
    async with running(tmp_path) as server:
        body = await refused(server, f"/session?directory={tmp_path}/file")
        assert body["status"] == 400
        assert "director" in body["message"]
        missing = f"{tmp_path}/missing"
        assert (await server.fetch(f"/session?directory={missing}")).code == 200
        assert (await refused(server, f"/file?path=&directory={missing}"))["status"] == 404


async def test_file_operations_stay_within_the_directory(tmp_path: Path) -> None:
    (tmp_path / "secret.txt").write_text("secret")
    project = tmp_path / "project"
    project.mkdir()
    os.symlink(tmp_path / "secret.txt", project / "link.txt")
    os.symlink(tmp_path, project / "up")
    async with running(tmp_path) as server:
        for path in ("../secret.txt", "link.txt", "up/secret.txt", "/etc/hostname", "a/../../x"):
            answer = await server.fetch(f"/file/content?path={path}")
            assert 400 <= answer.code < 500, path
            assert b"secret" not in answer.body.replace(path.encode(), b"")
            read(answer)
        assert (await server.fetch("/file?path=..")).code in (400, 403, 404)


async def test_a_foreign_host_or_page_is_refused(tmp_path: Path) -> None:
    async with running(tmp_path) as server:
        body = await refused(server, "/session", headers={"Host": "evil.example"})
        assert body["status"] == 403
        assert "--allow-host" in body["message"]
        foreign = {"Origin": "https://evil.example"}
        body = await refused(server, "/session", "POST", body={}, headers=foreign)
        assert body["status"] == 403
        site = {"Sec-Fetch-Site": "cross-site"}
        assert (await refused(server, "/session", "POST", body={}, headers=site))["status"] == 403
        answer = await server.fetch("/global/health", headers=foreign)
        assert "Access-Control-Allow-Origin" not in answer.headers


async def test_a_body_that_is_not_json_is_refused(tmp_path: Path) -> None:
    async with running(tmp_path) as server:
        plain = {"Content-Type": "text/plain"}
        body = await refused(server, "/session", "POST", body=b'{"title": "x"}', headers=plain)
        assert body["status"] == 415
        assert "application/json" in body["message"]


@pytest.mark.parametrize("given", ["opencode:wrong", "other:secret", "opencode:", ""])
async def test_a_wrong_password_is_refused_everywhere(tmp_path: Path, given: str) -> None:
    async with running(tmp_path, password="secret") as server:
        token = base64.b64encode(given.encode()).decode()
        headers = {"Authorization": f"Basic {token}"} if given else {}
        for path in ("/session", "/global/health", "/event", "/doc", "/", "/api/session"):
            answer = await server.fetch(path, headers=headers)
            assert answer.code == 401, path
            assert answer.headers["WWW-Authenticate"].startswith("Basic ")
        right = base64.b64encode(b"opencode:secret").decode()
        for answer in (
            await server.fetch("/session", headers={"Authorization": f"Basic {right}"}),
            await server.fetch(f"/session?auth_token={right}"),
            await server.fetch("/session", "OPTIONS"),
        ):
            assert answer.code in (200, 204)


async def test_a_huge_body_is_refused_before_it_is_read(tmp_path: Path) -> None:
    async with running(tmp_path) as server:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        head = (
            f"POST /session HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {HUGE}\r\n\r\n"
        )
        writer.write(head.encode())
        answer = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), PATIENCE)
        writer.close()
        assert answer.startswith(b"HTTP/1.1 413 ")
        assert (await server.fetch("/global/health")).code == 200
