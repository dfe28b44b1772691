"""One task for each session at work: answers until the model has no more to do, then idle.

A prompt to a session at work joins its run and is taken up with the next request. Every accepted
prompt has one end: an answer, an error on the answer, or an abort that the answer tells.
"""

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from opencode.agent.agents import Agents
from opencode.errors import NamedError, NotFoundError
from opencode.ids import now_ms
from opencode.permission.rules import disabled
from opencode.provider import base
from opencode.provider.catalog import ProviderSet
from opencode.schema.agent import Agent
from opencode.schema.error import MessageError
from opencode.schema.message import (
    AssistantMessage,
    AssistantMessageTime,
    MessagePath,
    MessageWithParts,
    SessionPromptInput,
    UserMessage,
    UserMessageSummary,
    UserMessageTime,
    UserModel,
)
from opencode.schema.part import ModelReference, Part
from opencode.schema.provider import Model, Provider
from opencode.schema.request import PermissionRule
from opencode.schema.session import (
    Session,
    SessionModel,
    SessionStatus,
    SessionStatusBusy,
    SessionStatusIdle,
    SessionStatusRetry,
    SnapshotFileDiff,
)
from opencode.session import failure, history, summary
from opencode.session.calls import Calls, SessionMemory, Workshop
from opencode.session.history import Surroundings
from opencode.session.news import News
from opencode.session.prompt import Reader, ReadFile
from opencode.session.turn import Answer, Snapshots, Turn

log = logging.getLogger(__name__)

MAX_RETRIES = 5


class States(Snapshots, summary.Differences, Protocol):
    """The states of a directory's files, compared too."""


@dataclass(frozen=True, slots=True)
class Desk:
    """What runs are made with: everything of one directory that a run uses."""

    shop: Workshop
    models: base.LanguageModels
    providers: Callable[[], Awaitable[ProviderSet]]
    agents: Agents
    snapshots: States
    surroundings: Callable[[], Awaitable[Surroundings]]
    read: ReadFile


@dataclass(slots=True)
class Run:
    """A session at work."""

    session_id: str
    ended: asyncio.Future[None]
    asked: list[UserMessage] = field(default_factory=list)
    """Prompts not yet taken up."""
    status: SessionStatus = field(default_factory=SessionStatusBusy)
    task: asyncio.Task[None] | None = None
    open: bool = True
    """Whether prompts may still join."""
    stopping: bool = False
    """Somebody asked it to stop."""
    working: bool = False
    """Whether it is at its rounds, which cancelling its task ends."""
    newest: str = ""
    """The last message there is; answers sort after it, whatever clock made its id."""

    def end(self, task: asyncio.Task[None] | None = None) -> None:
        """Wake those who wait; also where the task was cancelled before it could begin."""
        if not self.ended.done():
            self.ended.set_result(None)


class Runner:
    """Runs the sessions of one directory."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._store = desk.shop.store
        self._news = News(self._store)
        self._runs: dict[str, Run] = {}
        self._memory: dict[str, SessionMemory] = {}

    def status(self) -> dict[str, SessionStatus]:
        """The sessions at work."""
        return {session_id: run.status for session_id, run in self._runs.items()}

    def busy(self, session_id: str) -> bool:
        return session_id in self._runs

    async def prompt(self, session_id: str, given: SessionPromptInput) -> MessageWithParts:
        """Accept a prompt and wait for its answer. Not waiting any longer aborts nothing."""
        message, run = await self._accepted(session_id, given)
        if run is None:
            return await self._store.message(session_id, message.id)
        await asyncio.shield(run.ended)
        return await self._answer_to(session_id, message)

    async def accept(self, session_id: str, given: SessionPromptInput) -> UserMessage:
        """Store a prompt, and see to it that it is answered unless it asks for no reply.

        Raises `BadRequestError` for an unknown agent, `ModelNotFoundError` for an unknown model and
        `SessionBusyError` where another server runs the session; then nothing is stored.
        """
        return (await self._accepted(session_id, given))[0]

    async def _accepted(
        self, session_id: str, given: SessionPromptInput
    ) -> tuple[UserMessage, Run | None]:
        """Accept in a task of its own: a client that leaves in the middle leaves nothing half."""
        accepting = self._accept(session_id, given)
        return await asyncio.shield(
            self._desk.shop.tasks.start(f"prompt to {session_id}", accepting)
        )

    async def _accept(
        self, session_id: str, given: SessionPromptInput
    ) -> tuple[UserMessage, Run | None]:
        session = await self._store.get(session_id)
        agent = self._desk.agents.get(given.agent or session.agent or self._desk.agents.default)
        chosen = await self._choose(session, agent, given)
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
        reader = Reader(
            ids=self._store.ids,
            session_id=session_id,
            message_id=message.id,
            read=self._desk.read,
            failed=lambda text: self._news.error(session_id, failure.unknown(text)),
        )
        parts = await reader.parts(given.parts)
        if given.no_reply:
            await self._store_prompt(message, parts)
            return message, None
        await self._store.claim(session_id)
        try:
            await self._store_prompt(message, parts)
        except BaseException:
            if not self.busy(session_id):
                await self._store.release(session_id)
            raise
        return message, self._join(message, newest or "")

    async def _store_prompt(self, message: UserMessage, parts: list[Part]) -> None:
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
        self._memory.pop(session_id, None)

    # A run ----------------------------------------------------------------------------------------

    def _join(self, message: UserMessage, newest: str) -> Run:
        session_id = message.session_id
        run = before = self._runs.get(session_id)
        if run is None or not run.open:
            run = Run(session_id, asyncio.get_running_loop().create_future())
            self._runs[session_id] = run
            work = self._work(run, after=before)
            run.task = self._desk.shop.tasks.start(f"run of {session_id}", work)
            run.task.add_done_callback(run.end)
        run.asked.append(message)
        run.newest = max(run.newest, newest, message.id)
        return run

    async def _work(self, run: Run, after: Run | None) -> None:
        try:
            if after is not None:
                await asyncio.shield(after.ended)
            await self._store.claim(run.session_id)
            self._set_status(run, SessionStatusBusy())
            run.working = True
            if not run.stopping:
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
        """End the prompts that no round has taken up with an answer that says why."""
        self._news.error(run.session_id, error)
        if not run.asked:
            return
        message = self._new_answer(run, run.asked[-1])
        run.asked.clear()
        message.error = error
        message.time.completed = now_ms()
        try:
            await self._store.save_message(message)
        except NotFoundError:
            log.info("%s was deleted while it was at work", run.session_id)

    async def _end(self, run: Run) -> None:
        self._desk.shop.broker.withdraw(run.session_id)
        try:
            if run.asked:
                await self._tell(run, failure.ABORTED)
            await self._store.release(run.session_id)
        finally:
            if self._runs.get(run.session_id) is run:
                del self._runs[run.session_id]
                self._news.status(run.session_id, SessionStatusIdle())
            run.end()

    async def _rounds(self, run: Run) -> None:
        parent = run.asked[-1]
        first = True
        while True:
            if run.asked:
                parent = run.asked[-1]
                run.asked.clear()
            answer = await self._round(run, parent, first=first)
            first = False
            if answer is not None and answer.called and not answer.stopped:
                continue
            try:
                await self._summarise(run.session_id, parent)
            except Exception:
                log.exception("no summary of what %s changed", run.session_id)
            if not run.asked:
                run.open = False
                return

    async def _round(self, run: Run, parent: UserMessage, *, first: bool) -> Answer | None:
        """One request and its answer; None when it failed, which the answer then tells."""
        message = self._new_answer(run, parent)
        try:
            await self._store.save_message(message)
            return await self._attempts(run, parent, message, first=first)
        except asyncio.CancelledError:
            message.error = failure.ABORTED
            self._news.error(run.session_id, failure.ABORTED)
            raise
        except Exception as error:
            message.error = failure.reportable(error)
            self._news.error(run.session_id, message.error)
            return None
        finally:
            message.time.completed = now_ms()
            await self._store.save_message(message)

    async def _attempts(
        self, run: Run, parent: UserMessage, message: AssistantMessage, *, first: bool
    ) -> Answer:
        attempt = 0
        session = await self._store.get(run.session_id)
        agent = self._desk.agents.get(parent.agent)
        rules = [*agent.permission, *(session.permission or [])]
        providers = await self._desk.providers()
        provider, model = providers.resolve(parent.model.provider_id, parent.model.model_id)
        request = await self._request(session, parent, agent, rules, (provider, model))
        if first:
            self._start_title(session, providers, provider)
        memory = self._memory.setdefault(run.session_id, SessionMemory())
        while True:
            self._set_status(run, SessionStatusBusy())
            calls = Calls(
                self._desk.shop, message, rules, memory, available={t.name for t in request.tools}
            )
            turn = Turn(self._store, self._desk.snapshots, calls, message=message, model=model)
            try:
                answer = await turn.run(self._desk.models, request)
            except base.ProviderError as error:
                attempt += 1
                if not error.retryable or attempt > MAX_RETRIES or calls.any:
                    raise
                await self._wait_to_retry(run, attempt, error)
                continue
            if answer.finish == "content-filter":
                message.error = failure.FILTERED
                self._news.error(run.session_id, failure.FILTERED)
            return answer

    async def _wait_to_retry(self, run: Run, attempt: int, error: base.ProviderError) -> None:
        delay = summary.waiting_time(attempt, error.retry_after_ms, random.random())
        self._set_status(
            run,
            SessionStatusRetry(
                attempt=attempt, message=error.message, next=summary.moment_after(delay)
            ),
        )
        await asyncio.sleep(delay / 1000)

    async def _request(
        self,
        session: Session,
        parent: UserMessage,
        agent: Agent,
        rules: Sequence[PermissionRule],
        chosen: tuple[Provider, Model],
    ) -> base.ModelRequest:
        provider, model = chosen
        messages = await self._store.messages(session.id)
        where = await self._desk.surroundings()
        toolbox = self._desk.shop.toolbox
        variant = (model.variants or {}).get(parent.model.variant or "", {})
        reminder = history.mode_reminder(messages, parent, agent.name)
        offered = toolbox.specs(disabled=disabled(toolbox.names, list(rules)), enabled=parent.tools)
        return base.ModelRequest(
            provider=provider,
            model=model,
            system=history.system_prompt(
                agent_prompt=agent.prompt, model=model, where=where, extra=parent.system
            ),
            turns=await asyncio.to_thread(history.turns, messages, model, reminder=reminder),
            tools=tuple(base.ToolSpec(it.name, it.description, it.parameters) for it in offered),
            session_id=session.id,
            parent_session_id=session.parent_id,
            temperature=agent.temperature,
            top_p=agent.top_p,
            options={**model.options, **agent.options, **variant},
        )

    def _new_answer(self, run: Run, parent: UserMessage) -> AssistantMessage:
        shop = self._desk.shop
        run.newest = self._store.ids.message(after=run.newest)
        return AssistantMessage(
            id=run.newest,
            session_id=run.session_id,
            time=AssistantMessageTime(created=now_ms()),
            parent_id=parent.id,
            model_id=parent.model.model_id,
            provider_id=parent.model.provider_id,
            mode=parent.agent,
            agent=parent.agent,
            path=MessagePath(cwd=shop.directory, root=shop.worktree),
            variant=parent.model.variant,
        )

    # What goes along with a run -------------------------------------------------------------------

    def _start_title(self, session: Session, providers: ProviderSet, provider: Provider) -> None:
        if summary.wants_title(session):
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

    async def _answer_to(self, session_id: str, message: UserMessage) -> MessageWithParts:
        """The last answer to a prompt, or where it was taken up with later ones, to those."""
        answers = [
            one
            for one in await self._store.messages(session_id)
            if isinstance(one.info, AssistantMessage)
        ]
        own = [one for one in answers if one.info.parent_id == message.id]  # type: ignore[union-attr]
        if not own and not answers:
            return await self._store.message(session_id, message.id)
        return (own or answers)[-1]

    async def _choose(self, session: Session, agent: Agent, given: SessionPromptInput) -> UserModel:
        """The prompt's model, else the agent's, else the session's last, else the default."""
        providers = await self._desk.providers()
        last = session.model
        wanted: ModelReference | None = given.model or agent.model
        if wanted is None and last is not None:
            wanted = ModelReference(provider_id=last.provider_id, model_id=last.id)
        if wanted is None:
            _, model = providers.default_model()
        else:
            _, model = providers.resolve(wanted.provider_id, wanted.model_id)
        variant = given.variant or agent.variant
        return UserModel(provider_id=model.provider_id, model_id=model.id, variant=variant)

    def _set_status(self, run: Run, status: SessionStatus) -> None:
        run.status = status
        self._news.status(run.session_id, status)


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
