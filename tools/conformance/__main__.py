"""Play the catalogue on this server and on the published one, and print what differs.

Usage:
  tools.conformance [--only=<pattern>]... [--verbose] [--planned]
  tools.conformance --list

Options:
  --only=<pattern>   Only scenarios whose name matches, as in `--only 'read*'`.
  --verbose          Print the known differences with their reasons, and the planned ones too.
  --planned          Only what is not built yet.
  --list             Print the names of the scenarios.

Exits with 1 when there is a difference that `differences.toml` does not explain, with 2 when it
was stopped or the published server cannot be had. Scenarios of features that are not built yet
never fail the run.
"""

import asyncio
import signal
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack
from fnmatch import fnmatchcase
from pathlib import Path

from docopt import docopt

from tools.conformance import report
from tools.conformance.catalogue import PLANNED, SCENARIOS
from tools.conformance.driver import Result, opened_driver
from tools.conformance.published import PublishedMissingError
from tools.conformance.scenario import Scenario
from tools.conformance.side import SideError


def chosen(scenarios: Sequence[Scenario], patterns: Sequence[str]) -> list[Scenario]:
    """The scenarios a person wants."""
    if not patterns:
        return list(scenarios)
    return [one for one in scenarios if any(fnmatchcase(one.name, it) for it in patterns)]


async def run(
    scenarios: Sequence[Scenario], planned: Sequence[Scenario], *, verbose: bool, whole: bool
) -> int:
    """Play, print as it goes, and say whether there is anything new."""
    began = time.monotonic()
    _end_in_order()
    names = {one.name for one in planned}
    async with AsyncExitStack() as stack:
        root = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="conformance-")))
        driver = await opened_driver(stack, root.resolve())

        def tell(result: Result) -> None:
            later = result.scenario.name in names
            if later and not verbose:
                print(f"planned {report.verdict(result)}", flush=True)
            else:
                print("\n".join(report.lines(result, verbose=verbose)), flush=True)

        found = await driver.compare([*scenarios, *planned], tell)
    results = [one for one in found if one.scenario.name not in names]
    later = [one for one in found if one.scenario.name in names]
    if whole:
        print("\n".join(report.stale(driver.unused(found))))
    print(report.summary(results, later, time.monotonic() - began))
    return 1 if any(one.new for one in results) else 0


def _end_in_order() -> None:
    """Whoever is told to stop stops the servers, too."""
    task = asyncio.current_task()
    if task is not None:
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)


def main() -> int:
    arguments = docopt(__doc__ or "")
    if arguments["--list"]:
        print("\n".join(one.name for one in (*SCENARIOS, *PLANNED)))
        return 0
    patterns, only_planned = arguments["--only"], bool(arguments["--planned"])
    scenarios = [] if only_planned else chosen(SCENARIOS, patterns)
    try:
        return asyncio.run(
            run(
                scenarios,
                chosen(PLANNED, patterns),
                verbose=bool(arguments["--verbose"]),
                whole=not patterns and not only_planned,
            )
        )
    except asyncio.CancelledError:
        return 2
    except (PublishedMissingError, SideError) as error:
        print(f"Error: {error}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
