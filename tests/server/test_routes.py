"""The URL table: what wins, what does not matter."""

import pytest

from opencode.api.operation import AnyOperation, Call, operation
from opencode.server.routes import Routes


async def nothing(call: Call) -> bool:
    return True


def made(*routes: str) -> Routes:
    found: list[AnyOperation] = [operation(one, one)(nothing) for one in routes]
    return Routes(found)


TABLE = made(
    "GET /session",
    "POST /session",
    "GET /session/status",
    "GET /session/{sessionID}",
    "DELETE /session/{sessionID}",
    "GET /session/{sessionID}/message/{messageID}",
    "GET /api/fs/read/*",
)


@pytest.mark.parametrize(
    ("path", "route", "values"),
    [
        ("/session", "GET /session", ()),
        ("/Session//", "GET /session", ()),
        ("//session", "GET /session", ()),
        ("/session/status", "GET /session/status", ()),
        ("/session/STATUS", "GET /session/status", ()),
        ("/session/ses_aB", "GET /session/{sessionID}", ("ses_aB",)),
        ("/session/a%2Fb", "GET /session/{sessionID}", ("a/b",)),
        (
            "/session/status/message/m",
            "GET /session/{sessionID}/message/{messageID}",
            ("status", "m"),
        ),
        ("/api/fs/read/src/a%20b.py", "GET /api/fs/read/*", ("src/a b.py",)),
    ],
)
def test_a_path_finds_its_operation(path: str, route: str, values: tuple[str, ...]) -> None:
    match = TABLE.find(path)
    assert match is not None
    assert match.methods["GET"].id == route
    assert match.values == values


@pytest.mark.parametrize(
    "path", ["/", "/nope", "/session/a/b", "/api/fs/read", "/session/a/message"]
)
def test_nothing_stands_elsewhere(path: str) -> None:
    assert TABLE.find(path) is None


def test_the_methods_of_a_path_are_known() -> None:
    match = TABLE.find("/session/ses_1")
    assert match is not None
    assert match.allow == ["GET", "DELETE", "HEAD", "OPTIONS"]
