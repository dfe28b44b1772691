"""One answer of a model, however often it must be asked for: attempts, retries, and the end of the
message, which always comes.

What failed on the way is published as the session's status; what arrived before a stream broke is
kept, and calls that had begun are not made again: the next attempt is told their results.
"""

import asyncio
import logging
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from opencode.ids import now_ms
from opencode.provider import base
from opencode.schema.message import (
    AssistantMessage,
    AssistantMessageTime,
    MessagePath,
    UserMessage,
)
from opencode.schema.provider import Model
from opencode.schema.session import SessionStatus, SessionStatusBusy, SessionStatusRetry
from opencode.session import failure, summary
from opencode.session.calls import Calls
from opencode.session.news import News
from opencode.session.run import Desk, Run
from opencode.session.turn import Answer, Turn

log = logging.getLogger(__name__)

MAX_RETRIES = 5


@dataclass(frozen=True, slots=True)
class Question:
    """What a message is to answer, made anew for each attempt that has more to tell."""

    model: Model
    request: Callable[[], Awaitable[base.ModelRequest]]
    calls: Callable[[base.ModelRequest], Calls]


class Asking:
    """Asks models for the sessions of one directory."""

    def __init__(self, desk: Desk, news: News) -> None:
        self._desk = desk
        self._store = desk.shop.store
        self._news = news

    def message(
        self, run: Run, parent: UserMessage, *, agent: str, summarises: bool | None = None
    ) -> AssistantMessage:
        """The next answer of a run."""
        shop = self._desk.shop
        run.newest = self._store.ids.message(after=run.newest)
        return AssistantMessage(
            id=run.newest,
            session_id=run.session_id,
            time=AssistantMessageTime(created=now_ms()),
            parent_id=parent.id,
            model_id=parent.model.model_id,
            provider_id=parent.model.provider_id,
            mode=agent,
            agent=agent,
            summary=summarises,
            path=MessagePath(cwd=shop.directory, root=shop.worktree),
            variant=parent.model.variant,
        )

    @asynccontextmanager
    async def telling(self, run: Run, message: AssistantMessage) -> AsyncIterator[None]:
        """Store a message that has begun; whatever happens within ends it, and it tells how.

        Only being stopped goes further than the message.
        """
        try:
            await self._store.save_message(message)
            yield
        except asyncio.CancelledError:
            message.error = failure.ABORTED
            run.owes = None
            self._news.error(run.session_id, failure.ABORTED)
            raise
        except Exception as error:
            message.error = failure.reportable(error)
            self._news.error(run.session_id, message.error)
        finally:
            message.time.completed = now_ms()
            await self._store.save_message(message)

    async def answer(self, run: Run, message: AssistantMessage, question: Question) -> Answer:
        """Ask until there is an answer, or none can be expected any more."""
        attempt = 0
        request = await question.request()
        while True:
            self.set_status(run, SessionStatusBusy())
            calls = question.calls(request)
            turn = Turn(
                self._store, self._desk.snapshots, calls, message=message, model=question.model
            )
            try:
                answer = await turn.run(self._desk.models, request)
            except base.ProviderError as error:
                attempt += 1
                if not error.retryable or attempt > MAX_RETRIES or calls.stopped:
                    raise
                await self._wait_to_retry(run, attempt, error)
                if calls.any:
                    request = await question.request()
                continue
            if answer.finish == "content-filter":
                message.error = failure.FILTERED
                self._news.error(run.session_id, failure.FILTERED)
            return answer

    def set_status(self, run: Run, status: SessionStatus) -> None:
        run.status = status
        self._news.status(run.session_id, status)

    async def _wait_to_retry(self, run: Run, attempt: int, error: base.ProviderError) -> None:
        delay = summary.waiting_time(attempt, error.retry_after_ms, random.random())
        moment = summary.moment_after(delay)
        status = SessionStatusRetry(attempt=attempt, message=error.message, next=moment)
        self.set_status(run, status)
        await asyncio.sleep(delay / 1000)
