"""Templates of prompts: the placeholders that stand for what is typed after a command's name, the
commands of the shell whose output they include, the files and agents they mention.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

NUMBERED = re.compile(r"\$(\d+)")
EVERYTHING = "$ARGUMENTS"
PLACEHOLDER = re.compile(r"\$(ARGUMENTS|\d+)")
SHELL = re.compile(r"!`([^`]+)`")
WORD = re.compile(r"""(?:[^\s"']|"[^"]*"|'[^']*'|["'])+""")
QUOTED = re.compile(r""""([^"]*)"|'([^']*)'""")
MENTION = re.compile(r"(?<![\w`])@([^\s`\"'<>()\[\]{},;:!?*|]+)")


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of an expanded template: text, or a command line whose output takes its place."""

    text: str
    runs: bool = False


def hints(text: str) -> list[str]:
    """The placeholders of a template: `$1`, `$2` and so on in order, then `$ARGUMENTS`."""
    numbers = sorted({int(number) for number in NUMBERED.findall(text)})
    everything = [EVERYTHING] if EVERYTHING in text else []
    return [f"${number}" for number in numbers] + everything


def words(arguments: str) -> list[str]:
    """Split as a shell would, quotes removed; an apostrophe on its own is a letter."""
    return [QUOTED.sub(_unquoted, word) for word in WORD.findall(arguments)]


def expand(template: str, arguments: str) -> list[Piece]:
    """The template with its placeholders replaced, and apart from the text what is to be run.

    The last numbered placeholder takes all that is left; a template without any gets the arguments
    at its end. What was typed is never taken for a command line itself.
    """
    if not PLACEHOLDER.search(template) and arguments.strip():
        return [*_pieces(template, [], arguments), Piece(f"\n\n{arguments}")]
    return list(_pieces(template, words(arguments), arguments))


def mentions(text: str) -> list[str]:
    """What a text mentions by `@name`, each once, in order."""
    found = (name.rstrip(".") for name in MENTION.findall(text))
    return list(dict.fromkeys(name for name in found if name))


def _pieces(template: str, given: list[str], arguments: str) -> Iterator[Piece]:
    last = max((int(number) for number in NUMBERED.findall(template)), default=0)

    def value(match: re.Match[str]) -> str:
        if match[1] == "ARGUMENTS":
            return arguments
        number = int(match[1])
        if number == last:
            return " ".join(given[max(0, number - 1) :])
        return given[number - 1] if 0 < number <= len(given) else ""

    for position, text in enumerate(SHELL.split(template)):
        if text:
            yield Piece(PLACEHOLDER.sub(value, text), runs=position % 2 == 1)


def _unquoted(match: re.Match[str]) -> str:
    return match[1] if match[1] is not None else match[2]
