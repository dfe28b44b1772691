"""The `task` tool: a subagent works in a session of its own and reports."""

from pydantic import Field

from opencode.schema.wire import WireModel
from opencode.tool.base import Assignment, Tool, ToolContext, ToolResult


class TaskArguments(WireModel):
    """What is handed over."""

    description: str = Field(description="The task in three to five words")
    prompt: str = Field(description="The whole task, with all the subagent needs to know")
    subagent_type: str = Field(
        alias="subagent_type", description="The name of the agent that is to do it"
    )
    task_id: str | None = Field(
        None, alias="task_id", description="The id of an earlier task, to go on with its subagent"
    )
    command: str | None = Field(None, description="The command that led to this task")


class Task(Tool[TaskArguments]):
    """Hands work to subagents."""

    id = "task"
    arguments = TaskArguments

    async def run(self, arguments: TaskArguments, context: ToolContext) -> ToolResult:
        kind, description = arguments.subagent_type, arguments.description
        metadata = {"description": description, "subagent_type": kind}
        await context.ask("task", [kind], always=["*"], metadata=metadata)
        report = await context.spawn(
            Assignment(
                description=description,
                prompt=arguments.prompt,
                agent=kind,
                task_id=arguments.task_id,
                command=arguments.command,
            )
        )
        output = (
            f'<task id="{report.task_id}" state="completed">\n'
            f"<task_result>\n{report.text}\n</task_result>\n</task>"
        )
        return ToolResult(description, output, report.facts)
