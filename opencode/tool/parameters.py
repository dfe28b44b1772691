"""The JSON schema a model is given for a tool's arguments: plain, without references or titles."""

from typing import Any

from pydantic import BaseModel

DIALECT = "https://json-schema.org/draft/2020-12/schema"
LARGEST = 9_007_199_254_740_991
"""The largest integer every JSON reader keeps exact."""


def parameters(arguments: type[BaseModel]) -> dict[str, Any]:
    """The schema of an argument model, in the form model providers accept everywhere."""
    schema = arguments.model_json_schema(by_alias=True)
    plain = _plain(schema, schema.get("$defs", {}))
    return {
        "$schema": DIALECT,
        "type": "object",
        "properties": plain.get("properties", {}),
        "required": plain.get("required", []),
    }


def _plain(schema: dict[str, Any], definitions: dict[str, Any]) -> dict[str, Any]:
    if "$ref" in schema:
        found = _plain(definitions[schema["$ref"].rsplit("/", 1)[1]], definitions)
        return found | {key: schema[key] for key in ("description",) if key in schema}
    if "anyOf" in schema:
        return _given(schema, definitions)
    kept = {key: value for key, value in schema.items() if key not in _DROPPED}
    if "properties" in kept:
        kept.pop("description", None)
        kept["properties"] = {
            name: _plain(value, definitions) for name, value in kept["properties"].items()
        }
    if isinstance(kept.get("items"), dict):
        kept["items"] = _plain(kept["items"], definitions)
    return _bounded(kept) if kept.get("type") == "integer" else kept


_DROPPED = frozenset({"title", "$defs", "additionalProperties"})


def _given(schema: dict[str, Any], definitions: dict[str, Any]) -> dict[str, Any]:
    """An optional field is one that may be left out, not one that may be null."""
    outer = {key: value for key, value in schema.items() if key not in {"anyOf", "default"}}
    branches = [branch for branch in schema["anyOf"] if branch.get("type") != "null"]
    if len(branches) == 1:
        return _plain(outer | branches[0], definitions)
    outer.pop("title", None)
    return outer | {"anyOf": [_plain(branch, definitions) for branch in branches]}


def _bounded(schema: dict[str, Any]) -> dict[str, Any]:
    return {"minimum": -LARGEST, "maximum": LARGEST} | schema
