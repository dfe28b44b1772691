"""News of a session at work."""

import json
from pathlib import Path

from opencode.schema.session import SessionStatusBusy, SessionStatusIdle, SnapshotFileDiff
from opencode.session import failure
from opencode.session.news import News
from tests.session.stores import open_store


async def test_the_end_of_work_is_told_in_both_forms(tmp_path: Path) -> None:
    async with open_store(tmp_path) as kept:
        session = await kept.session()
        news = News(kept.store)
        news.status(session.id, SessionStatusBusy())
        news.status(session.id, SessionStatusIdle())
        envelopes = kept.news.take()
        assert [one.event.type for one in envelopes] == [
            "session.status",
            "session.status",
            "session.idle",
        ]
        assert {one.directory for one in envelopes} == {session.directory}


async def test_errors_and_changed_files_are_told(tmp_path: Path) -> None:
    async with open_store(tmp_path) as kept:
        session = await kept.session()
        news = News(kept.store)
        news.error(session.id, failure.ABORTED)
        news.diff(session.id, [SnapshotFileDiff(file="a", additions=1, deletions=0)])
        error, diff = (json.loads(one.payload) for one in kept.news.take())
        assert error["properties"] == {
            "sessionID": session.id,
            "error": {"name": "MessageAbortedError", "data": {"message": "Aborted"}},
        }
        assert diff["properties"]["diff"] == [{"file": "a", "additions": 1, "deletions": 0}]
