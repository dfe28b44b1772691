"""Offering tools and running what a model calls, sense or nonsense."""

import json
from pathlib import Path

import pytest

from opencode.fetch import Fetch
from opencode.ids import Ids
from opencode.project.search import Search
from opencode.schema.agent import Skill
from opencode.tasks import Tasks
from opencode.tool import built_in
from opencode.tool.base import Tool, ToolContext, ToolError, ToolResult
from opencode.tool.invalid import InvalidArguments
from opencode.tool.toolbox import Toolbox
from tests.tool.surroundings import Surroundings

NAMES = "bash edit glob grep question read skill task todowrite webfetch write".split()
UNSEEN = ["apply_patch", "invalid", "websearch"]


async def no_skills() -> list[Skill]:
    return []


def toolbox(**environ: str) -> Toolbox:
    ids = Ids()
    tools = built_in(
        environ=environ,
        ids=ids,
        tasks=Tasks(),
        search=Search(None),
        fetch=Fetch(),
        skills=no_skills,
    )
    return Toolbox(tools, ids)


async def call(here: Surroundings, name: str, raw: str) -> ToolResult:
    box = toolbox()
    return await box.run(box.prepare(name, raw), here.context())


async def test_tools_are_offered_in_alphabetical_order() -> None:
    specs = toolbox().specs()
    assert [spec.name for spec in specs] == NAMES
    assert all(len(spec.description) > 200 for spec in specs)
    assert toolbox().names == sorted([*NAMES, *UNSEEN])


def test_a_model_that_writes_patches_gets_no_other_way_to_write() -> None:
    names = {spec.name for spec in toolbox().specs(model="gpt-5.1-codex")}
    assert names == {*NAMES, "apply_patch"} - {"edit", "write"}
    assert [spec.name for spec in toolbox().specs(model="gpt-4.1")] == NAMES


@pytest.mark.parametrize(
    ("environ", "agent", "more"),
    [
        ({"OPENCODE_ENABLE_EXA": "1"}, "build", {"websearch"}),
        ({"OPENCODE_EXPERIMENTAL_PLAN_MODE": "true"}, "plan", {"plan_exit"}),
        ({"OPENCODE_EXPERIMENTAL_PLAN_MODE": "true"}, "build", set()),
        ({"OPENCODE_EXPERIMENTAL": "1"}, "plan", {"plan_exit", "websearch"}),
        ({"OPENCODE_EXPERIMENTAL": "1", "OPENCODE_ENABLE_EXA": "0"}, "plan", {"plan_exit"}),
    ],
)
def test_the_environment_switches_tools_on(
    environ: dict[str, str], agent: str, more: set[str]
) -> None:
    names = {spec.name for spec in toolbox(**environ).specs(agent=agent)}
    assert names - set(NAMES) == more


async def test_what_is_switched_off_is_not_offered() -> None:
    specs = toolbox().specs(disabled={"bash", "edit"}, enabled={"read": False, "glob": True})
    assert {spec.name for spec in specs} == set(NAMES) - {"bash", "edit", "read"}


async def test_a_call_runs_and_tells_whether_it_was_cut(here: Surroundings) -> None:
    here.file("x", "hello")
    result = await call(here, "read", '{"filePath": "x"}')
    assert "1: hello" in result.output
    result = await call(here, "glob", '{"pattern": "*"}')
    assert result.metadata == {"count": 1, "truncated": False}


async def test_the_name_is_found_in_any_case_and_stored_in_ours() -> None:
    prepared = toolbox().prepare("Bash", '{"command": "ls", "description": "List"}')
    assert prepared.name == "bash"
    assert prepared.input == {"command": "ls", "description": "List"}


async def test_an_unknown_tool_becomes_invalid(here: Surroundings) -> None:
    prepared = toolbox().prepare("nosuch", "{}", available=NAMES)
    error = (
        "Model tried to call unavailable tool 'nosuch'. Available tools: bash, edit, glob, grep,"
        " invalid, question, read, skill, task, todowrite, webfetch, write."
    )
    assert prepared.name == "invalid"
    assert prepared.input == {"tool": "nosuch", "error": error}
    result = await toolbox().run(prepared, here.context())
    assert result.title == "Invalid Tool"
    assert result.output == f"The arguments provided to the tool are invalid: {error}"


async def test_a_tool_not_offered_is_unknown() -> None:
    prepared = toolbox().prepare("bash", "{}", available=["read"])
    assert prepared.input["error"].endswith("Available tools: invalid, read.")


@pytest.mark.parametrize("raw", ['{"command": "ls', "[1]", "nonsense"])
async def test_arguments_that_are_no_json_object_become_invalid(raw: str) -> None:
    prepared = toolbox().prepare("bash", raw)
    assert prepared.name == "invalid"
    assert prepared.input["tool"] == "bash"
    assert prepared.input["error"].startswith("Invalid input for tool bash: ")


async def test_no_arguments_are_an_empty_object() -> None:
    assert toolbox().prepare("bash", "").input == {}


@pytest.mark.parametrize(
    ("name", "given", "sentence"),
    [
        ("read", {}, 'Missing key\n  at ["filePath"]'),
        ("read", {"filePath": 5}, 'Expected string, got 5\n  at ["filePath"]'),
        (
            "webfetch",
            {"url": "http://x", "format": "bad"},
            'Expected "text" | "markdown" | "html", got "bad"\n  at ["format"]',
        ),
        (
            "bash",
            {"command": "ls", "timeout": -5},
            'Expected a value greater than 0, got -5\n  at ["timeout"]',
        ),
    ],
)
async def test_arguments_that_do_not_fit_are_refused(
    here: Surroundings, name: str, given: dict[str, object], sentence: str
) -> None:
    with pytest.raises(ToolError) as caught:
        await call(here, name, json.dumps(given))
    assert str(caught.value) == (
        f"The {name} tool was called with invalid arguments: SchemaError({sentence}).\n"
        "Please rewrite the input so it satisfies the expected schema."
    )


class Talkative(Tool[InvalidArguments]):
    """Says too much."""

    id = "talkative"
    arguments = InvalidArguments

    async def run(self, arguments: InvalidArguments, context: ToolContext) -> ToolResult:
        return ToolResult("", "line\n" * 9000, {"fact": 1})


async def test_long_output_is_cut_and_kept_in_a_file(here: Surroundings) -> None:
    box = Toolbox([Talkative()], Ids())
    prepared = box.prepare("talkative", '{"tool": "x", "error": "y"}')
    result = await box.run(prepared, here.context())
    path = result.metadata["outputPath"]
    assert result.metadata == {"fact": 1, "truncated": True, "outputPath": path}
    assert "...7001 lines truncated..." in result.output
    assert Path(path).parent == here.output
    assert Path(path).read_text() == "line\n" * 9000
