"""Keeping what goes to the model within bounds; what is cut off is kept whole in a file."""

import os
from dataclasses import dataclass

from opencode.ids import Ids

MAX_LINES = 2000
MAX_BYTES = 50 * 1024


@dataclass(frozen=True, slots=True)
class Bounded:
    """Output for the model, and where the rest is if it was cut."""

    text: str
    path: str | None


def new_path(directory: str, ids: Ids) -> str:
    """A file for the whole of some output; clients know it by its name `tool_...`."""
    os.makedirs(directory, exist_ok=True)
    return os.path.join(directory, ids.ascending("tool"))


def fits(text: str) -> bool:
    """Whether `text` may go to the model as it is."""
    if len(text) > MAX_BYTES:
        return False
    return len(text.encode(errors="replace")) <= MAX_BYTES and text.count("\n") < MAX_LINES


def bounded(text: str, *, directory: str, ids: Ids) -> Bounded:
    """The head of `text` and a note, if it is too long. Blocks while the file is written."""
    if fits(text):
        return Bounded(text, None)
    path = new_path(directory, ids)
    with open(path, "w", encoding="utf-8", errors="replace") as file:
        file.write(text)
    head, left = _head(text)
    note = (
        f"The tool call succeeded but the output was truncated. Full output saved to: {path}\n"
        "Look at it in parts: search it with grep, or read it with offset and limit."
    )
    return Bounded(f"{head}\n\n...{left} truncated...\n\n{note}", path)


def _head(text: str) -> tuple[str, str]:
    """As many whole lines as fit, and what is left in words."""
    lines = text.split("\n")
    kept, size = 0, 0
    for line in lines[:MAX_LINES]:
        size += len(line.encode(errors="replace")) + 1
        if size > MAX_BYTES + 1:
            break
        kept += 1
    if kept == MAX_LINES:
        return "\n".join(lines[:kept]), f"{len(lines) - kept} lines"
    if kept == 0:
        start = lines[0].encode(errors="replace")[:MAX_BYTES].decode(errors="ignore")
        head = start
    else:
        head = "\n".join(lines[:kept])
    left = len(text.encode(errors="replace")) - len(head.encode(errors="replace"))
    return head, f"{left} bytes"


def tail(text: str) -> str:
    """As many whole lines from the end as fit; of a last line too long for that, its end."""
    lines = text.split("\n")
    kept, size = 0, 0
    for line in reversed(lines[-MAX_LINES:]):
        size += len(line.encode(errors="replace")) + 1
        if size > MAX_BYTES + 1:
            break
        kept += 1
    chosen = "\n".join(lines[len(lines) - kept :]) if kept else ""
    if chosen.strip("\n"):
        return chosen
    return text.encode(errors="replace")[-MAX_BYTES:].decode(errors="ignore")
