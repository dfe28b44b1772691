"""A prompt's input becomes the parts of a user message: files are read here, once."""

import asyncio
import base64
import mimetypes
import os
import stat
import urllib.parse
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from opencode.errors import BadRequestError
from opencode.ids import Ids
from opencode.schema.part import (
    AgentPart,
    AgentPartInput,
    FilePart,
    FilePartInput,
    Part,
    PartInput,
    SubtaskPart,
    SubtaskPartInput,
    TextPart,
    TextPartInput,
)

MAX_FILE_BYTES = 32 * 1024 * 1024
DIRECTORY = "application/x-directory"
BY_USER = "The user has named it, so it exists and may be called."

ReadFile = Callable[[str, int | None, int | None], Awaitable[str]]
"""Reads a path from a line on, so many lines; the text is what the `read` tool would give."""


class ReadFailed(Exception):
    """A file of a prompt cannot be read; the text says why."""


@dataclass(frozen=True, slots=True)
class Reader:
    """Makes the parts of one user message."""

    ids: Ids
    session_id: str
    message_id: str
    read: ReadFile
    failed: Callable[[str], None]
    """Told of each file that could not be read; the prompt goes on without it."""
    denied: Callable[[str], bool] = lambda agent: False
    """Whether a rule keeps the model from calling this agent by itself."""
    note: str | None = None
    """What is said after all parts, in the user's name."""

    async def parts(self, inputs: Sequence[PartInput]) -> list[Part]:
        """The stored parts, in order. Raises `BadRequestError` for a URL that cannot be taken."""
        found: list[Part] = []
        for position, given in enumerate(inputs):
            found.extend(await self._part(given, f'["parts"][{position}]["url"]'))
        return [*found, self._synthetic(self.note)] if self.note else found

    async def _part(self, given: PartInput, place: str) -> list[Part]:
        match given:
            case TextPartInput():
                return [
                    TextPart(
                        id=given.id or self.ids.part(),
                        session_id=self.session_id,
                        message_id=self.message_id,
                        text=given.text,
                        synthetic=given.synthetic,
                        ignored=given.ignored,
                        time=given.time,
                        metadata=given.metadata,
                    )
                ]
            case FilePartInput():
                return await self._file(given, place)
            case AgentPartInput():
                return [
                    AgentPart(
                        id=given.id or self.ids.part(),
                        session_id=self.session_id,
                        message_id=self.message_id,
                        name=given.name,
                        source=given.source,
                    ),
                    self._synthetic(
                        " Use the message above to brief a subagent and call the task tool with"
                        f" subagent: {given.name}"
                        + (f". {BY_USER}" if self.denied(given.name) else "")
                    ),
                ]
            case SubtaskPartInput():
                return [
                    SubtaskPart(
                        id=given.id or self.ids.part(),
                        session_id=self.session_id,
                        message_id=self.message_id,
                        prompt=given.prompt,
                        description=given.description,
                        agent=given.agent,
                        model=given.model,
                        command=given.command,
                    )
                ]

    async def _file(self, given: FilePartInput, place: str) -> list[Part]:
        scheme = given.url.partition(":")[0].lower()
        if scheme == "data":
            return await self._data(given, place)
        address = _local_path(given.url) if scheme == "file" else None
        if address is not None:
            return await self._local(given, *address)
        raise BadRequestError(
            f'Expected a "file:" or "data:" URL, got "{given.url[:200]}"\n  at {place}'
        )

    async def _data(self, given: FilePartInput, place: str) -> list[Part]:
        if given.mime != "text/plain":
            return [self._file_part(given, given.url)]
        try:
            text = await asyncio.to_thread(_decoded, given.url)
        except ValueError:
            raise BadRequestError(f"Expected valid base64\n  at {place}") from None
        called = self._called(given.filename or "file", None, None)
        return [called, self._synthetic(text), self._file_part(given, given.url)]

    async def _local(
        self, given: FilePartInput, path: str, query: dict[str, list[str]]
    ) -> list[Part]:
        if given.mime not in ("text/plain", DIRECTORY) and not os.path.isdir(path):
            return await self._binary(given, path)
        offset, limit = _window(query)
        called = self._called(path, offset, limit)
        try:
            text = await self.read(path, offset, limit)
        except ReadFailed as error:
            return self._unread(called, path, str(error))
        return [called, self._synthetic(text), self._file_part(given, given.url)]

    async def _binary(self, given: FilePartInput, path: str) -> list[Part]:
        mime = given.mime or mimetypes.guess_type(path)[0] or "application/octet-stream"
        called = self._called(path, None, None)  # first: parts are kept in the order of their ids
        try:
            url = await asyncio.to_thread(_data_url, path, mime)
        except FileNotFoundError:
            return self._unread(called, path, f"File not found: {path}")
        except OSError as error:
            return self._unread(called, path, f"{path}: {error.strerror or error}")
        part = self._file_part(given, url)
        part.mime = mime
        return [called, part]

    def _unread(self, called: TextPart, path: str, reason: str) -> list[Part]:
        """Told to the model and to the clients; the file itself is left out."""
        self.failed(reason)
        text = f"Read tool failed to read {path} with the following error: {reason}"
        return [called, self._synthetic(text)]

    def _called(self, path: str, offset: int | None, limit: int | None) -> TextPart:
        window = "" if offset is None else f',"offset":{offset},"limit":{limit}'
        quoted = path.replace("\\", "\\\\").replace('"', '\\"')
        return self._synthetic(
            f'Called the Read tool with the following input: {{"filePath":"{quoted}"{window}}}'
        )

    def _synthetic(self, text: str) -> TextPart:
        return TextPart(
            id=self.ids.part(),
            session_id=self.session_id,
            message_id=self.message_id,
            text=text,
            synthetic=True,
        )

    def _file_part(self, given: FilePartInput, url: str) -> FilePart:
        return FilePart(
            id=given.id or self.ids.part(),
            session_id=self.session_id,
            message_id=self.message_id,
            mime=given.mime,
            filename=given.filename,
            url=url,
            source=given.source,
        )


def _decoded(url: str) -> str:
    """The text of a `data:` URL. Raises `ValueError`."""
    head, _, body = url.partition(",")
    raw = urllib.parse.unquote_to_bytes(body)
    data = base64.b64decode(raw) if head.endswith(";base64") else raw
    return data.decode(errors="replace")


def _data_url(path: str, mime: str) -> str:
    """A regular file by value. Raises `OSError`."""
    found = os.stat(path)
    if not stat.S_ISREG(found.st_mode):
        raise OSError("not a regular file")
    if found.st_size > MAX_FILE_BYTES:
        raise OSError(f"larger than {MAX_FILE_BYTES} bytes")
    return f"data:{mime};base64,{base64.b64encode(Path(path).read_bytes()).decode()}"


def _local_path(url: str) -> tuple[str, dict[str, list[str]]] | None:
    """The path of a `file:` URL and its query; None where that can be no path."""
    try:
        address = urllib.parse.urlsplit(url)
    except ValueError:
        return None
    path = urllib.parse.unquote(address.path)
    return None if "\0" in path else (path, urllib.parse.parse_qs(address.query))


def _window(query: dict[str, list[str]]) -> tuple[int | None, int | None]:
    """Lines `start` to `end` of a URL as an offset and a number of lines."""
    start, end = query.get("start", [""])[0], query.get("end", [""])[0]
    if not start.isdigit():
        return None, None
    limit = int(end) - int(start) + 1 if end.isdigit() and int(end) >= int(start) else 2000
    return int(start), limit
