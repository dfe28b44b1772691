"""The texts of models: each is there, and says something."""

from typing import get_args

import pytest

from opencode.agent.prompts import PromptName, TemplateName, prompt, template


@pytest.mark.parametrize("name", get_args(PromptName))
def test_every_prompt_is_there(name: PromptName) -> None:
    text = prompt(name)
    assert len(text) > 40
    assert text == text.rstrip("\n")


@pytest.mark.parametrize("name", get_args(TemplateName))
def test_every_template_is_there(name: TemplateName) -> None:
    assert len(template(name)) > 40
