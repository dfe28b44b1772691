"""The document: valid, the same at every start, true about the models."""

import json
from pathlib import Path
from typing import Any

from openapi_spec_validator import validate

from opencode.api import MODULES
from opencode.api.operation import collect
from opencode.server.openapi import build
from tests.conftest import running


def document() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(build(collect(MODULES)))
    return found


def test_it_is_valid_openapi() -> None:
    validate(document())


def test_it_is_the_same_byte_for_byte() -> None:
    assert build(collect(MODULES)) == build(collect(MODULES))


def test_every_operation_is_in_it_with_a_summary() -> None:
    paths = document()["paths"]
    for one in collect(MODULES):
        said = paths[one.path][one.method.lower()]
        assert said["operationId"] == one.id
        assert said["summary"]
        assert said["tags"] == [one.tag]
        assert str(one.status) in said["responses"]
        assert {"400", "401"} <= said["responses"].keys()


def test_components_are_the_classes_as_the_wire_has_them() -> None:
    schemas = document()["components"]["schemas"]
    assert schemas["Health"]["required"] == ["healthy", "version"]
    connected = schemas["EventServerConnected"]
    assert connected["properties"]["type"]["enum"] == ["server.connected"]
    assert "type" in connected["required"]
    assert "null" not in json.dumps(schemas["GlobalEvent"])
    assert schemas["BadRequestError"]["required"] == ["name", "data"]
    assert not any(name.endswith(("Params", "Query")) for name in schemas)


def test_a_directory_may_be_named_where_it_matters() -> None:
    paths = document()["paths"]
    named = [one["name"] for one in paths["/event"]["get"]["parameters"]]
    assert named == ["directory", "workspace"]
    assert paths["/global/health"]["get"]["parameters"] == []
    assert [one["in"] for one in paths["/auth/{providerID}"]["put"]["parameters"]] == ["path"]


def test_the_string_beneath_a_field_describes_it() -> None:
    path = document()["paths"]["/log"]["post"]
    entry = document()["components"]["schemas"]["LogEntry"]["properties"]
    assert path["requestBody"]["required"] is True
    assert entry["service"]["description"] == "Service name for the log entry"


def test_streams_are_event_streams() -> None:
    content = document()["paths"]["/global/event"]["get"]["responses"]["200"]["content"]
    assert list(content) == ["text/event-stream"]


async def test_both_addresses_answer_it(tmp_path: Path) -> None:
    async with running(tmp_path) as server:
        one, other = await server.fetch("/doc"), await server.fetch("/doc?format=json")
        assert one.body == other.body
        assert json.loads(one.body)["openapi"] == "3.1.0"
        assert (await server.fetch("/doc", "POST", body={})).code == 405
