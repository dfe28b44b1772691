"""Golden JSON: `<module>.json` holds examples of each type of `opencode.schema.<module>`.

What is written there was checked against the published contract once; where that contract's
components are at hand it is checked again.
"""

import importlib
import inspect
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator

from opencode.schema.wire import WireModel
from tests.wire.contract import contract


def examples(module: str) -> list[tuple[str, Any]]:
    """Names of types with one example each."""
    found = json.loads(Path(__file__).with_name(f"{module}.json").read_text(encoding="utf-8"))
    return [(name, example) for name, given in found.items() for example in given]


def survives(module: str, name: str, example: Any) -> None:
    """The example is read and written again without any change, in the order of its keys."""
    kind: type[WireModel] = getattr(importlib.import_module(f"opencode.schema.{module}"), name)
    text = json.dumps(example, separators=(",", ":"), ensure_ascii=False)
    assert kind.parse(text).wire().decode() == text
    assert kind.parse(text).plain() == example
    components = contract()["components"]
    if name in components["schemas"]:
        schema = {"$ref": f"#/components/schemas/{name}", "components": components}
        assert [one.message for one in Draft202012Validator(schema).iter_errors(example)] == []


def untold(module: str) -> Iterator[str]:
    """Types that no example holds, neither as a whole nor as the value of a field."""
    types = importlib.import_module(f"opencode.schema.{module}")
    seen: set[str] = set()
    for name, example in examples(module):
        _note(getattr(types, name).model_validate(example), seen)
    for name, kind in inspect.getmembers(types, inspect.isclass):
        if issubclass(kind, WireModel) and kind.__module__ == types.__name__ and name not in seen:
            yield name


def _note(value: Any, seen: set[str]) -> None:
    if isinstance(value, WireModel):
        seen.update(kind.__name__ for kind in type(value).__mro__)
        for field in type(value).model_fields:
            _note(getattr(value, field), seen)
    elif isinstance(value, dict):
        for one in value.values():
            _note(one, seen)
    elif isinstance(value, list):
        for one in value:
            _note(one, seen)
