"""The `plan_exit` tool: the plan is complete; may the work begin?"""

from opencode.schema.wire import WireModel
from opencode.tool.base import Declined, Tool, ToolContext, ToolResult

PLANNER, BUILDER = "plan", "build"
YES, NO = "Yes", "No"


class PlanExitArguments(WireModel):
    """Nothing."""


class PlanExit(Tool[PlanExitArguments]):
    """Asks the user, and hands over to the agent that carries the plan out."""

    id = "plan_exit"
    arguments = PlanExitArguments

    def offered(self, model: str, agent: str | None) -> bool:
        return agent in (PLANNER, None)

    async def run(self, arguments: PlanExitArguments, context: ToolContext) -> ToolResult:
        answers = await context.question([_question(context.plan)])
        if answers and NO in answers[0]:
            raise Declined("The user dismissed this question")
        approved = f"The plan at {context.plan} is approved: files may be changed now."
        await context.hand_over(BUILDER, f"{approved} Carry the plan out.")
        return ToolResult(
            "Switching to build agent",
            "User approved switching to build agent. Wait for further instructions.",
        )


def _question(plan: str) -> dict[str, object]:
    return {
        "header": "Build Agent",
        "question": f"Plan at {plan} is complete. Would you like to switch to the build agent and"
        " start implementing?",
        "custom": False,
        "options": [
            {"label": YES, "description": "Leave planning and carry the plan out"},
            {"label": NO, "description": "Stay with the plan and refine it"},
        ],
    }
