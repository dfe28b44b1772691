"""Which optional tools the environment switches on."""

from collections.abc import Mapping

EVERYTHING = "OPENCODE_EXPERIMENTAL"
PLAN_MODE = "OPENCODE_EXPERIMENTAL_PLAN_MODE"
SEARCH = "OPENCODE_ENABLE_EXA"


def plan_mode(environ: Mapping[str, str]) -> bool:
    """Plans are written to a file, and handed over by the `plan_exit` tool."""
    return _on(environ, PLAN_MODE)


def searching(environ: Mapping[str, str]) -> bool:
    """The `websearch` tool is offered."""
    return _on(environ, SEARCH)


def _on(environ: Mapping[str, str], name: str) -> bool:
    """A flag of its own decides, else the one for everything."""
    value = environ.get(name, environ.get(EVERYTHING, ""))
    return value.strip().lower() in ("1", "true")
