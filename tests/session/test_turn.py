"""One answer: the states of the files it notes, what remains of one that broke off."""

import asyncio
import os
import subprocess
from pathlib import Path

from opencode.schema.message import AssistantMessage, UserMessage
from tests.session.working import JSON, error_of, texts, working

WRITE = {"name": "write", "args": {"filePath": "new.txt", "content": "one\n"}}


def repository(tmp_path: Path) -> Path:
    project = tmp_path / "project"
    project.mkdir()
    (project / "README.md").write_text("# Demo\n")
    identity = ("-c", "user.name=T", "-c", "user.email=t@example.com")
    for arguments in (("init", "-q"), ("add", "-A"), (*identity, "commit", "-q", "-m", "Start")):
        subprocess.run(["git", *arguments], cwd=project, check=True)
    return Path(os.path.realpath(project))


async def test_the_files_an_answer_changed_are_told(tmp_path: Path) -> None:
    project = repository(tmp_path)
    async with working(tmp_path, {"tools": [WRITE]}, {"text": "done"}) as it:
        await it.prompt()
        prompt, first, second = await it.messages()
        assert isinstance(prompt.info, UserMessage)
        assert prompt.info.summary is not None
        (diff,) = prompt.info.summary.diffs
        assert (diff.file, diff.additions, diff.deletions) == ("new.txt", 1, 0)
        assert diff.status == "added"
        kinds = [part.type for part in first.parts]
        assert kinds == ["step-start", "tool", "step-finish", "patch"]
        start, _, finish, patch = first.parts
        assert patch.type == "patch"
        assert start.type == "step-start"
        assert finish.type == "step-finish"
        assert patch.files == [str(project / "new.txt")]
        assert patch.hash == start.snapshot != finish.snapshot
        assert [part.type for part in second.parts] == ["step-start", "text", "step-finish"]
        session = await it.app.sessions.get(it.session_id)
        assert session.summary is not None
        assert (session.summary.additions, session.summary.files) == (1, 1)
        assert [one["diff"][0]["file"] for one in it.of("session.diff")] == ["new.txt"]


async def test_an_answer_that_changed_nothing_has_no_patch(tmp_path: Path) -> None:
    repository(tmp_path)
    async with working(tmp_path, {"text": "just words"}) as it:
        answer = await it.prompt()
        assert [part.type for part in answer.parts] == ["step-start", "text", "step-finish"]
        assert it.of("session.diff") == []


async def test_a_connection_cut_in_mid_answer_is_tried_again(tmp_path: Path) -> None:
    turns: list[JSON] = [{"text": "half an", "cut": True}, {"text": "a whole answer"}]
    async with working(tmp_path, *turns) as it:
        answer = await it.prompt()
        assert error_of(answer) is None
        assert texts(answer)[-1] == "a whole answer"
        assert len(await it.answers()) == 1
        kinds = [part.type for part in answer.parts]
        assert kinds[-3:] == ["step-start", "text", "step-finish"]
        assert kinds.count("step-finish") == 1
        assert all(
            part.time is not None and part.time.end is not None
            for part in answer.parts
            if part.type == "text"
        )


async def test_an_empty_answer_is_an_answer(tmp_path: Path) -> None:
    async with working(tmp_path, {"text": ""}) as it:
        answer = await it.prompt()
        assert error_of(answer) is None
        assert isinstance(answer.info, AssistantMessage)
        assert answer.info.finish == "stop"
        assert [part.type for part in answer.parts] == ["step-start", "step-finish"]


async def test_an_answer_cut_at_the_limit_says_so(tmp_path: Path) -> None:
    async with working(tmp_path, {"text": "too long", "finish": "length"}) as it:
        answer = await it.prompt()
        assert isinstance(answer.info, AssistantMessage)
        assert (answer.info.finish, answer.info.error) == ("length", None)


async def test_thoughts_keep_their_signature_for_the_next_request(tmp_path: Path) -> None:
    async with working(tmp_path, {"reasoning": "hm", "text": "so"}, {"text": "yes"}) as it:
        await it.prompt("one")
        await it.prompt("two")
        assistant = next(one for one in it.asked()[1]["messages"] if one["role"] == "assistant")
        assert assistant["content"] == "so"
        assert assistant.get("reasoning_content") == "hm"


async def test_stopping_meets_the_end_of_a_git_command_without_being_lost(tmp_path: Path) -> None:
    repository(tmp_path)
    async with working(tmp_path) as it:
        for number in range(20):
            it.model.queue({"text": "words", "hold": f"hold {number}"})
            await it.accept()
            await it.model.held(f"hold {number}")
            for _ in range(number * 2):
                await asyncio.sleep(0)
            await it.instance.runner.abort(it.session_id)
        answers = await it.answers()
        assert len(answers) == 20
        assert all(one.error is not None and one.time.completed for one in answers)
