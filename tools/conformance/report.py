"""What a run has shown, for a person."""

import difflib
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from tools.conformance.compare import ABSENT, Difference
from tools.conformance.driver import Result
from tools.conformance.known import Known

WIDEST = 400
"""Characters of a value that are shown."""


def verdict(result: Result) -> str:
    """A scenario in one line."""
    if result.new:
        return f"NEW    {result.scenario.name} ({len(result.new)} new, {len(result.known)} known)"
    if result.known:
        return f"known  {result.scenario.name} ({len(result.known)})"
    return f"equal  {result.scenario.name}"


def lines(result: Result, *, verbose: bool) -> Iterator[str]:
    """A scenario with its new differences, and with the known ones when asked for."""
    yield verdict(result)
    for difference in result.new:
        yield from told(difference)
    if verbose:
        for difference, known in result.known:
            yield from told(difference)
            yield f"      because: {known.why}"


def told(difference: Difference) -> Iterator[str]:
    """A difference with its place and both values."""
    yield f"    {difference.where}"
    theirs, ours = difference.theirs, difference.ours
    if ABSENT not in (theirs, ours) and "\n" in theirs + ours:
        compared = difflib.unified_diff(
            theirs.splitlines(), ours.splitlines(), n=1, lineterm="", fromfile="", tofile=""
        )
        yield from (f"      {short(line)}" for line in list(compared)[2:])
        if theirs.splitlines() == ours.splitlines():
            yield f"      they end differently: {theirs[-20:]!r}, {ours[-20:]!r}"
        return
    yield f"      theirs: {short(theirs)}"
    yield f"      ours:   {short(ours)}"


def short(text: str) -> str:
    flat = text.replace("\n", "\\n")
    return flat if len(flat) <= WIDEST else f"{flat[:WIDEST]}... ({len(flat)} characters)"


def summary(results: Sequence[Result], planned: Sequence[Result], seconds: float) -> str:
    """The whole run in one line."""
    counts = Counter(verdict(one).split()[0] for one in results)
    text = ", ".join(f"{counts[kind]} {kind}" for kind in ("equal", "known", "NEW"))
    later = f"; {len(planned)} planned" if planned else ""
    agree = sum(not one.new for one in planned)
    ready = f", {agree} of them agree already" if agree else ""
    return f"{len(results)} scenarios: {text}{later}{ready}; {seconds:.0f} s"


def stale(entries: Iterable[Known]) -> Iterator[str]:
    for one in entries:
        yield f"not needed any more: {one.where} {list(one.scenarios)}: {one.why}"
