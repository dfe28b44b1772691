"""The states of an MCP server."""

import pytest
from pydantic import TypeAdapter, ValidationError

from opencode.schema.service import McpResource, MCPStatus, MCPStatusFailed


def test_a_status_is_known_by_its_word() -> None:
    adapter: TypeAdapter[MCPStatus] = TypeAdapter(MCPStatus)
    assert adapter.validate_json('{"status":"failed","error":"e"}') == MCPStatusFailed(error="e")
    for text in ('{"status":"failed"}', '{"status":"asleep"}', "{}"):
        with pytest.raises(ValidationError):
            adapter.validate_json(text)


def test_a_resource_is_spelt_as_the_wire_has_it() -> None:
    one = McpResource(name="n", uri="u", client="c", mime_type="text/plain")
    assert one.wire() == b'{"name":"n","uri":"u","mimeType":"text/plain","client":"c"}'
