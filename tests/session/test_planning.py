"""Where a plan is kept, and when that is said."""

from opencode.schema.session import Session, SessionTime
from opencode.session.planning import CHANGED, Planning


def session(agent: str | None = None) -> Session:
    return Session(
        id="ses_1",
        slug="quiet-sailor",
        project_id="p",
        directory="/project",
        title="t",
        agent=agent,
        version="1",
        time=SessionTime(created=1700, updated=1700),
    )


ON = Planning(files=True, worktree="/project", data="/home/me/data")
OFF = Planning(files=False, worktree="/project", data="/home/me/data")


def test_a_plan_lies_in_the_project_or_with_the_data() -> None:
    assert ON.file(session()) == ".opencode/plans/1700-quiet-sailor.md"
    outside = Planning(files=True, worktree="/", data="/home/me/data")
    assert outside.file(session()) == "/home/me/data/plans/1700-quiet-sailor.md"


def test_planning_in_files_is_said_when_it_begins() -> None:
    said = ON.turning(session("build"), "plan")
    assert said is not None
    assert "/project/.opencode/plans/1700-quiet-sailor.md" in said
    assert ON.turning(session(), "plan") == said
    assert ON.turning(session("plan"), "plan") is None
    assert ON.turning(session("plan"), "build") == CHANGED
    assert ON.turning(session("general"), "build") is None


def test_planning_in_words_changes_no_prompt() -> None:
    assert OFF.turning(session(), "plan") is None
