"""The `question` tool: ask the user and wait for the answers."""

from pydantic import Field

from opencode.schema.wire import WireModel
from opencode.tool.base import Tool, ToolContext, ToolError, ToolResult


class Option(WireModel):
    """One choice."""

    label: str = Field(description="What the user picks, one to five words")
    description: str = Field(description="What this choice means")


class Question(WireModel):
    """One question with its choices."""

    question: str = Field(description="The question in full")
    header: str = Field(description="A very short label, at most 30 characters")
    options: list[Option] = Field(description="The choices offered")
    multiple: bool | None = Field(None, description="Whether several choices may be picked")


class QuestionArguments(WireModel):
    """What to ask."""

    questions: list[Question] = Field(description="The questions to ask")


class AskQuestion(Tool[QuestionArguments]):
    """Puts questions to the user. Raises what `context.question` raises when they are dismissed."""

    id = "question"
    arguments = QuestionArguments

    async def run(self, arguments: QuestionArguments, context: ToolContext) -> ToolResult:
        if not arguments.questions:
            raise ToolError("questions must hold at least one question")
        answers = await context.question([question.plain() for question in arguments.questions])
        said = ", ".join(
            f'"{question.question}"="{", ".join(answer) or "Unanswered"}"'
            for question, answer in zip(
                arguments.questions, _padded(answers, len(arguments.questions)), strict=True
            )
        )
        count = len(arguments.questions)
        return ToolResult(
            f"Asked {count} question{'' if count == 1 else 's'}",
            f"User has answered your questions: {said}."
            " You can now continue with the user's answers in mind.",
            {"answers": answers},
        )


def _padded(answers: list[list[str]], count: int) -> list[list[str]]:
    """A client may send fewer answers than there are questions."""
    return [*answers, *([[]] * count)][:count]
