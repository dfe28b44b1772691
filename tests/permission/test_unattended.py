"""How long a request waits where nobody answers, and whom it counts as somebody."""

import asyncio
from typing import Any

import pytest

from opencode.ids import Ids
from opencode.permission.broker import Broker
from opencode.permission.refusal import Unanswered
from opencode.permission.unattended import Patience
from opencode.schema.config import UnattendedConfig
from opencode.schema.request import QuestionInfo
from opencode.tasks import Tasks
from tests.permission.test_broker import Kept
from tests.processes import until


class Audience:
    """Who follows the events: changed by a test."""

    def __init__(self, *, there: bool) -> None:
        self.there = there
        self.looks = 0

    def __call__(self, asked: Any) -> bool:
        self.looks += 1
        return self.there


def house(audience: Audience, **config: Any) -> tuple[Broker, list[Any]]:
    events: list[Any] = []
    patience = Patience(UnattendedConfig.model_validate(config), audience)
    return Broker(events.append, Ids(), Kept(), patience), events


async def ask(broker: Broker) -> None:
    await broker.ask("ses_1", "bash", ["ls"], ruleset=[], always=["ls"])


QUESTION = QuestionInfo(question="Which?", header="Which", options=[])


@pytest.fixture(autouse=True)
def attentive(monkeypatch: pytest.MonkeyPatch) -> None:
    """Look again at once."""
    monkeypatch.setattr("opencode.permission.unattended.LOOK_AGAIN_S", 0.001)


async def test_with_nobody_there_a_call_is_denied_at_once() -> None:
    broker, events = house(Audience(there=False), action="deny")
    with pytest.raises(Unanswered):
        await ask(broker)
    assert [event.type for event in events] == ["permission.asked", "permission.replied"]
    assert events[1].properties.reply == "reject"
    assert broker.pending() == []


async def test_questions_end_in_the_same_way() -> None:
    broker, events = house(Audience(there=False), action="deny", after=0)
    with pytest.raises(Unanswered) as caught:
        await broker.ask_question("ses_1", [QUESTION])
    assert "Decide" in str(caught.value)
    assert [event.type for event in events] == ["question.asked", "question.rejected"]
    assert broker.pending_questions() == []


async def test_a_while_is_waited_where_the_configuration_says_so() -> None:
    broker, _ = house(Audience(there=False), action="deny", after=0.05)
    start = asyncio.get_running_loop().time()
    with pytest.raises(Unanswered):
        await ask(broker)
    assert asyncio.get_running_loop().time() - start >= 0.05


async def test_an_answer_that_comes_in_time_counts() -> None:
    broker, _ = house(Audience(there=False), action="deny", after=3600)
    tasks = Tasks()
    asking = tasks.start("asking", ask(broker))
    await until(lambda: bool(broker.pending()))
    await broker.reply(broker.pending()[0].id, "once")
    await asking


async def test_whoever_is_there_may_take_their_time_until_they_leave() -> None:
    audience = Audience(there=True)
    broker, _ = house(audience, action="deny")
    tasks = Tasks()
    asking = tasks.start("asking", ask(broker))
    await until(lambda: audience.looks >= 5)
    assert not asking.done()
    audience.there = False
    with pytest.raises(Unanswered):
        await asking


async def test_always_means_whoever_is_there() -> None:
    audience = Audience(there=True)
    broker, _ = house(audience, action="deny", when="always")
    with pytest.raises(Unanswered):
        await ask(broker)
    assert audience.looks == 0


@pytest.mark.parametrize("config", [{}, {"action": "wait"}, {"after": 0}])
async def test_without_the_policy_it_is_waited_for_ever(config: dict[str, Any]) -> None:
    audience = Audience(there=False)
    broker, _ = house(audience, **config)
    tasks = Tasks()
    asking = tasks.start("asking", ask(broker))
    await until(lambda: bool(broker.pending()))
    for _ in range(20):
        await asyncio.sleep(0.001)
    assert not asking.done()
    assert audience.looks == 0
    broker.withdraw("ses_1")
    with pytest.raises(asyncio.CancelledError):
        await asking


async def test_what_is_withdrawn_ends_while_it_is_waited() -> None:
    broker, _ = house(Audience(there=False), action="deny", after=3600)
    tasks = Tasks()
    asking = tasks.start("asking", ask(broker))
    await until(lambda: bool(broker.pending()))
    broker.withdraw("ses_1")
    with pytest.raises(asyncio.CancelledError):
        await asking
