"""Services around the agent: MCP servers, language servers, formatters."""

from typing import Annotated, Literal

from pydantic import Field

from opencode.schema.wire import WireModel


class LSPStatus(WireModel):
    """A language server at work."""

    id: str
    name: str
    root: str
    status: Literal["connected", "error"]


class FormatterStatus(WireModel):
    """A formatter, and whether files are given to it."""

    name: str
    extensions: list[str]
    enabled: bool


class MCPStatusConnected(WireModel):
    """The server answers."""

    status: Literal["connected"] = "connected"


class MCPStatusDisabled(WireModel):
    """The server is configured and not used."""

    status: Literal["disabled"] = "disabled"


class MCPStatusFailed(WireModel):
    """The server could not be reached."""

    status: Literal["failed"] = "failed"
    error: str


class MCPStatusNeedsAuth(WireModel):
    """A person has to sign in first."""

    status: Literal["needs_auth"] = "needs_auth"


class MCPStatusNeedsClientRegistration(WireModel):
    """The server registers no clients by itself: the configuration has to name one."""

    status: Literal["needs_client_registration"] = "needs_client_registration"
    error: str


MCPStatus = Annotated[
    MCPStatusConnected
    | MCPStatusDisabled
    | MCPStatusFailed
    | MCPStatusNeedsAuth
    | MCPStatusNeedsClientRegistration,
    Field(discriminator="status"),
]


class McpResource(WireModel):
    """Something an MCP server offers to read."""

    name: str
    uri: str
    description: str | None = None
    mime_type: str | None = None
    client: str
    """The name of the server."""
