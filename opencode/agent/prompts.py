"""The texts a model is given, kept in files beside this one."""

import importlib.resources
from typing import Literal

PromptName = Literal[
    "default", "explore", "title", "compaction", "summary", "plan", "plan_file", "build"
]
TemplateName = Literal["init.md", "review.md", "customize-opencode.md"]


def prompt(name: PromptName) -> str:
    """The text of `prompt/<name>.txt`, without the line end of the file."""
    return (
        importlib.resources.files("opencode.agent")
        .joinpath("prompt", f"{name}.txt")
        .read_text(encoding="utf-8")
        .rstrip("\n")
    )


def template(name: TemplateName) -> str:
    """The text of `template/<name>`: what a built-in command or skill says."""
    return (
        importlib.resources.files("opencode.agent")
        .joinpath("template", name)
        .read_text(encoding="utf-8")
    )
