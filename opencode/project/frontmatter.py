"""Markdown files that begin with YAML between two `---` lines: agents, commands, skills."""

import json
import re
from typing import Any

import yaml

FRONT = re.compile(
    r"\A\ufeff?---[ \t]*\r?\n(.*?)(?:^|\n)---[ \t]*(?:\r?\n|\Z)", re.DOTALL | re.MULTILINE
)
PLAIN_VALUE = re.compile(r"^([A-Za-z_][\w-]*):[ \t]+([^\s\"'\[{|>&*!].*)$", re.MULTILINE)


def split(text: str) -> tuple[dict[str, Any], str]:
    """The keys of the front matter and what follows it; all is body where there is none to be read.

    People write `description: Note: this` and mean a sentence: a value with a colon is read as text
    when the YAML cannot be read as it is.
    """
    found = FRONT.match(text)
    if found is None:
        return {}, text
    keys = _read(found[1])
    if keys is None:
        keys = _read(PLAIN_VALUE.sub(_quoted, found[1].replace("\r\n", "\n")))
    return ({}, text) if keys is None else (keys, text[found.end() :])


def _read(source: str) -> dict[str, Any] | None:
    try:
        value = yaml.safe_load(source)
    except (yaml.YAMLError, ValueError, RecursionError):
        return None
    if value is None:
        return {}
    if not isinstance(value, dict):
        return None
    return {str(key): item for key, item in value.items()}


def _quoted(found: re.Match[str]) -> str:
    key, value = found.groups()
    return f"{key}: {json.dumps(value.strip())}" if ":" in value else found[0]
