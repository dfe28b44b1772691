"""Flags of their own win over the one for everything."""

from opencode.tool.flags import plan_mode, searching


def test_a_flag_is_on_by_one_or_true() -> None:
    assert plan_mode({"OPENCODE_EXPERIMENTAL_PLAN_MODE": "1"})
    assert plan_mode({"OPENCODE_EXPERIMENTAL_PLAN_MODE": "TRUE"})
    assert not plan_mode({"OPENCODE_EXPERIMENTAL_PLAN_MODE": "0"})
    assert not plan_mode({})
    assert searching({"OPENCODE_ENABLE_EXA": "true"})


def test_everything_may_be_switched_on_but_for_what_says_no() -> None:
    assert plan_mode({"OPENCODE_EXPERIMENTAL": "1"})
    assert not searching({"OPENCODE_EXPERIMENTAL": "1", "OPENCODE_ENABLE_EXA": "false"})
