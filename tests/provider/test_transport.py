"""The last look at a request before it leaves, the first at an answer."""

import httpx2
import pytest

from opencode.provider.base import BadAnswer
from opencode.provider.transport import AGENT_HEADER, NO_KEY, Transport, check, tidy


def request(url: str = "http://x/v1/chat/completions", **headers: str) -> httpx2.Request:
    found = httpx2.Request(
        "POST", url, headers={it.replace("_", "-"): v for it, v in headers.items()}
    )
    tidy(found)
    return found


def test_a_request_says_who_asks_and_nothing_of_the_machine() -> None:
    found = request(x_stainless_os="Linux", x_goog_api_client="gl-python", x_mine="1")
    assert found.headers["user-agent"] == "opencode/1.18.33"
    assert "x-mine" in found.headers
    assert not {"x-stainless-os", "x-goog-api-client"} & set(found.headers)


def test_a_placeholder_for_a_key_does_not_leave() -> None:
    assert "authorization" not in request(authorization=f"Bearer {NO_KEY}").headers
    assert "authorization" not in request(authorization="Bearer k", x_api_key="k").headers
    assert request(authorization="Bearer k").headers["authorization"] == "Bearer k"


def test_the_version_of_a_base_url_is_not_repeated() -> None:
    assert str(request("http://x/v1/v1/messages?beta=true").url) == "http://x/v1/messages"
    assert str(request("http://x/api/v1/messages").url) == "http://x/api/messages"


def test_a_configured_agent_name_goes_first() -> None:
    found = httpx2.Request("POST", "http://x", headers={AGENT_HEADER: "mine"})
    tidy(found)
    assert found.headers["user-agent"] == "mine"
    assert AGENT_HEADER not in found.headers


async def test_only_a_page_with_a_good_status_is_a_bad_answer() -> None:
    page = {"content-type": "text/html"}
    with pytest.raises(BadAnswer, match="got text/html: <p>"):
        await check(httpx2.Response(200, headers=page, text="<p>"))
    await check(httpx2.Response(500, headers=page, text="<p>"))
    await check(httpx2.Response(200, headers={"content-type": "text/event-stream"}))


async def test_tickets_are_never_the_same_and_may_be_released_twice() -> None:
    transport = Transport()
    first, second = transport.ticket(), transport.ticket()
    assert first != second
    await transport.release(first)
    await transport.release(first)
    await transport.close()
