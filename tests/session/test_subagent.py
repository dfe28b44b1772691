"""The rules of subagents, and what a model is told of them; the flows tell the rest."""

from typing import Literal

from opencode.schema.agent import Agent
from opencode.schema.request import PermissionRule
from opencode.schema.session import Session, SessionTime
from opencode.session.subagent import allowed, denied, listed, rules_for, told
from opencode.tool.toolbox import ToolDefinition

Action = Literal["allow", "deny", "ask"]


def rule(permission: str, action: Action, pattern: str = "*") -> PermissionRule:
    return PermissionRule(permission=permission, pattern=pattern, action=action)


def agent(name: str, *rules: PermissionRule, mode: str = "subagent", hidden: bool = False) -> Agent:
    return Agent.model_validate(
        {"name": name, "mode": mode, "hidden": hidden, "permission": list(rules)}
    )


def parent(*rules: PermissionRule) -> Session:
    return Session(
        id="ses_1",
        slug="s",
        project_id="p",
        directory="/work",
        title="t",
        version="1",
        time=SessionTime(created=1, updated=1),
        permission=list(rules),
    )


def test_a_subagent_neither_calls_others_nor_keeps_a_list_unless_its_rules_say_so() -> None:
    shut = [rule("todowrite", "deny"), rule("task", "deny")]
    assert rules_for(agent("a"), parent()) == shut
    assert rules_for(agent("a", rule("*", "deny")), parent()) == shut
    assert rules_for(agent("a", rule("task", "ask"), rule("todowrite", "deny")), parent()) == []


def test_what_a_session_forbids_and_opens_holds_for_its_subagents() -> None:
    own = agent("a", rule("task", "allow"), rule("todowrite", "allow"))
    given = [
        rule("bash", "deny", "rm *"),
        rule("edit", "ask"),
        rule("external_directory", "allow", "/x/*"),
    ]
    assert rules_for(own, parent(*given)) == [given[0], given[2]]
    assert rules_for(agent("a"), parent(rule("task", "deny"))) == [
        rule("task", "deny"),
        rule("todowrite", "deny"),
    ]


def test_only_agents_that_may_be_called_are_told() -> None:
    agents = [
        agent("secret", hidden=True),
        agent("build", mode="primary"),
        agent("zeta", mode="all"),
        agent("alpha"),
        agent("shut"),
    ]
    rules = [rule("task", "allow"), rule("task", "deny", "shut")]
    lines = listed(agents, rules).split("\n")
    assert [line.split(":")[0] for line in lines[1:]] == ["- alpha", "- zeta"]
    assert listed([], []).endswith("\n(none)")


def test_the_tool_for_tasks_names_the_agents() -> None:
    tools = [ToolDefinition("read", "Reads.", {}), ToolDefinition("task", "Hands over.", {})]
    read, task = told(tools, [agent("alpha")], [rule("*", "allow")])
    assert read.description == "Reads."
    assert task.description.startswith("Hands over.\n\n")
    assert "- alpha: " in task.description


def test_an_agent_named_by_a_person_is_allowed() -> None:
    rules = [rule("*", "allow"), rule("task", "deny")]
    assert denied("alpha", rules)
    assert not denied("alpha", [*rules, *allowed(["alpha"])])
    assert denied("beta", [*rules, *allowed(["alpha"])])
