"""The tool calls of one answer: each a part, run as soon as its arguments are complete.

Calls run side by side. A refusal by the user stops the run after this answer; every other failure
is a result the model reads.
"""

import asyncio
import logging
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any, Protocol

from opencode.ids import now_ms
from opencode.permission.broker import Broker
from opencode.permission.refusal import (
    PermissionDenied,
    PermissionRejected,
    QuestionRejected,
    Unanswered,
)
from opencode.provider.base import ToolCall
from opencode.schema.agent import Todo
from opencode.schema.event import EventFileEdited, FileEditedProperties
from opencode.schema.message import AssistantMessage
from opencode.schema.part import (
    FilePart,
    ToolErrorTime,
    ToolPart,
    ToolState,
    ToolStateCompleted,
    ToolStateError,
    ToolStatePending,
    ToolStateRunning,
    ToolTime,
    ToolTimeStart,
)
from opencode.schema.request import (
    PermissionRule,
    PermissionTool,
    QuestionInfo,
    QuestionTool,
)
from opencode.session.store import SessionStore
from opencode.session.structured import StructuredOutput
from opencode.tasks import Tasks
from opencode.tool.base import (
    Assignment,
    Declined,
    FileTimes,
    Progress,
    Report,
    ToolContext,
    ToolError,
    ToolResult,
)
from opencode.tool.toolbox import PreparedCall, Toolbox

log = logging.getLogger(__name__)

ABORTED = "Tool execution aborted"
LOOP = 3
"""So many identical calls in one answer are taken for a loop, and asked about."""
READ_ONLY = frozenset(
    "read glob grep todowrite question invalid webfetch websearch skill plan_exit"
    " StructuredOutput".split()
)
"""Tools after which no file can be different."""


@dataclass(slots=True)
class SessionMemory:
    """What a session remembers between calls, for as long as its server lives."""

    times: FileTimes = field(default_factory=FileTimes)
    loaded: set[str] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class Workshop:
    """What calls are made with, the same for all sessions of a directory."""

    store: SessionStore
    toolbox: Toolbox
    broker: Broker
    tasks: Tasks
    directory: str
    worktree: str
    output_directory: str


class Aides(Protocol):
    """Who else may work for a session: subagents, and other agents in its own place."""

    async def spawn(
        self, message: AssistantMessage, assignment: Assignment, progress: Progress
    ) -> Report: ...

    async def hand_over(self, message: AssistantMessage, agent: str, text: str) -> None: ...


class Calls:
    """The calls of one assistant message."""

    def __init__(
        self,
        shop: Workshop,
        message: AssistantMessage,
        rules: list[PermissionRule],
        memory: SessionMemory,
        *,
        available: Collection[str],
        structured: StructuredOutput | None = None,
        aides: Aides | None = None,
        plan: str = "",
    ) -> None:
        self._shop = shop
        self._message = message
        self._rules = rules
        self._memory = memory
        self._available = available
        self._structured = structured
        self._aides = aides
        self._plan = plan
        self._parts: dict[str, ToolPart] = {}
        self._running: dict[str, asyncio.Task[None]] = {}
        self._seen: Counter[tuple[str, str]] = Counter()
        self.stopped = False
        """The user refused a call: the run ends after this answer."""
        self.changed = False
        """A call may have changed files."""

    @property
    def any(self) -> bool:
        """Whether the model called anything."""
        return bool(self._parts)

    @property
    def names(self) -> set[str]:
        """The tools called, `invalid` for calls that nobody can run."""
        return {part.tool for part in self._parts.values()}

    async def announce(self, call_id: str, name: str) -> None:
        """The model has begun a call."""
        if call_id not in self._parts:
            await self._save(call_id, name, ToolStatePending())

    async def start(self, call: ToolCall) -> None:
        """The call is complete: run it."""
        await self.announce(call.call_id, call.name)
        start = now_ms()
        prepared = self._prepare(call)
        running = ToolStateRunning(input=prepared.input, time=ToolTimeStart(start=start))
        await self._save(call.call_id, prepared.name, running, metadata=call.metadata or None)
        self.changed = self.changed or prepared.name not in READ_ONLY
        self._running[call.call_id] = self._shop.tasks.start(
            f"tool {prepared.name} of {self._message.session_id}",
            self._run(call, prepared, start),
        )

    async def wait(self) -> None:
        """Until every call has its result, also one whose arguments never came."""
        while self._running:
            await asyncio.wait(self._running.values())
            self._running = {key: it for key, it in self._running.items() if not it.done()}
        for call_id, part in self._parts.items():
            if isinstance(part.state, ToolStatePending | ToolStateRunning):
                await self._stop(call_id, part)

    async def abort(self) -> None:
        """Stop what runs, and give every call without a result the result that it was stopped."""
        for task in self._running.values():
            task.cancel()
        await self.wait()

    def _prepare(self, call: ToolCall) -> PreparedCall:
        if self._structured is not None and call.name == self._structured.id:
            return self._structured.prepare(call.arguments)
        return self._shop.toolbox.prepare(call.name, call.arguments, available=self._available)

    async def _run(self, call: ToolCall, prepared: PreparedCall, start: int) -> None:
        try:
            await self._check_loop(call, prepared)
            result = await self._shop.toolbox.run(prepared, self._context(call.call_id))
            state: ToolState = self._completed(prepared, result, start)
        except Declined as error:
            self.stopped = True
            state = self._failure(call.call_id, prepared, str(error), start)
        except (ToolError, PermissionDenied, Unanswered) as error:
            state = self._failure(call.call_id, prepared, str(error), start)
        except PermissionRejected as error:
            self.stopped = self.stopped or error.feedback is None
            state = self._failure(call.call_id, prepared, str(error), start)
        except QuestionRejected as error:
            self.stopped = True
            state = self._failure(call.call_id, prepared, str(error), start)
        except OSError as error:
            reason = error.strerror or str(error)
            text = f"{reason}: {error.filename}" if error.filename else reason
            state = self._failure(call.call_id, prepared, text, start)
        except Exception as error:
            log.exception("the tool %s failed", prepared.name)
            text = f"The tool failed: {type(error).__name__}: {error}"
            state = self._failure(call.call_id, prepared, text, start)
        await self._save(call.call_id, prepared.name, state)

    async def _check_loop(self, call: ToolCall, prepared: PreparedCall) -> None:
        key = (prepared.name, call.arguments)
        self._seen[key] += 1
        if self._seen[key] < LOOP:
            return
        await self._ask(
            call.call_id,
            "doom_loop",
            [prepared.name],
            always=[prepared.name],
            metadata={"tool": prepared.name, "input": prepared.input},
        )

    async def _ask(
        self,
        call_id: str,
        permission: str,
        patterns: list[str],
        *,
        always: list[str],
        metadata: dict[str, Any],
    ) -> None:
        await self._shop.broker.ask(
            session_id=self._message.session_id,
            permission=permission,
            patterns=patterns,
            always=always,
            metadata=metadata,
            ruleset=self._rules,
            tool=PermissionTool(message_id=self._message.id, call_id=call_id),
        )

    def _context(self, call_id: str) -> ToolContext:
        shop, session_id = self._shop, self._message.session_id

        async def ask(
            permission: str, patterns: list[str], *, always: list[str], metadata: dict[str, Any]
        ) -> None:
            await self._ask(call_id, permission, patterns, always=always, metadata=metadata)

        async def progress(
            *, title: str | None = None, metadata: dict[str, Any] | None = None
        ) -> None:
            await self._progress(call_id, title, metadata)

        async def question(given: list[dict[str, Any]]) -> list[list[str]]:
            return await shop.broker.ask_question(
                session_id=session_id,
                questions=[QuestionInfo.model_validate(one) for one in given],
                tool=QuestionTool(message_id=self._message.id, call_id=call_id),
            )

        async def todos(given: list[dict[str, str]]) -> None:
            await shop.store.set_todos(session_id, [Todo.model_validate(one) for one in given])

        def edited(path: str) -> None:
            event = EventFileEdited(
                id=shop.store.ids.event(), properties=FileEditedProperties(file=path)
            )
            shop.store.announce(session_id, event)

        context = ToolContext(
            session_id=session_id,
            message_id=self._message.id,
            call_id=call_id,
            agent=self._message.agent,
            directory=shop.directory,
            worktree=shop.worktree,
            output_directory=shop.output_directory,
            times=self._memory.times,
            ask=ask,
            progress=progress,
            question=question,
            todos=todos,
            edited=edited,
            loaded=self._memory.loaded,
            plan=self._plan,
        )
        aides, message = self._aides, self._message
        if aides is not None:
            context.spawn = lambda assignment: aides.spawn(message, assignment, progress)
            context.hand_over = lambda agent, text: aides.hand_over(message, agent, text)
        return context

    async def _progress(
        self, call_id: str, title: str | None, metadata: dict[str, Any] | None
    ) -> None:
        state = self._parts[call_id].state
        if isinstance(state, ToolStateRunning):
            changed = state.model_copy(
                update={
                    "title": title or state.title,
                    "metadata": {**(state.metadata or {}), **(metadata or {})},
                }
            )
            await self._save(call_id, self._parts[call_id].tool, changed)

    def _completed(
        self, prepared: PreparedCall, result: ToolResult, start: int
    ) -> ToolStateCompleted:
        attachments = [
            FilePart(
                id=self._shop.store.ids.part(),
                session_id=self._message.session_id,
                message_id=self._message.id,
                mime=one.mime,
                url=one.url,
                filename=one.filename,
            )
            for one in result.attachments
        ]
        return ToolStateCompleted(
            input=prepared.input,
            output=result.output,
            title=result.title,
            metadata=result.metadata,
            time=ToolTime(start=start, end=now_ms()),
            attachments=attachments or None,
        )

    def _failure(
        self, call_id: str, prepared: PreparedCall, text: str, start: int
    ) -> ToolStateError:
        state = self._parts[call_id].state
        shown = state.metadata if isinstance(state, ToolStateRunning) else None
        return _failed(prepared.input, text, start, metadata=shown)

    async def _stop(self, call_id: str, part: ToolPart) -> None:
        started = part.state.time.start if isinstance(part.state, ToolStateRunning) else now_ms()
        state = _failed(part.state.input, ABORTED, started, metadata={"interrupted": True})
        await self._save(call_id, part.tool, state)

    async def _save(
        self,
        call_id: str,
        name: str,
        state: ToolState,
        *,
        metadata: dict[str, Any] | None = None,
    ) -> None:
        known = self._parts.get(call_id)
        part = ToolPart(
            id=known.id if known else self._shop.store.ids.part(),
            session_id=self._message.session_id,
            message_id=self._message.id,
            call_id=call_id,
            tool=name,
            state=state,
            metadata=metadata or (known.metadata if known else None),
        )
        self._parts[call_id] = part
        await self._shop.store.save_part(part)


def _failed(
    given: dict[str, Any], text: str, start: int, *, metadata: dict[str, Any] | None = None
) -> ToolStateError:
    return ToolStateError(
        input=given,
        error=text,
        metadata=metadata,
        time=ToolErrorTime(start=start, end=now_ms()),
    )
