"""Asking, waiting, replying: who is woken, what is published, what is remembered."""

import asyncio
from collections.abc import Coroutine
from typing import Any

import pytest

from opencode.errors import PermissionNotFoundError, QuestionNotFoundError
from opencode.ids import Ids
from opencode.permission.broker import Broker
from opencode.permission.refusal import PermissionDenied, PermissionRejected, QuestionRejected
from opencode.schema.request import (
    PermissionRule,
    PermissionTool,
    QuestionInfo,
    QuestionOption,
    QuestionTool,
)
from opencode.tasks import Tasks


class Kept:
    """A store of saved rules, in memory; `failure` is raised on writing."""

    def __init__(self) -> None:
        self.rules: list[PermissionRule] = []
        self.failure: Exception | None = None

    async def add(self, permission: str, pattern: str) -> None:
        await asyncio.sleep(0)
        if self.failure is not None:
            raise self.failure
        self.rules.append(PermissionRule(permission=permission, pattern=pattern, action="allow"))

    async def all(self) -> list[PermissionRule]:
        await asyncio.sleep(0)
        return list(self.rules)


class House:
    """A broker, its events and the tasks that ask."""

    def __init__(self, kept: Kept | None = None) -> None:
        self.events: list[Any] = []
        self.kept = kept or Kept()
        self.broker = Broker(self.events.append, Ids(), self.kept)
        self.tasks = Tasks()

    async def ask(
        self, *patterns: str, session: str = "ses_1", rules: list[PermissionRule] | None = None
    ) -> "asyncio.Task[None]":
        """Ask for bash and return when the request is pending or decided."""
        work = self.broker.ask(
            session,
            "bash",
            list(patterns),
            ruleset=rules or [],
            always=["git *"],
            metadata={"command": "git x"},
            tool=PermissionTool(message_id="msg_1", call_id="call_1"),
        )
        return await self.started(work)

    async def started(self, work: Coroutine[Any, Any, Any]) -> "asyncio.Task[Any]":
        task = self.tasks.start("asking", work)
        for _ in range(10):
            await asyncio.sleep(0)
        return task

    def published(self) -> list[tuple[str, str]]:
        """Type and reply (or session) of each event."""
        return [
            (event.type, getattr(event.properties, "reply", event.properties.session_id))
            for event in self.events
        ]


def rule(pattern: str, action: str) -> PermissionRule:
    return PermissionRule.model_validate(
        {"permission": "bash", "pattern": pattern, "action": action}
    )


async def test_what_the_rules_allow_is_not_asked() -> None:
    house = House()
    await (await house.ask("ls", rules=[rule("*", "allow")]))
    assert house.events == []


async def test_what_the_rules_deny_is_refused_with_those_rules() -> None:
    house = House()
    task = await house.ask("git status", "rm x", rules=[rule("*", "deny"), rule("git *", "allow")])
    with pytest.raises(PermissionDenied) as caught:
        await task
    assert str(caught.value).endswith(
        'relevant rules [{"permission":"bash","action":"deny","pattern":"*"},'
        '{"permission":"bash","action":"allow","pattern":"git *"}]'
    )
    assert house.events == []


async def test_a_request_is_announced_and_a_reply_wakes_it() -> None:
    house = House()
    task = await house.ask("git status")
    [request] = house.broker.pending()
    assert house.events[0].properties.plain() == {
        "id": request.id,
        "sessionID": "ses_1",
        "permission": "bash",
        "patterns": ["git status"],
        "metadata": {"command": "git x"},
        "always": ["git *"],
        "tool": {"messageID": "msg_1", "callID": "call_1"},
    }
    await house.broker.reply(request.id, "once")
    await task
    assert house.broker.pending() == []
    assert house.published() == [("permission.asked", "ses_1"), ("permission.replied", "once")]


async def test_once_is_for_one_call() -> None:
    house = House()
    task = await house.ask("git status")
    await house.broker.reply(house.broker.pending()[0].id, "once")
    await task
    await house.ask("git status")
    assert len(house.broker.pending()) == 1
    await house.tasks.close()


async def test_always_is_remembered_for_every_session_and_kept() -> None:
    house = House()
    task = await house.ask("git status")
    await house.broker.reply(house.broker.pending()[0].id, "always")
    await task
    await (await house.ask("git log", session="ses_2"))
    assert house.kept.rules == [rule("git *", "allow")]
    later = House(house.kept)
    await (await later.ask("git log"))
    assert later.events == []


async def test_always_resolves_what_it_now_allows_and_nothing_else() -> None:
    house = House()
    first = await house.ask("git status")
    second = await house.ask("git log", session="ses_2")
    third = await house.ask("rm x", session="ses_2")
    await house.broker.reply(house.broker.pending()[0].id, "always")
    await asyncio.gather(first, second)
    assert [request.patterns for request in house.broker.pending()] == [["rm x"]]
    assert house.published()[3:] == [("permission.replied", "always")] * 2
    assert not third.done()
    await house.tasks.close()


async def test_always_never_lifts_a_rule_that_forbids() -> None:
    house = House()
    task = await house.ask("git status")
    await house.broker.reply(house.broker.pending()[0].id, "always")
    await task
    with pytest.raises(PermissionDenied):
        await (await house.ask("git push", rules=[rule("*", "ask"), rule("git push*", "deny")]))


async def test_a_reply_that_cannot_be_kept_leaves_the_request_pending() -> None:
    house = House()
    house.kept.failure = OSError("disk full")
    task = await house.ask("git status")
    [request] = house.broker.pending()
    with pytest.raises(OSError, match="disk full"):
        await house.broker.reply(request.id, "always")
    assert house.broker.pending() == [request]
    await house.broker.reply(request.id, "once")
    await task


async def test_rejecting_refuses_everything_else_of_the_session() -> None:
    house = House()
    first = await house.ask("git status")
    second = await house.ask("git log")
    other = await house.ask("git log", session="ses_2")
    await house.broker.reply(house.broker.pending()[0].id, "reject", "use another file")
    with pytest.raises(PermissionRejected, match=r"following feedback: use another file$") as told:
        await first
    with pytest.raises(PermissionRejected, match=r"specific tool call\.$") as silent:
        await second
    assert (told.value.feedback, silent.value.feedback) == ("use another file", None)
    assert not other.done()
    assert house.published()[3:] == [("permission.replied", "reject")] * 2
    await house.tasks.close()


async def test_an_unknown_request_is_not_found() -> None:
    house = House()
    with pytest.raises(PermissionNotFoundError):
        await house.broker.reply("per_nope", "once")
    with pytest.raises(QuestionNotFoundError):
        house.broker.reply_question("que_nope", [])
    with pytest.raises(QuestionNotFoundError):
        house.broker.reject_question("que_nope")


async def test_a_cancelled_ask_is_withdrawn() -> None:
    house = House()
    await house.ask("git status")
    await house.tasks.close()
    assert house.broker.pending() == []
    assert house.published() == [("permission.asked", "ses_1"), ("permission.replied", "reject")]


async def test_withdrawing_a_session_closes_its_requests_and_questions() -> None:
    house = House()
    asking = await house.ask("git status")
    questioning = await house.started(house.broker.ask_question("ses_1", [COLOR]))
    other = await house.ask("git status", session="ses_2")
    house.broker.withdraw("ses_1")
    await asyncio.wait([asking, questioning])
    assert asking.cancelled() and questioning.cancelled()
    assert [request.session_id for request in house.broker.pending()] == ["ses_2"]
    assert house.broker.pending_questions() == []
    assert [kind for kind, _ in house.published()[3:]] == [
        "permission.replied",
        "question.rejected",
    ]
    house.broker.close()
    await asyncio.wait([other])
    assert house.broker.pending() == []


COLOR = QuestionInfo(
    question="Which color?",
    header="Color",
    options=[QuestionOption(label="Red", description="r")],
)


async def test_questions_are_answered() -> None:
    house = House()
    tool = QuestionTool(message_id="msg_1", call_id="call_1")
    task = await house.started(house.broker.ask_question("ses_1", [COLOR], tool=tool))
    [request] = house.broker.pending_questions()
    assert house.events[0].properties == request
    house.broker.reply_question(request.id, [["Red"]])
    assert await task == [["Red"]]
    assert house.events[1].properties.plain() == {
        "sessionID": "ses_1",
        "requestID": request.id,
        "answers": [["Red"]],
    }
    with pytest.raises(QuestionNotFoundError):
        house.broker.reply_question(request.id, [["Red"]])


async def test_questions_are_dismissed() -> None:
    house = House()
    task = await house.started(house.broker.ask_question("ses_1", [COLOR]))
    house.broker.reject_question(house.broker.pending_questions()[0].id)
    with pytest.raises(QuestionRejected, match="The user dismissed this question"):
        await task
    assert house.published()[1] == ("question.rejected", "ses_1")
    assert house.broker.pending_questions() == []
