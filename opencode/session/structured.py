"""Answers that must fit a JSON schema: the tool a model gives them by, and who checks them."""

import asyncio
import json
from typing import Any

from pydantic import RootModel, ValidationError

from opencode.errors import BadRequestError
from opencode.schema.message import OutputFormatJsonSchema
from opencode.tool.base import Tool, ToolContext, ToolError, ToolResult
from opencode.tool.toolbox import PreparedCall

NAME = "StructuredOutput"
DEFAULT_RETRIES = 2
DESCRIPTION = (
    "Gives the final answer to the user. Call it once, when everything is known, with arguments"
    " that fit its schema; nothing else counts as the answer."
)
INSTRUCTION = (
    "The user wants the answer as structured data:"
    f" give it by calling the tool {NAME}, not as text."
)
REMINDER = f"This was no answer yet: call the tool {NAME} with arguments that fit its schema."


class Given(RootModel[dict[str, Any]]):
    """Whatever object the model gives; the schema of the prompt judges it."""


class Unreadable(Tool[Given]):
    """Stands for a call that cannot be read."""

    id = NAME
    arguments = Given

    def __init__(self, problem: str) -> None:
        self._problem = problem

    async def run(self, arguments: Given, context: ToolContext) -> ToolResult:
        raise ToolError(f"The arguments of {NAME} are {self._problem}")


class StructuredOutput(Tool[Given]):
    """Takes the answer of one prompt."""

    id = NAME
    arguments = Given

    def __init__(self, wanted: OutputFormatJsonSchema) -> None:
        self._schema = wanted.json_schema
        self.retries = DEFAULT_RETRIES if wanted.retry_count is None else wanted.retry_count
        self.value: dict[str, Any] | None = None
        """The answer, once it was given and fits."""
        self.problem: str | None = None
        """What was wrong with the last one given."""

    def description(self) -> str:
        return DESCRIPTION

    @property
    def parameters(self) -> dict[str, Any]:
        """What the model is told of the arguments: the schema as the user gave it."""
        return {key: value for key, value in self._schema.items() if key != "$schema"}

    def prepare(self, raw: str) -> PreparedCall:
        """Read the arguments of a call as the model sent them."""
        try:
            return PreparedCall(self, NAME, Given.model_validate_json(raw).root)
        except ValidationError as error:
            self.problem = f"not a JSON object: {error.errors()[0]['msg']}"
            return PreparedCall(Unreadable(self.problem), NAME, {})

    async def run(self, arguments: Given, context: ToolContext) -> ToolResult:
        found = await asyncio.to_thread(_problem, self._schema, arguments.root)
        if found is not None:
            self.problem = found
            raise ToolError(
                f"The structured output does not fit the schema: {found}\n"
                f"Call {NAME} again with arguments that fit."
            )
        self.value, self.problem = arguments.root, None
        return ToolResult(
            title="Structured Output",
            output="Structured output captured successfully.",
            metadata={"valid": True},
        )


async def check_format(wanted: OutputFormatJsonSchema) -> None:
    """Raises `BadRequestError` for what is no JSON schema."""
    found = await asyncio.to_thread(_problem, None, wanted.json_schema)
    if found is not None:
        raise BadRequestError(f'Expected a JSON schema: {found}\n  at ["format"]["schema"]')


def _problem(schema: dict[str, Any] | None, value: Any) -> str | None:
    """How the value breaks the schema, None where it fits. No reference is fetched.

    Without a schema: why the value is none itself.
    """
    import jsonschema  # loaded with the first answer of this kind, in the thread that judges it
    import referencing

    draft = jsonschema.validators.validator_for(
        value if schema is None else schema, jsonschema.Draft202012Validator
    )
    judge = (
        draft(draft.META_SCHEMA)
        if schema is None
        else draft(schema, registry=referencing.Registry())
    )
    try:
        error = jsonschema.exceptions.best_match(judge.iter_errors(value))
    except referencing.exceptions.Unresolvable as missing:
        return f"the schema refers to what it does not hold: {missing.ref}"
    if error is None:
        return None
    place = "".join(f"[{json.dumps(step)}]" for step in error.absolute_path)
    return f"{error.message}\n  at {place}" if place else str(error.message)
