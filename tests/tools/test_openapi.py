"""The committed document and what it is compared with."""

from typing import Any

from tools.openapi import COPY, current, differences, missing


def test_the_committed_copy_is_what_the_program_says() -> None:
    found = differences(COPY.read_text(encoding="utf-8"), current())
    assert found == [], "run: python -m tools.openapi write"


def test_missing_operations_are_named() -> None:
    reference: dict[str, Any] = {"paths": {"/a": {"get": {"operationId": "a.get"}, "post": {}}}}
    own: dict[str, Any] = {"paths": {"/a": {"post": {}}}}
    assert list(missing(reference, own)) == ["GET /a a.get"]
