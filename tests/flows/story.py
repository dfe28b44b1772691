"""What the stories share: a project under git, a scripted model, a server, its events."""

import json
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Generic

from typing_extensions import TypeVar

from tests.conftest import Asker, EventReader, Running, running
from tests.scripted_model import ScriptedModel

JSON = dict[str, Any]
Server = TypeVar("Server", bound=Asker, default=Running)
QUIET = ("server.heartbeat", "project.updated")


def git(directory: Path, *arguments: str) -> str:
    """Run git with an identity of its own; its output."""
    identity = ("-c", "user.name=Test", "-c", "user.email=test@example.com")
    done = subprocess.run(
        ["git", *identity, *arguments], cwd=directory, check=True, capture_output=True, text=True
    )
    return done.stdout


def repository(directory: Path, files: dict[str, str]) -> None:
    """Make a repository of these files, committed."""
    directory.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    git(directory, "init", "-q", "-b", "main")
    git(directory, "add", "-A")
    git(directory, "commit", "-q", "-m", "Start")


@dataclass
class Story(Generic[Server]):
    """A server at work in a project, with everything it has published so far."""

    server: Server
    model: ScriptedModel
    project: Path
    events: EventReader
    seen: list[JSON] = field(default_factory=list)

    async def post(self, path: str, body: Any = None, *, status: int = 200) -> Any:
        """Ask, and expect this status."""
        answer = await self.server.fetch(path, "POST", body={} if body is None else body)
        assert answer.code == status, (answer.code, answer.body)
        return json.loads(answer.body) if answer.body else None

    async def get(self, path: str) -> Any:
        answer = await self.server.fetch(path)
        assert answer.code == 200, (answer.code, answer.body)
        return json.loads(answer.body)

    async def session(self, **body: Any) -> str:
        created: JSON = await self.post("/session", body)
        return str(created["id"])

    async def until(self, kind: str, **wanted: Any) -> JSON:
        """Read events up to the next of this type whose properties hold `wanted`."""
        while True:
            event: JSON = (await self.events.next())["payload"]
            if event["type"] not in QUIET:
                self.seen.append(event)
            given = event.get("properties", {})
            if event["type"] == kind and all(given.get(k) == v for k, v in wanted.items()):
                return event

    def lines(self) -> list[str]:
        """What was published, one line an event, deltas of a part in one."""
        found: list[str] = []
        for event in self.seen:
            line = described(event)
            if not (line.startswith("delta") and found and found[-1] == line):
                found.append(line)
        return found

    async def messages(self, session_id: str) -> list[JSON]:
        found: list[JSON] = await self.get(f"/session/{session_id}/message")
        return found


def described(event: JSON) -> str:
    """An event in a few words."""
    kind, given = event["type"], event["properties"]
    match kind:
        case "message.part.delta":
            return f"delta {given['field']}"
        case "message.part.updated":
            part = given["part"]
            state = part.get("state", {}).get("status", "")
            name = part.get("tool", "")
            ended = "ended" if (part.get("time") or {}).get("end") else ""
            return " ".join(word for word in ("part", part["type"], name, state, ended) if word)
        case "message.updated":
            info = given["info"]
            done = "completed" if info["time"].get("completed") else info.get("finish", "")
            return " ".join(word for word in ("message", info["role"], done) if word)
        case "session.status":
            return f"status {given['status']['type']}"
        case _:
            return str(kind)


@asynccontextmanager
async def story(
    tmp_path: Path,
    turns: list[JSON],
    *,
    files: dict[str, str] | None = None,
    protocol: str = "compatible",
    config: JSON | None = None,
    project: Path | None = None,
    environ: dict[str, str] | None = None,
) -> AsyncIterator[Story]:
    """Everything up and the stream of events open."""
    place = project or tmp_path / "project"
    if files is not None:
        repository(place, files)
    async with ScriptedModel(turns) as model:
        written = {**model.config(protocol), **(config or {})}
        changes = {"directory": str(place.resolve())}
        variables = {
            "OPENCODE_CONFIG_CONTENT": json.dumps(written),
            "OPENCODE_DISABLE_LOCAL_MODELS": "1",
            **(environ or {}),
        }
        async with (
            running(tmp_path, environ=variables, **changes) as server,
            server.events() as events,
        ):
            yield Story(server, model, place, events)
