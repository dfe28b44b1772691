"""Between the rows and the wire: sessions and messages as stored, pages and their opaque names."""

import base64
import binascii
import json
from typing import Any

from opencode.errors import BadRequestError, NotFoundError
from opencode.schema.part import ReasoningPart, TextPart
from opencode.schema.session import Session
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


def missing_session(session_id: str) -> NotFoundError:
    return NotFoundError(f"Session not found: {session_id}")


def missing_message(message_id: str) -> NotFoundError:
    return NotFoundError(f"Message not found: {message_id}")


def put_session(db: records.Connection, session: Session) -> None:
    """Save a session as it is, within a transaction of `SessionStore.rewrite`."""
    records.put_session(
        db,
        identifier=session.id,
        project_id=session.project_id,
        directory=session.directory,
        path=session.path or "",
        parent_id=session.parent_id,
        title=session.title,
        updated=session.time.updated,
        data=session.wire(),
    )
