"""The process: directories opened once, disposed of, opened again; what is told to who connects."""

import asyncio
import json
import os
import sqlite3
from pathlib import Path

import pytest

from opencode.app import App
from opencode.errors import ConfigInvalidError, ConfigJsonError, NotFoundError
from opencode.schema.message import AssistantMessage
from opencode.schema.session import SessionCreateInput
from opencode.session.store import Place
from opencode.storage import records
from opencode.storage.migrations import SchemaTooNewError
from tests.conftest import make_settings, open_app
from tests.session.stores import assistant_message, user_message
from tests.session.working import working


async def test_a_directory_is_opened_once_whoever_asks_at_once(tmp_path: Path) -> None:
    async with open_app(tmp_path) as app:
        directory = app.settings.directory
        os.symlink(directory, tmp_path / "link")
        names = (directory, directory + "/", str(tmp_path / "link"))
        found = await asyncio.gather(*(app.instance(name) for name in names * 5))
        assert len({id(one) for one in found}) == 1
        assert app.opened() == [found[0]]


async def test_a_broken_configuration_is_told_and_tried_again(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with open_app(tmp_path) as app:
        file = Path(app.settings.directory, "opencode.json")
        file.write_text("{ rubbish")
        with pytest.raises(ConfigJsonError):
            await app.instance(app.settings.directory)
        file.write_text('{"model": 5}')
        with pytest.raises(ConfigInvalidError):
            await app.instance(app.settings.directory)
        assert app.opened() == []
        file.write_text("{}")
        assert await app.instance(app.settings.directory)
    assert caplog.text == ""


async def test_one_who_leaves_while_a_directory_opens_does_not_stop_it(tmp_path: Path) -> None:
    async with open_app(tmp_path) as app:
        leaving = asyncio.ensure_future(app.instance(app.settings.directory))
        await asyncio.sleep(0)
        leaving.cancel()
        assert await app.instance(app.settings.directory)


async def test_a_disposed_directory_says_so_and_opens_afresh(tmp_path: Path) -> None:
    async with open_app(tmp_path) as app:
        before = await app.instance(app.settings.directory)
        news = app.bus.subscribe()
        await app.dispose_instance(app.settings.directory)
        await app.dispose_instance(app.settings.directory)
        (envelope,) = news.take()
        assert envelope.event.type == "server.instance.disposed"
        assert envelope.directory == app.settings.directory
        assert app.opened() == []
        assert await app.instance(app.settings.directory) is not before


async def test_disposing_of_all_says_so_for_each_and_for_all(tmp_path: Path) -> None:
    async with open_app(tmp_path) as app:
        (tmp_path / "other").mkdir()
        for directory in (app.settings.directory, str(tmp_path / "other")):
            await app.instance(directory)
        news = app.bus.subscribe()
        await app.dispose()
        assert [one.event.type for one in news.take()] == [
            "server.instance.disposed",
            "server.instance.disposed",
            "global.disposed",
        ]
        assert app.opened() == []


async def test_disposing_stops_what_runs(tmp_path: Path) -> None:
    async with working(tmp_path, {"text": "x", "hold": "for ever"}) as it:
        await it.accept()
        await it.model.held("for ever")
        await it.app.dispose_instance(it.instance.directory)
        (answer,) = await it.answers()
        assert answer.error is not None
        assert it.app.at_work(it.session_id) is None


async def test_a_session_is_found_in_its_own_directory(tmp_path: Path) -> None:
    async with working(tmp_path) as it:
        assert await it.app.instance_of(it.session_id) is it.instance
        with pytest.raises(NotFoundError):
            await it.app.instance_of("ses_x")


async def test_who_connects_is_told_who_works_and_what_waits(tmp_path: Path) -> None:
    question = {
        "name": "question",
        "args": {"questions": [{"question": "Q?", "header": "H", "options": []}]},
    }
    bash = {"name": "bash", "args": {"command": "echo a"}}
    async with working(tmp_path, {"tools": [bash, question]}, permission={"bash": "ask"}) as it:
        assert it.app.greeting(None) == []
        await it.accept()
        await it.until("permission.asked")
        await it.until("question.asked")
        assert it.app.at_work(it.session_id) is it.instance
        told = it.app.greeting(it.instance.directory)
        assert [one.event.type for one in told] == [
            "session.status",
            "permission.asked",
            "question.asked",
        ]
        assert {one.directory for one in told} == {it.instance.directory}
        assert it.app.greeting("/somewhere/else") == []
        assert len(it.app.greeting(None)) == 3


async def test_runs_that_a_crash_left_are_closed_at_the_start(tmp_path: Path) -> None:
    async with open_app(tmp_path) as app:
        session = await app.sessions.create(Place("p", "/d", ""), SessionCreateInput())
        prompt = user_message(app.ids, session.id)
        answer = assistant_message(app.ids, prompt)
        await app.sessions.save_message(prompt)
        await app.sessions.save_message(answer)
        await app.database.write(
            lambda db: records.claim_run(db, session.id, "999999999:1:another-boot", 1)
        )
    async with open_app(tmp_path) as again:
        found = await again.sessions.message(session.id, answer.id)
        assert isinstance(found.info, AssistantMessage)
        assert found.info.error is not None
        assert found.info.time.completed is not None


async def test_a_newer_data_directory_is_refused_and_left_alone(tmp_path: Path) -> None:
    async with open_app(tmp_path) as app:
        path = app.database.path
    db = sqlite3.connect(path)
    db.execute("INSERT INTO migration VALUES ('m999_future', 1)")
    db.commit()
    db.close()
    with pytest.raises(SchemaTooNewError):
        await App.open(make_settings(tmp_path))


async def test_two_servers_share_a_data_directory(tmp_path: Path) -> None:
    async with open_app(tmp_path) as one, open_app(tmp_path) as two:
        session = await one.sessions.create(Place("p", "/d", ""), SessionCreateInput())
        assert (await two.sessions.get(session.id)).id == session.id
        await two.sessions.update(session.id, lambda it: it)
        body = (await one.sessions.sessions(records.SessionFilter())).body
        assert [it["id"] for it in json.loads(body)] == [session.id]
