"""Sessions with their project, flags in a query."""

import pytest
from pydantic import ValidationError

from opencode.schema.experimental import GlobalSession, GlobalSessionQuery

SESSION = (
    '{"id":"ses_1","slug":"s","projectID":"p","directory":"/d","title":"t","version":"1",'
    '"time":{"created":1,"updated":1},"project":%s}'
)


@pytest.mark.parametrize("project", ["null", '{"id":"p","worktree":"/d"}'])
def test_the_project_of_a_session_may_be_unknown(project: str) -> None:
    assert GlobalSession.parse(SESSION % project).wire().decode() == SESSION % project


def test_a_flag_is_a_word_or_a_truth_value() -> None:
    query = GlobalSessionQuery.model_validate({"roots": "true", "archived": True, "limit": "5"})
    assert (query.roots, query.archived, query.limit) == ("true", True, 5)
    with pytest.raises(ValidationError):
        GlobalSessionQuery.model_validate({"roots": "maybe"})
