"""Cursors: opaque names of the pages of a conversation."""

import base64
import binascii
import json
from typing import Any

from opencode.errors import BadRequestError


def write_cursor(message_id: str) -> str:
    """The opaque name of the page that ends before `message_id`."""
    return base64.urlsafe_b64encode(json.dumps({"id": message_id}).encode()).decode().rstrip("=")


def read_cursor(cursor: str) -> str:
    """Raises `BadRequestError` for what `write_cursor` did not make."""
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        found: Any = json.loads(base64.urlsafe_b64decode(padded))
        return str(found["id"])
    except (binascii.Error, ValueError, KeyError, TypeError, RecursionError):
        raise BadRequestError(
            'Expected the cursor of an earlier page\n  at ["before"]', "Query"
        ) from None
