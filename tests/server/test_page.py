"""The page's files: types, revalidation, policy, confinement, and where a browser lands."""

import gzip
import os
from pathlib import Path

import pytest

from opencode.server.page import Folder, static_root
from tests.conftest import running

HTML = {"Accept": "text/html,application/xhtml+xml"}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    root = tmp_path / "static"
    (root / "vendor").mkdir(parents=True)
    (root / "index.html").write_text("<!doctype html><title>page</title>")
    (root / "main.js").write_text("export const answer = 42;\n" * 100)
    (root / "vendor" / "style.css").write_text("body { margin: 0 }")
    (root / ".hidden").write_text("no")
    (tmp_path / "secret.txt").write_text("no")
    (root / "way-out.txt").symlink_to(tmp_path / "secret.txt")
    monkeypatch.setattr("opencode.server.web.static_root", lambda: str(root))
    return root


async def test_files_are_sent_with_type_tag_and_policy(tmp_path: Path, folder: Path) -> None:
    async with running(tmp_path) as server:
        answer = await server.fetch("/main.js")
        assert answer.code == 200
        assert answer.headers["Content-Type"] == "text/javascript; charset=utf-8"
        assert answer.headers["Cache-Control"] == "no-cache"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        policy = answer.headers["Content-Security-Policy"]
        assert "script-src 'self';" in policy
        assert "frame-ancestors 'none'" in policy
        again = await server.fetch("/main.js", headers={"If-None-Match": answer.headers["Etag"]})
        assert (again.code, again.body) == (304, b"")


async def test_a_changed_file_has_another_tag(tmp_path: Path, folder: Path) -> None:
    async with running(tmp_path) as server:
        before = (await server.fetch("/main.js")).headers["Etag"]
        (folder / "main.js").write_text("changed")
        after = await server.fetch("/main.js", headers={"If-None-Match": before})
        assert (after.code, after.body) == (200, b"changed")


async def test_text_is_gzipped(tmp_path: Path, folder: Path) -> None:
    async with running(tmp_path) as server:
        headers = {"Accept-Encoding": "gzip"}
        answer = await server.fetch("/main.js", headers=headers, decompress_response=False)
        assert answer.headers["Content-Encoding"] == "gzip"
        assert gzip.decompress(answer.body) == (folder / "main.js").read_bytes()


@pytest.mark.parametrize("path", ["/", "/index.html", "/some/view", "/L3Byb2o/session/ses_1"])
async def test_a_browser_lands_on_the_page(tmp_path: Path, folder: Path, path: str) -> None:
    async with running(tmp_path) as server:
        answer = await server.fetch(path, headers=HTML)
        assert answer.code == 200
        assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
        assert b"<title>page</title>" in answer.body


async def test_a_program_gets_json_where_a_browser_gets_the_page(
    tmp_path: Path, folder: Path
) -> None:
    async with running(tmp_path) as server:
        assert (await server.fetch("/some/view")).code == 404
        assert (await server.fetch("/some/view", "POST", body={}, headers=HTML)).code == 404
        health = await server.fetch("/global/health", headers=HTML)
        assert health.headers["Content-Type"] == "application/json"
        assert (await server.fetch("/main.js", "POST", body={})).code == 405


@pytest.mark.parametrize(
    "path",
    [
        "/../secret.txt",
        "/%2e%2e/secret.txt",
        "/vendor/..%2f..%2fsecret.txt",
        "/way-out.txt",
        "/.hidden",
        "/vendor",
        "/main.js%00",
        "//etc/passwd",
    ],
)
async def test_nothing_outside_the_folder_is_reachable(
    tmp_path: Path, folder: Path, path: str
) -> None:
    assert Folder(str(folder)).find(path) is None
    async with running(tmp_path) as server:
        assert (await server.fetch(path)).code == 404


def test_the_page_of_this_checkout_is_found() -> None:
    assert os.path.basename(static_root()) == "static"
