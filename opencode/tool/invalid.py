"""The `invalid` tool: what a call becomes that named no tool or carried no JSON. Never offered."""

from opencode.schema.wire import WireModel
from opencode.tool.base import Tool, ToolContext, ToolResult


class InvalidArguments(WireModel):
    """What was called and what is wrong with it."""

    tool: str
    error: str


class Invalid(Tool[InvalidArguments]):
    """Tells the model what was wrong with its call."""

    id = "invalid"
    arguments = InvalidArguments

    async def run(self, arguments: InvalidArguments, context: ToolContext) -> ToolResult:
        problem = f"The arguments provided to the tool are invalid: {arguments.error}"
        return ToolResult("Invalid Tool", problem)
