"""Stored messages as a model is asked: kinds of part, states of a call, what is left out."""

import base64
from datetime import date
from typing import Any

import pytest

from opencode.agent.prompts import prompt
from opencode.ids import Ids
from opencode.provider import base
from opencode.schema.error import APIError, APIErrorData, MessageError
from opencode.schema.message import AssistantMessage, MessageWithParts, UserMessage
from opencode.schema.part import (
    AgentPart,
    CompactionPart,
    FilePart,
    Part,
    PartTime,
    PatchPart,
    ReasoningPart,
    StepFinishPart,
    StepStartPart,
    SubtaskPart,
    TextPart,
    Tokens,
    ToolErrorTime,
    ToolPart,
    ToolState,
    ToolStateCompleted,
    ToolStateError,
    ToolStatePending,
    ToolStateRunning,
    ToolTime,
    ToolTimeStart,
)
from opencode.schema.provider import Model
from opencode.session import failure, history
from opencode.session.history import (
    Surroundings,
    mode_reminder,
    since_summary,
    system_prompt,
    turns,
)
from tests.session.stores import assistant_message, user_message

IDS = Ids()
FACTS: dict[str, Any] = {"id": "m1", "provider_id": "fake", "name": "M1"}
MODEL = Model.model_construct(**FACTS)
OTHER = Model.model_construct(**{**FACTS, "id": "m2"})
KNOWN: dict[str, Any] = {"id": "prt_1", "session_id": "ses_1", "message_id": "msg_1"}
PNG = "data:image/png;base64," + base64.b64encode(b"png").decode()


def text(words: str, **given: Any) -> TextPart:
    return TextPart(**KNOWN, text=words, **given)


def thought(words: str, **given: Any) -> ReasoningPart:
    return ReasoningPart(**KNOWN, text=words, time=PartTime(start=1), **given)


def call(state: ToolState, call_id: str = "call_1", **given: Any) -> ToolPart:
    return ToolPart(**KNOWN, call_id=call_id, tool="bash", state=state, **given)


def done(output: str = "out", **given: Any) -> ToolStateCompleted:
    known: dict[str, Any] = {"time": ToolTime(start=1, end=2), **given}
    return ToolStateCompleted(
        input={"command": "é"}, output=output, title="t", metadata={}, **known
    )


def image(url: str = PNG, mime: str = "image/png") -> FilePart:
    return FilePart(**KNOWN, mime=mime, url=url, filename="a.png")


def said(*parts: Part) -> MessageWithParts:
    return MessageWithParts(info=user_message(IDS, "ses_1"), parts=list(parts))


def answered(*parts: Part, to: MessageWithParts | None = None, **given: Any) -> MessageWithParts:
    parent = (to or said()).info
    assert isinstance(parent, UserMessage)
    return MessageWithParts(info=assistant_message(IDS, parent, **given), parts=list(parts))


def asked(*messages: MessageWithParts, model: Model = MODEL) -> list[base.ModelTurn]:
    return list(turns(messages, model))


def result(state: ToolState) -> base.ToolResultContent:
    _, results = asked(answered(call(state)))
    assert isinstance(results, base.ToolTurn)
    return results.results[0]


# What the user said -------------------------------------------------------------------------------


def test_every_kind_of_part_of_a_prompt() -> None:
    (turn,) = asked(
        said(
            text("typed"),
            text("made", synthetic=True),
            text("for people only", ignored=True),
            text(""),
            image(),
            image(url="file:///a.py", mime="text/plain"),
            image(url="data:text/plain,x", mime="text/plain"),
            image(url="file:///d", mime="application/x-directory"),
            AgentPart(**KNOWN, name="explore"),
            SubtaskPart(**KNOWN, prompt="p", description="d", agent="general"),
            CompactionPart(**KNOWN, auto=False),
        )
    )
    assert isinstance(turn, base.UserTurn)
    assert turn.content == (
        base.TextContent("typed"),
        base.TextContent("made"),
        base.FileContent(mime="image/png", data=b"png", filename="a.png"),
        base.TextContent(history.EXECUTED_BY_USER),
    )


def test_a_prompt_of_nothing_is_no_turn() -> None:
    assert asked(said(text("", synthetic=True)), said()) == []


@pytest.mark.parametrize(
    ("url", "content"),
    [
        ("data:image/png;base64,AAEC", b"\x00\x01\x02"),
        ("data:image/svg+xml,%3Csvg%2F%3E", b"<svg/>"),
        ("data:image/png;base64,A", None),
        ("https://x/a.png", None),
    ],
)
def test_a_file_is_sent_by_value(url: str, content: bytes | None) -> None:
    found = asked(said(image(url=url)))
    if content is None:
        assert found == []
    else:
        (turn,) = found
        assert isinstance(turn, base.UserTurn)
        (file,) = turn.content
        assert isinstance(file, base.FileContent)
        assert file.data == content


def test_a_reminder_is_added_to_the_last_prompt_only() -> None:
    messages = [said(text("one")), answered(text("a")), said(text("two")), answered(call(done()))]
    found = turns(messages, MODEL, reminder="remember")
    users = [turn.content for turn in found if isinstance(turn, base.UserTurn)]
    assert users == [
        (base.TextContent("one"),),
        (base.TextContent("two"), base.TextContent("remember")),
    ]
    assert turns([], MODEL, reminder="remember") == ()


def test_the_mode_is_told_while_planning_and_once_when_it_ends() -> None:
    first, second, third = said(text("plan")), said(text("build")), said(text("more"))
    planned = answered(text("a plan"), to=first, agent="plan")
    built = answered(text("built"), to=second)
    assert mode_reminder([first], user_of(first), "plan") == prompt("plan")
    assert mode_reminder([first, planned, second], user_of(second), "build") == prompt("build")
    again = [first, planned, second, built]
    assert mode_reminder(again, user_of(second), "build") == prompt("build")
    assert mode_reminder([*again, third], user_of(third), "build") is None
    assert mode_reminder([first], user_of(first), "build") is None


def user_of(message: MessageWithParts) -> UserMessage:
    assert isinstance(message.info, UserMessage)
    return message.info


# What the model answered --------------------------------------------------------------------------


def test_an_answer_with_calls_is_followed_by_their_results() -> None:
    found = asked(
        answered(
            StepStartPart(**KNOWN),
            thought("hm", metadata={"signature": "s"}),
            text("I look"),
            call(done(), "call_1"),
            call(done("other"), "call_2"),
            StepFinishPart(**KNOWN, reason="tool-calls", cost=0, tokens=Tokens()),
            PatchPart(**KNOWN, hash="h", files=[]),
        )
    )
    assert found == [
        base.AssistantTurn(
            (
                base.ReasoningContent("hm", {"signature": "s"}),
                base.TextContent("I look"),
                base.ToolCallContent("call_1", "bash", '{"command": "é"}'),
                base.ToolCallContent("call_2", "bash", '{"command": "é"}'),
            )
        ),
        base.ToolTurn(
            (
                base.ToolResultContent("call_1", "bash", "out"),
                base.ToolResultContent("call_2", "bash", "other"),
            )
        ),
    ]


def test_words_after_calls_are_another_turn() -> None:
    kinds = [type(turn) for turn in asked(answered(text("a"), call(done()), text("b")))]
    assert kinds == [base.AssistantTurn, base.ToolTurn, base.AssistantTurn]


def test_every_state_of_a_call_has_a_result() -> None:
    assert result(done("fine")).output == "fine"
    failed = ToolStateError(input={}, error="broken", time=ToolErrorTime(start=1, end=2))
    assert (result(failed).output, result(failed).error) == ("broken", True)
    running = ToolStateRunning(input={}, time=ToolTimeStart(start=1))
    for state in (ToolStatePending(), running):
        assert (result(state).output, result(state).error) == (history.INTERRUPTED, True)


def test_files_of_a_result_are_shown_until_it_is_cleared() -> None:
    shown = result(done(attachments=[image(), image(url="file:///a.png")]))
    assert shown.files == (base.FileContent("image/png", b"png", "a.png"),)
    cleared = result(done(attachments=[image()], time=ToolTime(start=1, end=2, compacted=3)))
    assert (cleared.output, cleared.files) == (history.CLEARED, ())


def test_another_model_does_not_see_thoughts_nor_what_their_vendor_wanted_back() -> None:
    parts = (thought("hm"), text("a"), call(done(), metadata={"google": {"signature": "s"}}))
    same, _ = asked(answered(*parts))
    other, _ = asked(answered(*parts), model=OTHER)
    assert isinstance(same, base.AssistantTurn)
    assert isinstance(other, base.AssistantTurn)
    assert isinstance(same.content[0], base.ReasoningContent)
    assert [type(one) for one in other.content] == [base.TextContent, base.ToolCallContent]
    assert isinstance(other.content[1], base.ToolCallContent)
    assert other.content[1].metadata == {}
    assert isinstance(same.content[2], base.ToolCallContent)
    assert same.content[2].metadata == {"google": {"signature": "s"}}


ABORTED: MessageError = failure.ABORTED
REFUSED: MessageError = APIError(data=APIErrorData(message="no", is_retryable=False))


def test_an_answer_that_was_stopped_is_kept_as_far_as_it_came() -> None:
    (turn,) = asked(answered(text("half"), error=ABORTED))
    assert turn == base.AssistantTurn((base.TextContent("half"),))
    assert asked(answered(error=ABORTED)) == []
    assert asked(answered(thought("hm"), error=ABORTED)) == []


def test_an_answer_that_failed_is_left_out_unless_it_acted() -> None:
    assert asked(answered(text("half"), error=REFUSED)) == []
    kinds = [type(turn) for turn in asked(answered(text("a"), call(done()), error=REFUSED))]
    assert kinds == [base.AssistantTurn, base.ToolTurn]


# Summaries ----------------------------------------------------------------------------------------


def test_a_finished_summary_cuts_what_came_before_it() -> None:
    old = [said(text("old")), answered(text("older"))]
    question = said(CompactionPart(**KNOWN, auto=True))
    summary = answered(text("so far"), to=question, summary=True, finish="stop")
    after = said(text("new"))
    messages = [*old, question, summary, after]
    assert list(since_summary(messages)) == [question, summary, after]
    unfinished = answered(text("so f"), to=question, summary=True)
    assert since_summary([*old, question, unfinished]) == [*old, question, unfinished]
    broken = answered(text("x"), to=question, summary=True, finish="stop", error=REFUSED)
    assert since_summary([*old, question, broken]) == [*old, question, broken]


def test_the_last_of_several_summaries_counts() -> None:
    def summarised() -> list[MessageWithParts]:
        question = said(CompactionPart(**KNOWN, auto=True))
        return [question, answered(text("s"), to=question, summary=True, finish="stop")]

    first, second = summarised(), summarised()
    assert list(since_summary([*first, said(text("x")), *second])) == second
    assert since_summary([]) == []


# The system prompt --------------------------------------------------------------------------------


def surroundings(**given: Any) -> Surroundings:
    known: dict[str, Any] = {
        "directory": "/p/src",
        "worktree": "/p",
        "git": True,
        "platform": "linux",
        "today": date(2026, 11, 22),
    }
    return Surroundings(**{**known, **given})


def test_the_system_prompt_holds_the_facts_in_their_order() -> None:
    where = surroundings(instructions=[("/p/AGENTS.md", "Be brief."), ("/p/b.md", "Be kind.")])
    who, facts, *rest = system_prompt(agent_prompt=None, model=MODEL, where=where, extra="And so.")
    assert who == prompt("default")
    head, environment = facts.split("\n", 1)
    assert "M1" in head
    assert "fake/m1" in head
    assert environment == (
        "<env>\n"
        "Working directory: /p/src\n"
        "Workspace root folder: /p\n"
        "Is directory a git repo: yes\n"
        "Platform: linux\n"
        "Today's date: Sun Nov 22 2026\n"
        "</env>"
    )
    assert rest == [
        "Instructions from: /p/AGENTS.md\nBe brief.",
        "Instructions from: /p/b.md\nBe kind.",
        "And so.",
    ]


def test_an_agent_may_have_its_own_words() -> None:
    where = surroundings(git=False)
    who, facts = system_prompt(agent_prompt="I explore.", model=MODEL, where=where, extra=None)
    assert who == "I explore."
    assert "Is directory a git repo: no" in facts


def test_messages_are_not_changed() -> None:
    message = answered(thought("hm"), text("a"), call(done()))
    before = message.plain()
    asked(said(text("x")), message, model=OTHER)
    assert message.plain() == before
    assert isinstance(message.info, AssistantMessage)
