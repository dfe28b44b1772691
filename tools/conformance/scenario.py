"""What a scenario is: what the model says, what the project holds, what the client does."""

import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tools.conformance.stage import Stage

JSON = dict[str, Any]
Play = Callable[[Stage], Awaitable[None]]
PROMPT = "Please do it"


def prompt(*texts: str, **fields: Any) -> Play:
    """A session in which these texts are said one after the other, each waited for."""

    async def play(it: Stage) -> None:
        await it.session()
        for text in texts or (PROMPT,):
            await it.prompt(text, **fields)

    return play


def parts(*given: JSON, **fields: Any) -> Play:
    """A session and one prompt of these parts."""

    async def play(it: Stage) -> None:
        await it.session()
        await it.prompt(parts=list(given), **fields)

    return play


@dataclass(frozen=True)
class Scenario:
    """One story, played alike on both sides.

    `<project>`, `<outside>`, `<home>` and `<web>` in any string stand for the places of the side.
    """

    name: str
    turns: Sequence[JSON] = ()
    """What the model answers, in order; a greeting when there is no more."""
    play: Play = field(default_factory=prompt)
    files: Mapping[str, str | bytes] = field(default_factory=dict)
    """Files of the project besides the usual ones, committed; a name in `outside/` is beside it."""
    config: JSON = field(default_factory=dict)
    model: JSON = field(default_factory=dict)
    """Facts of the model besides the usual ones."""
    protocol: str = "compatible"
    providers: JSON = field(default_factory=dict)
    """Further providers."""
    alone: bool = False
    """Whether it needs a directory of its own: because of files that are read when it is opened, or
    of what it leaves behind (allowed for always, asked and not answered). Otherwise scenarios with
    the same configuration, model and protocol share one."""
    patience: float = 60.0
    """Seconds after which a side that is still at it counts as hanging."""

    @property
    def ground(self) -> str:
        """Scenarios of the same ground may follow each other in one directory."""
        wishes = (self.config, self.model, self.providers, self.protocol)
        return json.dumps([*wishes, self.name if self.alone else ""], sort_keys=True)


def calls(name: str, *tools: tuple[str, Any], play: Play | None = None, **rest: Any) -> Scenario:
    """The model makes these calls, one an answer, and then says that it is done."""
    turns: list[JSON] = [{"tools": [{"name": tool, "args": given}]} for tool, given in tools]
    return Scenario(name, [*turns, {"text": "Done."}], play=play or prompt(), **rest)
