"""One task for each session at work: answers until the model has no more to do, then idle.

A prompt to a session at work joins its run and is taken up with the next request. Every accepted
prompt has one end: an answer, an error on the answer, or an abort that the answer tells.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from weakref import WeakValueDictionary

from opencode.errors import BadRequestError, NamedError, NotFoundError, SessionBusyError
from opencode.ids import now_ms
from opencode.provider.catalog import ProviderSet
from opencode.schema.agent import Agent
from opencode.schema.error import MessageError
from opencode.schema.message import (
    MessageWithParts,
    OutputFormatJsonSchema,
    SessionPromptInput,
    UserMessage,
    UserMessageSummary,
    UserMessageTime,
    UserModel,
)
from opencode.schema.part import ModelReference, Part
from opencode.schema.provider import Provider
from opencode.schema.request import PermissionRule
from opencode.schema.session import (
    Session,
    SessionModel,
    SessionStatus,
    SessionStatusBusy,
    SessionStatusIdle,
    SnapshotFileDiff,
)
from opencode.session import failure, outcome, pruning, structured, subagent, summary, undo
from opencode.session.asking import Asking
from opencode.session.compaction import Compaction
from opencode.session.news import News
from opencode.session.prompt import Reader
from opencode.session.round import Progress, Rounds
from opencode.session.run import Desk, Queued, Run
from opencode.session.subagent import Subagents

log = logging.getLogger(__name__)


class Runner:
    """Runs the sessions of one directory."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._store = desk.shop.store
        self._news = News(self._store)
        self._asking = Asking(desk, self._news)
        self._aides = Subagents(desk, self._asking, accept=self._accept, abort=self.abort)
        self._making = Rounds(desk, self._asking, self._news, self._aides)
        self._compaction = Compaction(desk, self._asking, self._news)
        self._runs: dict[str, Run] = {}
        self._doors: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._arriving: set[str] = set()
        """Prompts that are being stored, and join a run then."""

    def status(self) -> dict[str, SessionStatus]:
        """The sessions at work."""
        return {session_id: run.status for session_id, run in self._runs.items()}

    def busy(self, session_id: str) -> bool:
        return session_id in self._runs

    async def prompt(self, session_id: str, given: SessionPromptInput) -> MessageWithParts:
        """Accept a prompt and wait for its answer. Not waiting any longer aborts nothing."""
        message, queued = await self._accepted(session_id, given)
        if queued is None:
            return await self._store.message(session_id, message.id)
        ends = {queued.run.ended, queued.withdrawn}
        await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
        if queued.withdrawn.done():
            raise NotFoundError(f"The prompt was cancelled: {message.id}")
        return outcome.answer_to(await self._store.messages(session_id), message.id)

    async def accept(self, session_id: str, given: SessionPromptInput) -> UserMessage:
        """Store a prompt, and see to it that it is answered unless it asks for no reply.

        Raises `BadRequestError` for an unknown agent, `ModelNotFoundError` for an unknown model and
        `SessionBusyError` where another server runs the session; then nothing is stored.
        """
        return (await self._accepted(session_id, given))[0]

    async def _accepted(
        self, session_id: str, given: SessionPromptInput
    ) -> tuple[UserMessage, Queued | None]:
        """Accept in a task of its own: a client that leaves in the middle leaves nothing half."""
        accepting = self._accept(session_id, given)
        return await asyncio.shield(
            self._desk.shop.tasks.start(f"prompt to {session_id}", accepting)
        )

    async def _accept(
        self, session_id: str, given: SessionPromptInput
    ) -> tuple[UserMessage, Queued | None]:
        async with self._door(session_id):
            return await self._take_in(session_id, given)

    async def _take_in(
        self, session_id: str, given: SessionPromptInput
    ) -> tuple[UserMessage, Queued | None]:
        if isinstance(given.format, OutputFormatJsonSchema):
            await structured.check_format(given.format)
        session = await self._store.get(session_id)
        agent, chosen = await self.choose(session, given.agent, given.model, given.variant)
        newest = await self._store.newest(session_id)
        message = UserMessage(
            id=given.message_id or self._store.ids.message(after=newest),
            session_id=session_id,
            time=UserMessageTime(created=now_ms()),
            format=given.format,
            agent=agent.name,
            model=chosen,
            system=given.system,
            tools=given.tools,
        )
        rules = [*agent.permission, *(session.permission or [])]
        reader = Reader(
            ids=self._store.ids,
            session_id=session_id,
            message_id=message.id,
            read=self._desk.read,
            failed=lambda text: self._news.error(session_id, failure.unknown(text)),
            denied=lambda name: subagent.denied(name, rules),
            note=self._desk.planning.turning(session, agent.name),
        )
        parts = await reader.parts(given.parts)
        if given.no_reply:
            await self._store_prompt(session, message, parts)
            return message, None
        await self._store.claim(session_id)
        self._arriving.add(message.id)
        try:
            await self._store_prompt(session, message, parts)
            return message, self._join(message, newest or "", parts)
        except BaseException:
            if not self.busy(session_id):
                await self._store.release(session_id)
            raise
        finally:
            self._arriving.discard(message.id)

    async def _store_prompt(
        self, session: Session, message: UserMessage, parts: list[Part]
    ) -> None:
        await self._settle(session)
        await self._store.update(message.session_id, lambda it: _prompted(it, message))
        await self._store.save_message(message, parts)

    async def abort(self, session_id: str) -> None:
        """Stop the run, and wait until everything of it has ended."""
        run = self._runs.get(session_id)
        if run is None:
            self._news.status(session_id, SessionStatusIdle())
            return
        run.open = False
        if run.working and not run.stopping and run.task is not None:
            run.task.cancel()  # once: a second time would interrupt its putting in order
        run.stopping = True
        await asyncio.shield(run.ended)

    async def close(self) -> None:
        """Stop every run."""
        await asyncio.gather(*(self.abort(session_id) for session_id in list(self._runs)))

    def forget(self, session_id: str) -> None:
        """The session is gone."""
        self._making.forget(session_id)

    # What is done beside prompts ------------------------------------------------------------------

    @asynccontextmanager
    async def alone(self, session_id: str) -> AsyncIterator[None]:
        """The session is idle and stays so until this is left. Raises `SessionBusyError`."""
        async with self._door(session_id):
            await self._claim_idle(session_id)
            try:
                yield
            finally:
                await self._store.release(session_id)

    async def occupy(self, session_id: str, begin: Callable[[Run], Awaitable[None]]) -> None:
        """Do this as a run, which can be aborted and which prompts wait for, until the run ends.

        What was taken back is final then. Raises `SessionBusyError`.
        """
        async with self._door(session_id):
            session = await self._store.get(session_id)
            await self._claim_idle(session_id)
            await self._settle(session)
            run = self._start(session_id, begin)
        await asyncio.shield(run.ended)

    async def choose(
        self,
        session: Session,
        agent: str | None,
        model: ModelReference | None,
        variant: str | None = None,
    ) -> tuple[Agent, UserModel]:
        """Who is asked: the agent named, else the session's last, else the default one. With what:
        the model named, else the agent's, else the session's last, else the default one."""
        found = self._desk.agents.get(agent or session.agent or self._desk.agents.default)
        providers = await self._desk.providers()
        last = session.model
        wanted = model or found.model
        if wanted is None and last is not None:
            wanted = ModelReference(provider_id=last.provider_id, model_id=last.id)
        if wanted is None:
            _, chosen = providers.default_model()
        else:
            _, chosen = providers.resolve(wanted.provider_id, wanted.model_id)
        return found, UserModel(
            provider_id=chosen.provider_id,
            model_id=chosen.id,
            variant=variant or found.variant,
        )

    def _door(self, session_id: str) -> asyncio.Lock:
        """Whoever begins something in a session goes through here, one at a time."""
        return self._doors.setdefault(session_id, asyncio.Lock())

    async def _claim_idle(self, session_id: str) -> None:
        """Nobody else begins anything from here on, not in another server either."""
        await self._store.claim(session_id)
        if self.busy(session_id):
            raise SessionBusyError(session_id)

    async def _settle(self, session: Session) -> None:
        """What was taken back is final now, and what was seen in it is not known any more."""
        if await undo.settle(self._store, self._desk.snapshots, session):
            self.forget(session.id)

    # What else a run may be asked -----------------------------------------------------------------

    def queued(self, session_id: str) -> list[str]:
        """The prompts that no round has taken up yet, oldest first."""
        run = self._runs.get(session_id)
        return [] if run is None else [queued.message.id for queued in run.queue]

    async def cancel(self, session_id: str, message_id: str) -> None:
        """Take a prompt out of the queue and out of the record.

        Raises `NotFoundError` for one that is not queued: it may just have been taken up.
        """
        run = self._runs.get(session_id)
        if run is None or not run.cancel(message_id):
            raise NotFoundError(f"Not in the queue: {message_id}")
        await self._store.remove_message(session_id, message_id)

    async def go_on(self, session_id: str) -> None:
        """Continue the last answer, which was interrupted, without a new prompt.

        Raises `SessionBusyError`, and `BadRequestError` where nothing was interrupted.
        """
        async with self._door(session_id):
            await self._claim_idle(session_id)
            await self._settle(await self._store.get(session_id))
            messages = await self._store.messages(session_id)
            parent = outcome.interrupted(messages)
            if parent is None:
                await self._store.release(session_id)
                raise BadRequestError("There is nothing to continue: the last answer is complete")
            self._join(parent, messages[-1].info.id).run.resumes = parent.id

    async def summarise(self, session_id: str, model: UserModel) -> None:
        """Replace the conversation by a summary, once the session is idle, and wait for it."""
        providers = await self._desk.providers()
        providers.resolve(model.provider_id, model.model_id)
        while True:
            while (before := self._runs.get(session_id)) is not None:
                await asyncio.shield(before.ended)
            async with self._door(session_id):
                if self.busy(session_id):
                    continue
                run = await self._start_summary(session_id, model)
            break
        if run is not None:
            await asyncio.shield(run.ended)

    async def _start_summary(self, session_id: str, model: UserModel) -> Run | None:
        await self._settle(await self._store.get(session_id))
        messages = await self._store.messages(session_id)
        last = outcome.last_prompt(messages)
        if last is None:
            return None
        like = last.model_copy(update={"model": model})

        async def compact(run: Run) -> None:
            await self._compaction.manual(run, self._compaction.marker(run, like))

        run = self._start(session_id, compact)
        run.seen(one.info.id for one in messages)
        return run

    # A run ----------------------------------------------------------------------------------------

    def _start(self, session_id: str, begin: Callable[[Run], Awaitable[None]] | None = None) -> Run:
        before = self._runs.get(session_id)
        run = Run(session_id, asyncio.get_running_loop().create_future(), begin)
        self._runs[session_id] = run
        work = self._work(run, after=before)
        run.task = self._desk.shop.tasks.start(f"run of {session_id}", work)
        run.task.add_done_callback(run.end)
        return run

    def _join(self, message: UserMessage, newest: str, parts: Sequence[Part] = ()) -> Queued:
        run = self._runs.get(message.session_id)
        if run is None or not run.open:
            run = self._start(message.session_id)
        queued = Queued(message, run, asyncio.get_running_loop().create_future(), parts)
        run.queue.append(queued)
        run.seen((newest, message.id))
        return queued

    async def _work(self, run: Run, after: Run | None) -> None:
        try:
            if after is not None:
                await asyncio.shield(after.ended)
            await self._store.claim(run.session_id)
            self._asking.set_status(run, SessionStatusBusy())
            self._desk.snapshots.forget()
            run.working = True
            if not run.stopping:
                if run.begin is not None:
                    await run.begin(run)
                await self._rounds(run)
        except asyncio.CancelledError:
            log.info("run of %s aborted", run.session_id)
        except Exception as error:
            run.open = False
            await self._tell(run, failure.reportable(error))
        finally:
            run.working = run.open = False
            await self._end(run)

    async def _tell(self, run: Run, error: MessageError) -> None:
        """End the prompts that have no end yet with an answer that says why."""
        self._news.error(run.session_id, error)
        parent = run.take() or run.owes
        run.owes = None
        if parent is None:
            return
        message = self._asking.message(run, parent, agent=parent.agent)
        message.error = error
        message.time.completed = now_ms()
        try:
            await self._store.save_message(message)
        except NotFoundError:
            log.info("%s was deleted while it was at work", run.session_id)

    async def _end(self, run: Run) -> None:
        self._desk.shop.broker.withdraw(run.session_id)
        try:
            if run.queue or run.owes:
                await self._tell(run, failure.ABORTED)
            await self._store.release(run.session_id)
        finally:
            if self._runs.get(run.session_id) is run:
                del self._runs[run.session_id]
                self._news.status(run.session_id, SessionStatusIdle())
            run.end()

    async def _rounds(self, run: Run) -> None:
        if run.queue:
            await self._start_title(run.queue[-1].message)
        parent = run.take()
        while parent is not None:
            await self._see_through(run, Progress(parent, goes_on=parent.id == run.resumes))
            parent = run.take()
        run.open = False

    async def _see_through(self, run: Run, progress: Progress) -> None:
        """Rounds until the model has no more to do."""

        def unseen() -> set[str]:
            return self._arriving.union(queued.message.id for queued in run.queue)

        progress.parent = await self._aides.perform(run, progress.parent)
        following = await self._making.round(run, progress, unseen=unseen)
        while following != "done":
            if following in ("compact", "overflow"):
                heir = await self._compaction.automatic(
                    run, progress.parent, overflow=following == "overflow"
                )
                if heir is None:
                    break
                run.owes = progress.parent = heir
                progress.compacted = True
            progress.parent = await self._aides.perform(run, run.take() or progress.parent)
            following = await self._making.round(run, progress, unseen=unseen)
        run.owes = None
        await self._conclude(run.session_id, progress.parent)

    async def _conclude(self, session_id: str, parent: UserMessage) -> None:
        """What is done when a prompt has been answered; no failure of it is the run's."""
        try:
            await self._summarise(session_id, parent)
            if self._desk.compaction.prune:
                await pruning.prune(self._store, session_id)
        except Exception:
            log.exception("no summary of what %s changed", session_id)

    # What goes along with a run -------------------------------------------------------------------

    async def _start_title(self, parent: UserMessage) -> None:
        session = await self._store.get(parent.session_id)
        if not summary.wants_title(session):
            return
        providers = await self._desk.providers()
        provider, _ = providers.resolve(parent.model.provider_id, parent.model.model_id)
        self._desk.shop.tasks.start(
            f"title of {session.id}", self._title(session.id, providers, provider)
        )

    async def _title(self, session_id: str, providers: ProviderSet, provider: Provider) -> None:
        first = summary.first_prompt(await self._store.messages(session_id))
        if first is None or not isinstance(first.info, UserMessage):
            return
        try:
            small = providers.small_model(provider.id)
        except NamedError as error:
            log.info("no title for %s: %s", session_id, error.message)
            return
        model = first.info.model
        chosen = small or providers.resolve(model.provider_id, model.model_id)
        agent = self._desk.agents.find("title")
        request = summary.title_request(*chosen, first, agent.temperature if agent else None)
        title = await summary.ask_title(self._desk.models, request)
        if title is not None and await self._store.find(session_id) is not None:
            await self._store.update(session_id, lambda it: _titled(it, title), touch=False)

    async def _summarise(self, session_id: str, parent: UserMessage) -> None:
        """Say what the turn and the session have changed, where anything was."""
        messages = await self._store.messages(session_id)
        turn = await summary.differences(self._desk.snapshots, summary.of_turn(messages, parent.id))
        if not turn:
            return
        parent.summary = UserMessageSummary(diffs=turn)
        await self._store.save_message(parent)
        whole = await summary.differences(self._desk.snapshots, messages)
        await self._store.update(session_id, lambda it: _summarised(it, whole), touch=False)
        self._news.diff(session_id, whole)


def _prompted(session: Session, message: UserMessage) -> Session:
    """The session remembers what it was last prompted with, and the tools switched by it."""
    session.agent = message.agent
    session.model = SessionModel(
        id=message.model.model_id,
        provider_id=message.model.provider_id,
        variant=message.model.variant or "default",
    )
    if message.tools:
        session.permission = [
            PermissionRule(permission=name, pattern="*", action="allow" if on else "deny")
            for name, on in message.tools.items()
        ]
    return session


def _titled(session: Session, title: str) -> Session | None:
    if not summary.wants_title(session):
        return None
    session.title = title
    return session


def _summarised(session: Session, diffs: list[SnapshotFileDiff]) -> Session:
    session.summary = summary.totals(diffs)
    return session
