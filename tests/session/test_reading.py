"""Files of a prompt are read as the tool `read` reads them, and nobody is asked."""

from pathlib import Path

import pytest

from opencode.session.prompt import ReadFailed
from tests.session.working import JSON, texts, working


async def test_a_mentioned_file_is_shown_to_the_model_without_asking(tmp_path: Path) -> None:
    async with working(tmp_path, permission={"read": "ask"}) as it:
        path = Path(it.instance.directory, "a.py")
        path.write_text("one\ntwo\nthree\nfour\n")
        url = f"{path.as_uri()}?start=2&end=3"
        parts: list[JSON] = [
            {"type": "text", "text": "look"},
            {"type": "file", "mime": "text/plain", "url": url, "filename": "a.py"},
        ]
        assert texts(await it.prompt(parts=parts))
        prompt, _ = await it.messages()
        _, called, content = texts(prompt)
        assert f'{{"filePath":"{path}","offset":2,"limit":2}}' in called
        assert "2: two\n3: three" in content
        assert "1: one" not in content
        sent = it.asked()[0]["messages"][-1]["content"]
        assert [one["text"] for one in sent] == ["look", called, content]
        assert it.of("permission.asked") == []


async def test_a_directory_is_listed(tmp_path: Path) -> None:
    async with working(tmp_path) as it:
        directory = Path(it.instance.directory)
        (directory / "sub").mkdir()
        file = {"type": "file", "mime": "application/x-directory", "url": directory.as_uri()}
        await it.prompt(parts=[file])
        prompt, _ = await it.messages()
        assert "opencode.json\nsub/" in texts(prompt)[1]


async def test_a_missing_file_is_reported_and_the_prompt_goes_on(tmp_path: Path) -> None:
    async with working(tmp_path) as it:
        file = {"type": "file", "mime": "text/plain", "url": "file:///no/such/file.py"}
        answer = await it.prompt(parts=[{"type": "text", "text": "look"}, file])
        assert texts(answer) == ["Hello from the scripted model."]
        (reported,) = it.of("session.error")
        assert "/no/such/file.py" in reported["error"]["data"]["message"]


async def test_what_cannot_be_read_says_why(tmp_path: Path) -> None:
    async with working(tmp_path) as it:
        read = it.instance.runner._desk.read
        binary = Path(it.instance.directory, "a.bin")
        binary.write_bytes(b"\x00\x01")
        with pytest.raises(ReadFailed, match="binary"):
            await read(str(binary), None, None)
        with pytest.raises(ReadFailed, match="not found"):
            await read("/no/such/file", None, None)
