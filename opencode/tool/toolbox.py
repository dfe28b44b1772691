"""All tools of an instance: what is offered to a model, and running what it calls."""

import asyncio
import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from opencode.ids import Ids
from opencode.schema.wire import problem
from opencode.tool.base import Tool, ToolContext, ToolError, ToolResult
from opencode.tool.invalid import Invalid
from opencode.tool.output import bounded
from opencode.tool.parameters import parameters

INVALID = "invalid"


@dataclass(frozen=True, slots=True)
class ToolDefinition:
    """What a model is told about a tool."""

    name: str
    description: str
    parameters: dict[str, Any]


@dataclass(frozen=True, slots=True)
class PreparedCall:
    """A call of the model, made sense of as far as it has any."""

    tool: Tool[Any]
    name: str
    """The name to store: the tool's, `invalid` for a call nobody can run."""
    input: dict[str, Any]
    """The input to store: as the model gave it."""


class Toolbox:
    """The tools, by name."""

    def __init__(self, tools: Sequence[Tool[Any]], ids: Ids) -> None:
        self._ids = ids
        everything: list[Tool[Any]] = [*tools, Invalid()]
        self._tools = {tool.id: tool for tool in sorted(everything, key=lambda tool: tool.id)}
        self._definitions: list[ToolDefinition] | None = None

    @property
    def names(self) -> list[str]:
        """Every name, in alphabetical order, `invalid` included."""
        return list(self._tools)

    def specs(
        self,
        *,
        model: str = "",
        agent: str | None = None,
        disabled: Collection[str] = (),
        enabled: Mapping[str, bool] | None = None,
    ) -> list[ToolDefinition]:
        """What to offer to a model at work as an agent: all tools made for it but those the rules
        or the prompt's `tools` switch off."""
        switches = enabled or {}
        if self._definitions is None:
            self._definitions = [
                ToolDefinition(tool.id, tool.description().strip(), parameters(tool.arguments))
                for tool in self._tools.values()
                if tool.id != INVALID
            ]
        return [
            definition
            for definition in self._definitions
            if definition.name not in disabled
            and switches.get(definition.name, True)
            and self._tools[definition.name].offered(model, agent)
        ]

    def prepare(
        self, name: str, raw: str, *, available: Collection[str] | None = None
    ) -> PreparedCall:
        """Read a call; one that names no available tool or is not JSON becomes `invalid`."""
        tool = self._find(name, available)
        if tool is None:
            return self._invalid(name, self._unavailable(name, available))
        try:
            arguments = json.loads(raw) if raw.strip() else {}
        except ValueError as error:
            reason = f"JSON parsing failed: Text: {raw}.\nError message: {error}"
            return self._invalid(name, f"Invalid input for tool {name}: {reason}")
        if not isinstance(arguments, dict):
            return self._invalid(name, f"Invalid input for tool {name}: expected a JSON object")
        return PreparedCall(tool, tool.id, arguments)

    async def run(self, call: PreparedCall, context: ToolContext) -> ToolResult:
        """Run a call. Raises `ToolError` for the model, and whatever asking raises."""
        try:
            arguments = call.tool.arguments.model_validate(call.input)
        except ValidationError as error:
            raise ToolError(_refusal(call.name, error)) from None
        result = await call.tool.run(arguments, context)
        if not call.tool.limits_output:
            await self._limit(result, context)
        result.metadata.setdefault("truncated", False)
        return result

    async def _limit(self, result: ToolResult, context: ToolContext) -> None:
        directory = context.output_directory
        found = await asyncio.to_thread(bounded, result.output, directory=directory, ids=self._ids)
        if found.path is not None:
            result.output = found.text
            result.metadata |= {"truncated": True, "outputPath": found.path}

    def _find(self, name: str, available: Collection[str] | None) -> Tool[Any] | None:
        for candidate in (name, name.lower()):
            if candidate in self._tools and (available is None or candidate in available):
                return self._tools[candidate]
        return None

    def _unavailable(self, name: str, available: Collection[str] | None) -> str:
        names = self.names if available is None else sorted({*available, INVALID})
        listed = ", ".join(names)
        return f"Model tried to call unavailable tool '{name}'. Available tools: {listed}."

    def _invalid(self, name: str, error: str) -> PreparedCall:
        return PreparedCall(self._tools[INVALID], INVALID, {"tool": name, "error": error})


def _refusal(name: str, error: ValidationError) -> str:
    sentence, _ = problem(error)
    return (
        f"The {name} tool was called with invalid arguments: SchemaError({sentence}).\n"
        "Please rewrite the input so it satisfies the expected schema."
    )
