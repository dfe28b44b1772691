"""The plan is complete: go on, or not."""

import pytest

from opencode.tool.base import Declined
from opencode.tool.plan_exit import PlanExit, PlanExitArguments
from tests.tool.surroundings import Surroundings


async def test_the_work_is_handed_over_when_the_user_agrees(here: Surroundings) -> None:
    here.answers = [["Yes"]]
    result = await PlanExit().run(PlanExitArguments(), here.context())
    [(agent, text)] = here.handed_over
    assert agent == "build"
    assert ".opencode/plans/1-plan.md" in text
    assert result.title == "Switching to build agent"
    [question] = here.questions
    assert question["header"] == "Build Agent"
    assert question["custom"] is False
    assert [option["label"] for option in question["options"]] == ["Yes", "No"]


async def test_the_run_ends_when_the_user_does_not(here: Surroundings) -> None:
    here.answers = [["No"]]
    with pytest.raises(Declined, match=r"^The user dismissed this question$"):
        await PlanExit().run(PlanExitArguments(), here.context())
    assert here.handed_over == []


def test_only_the_agent_that_plans_is_offered_it() -> None:
    assert PlanExit().offered("any", "plan")
    assert not PlanExit().offered("any", "build")
