"""Which answer a prompt ended with, and what can be continued."""

import pytest

from opencode.errors import NotFoundError
from opencode.schema.message import MessageWithParts
from opencode.session.outcome import answer_to, broken_off, interrupted, last_prompt

PLACE = {"sessionID": "ses_1"}


def user(number: int, *, auto: bool | None = None, goes_on: bool = False) -> MessageWithParts:
    place = {**PLACE, "messageID": f"msg_{number}", "id": f"prt_{number}"}
    part: dict[str, object] = {**place, "type": "text", "text": "q"}
    if auto is not None:
        part = {**place, "type": "compaction", "auto": auto}
    elif goes_on:
        part["metadata"] = {"compaction_continue": True}
    info = {
        **PLACE,
        "id": f"msg_{number}",
        "role": "user",
        "time": {"created": number},
        "agent": "build",
        "model": {"providerID": "p", "modelID": "m"},
    }
    return MessageWithParts.model_validate({"info": info, "parts": [part]})


def answer(
    number: int,
    parent: int,
    finish: str | None = "stop",
    *,
    error: str | None = None,
    summary: bool = False,
) -> MessageWithParts:
    info: dict[str, object] = {
        **PLACE,
        "id": f"msg_{number}",
        "role": "assistant",
        "time": {"created": number, "completed": number},
        "parentID": f"msg_{parent}",
        "modelID": "m",
        "providerID": "p",
        "mode": "build",
        "agent": "build",
        "path": {"cwd": "/", "root": "/"},
        "cost": 0,
        "tokens": {"input": 0, "output": 0, "reasoning": 0, "cache": {"read": 0, "write": 0}},
    }
    if summary:
        info["summary"] = True
    if finish is not None:
        info["finish"] = finish
    if error is not None:
        info["error"] = {"name": error, "data": {"message": "x"}}
    return MessageWithParts.model_validate({"info": info, "parts": []})


@pytest.mark.parametrize(
    ("messages", "prompt", "expected"),
    [
        ([user(1), answer(2, 1)], 1, 2),
        ([user(1), answer(2, 1, "tool-calls"), answer(3, 1)], 1, 3),
        ([user(1), answer(2, 1), user(3), answer(4, 3)], 1, 2),
        ([user(1), answer(2, 1), user(3), answer(4, 3)], 3, 4),
        ([user(1), user(2), answer(3, 2)], 1, 3),
        ([user(1), answer(2, 1, "tool-calls"), user(3), answer(4, 3)], 1, 4),
        ([user(1), answer(2, 1, None, error="MessageAbortedError"), user(3), answer(4, 3)], 1, 2),
        ([user(1)], 1, 1),
        ([user(0), answer(0, 0), user(1)], 1, 1),
    ],
)
def test_a_prompt_ends_with_its_last_answer_or_that_to_later_ones(
    messages: list[MessageWithParts], prompt: int, expected: int
) -> None:
    assert answer_to(messages, f"msg_{prompt}").info.id == f"msg_{expected}"


@pytest.mark.parametrize("finish", ["stop", "tool-calls", None])
def test_what_goes_on_after_a_summary_answers_the_prompt_before_it(finish: str | None) -> None:
    messages = [
        user(1),
        answer(2, 1, finish),
        user(3, auto=True),
        answer(4, 3),
        user(5, goes_on=True),
        answer(6, 5),
    ]
    assert answer_to(messages, "msg_1").info.id == "msg_6"


def test_a_summary_by_hand_answers_no_prompt() -> None:
    messages = [user(1), answer(2, 1), user(3, auto=False), answer(4, 3)]
    assert answer_to(messages, "msg_1").info.id == "msg_2"


def test_a_prompt_that_is_gone_is_not_found() -> None:
    with pytest.raises(NotFoundError):
        answer_to([user(1), answer(2, 1)], "msg_9")


def test_what_did_not_come_to_its_end_can_be_continued() -> None:
    broken = answer(2, 1, None, error="MessageAbortedError")
    found = interrupted([user(1), broken])
    assert found is not None
    assert found.id == "msg_1"
    assert interrupted([user(1), answer(2, 1)]) is None
    assert interrupted([user(1), broken, user(3)]) is None
    assert interrupted([user(1), broken, user(3), answer(4, 3)]) is None
    assert interrupted([]) is None


def test_a_summary_somebody_asked_for_is_not_continued() -> None:
    broken = answer(4, 3, None, error="MessageAbortedError")
    assert interrupted([user(1), answer(2, 1), user(3, auto=False), broken]) is None
    found = interrupted([user(1), answer(2, 1), user(3, auto=True), broken])
    assert found is not None
    assert found.id == "msg_3"


@pytest.mark.parametrize(
    ("messages", "expected"),
    [
        ([], None),
        ([user(1)], None),
        ([user(1), answer(2, 1)], None),
        ([user(1), answer(2, 1, None, error="MessageAbortedError")], None),
        ([user(1), answer(2, 1, "tool-calls")], "msg_1"),
        ([user(1), answer(2, 1, "unknown")], "msg_1"),
        ([user(1), answer(2, 1), user(3, auto=False), answer(4, 3, summary=True)], None),
        ([user(1), answer(2, 1), user(3, auto=True), answer(4, 3, summary=True)], "msg_3"),
    ],
)
def test_work_broken_off_between_answers_is_seen(
    messages: list[MessageWithParts], expected: str | None
) -> None:
    found = broken_off(messages)
    assert (None if found is None else found.id) == expected


def test_the_last_prompt_is_the_newest_user_message() -> None:
    found = last_prompt([user(1), answer(2, 1), user(3), answer(4, 3)])
    assert found is not None
    assert found.id == "msg_3"
    assert last_prompt([]) is None
