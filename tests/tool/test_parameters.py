"""The schemas models are given."""

import json
from typing import Any

import jsonschema
import pytest

from opencode.fetch import Fetch
from opencode.ids import Ids
from opencode.project.search import Search
from opencode.schema.agent import Skill
from opencode.tasks import Tasks
from opencode.tool import built_in
from opencode.tool.bash import BashArguments
from opencode.tool.parameters import LARGEST, parameters
from opencode.tool.question import QuestionArguments
from opencode.tool.read import ReadArguments
from opencode.tool.webfetch import WebFetchArguments


async def no_skills() -> list[Skill]:
    return []


async def test_every_schema_is_plain_and_valid() -> None:
    tools = built_in(
        environ={"OPENCODE_EXPERIMENTAL": "1"},
        ids=Ids(),
        tasks=Tasks(),
        search=Search(None),
        fetch=Fetch(),
        skills=no_skills,
    )
    for tool in tools:
        schema = parameters(tool.arguments)
        jsonschema.Draft202012Validator.check_schema(schema)
        assert list(schema) == ["$schema", "type", "properties", "required"]
        text = json.dumps(schema)
        for word in ("$ref", "$defs", '"title"', "additionalProperties", '"null"', "anyOf"):
            assert word not in text


def test_integers_carry_their_range() -> None:
    properties = parameters(BashArguments)["properties"]
    assert properties["timeout"] | {"description": ""} == {
        "type": "integer",
        "exclusiveMinimum": 0,
        "minimum": -LARGEST,
        "maximum": LARGEST,
        "description": "",
    }
    assert parameters(ReadArguments)["properties"]["offset"]["minimum"] == 0
    assert parameters(ReadArguments)["required"] == ["filePath"]


def test_choices_and_defaults_are_told() -> None:
    form = parameters(WebFetchArguments)["properties"]["format"]
    assert form["enum"] == ["text", "markdown", "html"]
    assert form["default"] == "markdown"


def test_nested_models_stand_in_place() -> None:
    question: dict[str, Any] = parameters(QuestionArguments)["properties"]["questions"]["items"]
    assert question["required"] == ["question", "header", "options"]
    assert question["properties"]["options"]["items"]["required"] == ["label", "description"]


@pytest.mark.parametrize("value", [{"command": "ls"}, {"command": "ls", "description": "List"}])
def test_more_than_the_schema_names_is_accepted(value: dict[str, Any]) -> None:
    jsonschema.validate(value, parameters(BashArguments))
    BashArguments.model_validate(value)
