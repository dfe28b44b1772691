"""The main job on real input: a published project is changed, tested by its own suite, reported."""

import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

from tests.flows.story import JSON, git, story

CACHE = Path(__file__).parents[2] / ".cache" / "projects"
SDIST = "inflection-0.5.1.tar.gz"
MODULE = "inflection/__init__.py"


def unpack(directory: Path) -> None:
    """The source distribution of a small project that brings its tests, under git."""
    if not (CACHE / SDIST).exists():
        fetch = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--no-binary", ":all:"]
        subprocess.run([*fetch, "-d", str(CACHE), "inflection==0.5.1"], check=True)
    directory.mkdir(parents=True)
    with tarfile.open(CACHE / SDIST) as archive:
        for member in archive.getmembers():
            member.name = member.name.partition("/")[2]
            if member.name:
                archive.extract(member, directory, filter="data")
    git(directory, "init", "-q", "-b", "main")
    git(directory, "add", "-A")
    git(directory, "commit", "-q", "-m", "Import")


def script() -> list[JSON]:
    """What the model does: read, edit, run the project's tests, report."""
    tests = f"{sys.executable} -B -m pytest -q -p no:cacheprovider test_inflection.py"
    change = {
        "filePath": MODULE,
        "oldString": "    'rice',",
        "newString": "    'rice',\n    'software',",
    }
    return [
        {
            "reasoning": "The uncountable words are listed in the module.",
            "text": "I will look at the module first.",
            "tools": [{"name": "read", "args": {"filePath": MODULE, "offset": 75, "limit": 20}}],
        },
        {"text": "Adding it.", "tools": [{"name": "edit", "args": change}]},
        {"tools": [{"name": "bash", "args": {"command": tests}}]},
        {"text": "`software` is uncountable now; the project's tests pass."},
    ]


@pytest.mark.parametrize("protocol", ["compatible", "anthropic"])
async def test_a_real_project_is_changed_tested_and_reported(tmp_path: Path, protocol: str) -> None:
    project = tmp_path / "inflection"
    unpack(project)
    async with story(tmp_path, script(), protocol=protocol, project=project) as it:
        session = await it.session(title="Uncountable software")
        text = 'pluralize("software") should be "software". Run the tests.'
        answer = await it.post(
            f"/session/{session}/message", {"parts": [{"type": "text", "text": text}]}
        )
        await it.until("session.idle")
        stored = await it.messages(session)
        told = parts_told(it.seen)
        diff = git(project, "diff")
        whole = await it.get(f"/session/{session}/diff")
    assert answer["parts"][-2]["text"].startswith("`software` is uncountable now")
    tools = {p["tool"]: p["state"] for m in stored for p in m["parts"] if p["type"] == "tool"}
    assert [state["status"] for state in tools.values()] == ["completed"] * 3
    assert "80:     'equipment'," in tools["read"]["output"]
    assert "456 passed" in tools["bash"]["output"]
    assert tools["bash"]["metadata"]["exit"] == 0
    assert told == {p["id"]: p for m in stored for p in m["parts"]}
    assert "+    'software'," in diff
    assert "+    'software'," in whole[0]["patch"]
    assert (whole[0]["file"], whole[0]["additions"], whole[0]["deletions"]) == (MODULE, 1, 0)
    assert stored[0]["info"]["summary"]["diffs"] == whole
    async with story(tmp_path, [], protocol=protocol, project=project) as it:
        assert await it.messages(session) == stored
        assert await it.get(f"/session/{session}/diff") == whole


def parts_told(events: list[JSON]) -> dict[str, JSON]:
    """The last state of every part, by the events alone."""
    parts: dict[str, JSON] = {}
    for event in events:
        given = event["properties"]
        if event["type"] == "message.part.updated":
            parts[given["part"]["id"]] = given["part"]
        elif event["type"] == "message.part.delta":
            parts[given["partID"]][given["field"]] += given["delta"]
    return parts
