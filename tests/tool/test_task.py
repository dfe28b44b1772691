"""Handing work to a subagent."""

from typing import Any

import pytest

from opencode.tool.base import Assignment
from opencode.tool.task import Task, TaskArguments
from tests.tool.surroundings import Refused, Surroundings

GIVEN: dict[str, Any] = {
    "description": "Find it",
    "prompt": "Where is it?",
    "subagent_type": "explore",
}


async def test_a_subagent_is_asked_and_its_report_told(here: Surroundings) -> None:
    arguments = TaskArguments.model_validate({**GIVEN, "task_id": "ses_1", "command": "c"})
    result = await Task().run(arguments, here.context())
    assert here.assigned == [Assignment("Find it", "Where is it?", "explore", "ses_1", "c")]
    assert result.title == "Find it"
    assert result.output == (
        '<task id="ses_child" state="completed">\n<task_result>\nwhat was found\n'
        "</task_result>\n</task>"
    )
    assert result.metadata == {"sessionId": "ses_child"}
    assert here.permissions() == [("task", ["explore"])]
    assert here.asked[0].metadata == {"description": "Find it", "subagent_type": "explore"}


async def test_a_refused_task_is_not_begun(here: Surroundings) -> None:
    here.refuse = "task"
    with pytest.raises(Refused):
        await Task().run(TaskArguments.model_validate(GIVEN), here.context())
    assert here.assigned == []
