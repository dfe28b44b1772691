"""Templates of prompts: the placeholders that stand for what is typed after a command's name."""

import re

NUMBERED = re.compile(r"\$(\d+)")
EVERYTHING = "$ARGUMENTS"


def hints(text: str) -> list[str]:
    """The placeholders of a template: `$1`, `$2` and so on in order, then `$ARGUMENTS`."""
    numbers = sorted({int(number) for number in NUMBERED.findall(text)})
    everything = [EVERYTHING] if EVERYTHING in text else []
    return [f"${number}" for number in numbers] + everything
