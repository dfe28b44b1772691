"""Rules match as a naive reading says, and the last one decides."""

import re

from hypothesis import given
from hypothesis import strategies as st

from opencode.permission.rules import allowed, disabled, evaluate, matches, relevant, rules_of
from opencode.schema.request import PermissionRule

letters = st.text(st.sampled_from("ab *?/\n"), max_size=8)
actions = st.sampled_from(["allow", "deny", "ask"])
rules = st.lists(
    st.builds(
        PermissionRule,
        permission=st.sampled_from(["*", "bash", "ba*", "edit"]),
        pattern=letters,
        action=actions,
    ),
    max_size=6,
)


def rule(permission: str, pattern: str, action: str) -> PermissionRule:
    return PermissionRule.model_validate(
        {"permission": permission, "pattern": pattern, "action": action}
    )


def naive(pattern: str, text: str) -> bool:
    def covers(pattern: str) -> bool:
        parts = {"*": ".*", "?": "."}
        expression = "".join(parts.get(letter, re.escape(letter)) for letter in pattern)
        return re.fullmatch(expression, text, re.DOTALL) is not None

    return covers(pattern) or (pattern.endswith(" *") and covers(pattern[:-2]))


@given(pattern=letters, text=letters)
def test_matching_is_its_naive_reading(pattern: str, text: str) -> None:
    assert matches(pattern, text) == naive(pattern, text)


@given(first=rules, second=rules, text=letters)
def test_the_last_rule_that_matches_decides(
    first: list[PermissionRule], second: list[PermissionRule], text: str
) -> None:
    fitting = [
        item
        for item in [*first, *second]
        if naive(item.permission, "bash") and naive(item.pattern, text)
    ]
    found = evaluate("bash", text, first, second)
    assert found.action == (fitting[-1].action if fitting else "ask")


def test_a_long_pattern_takes_no_unbounded_time() -> None:
    assert not matches("*a" * 200 + "b", "a" * 5000)


def test_a_pattern_also_matches_without_its_arguments() -> None:
    assert matches("git *", "git")
    assert matches("git *", "git status")
    assert not matches("git *", "gitk")
    assert not matches("ls", "ls -la")


def test_a_question_mark_is_one_character() -> None:
    assert matches("a?c", "abc")
    assert not matches("a?c", "ac")


def test_every_pattern_must_be_allowed() -> None:
    ruleset = [rule("bash", "*", "deny"), rule("bash", "git *", "allow")]
    assert allowed("bash", ["git status", "git log"], ruleset)
    assert not allowed("bash", ["git status", "rm x"], ruleset)


def test_one_word_is_for_everything() -> None:
    assert rules_of("ask") == [rule("*", "*", "ask")]
    assert rules_of(None) == []


def test_a_map_keeps_the_order_of_its_keys() -> None:
    configured = {"bash": {"*": "deny", "git *": "allow", "git push*": "ask"}, "edit": "ask"}
    assert rules_of(configured) == [  # type: ignore[arg-type]
        rule("bash", "*", "deny"),
        rule("bash", "git *", "allow"),
        rule("bash", "git push*", "ask"),
        rule("edit", "*", "ask"),
    ]


def test_a_later_star_wins_over_an_earlier_exception() -> None:
    ruleset = rules_of({"bash": {"git *": "allow", "*": "deny"}})
    assert evaluate("bash", "git status", ruleset).action == "deny"
    assert evaluate("bash", "x", rules_of({"bash": "deny", "*": "ask"})).action == "ask"


def test_the_older_switches_come_first() -> None:
    ruleset = rules_of({"edit": "ask"}, tools={"webfetch": False, "write": False, "bash": True})
    assert ruleset == [
        rule("webfetch", "*", "deny"),
        rule("edit", "*", "deny"),
        rule("bash", "*", "allow"),
        rule("edit", "*", "ask"),
    ]


def test_home_is_named_in_patterns() -> None:
    configured = {"external_directory": {"~/x/*": "allow", "$HOME/y": "deny", "~other": "ask"}}
    found = rules_of(configured, home="/home/me")  # type: ignore[arg-type]
    assert [item.pattern for item in found] == ["/home/me/x/*", "/home/me/y", "~other"]


def test_a_tool_is_disabled_when_its_last_rule_denies_everything() -> None:
    ruleset = [rule("*", "*", "allow"), rule("webfetch", "*", "deny"), rule("edit", "*", "deny")]
    names = ["bash", "webfetch", "edit", "write", "read"]
    assert disabled(names, ruleset) == {"webfetch", "edit", "write"}
    assert disabled(names, [*ruleset, rule("edit", "plans/*", "allow")]) == {"webfetch"}


def test_relevant_rules_are_those_of_the_permission() -> None:
    ruleset = [rule("*", "*", "allow"), rule("bash", "rm *", "deny"), rule("edit", "*", "deny")]
    assert relevant("bash", ruleset) == ruleset[:2]
