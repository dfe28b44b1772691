"""What is published about a session at work and kept nowhere: status, errors, changed files."""

from opencode.schema import event as events
from opencode.schema.error import MessageError
from opencode.schema.session import SessionStatus, SessionStatusIdle, SnapshotFileDiff
from opencode.session.store import SessionStore


class News:
    """Publishes by the store, which knows where a session belongs."""

    def __init__(self, store: SessionStore) -> None:
        self._store = store

    def status(self, session_id: str, status: SessionStatus) -> None:
        """A session's state of work; the end of it is told in both forms."""
        self._store.announce(
            session_id,
            events.EventSessionStatus(
                id=self._store.ids.event(),
                properties=events.SessionStatusProperties(session_id=session_id, status=status),
            ),
        )
        if isinstance(status, SessionStatusIdle):
            self._store.announce(
                session_id,
                events.EventSessionIdle(
                    id=self._store.ids.event(),
                    properties=events.SessionIDProperties(session_id=session_id),
                ),
            )

    def error(self, session_id: str, error: MessageError) -> None:
        """A run failed or was stopped."""
        self._store.announce(
            session_id,
            events.EventSessionError(
                id=self._store.ids.event(),
                properties=events.SessionErrorProperties(session_id=session_id, error=error),
            ),
        )

    def diff(self, session_id: str, diff: list[SnapshotFileDiff]) -> None:
        """The files the session changed."""
        self._store.announce(
            session_id,
            events.EventSessionDiff(
                id=self._store.ids.event(),
                properties=events.SessionDiffProperties(session_id=session_id, diff=diff),
            ),
        )

    def compacted(self, session_id: str) -> None:
        """From now on a model sees a summary in place of what was said before."""
        self._store.announce(
            session_id,
            events.EventSessionCompacted(
                id=self._store.ids.event(),
                properties=events.SessionIDProperties(session_id=session_id),
            ),
        )
