"""MCP servers of the configuration."""

from opencode.api.operation import Call, operation
from opencode.schema.config import McpEnabledConfig
from opencode.schema.service import MCPStatus, MCPStatusDisabled


@operation("mcp.status", "GET /mcp")
async def status(call: Call) -> dict[str, MCPStatus]:
    """Get MCP status

    The servers of the configuration by name. This server connects to none, so all are disabled.
    """
    configured = call.instance.config.mcp or {}
    return {
        name: MCPStatusDisabled()
        for name, given in configured.items()
        if not isinstance(given, McpEnabledConfig)
    }
