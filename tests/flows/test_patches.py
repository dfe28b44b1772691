"""A model that writes patches is given the tool for them and no other way to write."""

import json
from pathlib import Path

from tests.flows.story import JSON, story

PATCH = """*** Begin Patch
*** Update File: src/util.py
-b = 2
+b = 3
*** Add File: notes.txt
+done
*** Delete File: old.txt
*** End Patch"""
FILES = {"src/util.py": "a = 1\nb = 2\n", "old.txt": "old\n"}


async def test_files_change_by_patch_and_the_session_tells_how(tmp_path: Path) -> None:
    call = {"name": "apply_patch", "args": {"patchText": PATCH}}
    wrong = {"name": "apply_patch", "args": {"patchText": PATCH.replace("b = 2", "zzz")}}
    turns: list[JSON] = [{"tools": [wrong]}, {"tools": [call]}, {"text": "patched"}]
    async with story(tmp_path, turns, files=FILES) as it:
        provider = it.model.provider()
        provider["models"]["gpt-5.1"] = provider["models"]["m1"]
        (it.project / "opencode.json").write_text(json.dumps({"provider": {"fake": provider}}))
        session = await it.session(title="Patched")
        model = {"providerID": "fake", "modelID": "gpt-5.1"}
        body = {"parts": [{"type": "text", "text": "go"}], "model": model}
        await it.post(f"/session/{session}/message", body)
        messages = await it.messages(session)
        diff = await it.get(f"/session/{session}/diff")
        offered = {tool["function"]["name"] for tool in it.model.requests[0].body["tools"]}
        left = {path.name: path.read_text() for path in it.project.glob("**/*.*") if path.is_file()}
    failed, done = (p["state"] for m in messages for p in m["parts"] if p["type"] == "tool")
    assert {"edit", "write"} & offered == set()
    assert "apply_patch" in offered
    assert failed["error"].startswith("apply_patch verification failed: Error: Failed to find")
    assert done["output"] == (
        "Success. Updated the following files:\nM src/util.py\nA notes.txt\nD old.txt"
    )
    assert left["util.py"] == "a = 1\nb = 3\n"
    assert left["notes.txt"] == "done\n"
    assert "old.txt" not in left
    assert {(one["file"], one["status"]) for one in diff} == {
        ("src/util.py", "modified"),
        ("notes.txt", "added"),
        ("old.txt", "deleted"),
    }
