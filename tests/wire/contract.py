"""The published contract's answers, shapes only: `contract.json` holds one operation a line."""

import json
from functools import lru_cache
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator

FILE = Path(__file__).with_name("contract.json")


@lru_cache(maxsize=1)
def contract() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(FILE.read_text(encoding="utf-8"))
    return found


def differences(operation_id: str, answer: Any) -> list[str]:
    """What a published client would not expect in this answer of an operation."""
    known = contract()
    schema = {**known["operations"][operation_id]["answer"], "components": known["components"]}
    return [
        f"{list(one.absolute_path)}: {one.message}"
        for one in Draft202012Validator(schema).iter_errors(answer)
    ]


def route(operation_id: str) -> str:
    """`METHOD /path` of an operation."""
    return str(contract()["operations"][operation_id]["route"])
