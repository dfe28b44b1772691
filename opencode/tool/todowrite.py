"""The `todowrite` tool: the session's list of things to do."""

import json

from pydantic import Field

from opencode.schema.wire import WireModel
from opencode.tool.base import Tool, ToolContext, ToolResult


class TodoItem(WireModel):
    """One thing to do."""

    content: str = Field(description="What is to be done, in a few words")
    status: str = Field(description="pending, in_progress, completed or cancelled")
    priority: str = Field(description="high, medium or low")


class TodoWriteArguments(WireModel):
    """The whole list."""

    todos: list[TodoItem] = Field(description="The whole list, replacing the one before")


class TodoWrite(Tool[TodoWriteArguments]):
    """Replaces the todo list of the session."""

    id = "todowrite"
    arguments = TodoWriteArguments

    async def run(self, arguments: TodoWriteArguments, context: ToolContext) -> ToolResult:
        await context.ask("todowrite", ["*"], always=["*"], metadata={})
        todos = [todo.plain() for todo in arguments.todos]
        await context.todos(todos)
        left = sum(todo["status"] != "completed" for todo in todos)
        output = json.dumps(todos, indent=2, ensure_ascii=False)
        return ToolResult(f"{left} todos", output, {"todos": todos})
