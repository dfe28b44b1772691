"""Ids: their shape, their order, the moment in them."""

import re

from hypothesis import given
from hypothesis import strategies as st

from opencode.ids import TIME_BITS, Ids, now_ms, time_of, ulid

NOW = 1_795_360_433_329
clocks = st.lists(st.integers(min_value=NOW, max_value=NOW + 5), min_size=2, max_size=200)


def ids_at(moments: list[int]) -> Ids:
    """Ids made by a clock that says these moments, then the last one for ever."""
    left = list(moments)
    return Ids(lambda: left.pop(0) if len(left) > 1 else left[0])


def test_an_id_is_a_prefix_twelve_digits_and_fourteen_letters() -> None:
    ids = ids_at([NOW])
    made = [ids.message(), ids.part(), ids.permission(), ids.question(), ids.event()]
    made += [ids.session(), ids.ascending("pty")]
    assert [one[:4] for one in made] == ["msg_", "prt_", "per_", "que_", "evt_", "ses_", "pty_"]
    assert all(re.fullmatch(r"[a-z]{3}_[0-9a-f]{12}[0-9A-Za-z]{14}", one) for one in made)


def test_the_digits_are_those_observed() -> None:
    assert ids_at([NOW]).event().startswith("evt_203d224b1001")
    assert ids_at([NOW]).session().startswith("ses_dfc2ddb4effe")


@given(clocks)
def test_ids_ascend_strictly_also_when_the_clock_goes_back(moments: list[int]) -> None:
    ids = ids_at(moments)
    made = [ids.message()[:16] for _ in moments]
    assert made == sorted(set(made))


@given(clocks)
def test_sessions_descend_strictly(moments: list[int]) -> None:
    ids = ids_at(moments)
    made = [ids.session()[:16] for _ in moments]
    assert made == sorted(set(made), reverse=True)


@given(st.lists(st.sampled_from(["message", "part", "event", "question", "permission"])))
def test_kinds_share_one_order(kinds: list[str]) -> None:
    ids = ids_at([NOW])
    made = [getattr(ids, kind)()[4:16] for kind in kinds]
    assert made == sorted(set(made))


@given(st.integers(min_value=0, max_value=(1 << TIME_BITS) - 2))
def test_a_message_sorts_after_the_one_it_follows(digits: int) -> None:
    ids = ids_at([NOW])
    before = f"msg_{digits:012x}zzzzzzzzzzzzzz"
    made = ids.message(after=before)
    assert made > before
    assert made > ids_at([NOW - 1]).message()


def test_what_a_client_calls_a_message_need_not_hold_a_time() -> None:
    assert ids_at([NOW]).message(after="msg_custom").startswith("msg_203d224b1001")
    assert ids_at([NOW]).message(after="msg_").startswith("msg_203d224b1001")


def test_the_last_moment_there_is_does_not_overflow() -> None:
    assert ids_at([NOW]).message(after="msg_" + "f" * 12).startswith("msg_" + "f" * 12)


@given(
    st.integers(min_value=NOW, max_value=NOW * 2), st.integers(min_value=-(1 << 34), max_value=0)
)
def test_the_moment_of_an_id_can_be_read_back(moment: int, age: int) -> None:
    made = Ids(lambda: moment).message()
    assert time_of(made, now=moment - age) == moment


def test_an_id_made_now_tells_now() -> None:
    before = now_ms()
    assert before <= time_of(Ids().event()) <= now_ms()


def test_the_other_form_of_id_ascends_with_its_moment() -> None:
    assert ulid(0).startswith("0" * 10)
    assert len(ulid()) == 26
    made = [ulid(moment) for moment in (1, 2, 1 << 40)]
    assert sorted(made) == made
    assert ulid(1) != ulid(1)
