"""What was found in the text and the names of files."""

from typing import Literal

from pydantic import Field

from opencode.schema.wire import WireModel


class FoundText(WireModel):
    """A text, in the manner of ripgrep's JSON."""

    text: str


class FoundSubmatch(WireModel):
    """Where in a line the expression matched, in bytes of UTF-8 from the line's start."""

    match: FoundText
    start: int = Field(ge=0)
    end: int = Field(ge=0)


class FoundLine(WireModel):
    """A line that matches."""

    path: FoundText
    """Relative to the instance's directory."""
    lines: FoundText
    """The line with its line end."""
    line_number: int = Field(alias="line_number", ge=0)
    """From 1."""
    absolute_offset: int = Field(alias="absolute_offset", ge=0)
    """Bytes of the file before the line."""
    submatches: list[FoundSubmatch]


class FindFilesQuery(WireModel):
    """The parameters of `find.files`."""

    query: str
    """Letters of the name, in order or nearly so; with a slash at the end, directories only."""
    dirs: Literal["true", "false"] | None = None
    """`false`: without directories."""
    type: Literal["file", "directory"] | None = None
    limit: int = Field(default=10, ge=1, le=200)


class FindSymbolsQuery(WireModel):
    """The parameters of `find.symbols`."""

    query: str
    """Part of the symbol's name."""
