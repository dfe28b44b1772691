"""A prompt's input as stored parts: text, files, directories, images, what cannot be read."""

import asyncio
import base64
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from opencode.errors import BadRequestError
from opencode.ids import Ids
from opencode.schema.part import (
    AgentPart,
    AgentPartInput,
    AgentPartSource,
    FilePart,
    FilePartInput,
    Part,
    SubtaskPart,
    SubtaskPartInput,
    TextPart,
    TextPartInput,
)
from opencode.session.prompt import Reader, ReadFailed

PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(200))


@dataclass
class Asked:
    """A reader of prompts, what it had read for it and what it reported."""

    answer: str = "1: line"
    reads: list[tuple[str, int | None, int | None]] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)

    async def read(self, path: str, offset: int | None, limit: int | None) -> str:
        self.reads.append((path, offset, limit))
        if not os.path.exists(path):
            raise ReadFailed(f"File not found: {path}")
        return self.answer

    async def parts(self, *inputs: Any) -> list[Part]:
        reader = Reader(
            ids=Ids(),
            session_id="ses_1",
            message_id="msg_1",
            read=self.read,
            failed=self.failures.append,
        )
        found = await reader.parts(inputs)
        assert {(part.session_id, part.message_id) for part in found} <= {("ses_1", "msg_1")}
        assert sorted(part.id for part in found) == [part.id for part in found]
        return found


def texts(parts: list[Part]) -> list[str]:
    assert all(part.synthetic for part in parts if isinstance(part, TextPart))
    return [part.text for part in parts if isinstance(part, TextPart)]


def file(url: str, mime: str = "text/plain", **given: Any) -> FilePartInput:
    return FilePartInput(url=url, mime=mime, **given)


async def test_text_is_kept_as_it_was_given() -> None:
    (part,) = await Asked().parts(
        TextPartInput(id="prt_own", text="hi", ignored=True, metadata={"a": 1})
    )
    assert isinstance(part, TextPart)
    assert (part.id, part.text, part.ignored, part.synthetic) == ("prt_own", "hi", True, None)
    assert part.metadata == {"a": 1}


async def test_a_text_file_is_read_and_told_as_a_call_of_read(tmp_path: Path) -> None:
    path = tmp_path / 'a "b" c.py'
    path.write_text("line")
    asked = Asked()
    url = path.as_uri()
    called, content, part = await asked.parts(file(url, filename="c.py"))
    assert asked.reads == [(str(path), None, None)]
    quoted = str(path).replace('"', '\\"')
    assert texts([called, content]) == [
        f'Called the Read tool with the following input: {{"filePath":"{quoted}"}}',
        "1: line",
    ]
    assert isinstance(part, FilePart)
    assert (part.url, part.filename, part.mime) == (url, "c.py", "text/plain")


@pytest.mark.parametrize(
    ("query", "window"),
    [
        ("start=3&end=7", (3, 5)),
        ("start=3&end=3", (3, 1)),
        ("start=3", (3, 2000)),
        ("start=7&end=3", (7, 2000)),
        ("end=3", (None, None)),
        ("start=x&end=3", (None, None)),
    ],
)
async def test_a_range_of_lines_is_read(
    tmp_path: Path, query: str, window: tuple[int | None, int | None]
) -> None:
    path = tmp_path / "a.py"
    path.write_text("line")
    asked = Asked()
    called, *_ = await asked.parts(file(f"{path.as_uri()}?{query}"))
    assert asked.reads == [(str(path), *window)]
    if window[0] is not None:
        assert f'"offset":{window[0]},"limit":{window[1]}' in texts([called])[0]


@pytest.mark.parametrize("mime", ["application/x-directory", "text/plain", "image/png"])
async def test_a_directory_is_listed_whatever_it_is_called(tmp_path: Path, mime: str) -> None:
    asked = Asked(answer="<entries>")
    parts = await asked.parts(file(tmp_path.as_uri(), mime))
    assert asked.reads == [(str(tmp_path), None, None)]
    assert texts(parts)[1] == "<entries>"


async def test_an_image_is_stored_by_value(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(PNG)
    asked = Asked()
    _, part = await asked.parts(file(path.as_uri(), "image/png", filename="a.png"))
    assert isinstance(part, FilePart)
    assert part.url == "data:image/png;base64," + base64.b64encode(PNG).decode()
    assert asked.reads == []


async def test_a_type_nobody_gave_is_told_by_the_name(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(PNG)
    _, part = await Asked().parts(file(path.as_uri(), ""))
    assert isinstance(part, FilePart)
    assert part.mime == "image/png"
    assert part.url.startswith("data:image/png;base64,")


@pytest.mark.parametrize(
    "url",
    ["data:text/plain;base64,aGkgw6Q=", "data:text/plain,hi%20%C3%A4", "DATA:text/plain,hi ä"],
)
async def test_text_by_value_is_decoded_for_the_model(url: str) -> None:
    called, content, part = await Asked().parts(file(url, filename="note.txt"))
    assert texts([called, content]) == [
        'Called the Read tool with the following input: {"filePath":"note.txt"}',
        "hi ä",
    ]
    assert isinstance(part, FilePart)
    assert part.url == url


async def test_an_image_by_value_is_kept() -> None:
    (part,) = await Asked().parts(file("data:image/png;base64,AAAA", "image/png"))
    assert isinstance(part, FilePart)
    assert part.url == "data:image/png;base64,AAAA"


async def test_a_missing_text_file_is_told_to_the_model_and_reported(tmp_path: Path) -> None:
    asked = Asked()
    path = tmp_path / "nope.py"
    parts = await asked.parts(file(path.as_uri()), TextPartInput(text="look"))
    assert texts(parts[:2])[1] == (
        f"Read tool failed to read {path} with the following error: File not found: {path}"
    )
    assert isinstance(parts[2], TextPart)
    assert asked.failures == [f"File not found: {path}"]


async def test_a_missing_image_is_told_to_the_model_and_reported(tmp_path: Path) -> None:
    asked = Asked()
    path = tmp_path / "no.png"
    called, failed = texts(await asked.parts(file(path.as_uri(), "image/png")))
    assert called == f'Called the Read tool with the following input: {{"filePath":"{path}"}}'
    assert failed == (
        f"Read tool failed to read {path} with the following error: File not found: {path}"
    )
    assert asked.failures == [f"File not found: {path}"]


async def test_what_is_no_regular_file_is_never_read(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.png")
    asked = Asked()
    await asked.parts(
        file((tmp_path / "pipe.png").as_uri(), "image/png"), file("file:///dev/zero", "image/png")
    )
    assert [text.rpartition(": ")[2] for text in asked.failures] == ["not a regular file"] * 2


async def test_a_huge_image_is_refused_unread(tmp_path: Path) -> None:
    path = tmp_path / "huge.png"
    with path.open("wb") as sparse:
        sparse.truncate(33 * 1024 * 1024)
    asked = Asked()
    await asked.parts(file(path.as_uri(), "image/png"))
    assert "larger than" in asked.failures[0]


@pytest.mark.parametrize(
    "url",
    ["http://127.0.0.1/x.png", "https://x/y", "x.png", "", "file:///a%00b", "file://[bad/x"],
)
async def test_an_address_that_cannot_be_taken_names_its_place(url: str) -> None:
    with pytest.raises(BadRequestError) as caught:
        await Asked().parts(TextPartInput(text="x"), file(url, "image/png"))
    assert str(caught.value).startswith('Expected a "file:" or "data:" URL, got "')
    assert str(caught.value).endswith('\n  at ["parts"][1]["url"]')


async def test_text_by_value_that_is_not_base64_is_refused() -> None:
    with pytest.raises(BadRequestError, match="valid base64"):
        await Asked().parts(file("data:text/plain;base64,AAA"))


async def test_a_mentioned_agent_is_told_to_the_model() -> None:
    source = AgentPartSource(value="@explore", start=0, end=8)
    part, hint = await Asked().parts(AgentPartInput(name="explore", source=source))
    assert isinstance(part, AgentPart)
    assert (part.name, part.source) == ("explore", source)
    assert "explore" in texts([hint])[0]


async def test_work_for_a_subagent_is_kept_whole() -> None:
    (part,) = await Asked().parts(
        SubtaskPartInput(prompt="p", description="d", agent="general", command="c")
    )
    assert isinstance(part, SubtaskPart)
    assert (part.prompt, part.description, part.agent, part.command) == ("p", "d", "general", "c")


async def test_reading_many_images_leaves_the_loop_free(tmp_path: Path) -> None:
    path = tmp_path / "big.png"
    path.write_bytes(PNG * 20_000)
    turns = 0

    async def count() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    counting = asyncio.ensure_future(count())
    await Asked().parts(*(file(path.as_uri(), "image/png") for _ in range(5)))
    counting.cancel()
    assert turns > 5
