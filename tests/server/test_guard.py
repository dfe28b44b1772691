"""Who may come in and who may not."""

import base64
import os
from pathlib import Path
from typing import Any

import pytest
from tornado.httputil import HTTPHeaders

from opencode.server.guard import Guard, Tickets
from opencode.settings import Paths, Settings


def guard(**changes: Any) -> Guard:
    return Guard(Settings(paths=Paths.from_environ(os.environ), directory="/", **changes))


def token(pair: str) -> str:
    return base64.b64encode(pair.encode()).decode()


def status(one: Guard, method: str = "GET", path: str = "/x", **headers: str) -> int:
    asked = {name.replace("_", "-"): value for name, value in headers.items()}
    query = asked.pop("token", None)
    asked.setdefault("Host", "127.0.0.1:4096")
    refusal = one.refusal(method, path, HTTPHeaders(asked), query)
    return 200 if refusal is None else refusal.status


@pytest.mark.parametrize(
    "origin",
    [
        "http://localhost:3000",
        "http://127.0.0.1:5173",
        "https://app.opencode.ai",
        "https://a.b.opencode.ai",
        "https://opencode.ai",
        "tauri://localhost",
        "http://tauri.localhost",
        "https://tauri.localhost",
        "oc://renderer",
        "https://mine.example",
    ],
)
def test_allowed_origins_are_echoed(origin: str) -> None:
    one = guard(cors=("https://mine.example",))
    assert one.cors(origin)["Access-Control-Allow-Origin"] == origin
    assert one.preflight({"Origin": origin})["Access-Control-Allow-Origin"] == origin
    assert status(one, "POST", Origin=origin) == 200


@pytest.mark.parametrize(
    "origin",
    [
        "http://localhost",
        "http://127.0.0.1",
        "https://localhost:3000",
        "http://[::1]:3000",
        "http://app.opencode.ai",
        "https://opencode.ai.evil.com",
        "https://evilopencode.ai",
        "http://localhost.evil.com",
        "http://localhost:1@evil.com",
        "null",
        "https://evil.com",
    ],
)
def test_other_origins_may_neither_read_nor_change(origin: str) -> None:
    one = guard()
    assert one.cors(origin) == {"Vary": "Origin"}
    assert "Access-Control-Allow-Origin" not in one.preflight({"Origin": origin})
    assert status(one, "POST", Origin=origin) == 403
    assert status(one, "GET", Origin=origin) == 200


def test_our_own_page_may_change_things_under_any_name_of_ours() -> None:
    one = guard(allow_hosts=("box.lan",))
    assert status(one, "POST", Host="box.lan:4096", Origin="http://box.lan:4096") == 200
    assert status(one, "POST", Host="box.lan:4096", Origin="http://box.lan:1") == 403


def test_a_foreign_page_without_origin_is_told_by_fetch_metadata() -> None:
    assert status(guard(), "POST", Sec_Fetch_Site="cross-site") == 403
    assert status(guard(), "POST", Sec_Fetch_Site="same-origin") == 200
    assert status(guard(), "POST") == 200


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("localhost:4096", 200),
        ("LOCALHOST.", 200),
        ("127.0.0.1", 200),
        ("127.1.2.3:80", 200),
        ("[::1]:4096", 200),
        ("x.localhost", 200),
        ("opencode.local:4096", 200),
        ("box.lan", 200),
        ("evil.com", 403),
        ("127.0.0.1.evil.com", 403),
        ("192.168.1.2", 403),
        ("localhost.evil.com:4096", 403),
    ],
)
def test_only_our_names_are_answered_without_a_password(host: str, expected: int) -> None:
    assert status(guard(allow_hosts=("box.lan",)), Host=host) == expected


def test_with_a_password_any_name_is_answered() -> None:
    one = guard(password="secret")
    header = f"Basic {token('opencode:secret')}"
    assert status(one, Host="evil.com", Authorization=header) == 200


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"Authorization": f"Basic {token('opencode:secret')}"}, 200),
        ({"Authorization": f"bAsIc {token('opencode:secret')}"}, 200),
        ({"Authorization": f"Basic {token('opencode:wrong')}"}, 401),
        ({"Authorization": f"Basic {token('root:secret')}"}, 401),
        ({"Authorization": "Bearer secret"}, 401),
        ({"Authorization": "Basic \u00fc%%"}, 401),
        ({"token": token("opencode:secret")}, 200),
        ({"token": token("opencode:secret").rstrip("=")}, 200),
        ({"token": "secret"}, 401),
        ({"token": "x", "Authorization": f"Basic {token('opencode:secret')}"}, 401),
        ({}, 401),
    ],
)
def test_a_password_is_asked_for(given: dict[str, str], expected: int) -> None:
    assert status(guard(password="secret"), **given) == expected


def test_the_manifest_needs_no_password() -> None:
    assert status(guard(password="secret"), path="/site.webmanifest") == 200


def test_an_api_path_says_it_in_its_dialect() -> None:
    refusal = guard(password="s").refusal("GET", "/api/session", HTTPHeaders(), None)
    assert refusal is not None
    assert refusal.body() == {"_tag": "UnauthorizedError", "message": "Authentication required"}


def test_a_name_of_ones_own_replaces_opencode() -> None:
    one = guard(password="secret", username="me")
    assert one.authorized(f"Basic {token('me:secret')}", None)
    assert not one.authorized(f"Basic {token('opencode:secret')}", None)
    assert one.matches("me", "secret")
    assert not one.matches("me", "")


def test_a_preflight_echoes_what_was_asked() -> None:
    answer = guard().preflight({"Access-Control-Request-Headers": "a,b"})
    assert answer["Access-Control-Allow-Headers"] == "a,b"
    assert answer["Vary"] == "Access-Control-Request-Headers, Origin"
    assert guard().preflight({})["Vary"] == "Origin"


def test_a_ticket_is_good_once_and_not_for_long(tmp_path: Path) -> None:
    moment = [0.0]
    tickets = Tickets(lambda: moment[0])
    one, other = tickets.issue(), tickets.issue()
    assert tickets.redeem(one)
    assert not tickets.redeem(one)
    moment[0] = 61.0
    assert not tickets.redeem(other)
    assert not tickets.redeem("guess")
