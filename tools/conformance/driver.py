"""Plays scenarios on both sides at once, and compares what was seen.

The published server takes seconds to open a directory, so scenarios that want the same
configuration follow each other in one; its files are brought back to the start in between.
"""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

from opencode.tasks import Tasks
from tests.scripted_model import ScriptedModel
from tools.conformance import known as listed
from tools.conformance.compare import Difference, differences
from tools.conformance.known import Known
from tools.conformance.normalise import Cleaner, view
from tools.conformance.places import Places, build, furnish
from tools.conformance.published import fetch
from tools.conformance.scenario import Scenario
from tools.conformance.side import Side, opened, our_command
from tools.conformance.stage import JSON, PLAYED, Record, Stage, fill
from tools.conformance.web import pages

TOGETHER = 6
"""Grounds that are played on at the same time."""
LONGEST = 25
"""Scenarios that follow each other on one ground, at most."""
THEIR_SERVERS = 2
"""The published server uses one core only."""
DATA = ".local/share/opencode"


@dataclass(frozen=True)
class Result:
    """What a scenario has shown."""

    scenario: Scenario
    known: list[tuple[Difference, Known]]
    new: list[Difference]


Tell = Callable[[Result], None]


@dataclass(frozen=True)
class Ground:
    """A directory of one side with the model that answers there."""

    side: Side
    places: Places
    model: ScriptedModel
    tokens: dict[str, str]


class Driver:
    """The servers, and the scenarios played on them."""

    def __init__(self, theirs: Sequence[Side], ours: Side, *, web: str, root: Path) -> None:
        self._theirs = theirs
        self._ours = ours
        self._web = web
        self._root = root
        self._known = listed.load()
        self._free = asyncio.Semaphore(TOGETHER)

    async def compare(self, scenarios: Sequence[Scenario], tell: Tell) -> list[Result]:
        """Play everything, telling each result as it comes."""
        tasks = Tasks()
        runs = [
            tasks.start(f"ground {number}", self._follow(number, one, tell))
            for number, one in enumerate(together(scenarios))
        ]
        try:
            return [result for one in await asyncio.gather(*runs) for result in one]
        finally:
            await tasks.close()

    def unused(self, results: Sequence[Result]) -> list[Known]:
        return listed.unused(self._known, [one for it in results for _, one in it.known])

    async def _follow(self, number: int, scenarios: Sequence[Scenario], tell: Tell) -> list[Result]:
        """Scenarios of one ground, one after the other."""
        found = []
        async with self._free, AsyncExitStack() as stack:
            pair = (self._theirs[number % len(self._theirs)], self._ours)
            grounds = [await self._open(stack, side, f"g{number}", scenarios[0]) for side in pair]
            for scenario in scenarios:
                result = await self._result(scenario, grounds)
                if result.new and not scenario.alone:
                    # What a busy machine does once is no difference; what is one shows again.
                    result = await self._result(scenario, grounds)
                tell(result)
                found.append(result)
            for one in grounds:
                await one.side.ask("POST", "/instance/dispose", one.places.project)
        return found

    async def _result(self, scenario: Scenario, grounds: Sequence[Ground]) -> Result:
        theirs, ours = await asyncio.gather(*(play(scenario, one) for one in grounds))
        return self._judged(scenario, theirs, ours)

    async def _open(
        self, stack: AsyncExitStack, side: Side, name: str, scenario: Scenario
    ) -> Ground:
        places = await asyncio.to_thread(build, self._root / side.name / name, name)
        tokens = {
            "<project>": str(places.project),
            "<outside>": str(places.outside),
            "<home>": str(side.home),
            "<web>": self._web,
        }
        model = await stack.enter_async_context(ScriptedModel())
        places.configure(configuration(scenario, model, tokens))
        return Ground(side, places, model, tokens)

    def _judged(self, scenario: Scenario, theirs: JSON, ours: JSON) -> Result:
        known: list[tuple[Difference, Known]] = []
        new: list[Difference] = []
        outcome = theirs["outcome"]
        if outcome == ours["outcome"] != PLAYED:
            # A story that neither side can play shows nothing.
            new.append(Difference("outcome", outcome, outcome))
        for difference in differences(theirs, ours):
            reason = listed.explanation(self._known, scenario.name, difference)
            if reason is None:
                new.append(difference)
            else:
                known.append((difference, reason))
        return Result(scenario, known, new)


def together(scenarios: Iterable[Scenario]) -> list[list[Scenario]]:
    """Scenarios by ground, in rows that are not too long; the longest rows first."""
    grounds: dict[str, list[Scenario]] = defaultdict(list)
    for one in scenarios:
        grounds[one.ground].append(one)
    rows = [
        row[place : place + LONGEST]
        for row in grounds.values()
        for place in range(0, len(row), LONGEST)
    ]
    return sorted(rows, key=len, reverse=True)


async def play(scenario: Scenario, ground: Ground) -> JSON:
    """Play a scenario on one side: what was seen there."""
    await asyncio.to_thread(furnish, ground.places, scenario.name, scenario.files)
    ground.model.begin(*fill(list(scenario.turns), ground.tokens))
    stage = Stage(ground.side, ground.places, ground.model, ground.tokens)
    record = await _recorded(scenario, stage)
    return view(record, Cleaner(replacements(ground)))


async def _recorded(scenario: Scenario, stage: Stage) -> Record:
    try:
        async with asyncio.timeout(scenario.patience):
            await scenario.play(stage)
    except TimeoutError:
        stage.record.outcome = "hangs"
    except Exception as error:
        # A side that answers otherwise than a story needs is a difference, not the end of the run.
        stage.record.outcome = f"cannot go on: {error!r}"
    if stage.record.outcome != PLAYED and stage.session_id:
        await stage.abort()
    return await stage.collect()


def configuration(scenario: Scenario, model: ScriptedModel, tokens: dict[str, str]) -> JSON:
    """The project's configuration: nothing but the scripted model."""
    config = model.config(scenario.protocol, **scenario.model)
    fake = config["provider"]["fake"]
    fake["models"]["m2"] = {**fake["models"]["m1"], "name": "M2"}
    config["provider"].update(scenario.providers)
    filled: JSON = fill(scenario.config, tokens)
    return {**config, **filled}


def replacements(ground: Ground) -> list[tuple[str, str]]:
    """Places and ports of a side, and what stands for them."""
    home = ground.side.home
    return [
        (str(ground.places.project), "<project>"),
        (str(ground.places.outside), "<outside>"),
        (str(ground.places.root), "<root>"),
        (str(home / DATA), "<data>"),
        (str(home), "<home>"),
        (ground.tokens["<web>"], "<web>"),
        (f"127.0.0.1:{ground.model.port}", "<model>"),
    ]


async def opened_driver(
    stack: AsyncExitStack, root: Path, *, servers: int = THEIR_SERVERS
) -> Driver:
    """Start everything. Raises `PublishedMissingError` and `SideError`."""
    program = await asyncio.to_thread(fetch)
    their_command = [str(program), "serve", "--port=0"]
    web = await stack.enter_async_context(pages())
    ours = await stack.enter_async_context(opened("ours", our_command(), root / "o"))
    theirs = [
        await stack.enter_async_context(opened("theirs", their_command, root / f"t{number}"))
        for number in range(servers)
    ]
    return Driver(theirs, ours, web=web, root=root)
