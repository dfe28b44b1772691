"""The unified diff clients show for a changed file. Pure; for big files call it on a thread."""

import difflib
from collections.abc import Iterator
from dataclasses import dataclass

CONTEXT = 4
RULE = "=" * 67
NO_NEWLINE = "\\ No newline at end of file"


@dataclass(frozen=True, slots=True)
class Difference:
    """What changed in one file."""

    patch: str
    additions: int
    deletions: int


def compare(path: str, before: str, after: str) -> Difference:
    """The change from `before` to `after`, with the `Index:` header clients expect."""
    old, new = _lines(before), _lines(after)
    head = [f"Index: {path}", RULE, f"--- {path}", f"+++ {path}"]
    body = [line for group in _groups(old, new) for line in _hunk(group, old, new)]
    additions = sum(line.startswith("+") for line in body)
    deletions = sum(line.startswith("-") for line in body)
    return Difference("\n".join([*head, *body]) + "\n", additions, deletions)


Change = tuple[str, int, int, int, int]


def _groups(old: list[str], new: list[str]) -> Iterator[list[Change]]:
    """Hunks. Equal ends are cut off first: most edits are small and most files are not."""
    start = _common(old, new)
    end = _common(old[start:][::-1], new[start:][::-1])
    first = max(0, start - CONTEXT)
    last = max(0, end - CONTEXT)
    middle = difflib.SequenceMatcher(
        None, old[first : len(old) - last], new[first : len(new) - last]
    )
    for group in middle.get_grouped_opcodes(CONTEXT):
        if any(change[0] != "equal" for change in group):
            yield [(tag, a + first, b + first, c + first, d + first) for tag, a, b, c, d in group]


def _common(old: list[str], new: list[str]) -> int:
    count = 0
    for left, right in zip(old, new, strict=False):
        if left != right:
            break
        count += 1
    return count


def _hunk(group: list[Change], old: list[str], new: list[str]) -> Iterator[str]:
    (_, a, _, c, _), (_, _, b, _, d) = group[0], group[-1]
    yield f"@@ -{_range(a, b)} +{_range(c, d)} @@"
    for tag, start, stop, other, end in group:
        if tag == "equal":
            yield from _signed(" ", old[start:stop])
            continue
        yield from _signed("-", old[start:stop])
        yield from _signed("+", new[other:end])


def _signed(sign: str, lines: list[str]) -> Iterator[str]:
    for line in lines:
        yield sign + line.removesuffix("\n")
        if not line.endswith("\n"):
            yield NO_NEWLINE


def _range(start: int, stop: int) -> str:
    """First line and count; an empty range names the line before it."""
    count = stop - start
    return f"{start + 1 if count else start},{count}"


def _lines(text: str) -> list[str]:
    """Lines with their ends, split at line feeds alone."""
    lines = text.split("\n")
    return [line + "\n" for line in lines[:-1]] + lines[-1:] * bool(lines[-1])
