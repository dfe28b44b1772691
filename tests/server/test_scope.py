"""Which directory a request means."""

from typing import Any
from urllib.parse import quote

import pytest
from tornado.httputil import HTTPHeaders

from opencode.api.operation import Call, operation
from opencode.errors import BadRequestError
from opencode.server.scope import absolute, asked_directory, enter


async def nothing(call: Call) -> bool:
    return True


CLASSIC = operation("x.get", "GET /x")(nothing)
MODERN = operation("v2.x.get", "GET /api/x")(nothing)
GLOBAL = operation("global.x", "GET /global/x", scope="global")(nothing)


@pytest.mark.parametrize(
    ("query", "header", "expected"),
    [
        ({}, None, None),
        ({"directory": ["/a"]}, "/b", "/a"),
        ({"directory": [""]}, "/b", "/b"),
        ({}, quote("/a b/ü", safe=""), "/a b/ü"),
        ({"directory": ["%2Fa"]}, None, "/a"),
        ({"location[directory]": ["/a"]}, None, None),
    ],
)
def test_the_query_wins_over_the_header(
    query: dict[str, list[str]], header: str | None, expected: str | None
) -> None:
    headers = HTTPHeaders({"x-opencode-directory": header} if header else {})
    assert asked_directory(CLASSIC, query, headers) == expected


def test_an_api_path_has_its_own_name_for_it() -> None:
    query = {"location[directory]": ["/a"], "directory": ["/b"]}
    assert asked_directory(MODERN, query, HTTPHeaders()) == "/a"
    assert asked_directory(MODERN, {"directory": ["/b"]}, HTTPHeaders()) is None


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (None, "/own"),
        ("", "/own"),
        ("/a/../b/", "/b"),
        ("src", "/own/src"),
        ("~", "/own/~"),
        (".", "/own"),
    ],
)
def test_a_directory_becomes_absolute(given: str | None, expected: str) -> None:
    assert absolute(given, "/own") == expected


def test_a_nul_character_is_refused() -> None:
    with pytest.raises(BadRequestError, match="NUL"):
        absolute("/a\0b", "/own")


async def test_a_global_operation_opens_nothing() -> None:
    app: Any = None
    call = Call(app, "1")
    await enter(call, GLOBAL, "/a")
    assert (call.directory, call.opened) == ("", None)
