"""Cursors: what was written can be read, everything else is refused."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opencode.errors import BadRequestError
from opencode.session.rows import read_cursor, write_cursor


@given(st.text())
def test_what_was_written_can_be_read(message_id: str) -> None:
    cursor = write_cursor(message_id)
    assert read_cursor(cursor) == message_id
    assert not set(cursor) & set("=+/ ")


@pytest.mark.parametrize(
    "cursor",
    [
        "", "x", "nonsense", "ä", "====",
        base64.urlsafe_b64encode(b"[]").decode(),
        base64.urlsafe_b64encode(b'"id"').decode(),
        base64.urlsafe_b64encode(b'{"no":1}').decode(),
        base64.urlsafe_b64encode(b"[" * 50_000).decode(),
        base64.urlsafe_b64encode(b"\xff\xfe").decode(),
    ],
)  # fmt: skip
def test_anything_else_is_refused_by_name(cursor: str) -> None:
    with pytest.raises(BadRequestError, match=r'\["before"\]') as caught:
        read_cursor(cursor)
    assert caught.value.body()["data"]["kind"] == "Query"
