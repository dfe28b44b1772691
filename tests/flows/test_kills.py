"""The server is killed again and again in the middle of its work: nothing is lost, left open or
done twice.

Three times in the suite; `OPENCODE_TEST_KILLS=50 pytest tests/flows/test_kills.py` for longer.
"""

import asyncio
import json
import os
import random
import re
import signal
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tornado.httpclient import HTTPError

from tests.conftest import PATIENCE, Asker
from tests.flows.story import JSON, repository
from tests.flows.test_crash import program
from tests.scripted_model import ScriptedModel

KILLS = int(os.environ.get("OPENCODE_TEST_KILLS", "3"))
ROUNDS = 20
"""Answers with calls in a whole run; one without follows."""
A_ROUND = 0.15
"""About as many seconds as a round takes."""
LAST = 2
"""So many answers are asked for after the last kill."""
LINE = re.compile(r"line \d+")
FILES = {"appended.txt": "", "edited.txt": "the end\n", "written.txt": ""}


@dataclass
class Script:
    """What the model says: every call adds a line that no other call adds."""

    project: Path
    count: int = 0
    written: list[str] = field(default_factory=list)

    def turns(self) -> list[JSON]:
        """A whole run."""
        kinds = (["bash"], ["write"], ["edit"], ["bash", "edit", "write"])
        turns: list[JSON] = [
            {
                "text": "On it.",
                "delay": 0.002,
                "tools": [self.call(name) for name in kinds[number % len(kinds)]],
            }
            for number in range(ROUNDS)
        ]
        return [*turns, {"text": "Everything is written.", "delay": 0.01}]

    def call(self, name: str) -> JSON:
        self.count += 1
        line = f"line {self.count}"
        path = str(self.project / f"{'edited' if name == 'edit' else 'written'}.txt")
        if name == "bash":
            args = {"command": f"sleep 0.01; echo {line} >> appended.txt"}
        elif name == "edit":
            args = {"filePath": path, "oldString": "the end", "newString": f"{line}\nthe end"}
        else:
            self.written.append(line)
            args = {"filePath": path, "content": "\n".join([*self.written, ""])}
        return {"name": name, "args": args}


@dataclass
class Record:
    """A conversation, and what its client was told of it."""

    project: Path
    session: str = ""
    sent: int = 0
    accepted: set[str] = field(default_factory=set)
    continued: Counter[str] = field(default_factory=Counter)
    """How often each prompt may have been taken up again."""

    async def prompt(self, server: Asker, way: str) -> None:
        """Send another one. A server that is killed meanwhile may have stored it or not."""
        self.sent += 1
        text = f"Prompt {self.sent}"
        body = {"parts": [{"type": "text", "text": text}]}
        answer = await server.fetch(f"/session/{self.session}/{way}", "POST", body=body)
        assert answer.code in (200, 204), (answer.code, answer.body)
        self.accepted.add(text)

    async def go_on(self, server: Asker, prompt_id: str) -> None:
        self.continued[prompt_id] += 1
        answer = await server.fetch(f"/session/{self.session}/continue", "POST", body={})
        assert answer.code == 200, (answer.code, answer.body)

    async def check(self, server: Asker) -> str | None:
        """Everything is closed and as it was told; the prompt that could be continued."""
        assert await get(server, "/session/status") == {}
        messages: list[JSON] = await get(server, f"/session/{self.session}/message")
        prompts = [one for one in messages if one["info"]["role"] == "user"]
        texts = [one["parts"][0]["text"] for one in prompts]
        assert len(set(texts)) == len(texts)
        assert self.accepted <= set(texts)
        for prompt in prompts:
            self.check_answers(prompt["info"]["id"], messages)
        self.check_files([part for one in messages for part in one["parts"]])
        last = messages[-1]["info"] if messages else {}
        return str(last["parentID"]) if "error" in last else None

    def check_answers(self, prompt_id: str, messages: list[JSON]) -> None:
        """One end, and where it was continued one more each time at most."""
        infos = [one["info"] for one in messages if one["info"].get("parentID") == prompt_id]
        assert infos, prompt_id
        assert all(info["time"].get("completed") for info in infos)
        ends = [info for info in infos if "error" in info or info.get("finish") == "stop"]
        assert ends and ends[-1] is infos[-1], infos[-1]
        assert len(ends) <= 1 + self.continued[prompt_id], ends
        names = {info["error"]["name"] for info in ends if "error" in info}
        assert names <= {"MessageAbortedError"}, ends

    def check_files(self, parts: list[JSON]) -> None:
        """What calls were made is in the files once; of those cut off, once or not at all."""
        found: list[str] = []
        for name in FILES:
            found += LINE.findall((self.project / name).read_text())
        assert [line for line, times in Counter(found).items() if times > 1] == []
        made: set[str] = set()
        begun: set[str] = set()
        for part in parts:
            if part["type"] != "tool":
                continue
            state = part["state"]
            assert state["status"] in ("completed", "error"), part
            lines = [line for text in state["input"].values() for line in LINE.findall(str(text))]
            begun.update(lines)
            if state["status"] == "completed":
                made.update(lines)
            else:
                assert "interrupted" in state["error"], state
        assert made - set(found) == set()
        assert set(found) - begun == set()


async def get(server: Asker, path: str) -> Any:
    answer = await server.fetch(path)
    assert answer.code == 200, (answer.code, answer.body)
    return json.loads(answer.body)


async def test_every_prompt_has_one_end_however_often_the_server_is_killed(tmp_path: Path) -> None:
    chance = random.Random(4)
    project = tmp_path / "project"
    repository(project, FILES)
    (tmp_path / "home").mkdir()
    script, record = Script(project), Record(project)
    async with ScriptedModel() as model:
        for number in range(KILLS):
            async with program(tmp_path, project, model.config()) as (process, server):
                if number == 0:
                    answer = await server.fetch("/session", "POST", body={"title": "Killed"})
                    record.session = json.loads(answer.body)["id"]
                interrupted = await record.check(server)
                model.begin(*script.turns())
                if interrupted and chance.random() < 0.4:
                    sending = asyncio.create_task(record.go_on(server, interrupted))
                else:
                    sending = asyncio.create_task(record.prompt(server, "prompt_async"))
                # By the progress of the run, as no clock knows how busy this machine is; more often
                # early, where the most different things happen.
                requests = int(chance.random() ** 2 * (ROUNDS + 2))
                await asyncio.wait_for(model.received(requests), 4 * PATIENCE)
                await asyncio.sleep(chance.uniform(0, A_ROUND))
                process.send_signal(signal.SIGKILL)
                await process.wait()
                try:
                    await sending
                except (HTTPError, OSError):
                    assert requests <= 1
        async with program(tmp_path, project, model.config()) as (_, server):
            await record.check(server)
            model.begin(*script.turns()[-LAST:])
            await record.prompt(server, "message")
            assert await record.check(server) is None
            assert len(model.requests) == LAST
            session = await get(server, f"/session/{record.session}")
            assert session["summary"]["files"] == len(FILES)
