"""Files in prompts: how each kind is stored, and what of it the model is sent."""

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from tests.flows.story import JSON, Story, story

PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(64))
CALLED = 'Called the Read tool with the following input: {"filePath":"%s"%s}'
FILES = {
    "src/util.py": "".join(f"line {number}\n" for number in range(1, 9)),
    "sub/AGENTS.md": "Always hum.\n",
    "sub/deep.txt": "deep\n",
}
SEEING = {"modalities": {"input": ["text", "image", "pdf"], "output": ["text"]}}
SEES = {"opencode.json": json.dumps({"provider": {"fake": {"models": {"m1": SEEING}}}})}


def file(url: str, mime: str = "text/plain", **more: Any) -> JSON:
    return {"type": "file", "mime": mime, "url": url, **more}


async def ask(it: Story, *parts: JSON, status: int = 200) -> tuple[list[JSON], Any]:
    """Prompt with these after a text; the stored parts after it, and what the model was sent."""
    session = await it.session(title="Files")
    body = {"parts": [{"type": "text", "text": "look"}, *parts]}
    await it.post(f"/session/{session}/message", body, status=status)
    if status != 200:
        return await it.messages(session), None
    stored = (await it.messages(session))[0]["parts"][1:]
    return stored, it.model.requests[-1].body["messages"][1]["content"]


@pytest.mark.parametrize(
    ("query", "window", "lines"),
    [
        ("", "", (1, 8)),
        ("?start=3&end=4", ',"offset":3,"limit":2', (3, 4)),
    ],
)
async def test_a_text_file_is_read_whole_or_in_part(
    tmp_path: Path, query: str, window: str, lines: tuple[int, int]
) -> None:
    async with story(tmp_path, [{"text": "ok"}], files=FILES) as it:
        path = it.project / "src" / "util.py"
        (called, content, kept), sent = await ask(it, file(path.as_uri() + query))
        assert called["text"] == CALLED % (path, window)
        first, last = lines
        assert f"{first}: line {first}\n" in content["text"]
        assert f"{last}: line {last}" in content["text"]
        assert f"line {first - 1}\n" not in content["text"]
        assert f"line {last + 1}" not in content["text"]
        assert called["synthetic"] is content["synthetic"] is True
        assert (kept["type"], kept["url"]) == ("file", path.as_uri() + query)
        assert [part["text"] for part in sent] == ["look", called["text"], content["text"]]


async def test_a_directory_is_listed(tmp_path: Path) -> None:
    async with story(tmp_path, [{"text": "ok"}], files=FILES) as it:
        path = it.project / "src"
        parts, sent = await ask(it, file(path.as_uri(), "application/x-directory"))
        assert parts[0]["text"] == CALLED % (path, "")
        assert "util.py" in parts[1]["text"]
        assert len(sent) == 3


@pytest.mark.parametrize("mime", ["text/plain", "image/png"])
async def test_a_missing_file_is_told_and_the_run_goes_on(tmp_path: Path, mime: str) -> None:
    async with story(tmp_path, [{"text": "ok"}], files=FILES) as it:
        path = it.project / "nope.txt"
        (called, failed), sent = await ask(it, file(path.as_uri(), mime))
        assert called["text"] == CALLED % (path, "")
        assert failed["text"] == (
            f"Read tool failed to read {path} with the following error: File not found: {path}"
        )
        error = await it.until("session.error")
        assert error["properties"]["error"] == {
            "name": "UnknownError",
            "data": {"message": f"File not found: {path}"},
        }
        assert len(sent) == 3


async def test_text_by_value_is_decoded(tmp_path: Path) -> None:
    async with story(tmp_path, [{"text": "ok"}], files=FILES) as it:
        url = "data:text/plain;base64," + base64.b64encode(b"by value").decode()
        (called, content, kept), sent = await ask(it, file(url, filename="d.txt"))
        assert called["text"] == CALLED % ("d.txt", "")
        assert content["text"] == "by value"
        assert kept["url"] == url
        assert [part["text"] for part in sent][-1] == "by value"


async def test_pictures_and_documents_are_sent_as_they_are(tmp_path: Path) -> None:
    async with story(tmp_path, [{"text": "ok"}], files=FILES | SEES) as it:
        picture, document = it.project / "p.png", it.project / "d.pdf"
        picture.write_bytes(PNG)
        document.write_bytes(b"%PDF-1.4\n")
        url = "data:image/png;base64," + base64.b64encode(PNG).decode()
        parts, sent = await ask(
            it,
            file(picture.as_uri(), "image/png", filename="p.png"),
            file(document.as_uri(), "application/pdf", filename="d.pdf"),
            file(url, "image/png", filename="v.png"),
        )
        assert [part["type"] for part in parts] == ["text", "file", "text", "file", "file"]
        assert parts[0]["text"] == CALLED % (picture, "")
        assert parts[1]["url"] == parts[4]["url"] == url
        assert parts[3]["url"].startswith("data:application/pdf;base64,")
        kinds = [part["type"] for part in sent]
        assert kinds == ["text", "text", "image_url", "text", "file", "image_url"]
        assert sent[2]["image_url"]["url"] == url
        assert sent[4]["file"]["filename"] == "d.pdf"


async def test_a_model_without_eyes_is_told_of_the_picture(tmp_path: Path) -> None:
    async with story(tmp_path, [{"text": "ok"}], files=FILES) as it:
        url = "data:image/png;base64," + base64.b64encode(PNG).decode()
        _, sent = await ask(it, file(url, "image/png", filename="p.png"))
        assert [part["type"] for part in sent] == ["text", "text"]
        assert "p.png" in sent[1]["text"]
        assert "not support" in sent[1]["text"]


@pytest.mark.parametrize("url", ["http://127.0.0.1:9/x.png", "https://example.com/x", "x.png"])
async def test_addresses_elsewhere_are_refused(tmp_path: Path, url: str) -> None:
    async with story(tmp_path, [], files=FILES) as it:
        stored, _ = await ask(it, file(url, "image/png"), status=400)
        assert stored == []


async def test_instructions_beside_a_file_come_with_it_once(tmp_path: Path) -> None:
    read: JSON = {"tools": [{"name": "read", "args": {"filePath": "sub/deep.txt"}}]}
    async with story(tmp_path, [read, read, {"text": "ok"}], files=FILES) as it:
        session = await it.session(title="Files")
        body = {"parts": [{"type": "text", "text": "read it"}]}
        await it.post(f"/session/{session}/message", body)
        asked = json.dumps(it.model.requests[-1].body["messages"])
        assert asked.count("Always hum.") == 1
