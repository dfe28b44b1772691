"""The record of sessions: saved, then published; read as it was published, also in mid-stream."""

import asyncio
import json
import random
import re
import sqlite3
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opencode.bus import Envelope
from opencode.errors import BadRequestError, NotFoundError, SessionBusyError
from opencode.schema.agent import Todo
from opencode.schema.part import ReasoningPart, ToolPart, ToolStatePending
from opencode.schema.session import Session, SessionCreateInput
from opencode.session.store import Place
from opencode.storage import records
from opencode.storage.records import SessionFilter
from opencode.tasks import Tasks
from tests.processes import until
from tests.session.stores import HERE, Kept, assistant_message, open_store, text_part, user_message
from tests.storage.processes import child


async def page(kept: Kept, session_id: str, **window: Any) -> list[dict[str, Any]]:
    body, _ = await kept.store.page(session_id, **window)
    found: list[dict[str, Any]] = json.loads(body.body)
    return found


# Sessions -----------------------------------------------------------------------------------------


async def test_a_new_session_has_what_nobody_gave_it(tmp_path: Path) -> None:
    async with open_store(tmp_path) as kept:
        session = await kept.store.create(Place("p1", "/d/src", "src"), SessionCreateInput())
        assert re.fullmatch(r"New session - \d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", session.title)
        assert (session.directory, session.path, session.project_id) == ("/d/src", "src", "p1")
        assert (session.cost, session.version) == (0, "1.0.0")
        assert session.time.created == session.time.updated
        assert await kept.store.get(session.id) == session
        (envelope,) = kept.news.take()
        assert envelope.event.type == "session.created"
        assert (envelope.directory, envelope.project) == ("/d/src", "p1")
        assert json.loads(envelope.payload)["properties"]["info"] == session.plain()


async def test_a_new_session_keeps_what_was_given(tmp_path: Path) -> None:
    async with open_store(tmp_path) as kept:
        parent = await kept.session()
        session = await kept.session(parent_id=parent.id, title="", metadata={"a": None})
        assert (session.title, session.parent_id) == ("", parent.id)
        again = await kept.session(parent_id=parent.id)
        assert again.title.startswith("Child session - ")
        assert {one.id for one in await kept.store.children(parent.id)} == {session.id, again.id}


async def test_a_session_that_does_not_exist_is_told(tmp_path: Path) -> None:
    async with open_store(tmp_path) as kept:
        assert await kept.store.find("ses_x") is None
        for work in (
            kept.store.get("ses_x"),
            kept.store.update("ses_x", lambda session: session),
            kept.store.remove("ses_x"),
        ):
            with pytest.raises(NotFoundError, match="Session not found: ses_x"):
                await work
        with pytest.raises(NotFoundError, match="Session not found: ses_x"):
            await kept.store.save_message(user_message(kept.store.ids, "ses_x"))
        assert kept.published() == []


async def test_a_list_is_the_stored_json(tmp_path: Path) -> None:
    async with open_store(tmp_path) as kept:
        first, second = await kept.session(title="a"), await kept.session(title="b")
        await kept.store.update(first.id, lambda session: session)
        found = await kept.store.sessions(SessionFilter(search="A"))
        assert [one["id"] for one in json.loads(found.body)] == [first.id]
        everything = await kept.store.sessions(SessionFilter(project_id="p1"))
        assert {one["id"] for one in json.loads(everything.body)} == {first.id, second.id}
        assert (await kept.store.sessions(SessionFilter(project_id="p2"))).body == b"[]"


async def test_a_change_is_saved_published_and_moves_the_time(tmp_path: Path) -> None:
    def rename(session: Session) -> Session:
        session.title = "renamed"
        session.time.updated = 5
        return session

    async with open_store(tmp_path) as kept:
        session = await kept.session()
        changed = await kept.store.update(session.id, rename)
        assert changed.time.updated >= session.time.updated
        assert (await kept.store.get(session.id)).title == "renamed"
        assert kept.published() == ["session.updated"]
        untouched = await kept.store.update(session.id, rename, touch=False)
        assert untouched.time.updated == 5


async def test_a_change_of_nothing_is_not_published(tmp_path: Path) -> None:
    async with open_store(tmp_path) as kept:
        session = await kept.session()
        assert await kept.store.update(session.id, lambda it: None) == session
        assert kept.published() == []


async def test_changes_at_once_lose_nothing(tmp_path: Path) -> None:
    def dearer(session: Session) -> Session:
        session.cost = (session.cost or 0) + 1
        return session

    async with open_store(tmp_path) as kept:
        session = await kept.session()
        await asyncio.gather(*(kept.store.update(session.id, dearer) for _ in range(200)))
        assert (await kept.store.get(session.id)).cost == 200
        costs = [json.loads(it.payload)["properties"]["info"]["cost"] for it in kept.news.take()]
        assert costs == list(range(1, 201))


async def test_a_change_that_fails_changes_nothing(tmp_path: Path) -> None:
    def broken(session: Session) -> Session:
        session.title = "half"
        raise LookupError("no")

    async with open_store(tmp_path) as kept:
        session = await kept.session()
        with pytest.raises(LookupError):
            await kept.store.update(session.id, broken)
        assert await kept.store.get(session.id) == session
        assert kept.published() == []


async def test_a_session_is_deleted_with_all_below_it_children_first(tmp_path: Path) -> None:
    async with open_store(tmp_path) as kept:
        root = await kept.session()
        middle = await kept.session(parent_id=root.id)
        leaf = await kept.session(parent_id=middle.id)
        await kept.answer(leaf.id)
        await kept.store.remove(root.id)
        envelopes = kept.news.take()
        told = [json.loads(it.payload)["properties"]["info"]["id"] for it in envelopes]
        assert told == [leaf.id, middle.id, root.id]
        assert {it.event.type for it in envelopes} == {"session.deleted"}
        assert {it.directory for it in envelopes} == {"/d"}
        for table in ("session", "message", "part"):
            query = f"SELECT count(*) FROM {table}"
            assert await kept.database.read(
                lambda db, it=query: db.execute(it).fetchone()  # type: ignore[misc]
            ) == (0,)


# Messages and parts -------------------------------------------------------------------------------


async def test_what_is_published_is_saved_already(tmp_path: Path) -> None:
    async with open_store(tmp_path) as kept:
        session = await kept.session()
        other = sqlite3.connect(tmp_path / "server.db")
        seen: list[tuple[str, bool]] = []

        def accepts(envelope: Envelope) -> bool:
            properties = json.loads(envelope.payload)["properties"]
            what = properties.get("info") or properties["part"]
            table = "part" if "part" in properties else "message"
            row = other.execute(f"SELECT data FROM {table} WHERE id = ?", (what["id"],)).fetchone()
            seen.append((table, row is not None and json.loads(row[0]) == what))
            return True

        kept.bus.subscribe(accepts)
        message = user_message(kept.store.ids, session.id)
        await kept.store.save_message(message, [text_part(kept.store.ids, message, "hello")])
        await kept.store.save_part(text_part(kept.store.ids, message, "again"))
        other.close()
        assert seen == [("message", True), ("part", True), ("part", True)]


async def test_one_who_is_cancelled_leaves_what_it_saved_published(tmp_path: Path) -> None:
    async with open_store(tmp_path) as kept:
        session = await kept.session()
        message = user_message(kept.store.ids, session.id)
        saving = Tasks().start("saving", kept.store.save_message(message))
        await asyncio.sleep(0)
        saving.cancel()
        with pytest.raises(asyncio.CancelledError):
            await saving
        message.agent = "changed later"
        (found,) = await kept.store.messages(session.id)
        assert isinstance(found.info, type(message))
        assert found.info.agent == "build"
        (envelope,) = kept.news.take()
        assert json.loads(envelope.payload)["properties"]["info"] == found.info.plain()


async def test_a_part_needs_its_message(tmp_path: Path) -> None:
    async with open_store(tmp_path) as kept:
        session = await kept.session()
        message = user_message(kept.store.ids, session.id)
        with pytest.raises(NotFoundError, match=f"Message not found: {message.id}"):
            await kept.store.save_part(text_part(kept.store.ids, message))
        assert kept.published() == []


async def test_a_message_is_read_with_its_parts_in_order(tmp_path: Path) -> None:
    async with open_store(tmp_path) as kept:
        session = await kept.session()
        message = await kept.answer(session.id)
        first, second = (text_part(kept.store.ids, message, text) for text in "ab")
        await kept.store.save_part(second)
        await kept.store.save_part(first)
        found = await kept.store.message(session.id, message.id)
        assert (found.info, found.parts) == (message, [first, second])
        assert await kept.store.part(session.id, message.id, first.id) == first
        with pytest.raises(NotFoundError, match="Part not found"):
            await kept.store.part(session.id, message.id, "prt_x")
        with pytest.raises(NotFoundError, match="Message not found"):
            await kept.store.message(session.id, "msg_x")
        assert await kept.store.newest(session.id) == message.id
        assert await kept.store.newest("ses_x") is None


async def test_what_is_removed_is_told_once(tmp_path: Path) -> None:
    async with open_store(tmp_path) as kept:
        session = await kept.session()
        message = await kept.answer(session.id)
        part = text_part(kept.store.ids, message)
        await kept.store.save_part(part)
        kept.news.take()
        assert await kept.store.remove_part(session.id, message.id, part.id)
        assert not await kept.store.remove_part(session.id, message.id, part.id)
        assert await kept.store.remove_message(session.id, message.id)
        assert not await kept.store.remove_message(session.id, message.id)
        assert kept.published() == ["message.part.removed", "message.removed"]


async def test_pages_lead_to_the_oldest_message(tmp_path: Path) -> None:
    async with open_store(tmp_path) as kept:
        session = await kept.session()
        made = []
        for _ in range(5):
            message = user_message(kept.store.ids, session.id)
            await kept.store.save_message(message, [text_part(kept.store.ids, message, "x")])
            made.append(message.id)
        pages, cursor = [], None
        while True:
            body, cursor = await kept.store.page(session.id, limit=2, before=cursor)
            pages.append([one["info"]["id"] for one in json.loads(body.body)])
            if cursor is None:
                break
        assert pages == [made[3:], made[1:3], made[:1]]
        assert [one["info"]["id"] for one in await page(kept, session.id)] == made
        assert await page(kept, session.id, limit=0) == []
        with pytest.raises(BadRequestError):
            await kept.store.page(session.id, limit=1, before="nonsense")


# Streams ------------------------------------------------------------------------------------------


async def test_a_delta_is_published_at_once_and_saved_soon(tmp_path: Path) -> None:
    async with open_store(tmp_path) as kept:
        session = await kept.session()
        message = await kept.answer(session.id)
        part = text_part(kept.store.ids, message)
        await kept.store.save_part(part)
        kept.news.take()
        for word in ("one ", "two ", "three"):
            kept.store.stream(part, word)
        properties = [json.loads(it.payload)["properties"] for it in kept.news.take()]
        assert [one["delta"] for one in properties] == ["one ", "two ", "three"]
        assert {one["field"] for one in properties} == {"text"}
        await until_saved(kept, part.session_id, part.message_id, part.id, "one two three")
        assert kept.published() == []


async def until_saved(
    kept: Kept, session_id: str, message_id: str, part_id: str, text: str
) -> None:
    def stored(db: records.Connection) -> str:
        data = records.get_part(db, session_id, message_id, part_id)
        return str(json.loads(data)["text"]) if data else ""

    while await kept.database.read(stored) != text:
        pass


async def test_closing_saves_what_still_streams(tmp_path: Path) -> None:
    async with open_store(tmp_path) as kept:
        session = await kept.session()
        message = await kept.answer(session.id)
        part = text_part(kept.store.ids, message)
        await kept.store.save_part(part)
        kept.store.stream(part, "all of it")
    async with open_store(tmp_path) as again:
        (_, found) = await page(again, session.id)
        assert found["parts"][0]["text"] == "all of it"


async def test_whoever_reads_in_mid_stream_sees_every_word(tmp_path: Path) -> None:
    async with open_store(tmp_path) as kept:
        session = await kept.session()
        message = await kept.answer(session.id)
        part = text_part(kept.store.ids, message)
        await kept.store.save_part(part)
        kept.store.stream(part, "hel")
        assert (await page(kept, session.id))[1]["parts"][0]["text"] == "hel"
        found = await kept.store.message(session.id, message.id)
        kept.store.stream(part, "lo")
        assert [getattr(one, "text", None) for one in found.parts] == ["hel"]
        assert part.time is not None
        part.time.end = 9
        saving = Tasks().start("saving", kept.store.save_part(part))
        await asyncio.sleep(0)
        shown = (await page(kept, session.id))[1]["parts"][0]
        assert (shown["text"], shown["time"]) == ("hello", {"start": 1, "end": 9})
        await saving


async def test_text_that_cannot_be_saved_is_logged_and_saved_later(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with open_store(tmp_path) as kept:
        session = await kept.session()
        message = await kept.answer(session.id)
        part = text_part(kept.store.ids, message)
        await kept.store.save_part(part)
        await kept.database.write(lambda db: db.execute("ALTER TABLE part RENAME TO away").rowcount)
        kept.store.stream(part, "words")
        await until(lambda: "could not be saved" in caplog.text)
        await kept.database.write(lambda db: db.execute("ALTER TABLE away RENAME TO part").rowcount)
        await kept.store.save_part(part)
        assert (await page(kept, session.id))[1]["parts"][0]["text"] == "words"


class Client:
    """What somebody knows who has followed every event from the first."""

    def __init__(self) -> None:
        self.messages: dict[str, dict[str, Any]] = {}
        self.parts: dict[str, dict[str, Any]] = {}

    def follow(self, envelopes: list[Envelope]) -> None:
        for envelope in envelopes:
            properties = json.loads(envelope.payload)["properties"]
            match envelope.event.type:
                case "message.updated":
                    self.messages[properties["info"]["id"]] = properties["info"]
                case "message.part.updated":
                    self.parts[properties["part"]["id"]] = properties["part"]
                case "message.part.delta":
                    self.parts[properties["partID"]]["text"] += properties["delta"]
                case "message.part.removed":
                    del self.parts[properties["partID"]]

    def page(self) -> list[dict[str, Any]]:
        return [
            {
                "info": info,
                "parts": [
                    part for _, part in sorted(self.parts.items()) if part["messageID"] == name
                ],
            }
            for name, info in sorted(self.messages.items())
        ]


class Scene:
    """Writers and readers of one session, their steps in an order drawn at random."""

    def __init__(self, kept: Kept, session_id: str, dice: random.Random) -> None:
        self.kept = kept
        self.session_id = session_id
        self.dice = dice
        self.client = Client()
        self.tasks = Tasks()
        self.compared = 0

    async def pause(self) -> None:
        """Let others go first, for a while that is drawn."""
        for _ in range(self.dice.choice((0, 0, 1, 1, 2, 5, 20))):
            await asyncio.sleep(0)

    async def write(self, steps: list[str]) -> None:
        """An answer, a part that streams and a tool call, as a run makes them."""
        store = self.kept.store
        prompt = user_message(store.ids, self.session_id)
        message = assistant_message(store.ids, prompt)
        await store.save_message(message)
        part = text_part(store.ids, message)
        await store.save_part(part)
        for step in steps:
            await self.pause()
            match step:
                case "stream":
                    store.stream(part, self.dice.choice("abcdef"))
                case "save":
                    await store.save_part(part)
                case "think":
                    part = self.another(part)
                    await store.save_part(part)
                case "message":
                    message.cost += 1
                    await store.save_message(message)
                case "tool":
                    await self.abandon(store.save_part(self.tool(part)))
                case "remove":
                    await store.remove_part(self.session_id, message.id, part.id)
                    part = text_part(store.ids, message)
                    await store.save_part(part)

    def another(self, part: Any) -> Any:
        return ReasoningPart(
            id=self.kept.store.ids.part(),
            session_id=part.session_id,
            message_id=part.message_id,
            text="",
            time=part.time,
        )

    def tool(self, part: Any) -> ToolPart:
        return ToolPart(
            id=self.kept.store.ids.part(),
            session_id=part.session_id,
            message_id=part.message_id,
            call_id="call_1",
            tool="bash",
            state=ToolStatePending(),
        )

    async def abandon(self, work: Any) -> None:
        """Somebody cancels it at some moment, before or after it is done."""
        task = self.tasks.start("work", work)
        await self.pause()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    async def read(self, times: int) -> None:
        for _ in range(times):
            await self.pause()
            body, _ = await self.kept.store.page(self.session_id)
            self.client.follow(self.kept.news.take())
            assert json.loads(body.body) == self.client.page()
            self.compared += 1


STEPS = st.lists(
    st.sampled_from(["stream"] * 6 + ["save", "think", "message", "tool", "remove"]), max_size=25
)


@settings(deadline=None, max_examples=40)
@given(st.lists(STEPS, min_size=1, max_size=3), st.integers(min_value=0))
def test_a_page_is_exactly_what_was_published(writers: list[list[str]], seed: int) -> None:
    async def scenario() -> None:
        with tempfile.TemporaryDirectory() as directory:
            async with open_store(Path(directory)) as kept:
                session = await kept.session()
                scene = Scene(kept, session.id, random.Random(seed))
                readers = (scene.read(10) for _ in range(2))
                await asyncio.gather(*(scene.write(steps) for steps in writers), *readers)
                await scene.read(1)
                assert scene.compared == 21

    asyncio.run(scenario())


async def test_a_part_that_is_removed_while_it_streams_stays_away(tmp_path: Path) -> None:
    async with open_store(tmp_path) as kept:
        session = await kept.session()
        message = await kept.answer(session.id)
        part, other = (text_part(kept.store.ids, message) for _ in "12")
        for one in (part, other):
            await kept.store.save_part(one)
            kept.store.stream(one, "words")
        await kept.store.remove_part(session.id, message.id, part.id)
        await until_saved(kept, session.id, message.id, other.id, "words")
        assert [one["id"] for one in (await page(kept, session.id))[1]["parts"]] == [other.id]
        await kept.store.remove_message(session.id, message.id)
        assert len(await page(kept, session.id)) == 1


# Todos and runs -----------------------------------------------------------------------------------


async def test_todos_are_replaced_and_told(tmp_path: Path) -> None:
    async with open_store(tmp_path) as kept:
        session = await kept.session()
        assert (await kept.store.todos(session.id)).body == b"[]"
        todo = Todo(content="a", status="pending", priority="high")
        await kept.store.set_todos(session.id, [todo, todo])
        await kept.store.set_todos(session.id, [todo])
        assert json.loads((await kept.store.todos(session.id)).body) == [todo.plain()]
        assert kept.published() == ["todo.updated", "todo.updated"]


async def test_a_run_of_a_living_server_is_not_taken_over(tmp_path: Path) -> None:
    async with open_store(tmp_path) as kept:
        await kept.database.write(add("ses_1"))
        async with child("claim_and_wait", tmp_path / "server.db") as other:
            await other.ready()
            with pytest.raises(SessionBusyError):
                await kept.store.claim("ses_1")
            assert await kept.store.abandoned() == []
            await other.kill()
        assert await kept.store.abandoned() == ["ses_1"]
        await kept.store.claim("ses_1")
        assert await kept.store.abandoned() == []
        await kept.store.claim("ses_1")
        await kept.store.release("ses_1")
        assert await kept.database.read(records.runs) == []


def add(session_id: str) -> Callable[[records.Connection], None]:
    def job(db: records.Connection) -> None:
        records.put_session(
            db,
            identifier=session_id,
            project_id=HERE.project_id,
            directory=HERE.directory,
            path="",
            parent_id=None,
            title="t",
            updated=1,
            data=b"{}",
        )

    return job
