"""Rows for tests of the storage, which knows nothing of what is in them."""

from opencode.storage import records


def add_session(
    db: records.Connection,
    identifier: str,
    *,
    updated: int = 1,
    parent_id: str | None = None,
    project_id: str = "p",
    directory: str = "/d",
    path: str = "",
    title: str = "t",
) -> None:
    records.put_session(
        db,
        identifier=identifier,
        project_id=project_id,
        directory=directory,
        path=path,
        parent_id=parent_id,
        title=title,
        updated=updated,
        data=f'{{"id":"{identifier}"}}'.encode(),
    )


def session_ids(db: records.Connection) -> list[str]:
    return [row[0] for row in db.execute("SELECT id FROM session ORDER BY id")]
