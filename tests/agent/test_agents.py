"""Agents: those there are, and what a configuration makes of them."""

from pathlib import Path
from typing import Any

import pytest

from opencode.agent.agents import Agents
from opencode.errors import BadRequestError
from opencode.permission.rules import evaluate
from opencode.schema.agent import Agent
from opencode.schema.config import Config
from opencode.settings import Paths


def agents(tmp_path: Path, **config: Any) -> Agents:
    paths = Paths.from_environ({"HOME": str(tmp_path / "home")})
    return Agents(Config.model_validate(config), paths, str(tmp_path))


def action(agent: Agent, permission: str, pattern: str = "x") -> str:
    return evaluate(permission, pattern, agent.permission).action


def test_the_built_in_ones_are_listed_default_first(tmp_path: Path) -> None:
    found = agents(tmp_path).list()
    assert [one.name for one in found] == [
        "build", "compaction", "explore", "general", "plan", "summary", "title",
    ]  # fmt: skip
    assert [one.name for one in found if one.hidden] == ["compaction", "summary", "title"]
    assert all(one.native for one in found)
    assert {one.name: one.mode for one in found if not one.hidden} == {
        "build": "primary",
        "explore": "subagent",
        "general": "subagent",
        "plan": "primary",
    }


def test_build_has_the_rules_that_were_observed(tmp_path: Path) -> None:
    data = f"{tmp_path}/home/.local/share/opencode"
    rules = [rule.plain() for rule in agents(tmp_path).get("build").permission]
    found = [(one["permission"], one["pattern"], one["action"]) for one in rules]
    assert found == [
        ("*", "*", "allow"),
        ("doom_loop", "*", "ask"),
        ("external_directory", "*", "ask"),
        ("external_directory", f"{data}/tool-output/*", "allow"),
        ("external_directory", found[4][1], "allow"),
        ("question", "*", "deny"),
        ("plan_enter", "*", "deny"),
        ("plan_exit", "*", "deny"),
        ("read", "*", "allow"),
        ("read", "*.env", "ask"),
        ("read", "*.env.*", "ask"),
        ("read", "*.env.example", "allow"),
        ("question", "*", "allow"),
        ("plan_enter", "*", "allow"),
        ("external_directory", f"{data}/tool-output/*", "allow"),
    ]


def test_plan_may_write_plans_and_nothing_else(tmp_path: Path) -> None:
    plan = agents(tmp_path).get("plan")
    assert action(plan, "edit", "src/a.py") == "deny"
    assert action(plan, "edit", ".opencode/plans/1-x.md") == "allow"
    assert action(plan, "edit", "home/.local/share/opencode/plans/1-x.md") == "allow"
    assert action(plan, "task", "general") == "deny"
    assert action(plan, "bash", "ls") == "allow"


def test_explore_only_looks(tmp_path: Path) -> None:
    explore = agents(tmp_path).get("explore")
    assert action(explore, "grep") == "allow"
    assert {action(explore, name) for name in ("edit", "task", "todowrite")} == {"deny"}
    assert action(explore, "external_directory", "/etc/*") == "ask"


def test_what_the_configuration_says_for_all_stands_behind_the_built_in_rules(
    tmp_path: Path,
) -> None:
    rules = {"bash": {"*": "ask", "~/safe/*": "allow"}, "external_directory": "deny"}
    found = agents(tmp_path, permission=rules, agent={"plan": {"permission": {"bash": "deny"}}})
    build, plan = found.get("build"), found.get("plan")
    assert action(build, "bash", "ls") == "ask"
    assert action(build, "bash", f"{tmp_path}/home/safe/x") == "allow"
    assert action(plan, "bash", "ls") == "deny"
    assert action(build, "external_directory", "/etc/*") == "deny"
    output = f"{tmp_path}/home/.local/share/opencode/tool-output/x"
    assert action(build, "external_directory", output) == "allow"


def test_a_configured_agent_has_what_it_was_given(tmp_path: Path) -> None:
    given = {
        "description": "Reviews",
        "mode": "subagent",
        "model": "fake/a/b",
        "temperature": 0.5,
        "top_p": 0.9,
        "prompt": "You review.",
        "color": "#ff0000",
        "steps": 4,
        "options": {"foo": "bar"},
    }
    agent = agents(tmp_path, agent={"review": given}).get("review")
    assert agent.model is not None
    assert agent.model.plain() == {"providerID": "fake", "modelID": "a/b"}
    assert (agent.native, agent.mode, agent.steps) == (False, "subagent", 4)
    assert (agent.temperature, agent.top_p, agent.prompt) == (0.5, 0.9, "You review.")
    assert agent.options == {"foo": "bar"}
    assert action(agent, "bash") == "allow"
    assert agents(tmp_path, agent={"bare": {}}).get("bare").mode == "all"


def test_a_built_in_agent_can_be_changed_or_switched_off(tmp_path: Path) -> None:
    found = agents(tmp_path, agent={"build": {"temperature": 0.1}, "general": {"disable": True}})
    assert found.get("build").temperature == 0.1
    assert found.get("build").native
    assert action(found.get("build"), "question") == "allow"
    assert found.find("general") is None


@pytest.mark.parametrize(
    ("config", "default"),
    [
        ({}, "build"),
        ({"default_agent": "plan"}, "plan"),
        ({"default_agent": "nobody"}, "build"),
        ({"agent": {"build": {"disable": True}}}, "plan"),
    ],
)
def test_the_default_agent(tmp_path: Path, config: dict[str, Any], default: str) -> None:
    found = agents(tmp_path, **config)
    assert found.default == default
    assert found.list()[0].name == default


def test_an_unknown_agent_is_refused_with_those_there_are(tmp_path: Path) -> None:
    with pytest.raises(BadRequestError) as caught:
        agents(tmp_path).get("nope")
    assert str(caught.value) == (
        'Unknown agent "nope", expected one of: build, explore, general, plan'
    )


def test_two_agents_do_not_share_what_can_be_changed(tmp_path: Path) -> None:
    found = agents(tmp_path)
    found.get("build").permission.clear()
    assert found.get("plan").permission
