"""What a model is told when a call may not go on."""

from opencode.permission.refusal import (
    PermissionDenied,
    PermissionRejected,
    QuestionRejected,
    Refusal,
    Unanswered,
)
from opencode.schema.request import PermissionRule


def test_a_rejection_tells_what_the_user_said() -> None:
    plain = PermissionRejected()
    assert str(plain) == "The user rejected permission to use this specific tool call."
    assert plain.feedback is None
    told = PermissionRejected("use another file")
    assert str(told).endswith("with the following feedback: use another file")
    assert PermissionRejected("").feedback is None


def test_a_denial_tells_the_rules() -> None:
    rule = PermissionRule(permission="bash", pattern="rm *", action="deny")
    text = str(PermissionDenied([rule]))
    assert text.endswith('[{"permission":"bash","action":"deny","pattern":"rm *"}]')


def test_a_dismissed_question_says_so() -> None:
    assert str(QuestionRejected()) == "The user dismissed this question"


def test_where_nobody_is_there_the_model_is_told_how_to_go_on() -> None:
    call, question = str(Unanswered()), str(Unanswered(question=True))
    assert "nobody is there" in call
    assert "permission" in call
    assert "Nobody is there" in question
    assert "Decide" in question
    assert isinstance(Unanswered(), Refusal)
