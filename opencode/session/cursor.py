"""Pages of a conversation: their opaque names, and stored messages as they are on the wire."""

import base64
import binascii
import json
from typing import Any

from opencode.errors import BadRequestError
from opencode.schema.part import ReasoningPart, TextPart
from opencode.storage import records


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


def encode_row(row: records.MessageRow, live: dict[str, TextPart | ReasoningPart]) -> str:
    """A stored message as it is on the wire; parts in `live` as they are there."""
    parts = ",".join(
        live[part_id].wire().decode() if part_id in live else data for part_id, data in row.parts
    )
    return f'{{"info":{row.data},"parts":[{parts}]}}'


def encode_list(rows: list[str]) -> bytes:
    """Stored JSON as one list."""
    return f"[{','.join(rows)}]".encode()
