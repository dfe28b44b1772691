"""Finding the text an edit means, exactly or nearly, and replacing it. Pure.

An exact match always wins. Otherwise the ways below are tried in order, from the least to the most
forgiving, and the first that finds anything decides. The new text is inserted as it is given.
"""

import difflib
import re
from collections.abc import Callable, Iterator

Span = tuple[int, int]

SIMILAR_ENOUGH = 0.6
"""How alike the inner lines of a block must be, from 0 to 1, when only its ends are the same."""
MAX_BLOCKS = 100
"""Ends as common as this, such as two braces, say nothing about the block between them."""

ESCAPES = {"n": "\n", "t": "\t", "r": "\r", '"': '"', "'": "'", "`": "`", "\\": "\\", "$": "$"}


class NoMatch(Exception):
    """Nothing in the file is like the old text."""


class SeveralMatches(Exception):
    """The old text names more than one place."""


def replace(text: str, old: str, new: str, *, every: bool = False) -> str:
    """`text` with `old` replaced: in its only place, or with `every` in all of them."""
    ending = _line_ending(text)
    if ending == "\r\n" or "\r\n" in old:
        new = _with_ending(new, ending)
    spans = find(text, old)
    if not spans:
        raise NoMatch
    if len(spans) > 1 and not every:
        raise SeveralMatches
    pieces, end = [], 0
    for start, stop in spans:
        pieces += [text[end:start], new]
        end = stop
    return "".join([*pieces, text[end:]])


def find(text: str, old: str) -> list[Span]:
    """The places `old` means, in order and apart from one another."""
    if not old:
        return []
    for way in (_exact, _other_line_ending, _line_trimmed, _block, _blanks, _unescaped, _trimmed):
        spans = way(text, old)
        if spans:
            return spans
    return []


def _exact(text: str, old: str) -> list[Span]:
    return [(start, start + len(old)) for start in _positions(text, old)]


def _positions(text: str, old: str) -> Iterator[int]:
    start = text.find(old)
    while start != -1:
        yield start
        start = text.find(old, start + len(old))


def _other_line_ending(text: str, old: str) -> list[Span]:
    for ending in ("\n", "\r\n"):
        converted = _with_ending(old, ending)
        if converted != old and (spans := _exact(text, converted)):
            return spans
    return []


def _line_trimmed(text: str, old: str) -> list[Span]:
    """Lines alike but for blanks at their ends."""
    return _like_lines(text, old, str.strip)


def _blanks(text: str, old: str) -> list[Span]:
    """Lines alike but for the amount of blanks; then the same within a line."""
    whole = _like_lines(text, old, lambda line: " ".join(line.split()))
    words = old.split()
    if whole or "\n" in old.strip() or len(words) < 2:
        return whole
    pattern = r"[ \t]+".join(re.escape(word) for word in words)
    return [found.span() for found in re.finditer(pattern, text)]


def _block(text: str, old: str) -> list[Span]:
    """Ends alike, as many lines between them, and those similar: the most similar of all."""
    wanted = _wanted_lines(old)
    if len(wanted) < 3:
        return []
    lines, count = _lines(text), len(wanted)
    forms = [line.strip() for line, _ in lines]
    starts = [
        index
        for index in range(len(lines) - count + 1)
        if forms[index] == wanted[0] and forms[index + count - 1] == wanted[-1]
    ]
    if len(starts) > MAX_BLOCKS:
        return []
    scored = [
        (_likeness(forms[index + 1 : index + count - 1], wanted[1:-1]), index) for index in starts
    ]
    best = max((likeness for likeness, _ in scored), default=0.0)
    if best < SIMILAR_ENOUGH:
        return []
    return _apart(
        _span(lines[index : index + count]) for likeness, index in scored if likeness == best
    )


def _unescaped(text: str, old: str) -> list[Span]:
    """The old text with its escape sequences resolved."""
    plain = re.sub(r"\\([ntr\"'`\\$])", lambda found: ESCAPES[found[1]], old)
    return _exact(text, plain) if plain != old else []


def _trimmed(text: str, old: str) -> list[Span]:
    """The old text without the blanks around it."""
    core = old.strip()
    return _exact(text, core) if core and core != old else []


def _like_lines(text: str, old: str, form: Callable[[str], str]) -> list[Span]:
    wanted = [form(line) for line in _wanted_lines(old)]
    if not any(wanted):
        return []
    lines = _lines(text)
    forms = [form(line) for line, _ in lines]
    count = len(wanted)
    return _apart(
        _span(lines[index : index + count])
        for index in range(len(lines) - count + 1)
        if forms[index] == wanted[0] and forms[index : index + count] == wanted
    )


def _wanted_lines(old: str) -> list[str]:
    """The lines looked for, trimmed; a line end at the end of `old` starts no further line."""
    lines = old.split("\n")
    return [line.strip() for line in (lines[:-1] if len(lines) > 1 and not lines[-1] else lines)]


def _lines(text: str) -> list[tuple[str, int]]:
    """Each line without its end, and where it starts."""
    lines, start = [], 0
    for line in text.split("\n"):
        lines.append((line.removesuffix("\r"), start))
        start += len(line) + 1
    return lines


def _span(block: list[tuple[str, int]]) -> Span:
    last, start = block[-1]
    return block[0][1], start + len(last)


def _apart(spans: Iterator[Span]) -> list[Span]:
    kept: list[Span] = []
    for span in spans:
        if not kept or span[0] >= kept[-1][1]:
            kept.append(span)
    return kept


def _likeness(lines: list[str], wanted: list[str]) -> float:
    ratios = [
        difflib.SequenceMatcher(None, line, want, autojunk=False).ratio()
        for line, want in zip(lines, wanted, strict=True)
    ]
    return sum(ratios) / len(ratios)


def _line_ending(text: str) -> str:
    """The line ending most lines of `text` have."""
    windows = text.count("\r\n")
    return "\r\n" if windows > text.count("\n") - windows else "\n"


def _with_ending(text: str, ending: str) -> str:
    return text.replace("\r\n", "\n").replace("\n", ending)
