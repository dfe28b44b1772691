"""Every scenario. `PLANNED` are those of features that are not built yet: they never fail a run."""

from tools.conformance.catalogue import (
    answers,
    delegating,
    editing,
    failures,
    history,
    later,
    permissions,
    prompts,
    searching,
    shell,
)
from tools.conformance.scenario import Scenario

SCENARIOS: list[Scenario] = [
    *answers.SCENARIOS,
    *searching.SCENARIOS,
    *editing.SCENARIOS,
    *shell.SCENARIOS,
    *permissions.SCENARIOS,
    *prompts.SCENARIOS,
    *failures.SCENARIOS,
    *history.SCENARIOS,
    *delegating.SCENARIOS,
]
PLANNED: list[Scenario] = later.SCENARIOS
