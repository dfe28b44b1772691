"""A side's record without what must differ: ids, times, places, ports, hashes and prose.

Ids become the place of what they name (`<user 1>`, `<session 2>`), so that references still count.
"""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from tools.conformance.events import told
from tools.conformance.requests import is_title, request_view
from tools.conformance.stage import Record

JSON = dict[str, Any]
ID = re.compile(r"\b(ses|msg|prt|per|que|evt|tool|err)_[0-9A-Za-z]{8,}\b")
HASH = re.compile(r"\b[0-9a-f]{40}\b")
CALL = re.compile(r"\bcall_\d+\b")
ULID = re.compile(r"\b01[0-9A-HJKMNP-TV-Z]{24}\b")
DEFAULT_TITLE = re.compile(r"session - \d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
EPOCH_MS = range(1_500_000_000_000, 4_000_000_000_000)
DROPPED = {"slug": "<slug>", "version": "<version>", "date": "<date>", "server": "<server>"}
"""Fields of sessions and headers that differ by nature."""
EMBEDDED = "id"
"""Parts are told apart by their place; nothing refers to them."""


@dataclass
class Cleaner:
    """The replacements of one side of one scenario."""

    places: list[tuple[str, str]]
    """Texts and what stands for them; a longer text comes before one it contains."""
    names: dict[str, str] = field(default_factory=dict)
    """Ids that have a name."""
    hashes: dict[str, str] = field(default_factory=dict)

    def name_sessions(self, sessions: Iterable[JSON], messages: Iterable[list[JSON]]) -> None:
        """Call sessions, messages and calls by their order."""
        calls: set[str] = set()
        for number, session in enumerate(sessions, 1):
            self.names[session["id"]] = f"<session {number}>"
        for number, listed in enumerate(messages, 1):
            mark = "" if number == 1 else f" of session {number}"
            counts = {"user": 0, "assistant": 0}
            for message in listed:
                role = message["info"]["role"]
                counts[role] += 1
                self.names[message["info"]["id"]] = f"<{role} {counts[role]}{mark}>"
                for part in message["parts"]:
                    if "callID" in part:
                        self.names[part["callID"]] = f"<call {len(calls) + 1}>"
                        calls.add(part["callID"])

    def clean(self, value: Any, key: str = "") -> Any:
        """The value as both sides should have it."""
        match value:
            case str():
                return DROPPED.get(key) or self.text(value)
            case bool():
                return value
            case int() if value in EPOCH_MS:
                return "<time>"
            case list():
                return [self.clean(one) for one in value]
            case dict():
                return {self.text(name): self.clean(one, name) for name, one in value.items()}
            case _:
                return value

    def text(self, text: str) -> str:
        if text in self.names:
            return self.names[text]
        for place, name in self.places:
            text = text.replace(place, name)
        text = ID.sub(lambda it: self.names.get(it[0], f"<{it[1]}>"), text)
        text = HASH.sub(lambda it: self._hash(it[0]), text)
        text = CALL.sub(lambda it: self.names.get(it[0], it[0]), text)
        text = ULID.sub("<ulid>", text)
        return in_order(DEFAULT_TITLE.sub("session - <moment>", text))

    def _hash(self, text: str) -> str:
        return self.hashes.setdefault(text, f"<hash {len(self.hashes) + 1}>")


def in_order(text: str) -> str:
    """What a search has found, sorted: the published server gives it as its threads come."""
    lines = text.split("\n")
    if len(lines) > 1 and all(line.startswith("<project>/") for line in lines):
        return "\n".join(sorted(lines))
    if re.match(r"Found \d+ matches", text):
        head, *found = re.split(r"\n+(?=<)", text.rstrip("\n"))
        return "\n".join([head, *sorted(found)])
    return text


def view(record: Record, cleaner: Cleaner) -> JSON:
    """The record in the form in which two sides are compared."""
    cleaner.name_sessions(record.sessions, record.messages)
    main = [one for one in record.requests if not is_title(one)]
    titles = [one for one in record.requests if is_title(one)]
    seen = {
        "outcome": record.outcome,
        "messages": [_numbered(one) for one in record.messages],
        "sessions": record.sessions,
        "answers": record.answers,
        "requests": [request_view(one) for one in main],
        "titles": [request_view(one) for one in titles],
        "events": told(record.events, [one["id"] for one in record.sessions]),
        "files": record.files,
    }
    cleaned: JSON = cleaner.clean(seen)
    return cleaned


def _numbered(messages: list[JSON]) -> list[JSON]:
    """Messages whose parts and attachments have no ids: their place tells them apart."""
    bare: list[JSON] = json.loads(json.dumps(messages))
    for message in bare:
        for part in message["parts"]:
            for one in (part, *part.get("state", {}).get("attachments", ())):
                for key in (EMBEDDED, "sessionID", "messageID"):
                    one.pop(key, None)
    return bare
