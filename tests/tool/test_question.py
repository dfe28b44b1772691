"""Questions go to the user, answers to the model."""

import pytest

from opencode.tool.base import ToolError
from opencode.tool.question import AskQuestion, Option, Question, QuestionArguments
from tests.tool.surroundings import Surroundings

OPTIONS = [Option(label="Red", description="r"), Option(label="Blue", description="b")]
COLOR = Question(question="Which color?", header="Color", options=OPTIONS)
MANY = Question(question="Many?", header="Many", options=OPTIONS, multiple=True)


async def test_answers_are_told_in_one_sentence(here: Surroundings) -> None:
    here.answers = [["Red"], ["A", "custom text"]]
    result = await AskQuestion().run(QuestionArguments(questions=[COLOR, MANY]), here.context())
    assert result.title == "Asked 2 questions"
    assert result.output == (
        'User has answered your questions: "Which color?"="Red", "Many?"="A, custom text".'
        " You can now continue with the user's answers in mind."
    )
    assert result.metadata == {"answers": [["Red"], ["A", "custom text"]]}
    assert here.questions[0] == {
        "question": "Which color?",
        "header": "Color",
        "options": [
            {"label": "Red", "description": "r"},
            {"label": "Blue", "description": "b"},
        ],
    }
    assert here.questions[1]["multiple"] is True


async def test_what_was_not_answered_is_said(here: Surroundings) -> None:
    here.answers = [[]]
    result = await AskQuestion().run(QuestionArguments(questions=[COLOR, MANY]), here.context())
    assert '"Which color?"="Unanswered", "Many?"="Unanswered"' in result.output
    result = await AskQuestion().run(QuestionArguments(questions=[COLOR]), here.context())
    assert result.title == "Asked 1 question"


async def test_no_question_is_an_error(here: Surroundings) -> None:
    with pytest.raises(ToolError, match="at least one question"):
        await AskQuestion().run(QuestionArguments(questions=[]), here.context())
