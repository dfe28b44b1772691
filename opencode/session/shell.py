"""A command line that the user runs in a session: it becomes part of the conversation.

Nobody is asked for permission and nothing limits its time; it ends by itself, or by an abort.
"""

import asyncio
import json
import logging
from typing import Any

from opencode.errors import BadRequestError
from opencode.ids import now_ms, ulid
from opencode.schema.message import (
    AssistantMessage,
    AssistantMessageTime,
    MessagePath,
    MessageWithParts,
    SessionShellInput,
    UserMessage,
    UserMessageTime,
)
from opencode.schema.part import (
    TextPart,
    ToolErrorTime,
    ToolPart,
    ToolState,
    ToolStateCompleted,
    ToolStateError,
    ToolStateRunning,
    ToolTime,
    ToolTimeStart,
)
from opencode.session import failure
from opencode.session.calls import ABORTED, Workshop
from opencode.session.history import EXECUTED_BY_USER
from opencode.session.patch import note_changes
from opencode.session.reading import unattended
from opencode.session.run import Run
from opencode.session.runner import Runner
from opencode.session.states import KnownStates
from opencode.tool.base import ToolError

log = logging.getLogger(__name__)

TOOL = "bash"
SILENCE = "(no output)"
"""What a model is told of no output; a person sees it."""
NO_LIMIT = 2**53 - 1
"""Milliseconds."""


class Shell:
    """Runs command lines in sessions that are not at work."""

    def __init__(self, runner: Runner, shop: Workshop, states: KnownStates) -> None:
        self._runner = runner
        self._shop = shop
        self._states = states

    async def run(self, session_id: str, given: SessionShellInput) -> MessageWithParts:
        """Run a command line and wait for its end; the answer is the message that shows it.

        Raises `SessionBusyError`, `BadRequestError` for no command or an unknown agent, and
        `ModelNotFoundError`. Not waiting any longer aborts nothing.
        """
        if not given.command.strip():
            raise BadRequestError('Expected a command line\n  at ["command"]')
        store = self._shop.store
        session = await store.get(session_id)
        agent, model = await self._runner.choose(session, given.agent, given.model)
        prompt = UserMessage(
            id=given.message_id or store.ids.message(after=await store.newest(session_id)),
            session_id=session_id,
            time=UserMessageTime(created=now_ms()),
            agent=agent.name,
            model=model,
        )
        line = Line(self._shop, self._states, prompt, given.command)
        await self._runner.occupy(session_id, line.run)
        return await store.message(session_id, line.message.id)


class Line:
    """One command line under way."""

    def __init__(
        self, shop: Workshop, states: KnownStates, prompt: UserMessage, command: str
    ) -> None:
        self._shop = shop
        self._store = shop.store
        self._states = states
        self._prompt = prompt
        self._command = command
        self.message = AssistantMessage(
            id=self._store.ids.message(after=prompt.id),
            session_id=prompt.session_id,
            time=AssistantMessageTime(created=now_ms()),
            parent_id=prompt.id,
            model_id=prompt.model.model_id,
            provider_id=prompt.model.provider_id,
            mode=prompt.agent,
            agent=prompt.agent,
            path=MessagePath(cwd=shop.directory, root=shop.worktree),
            variant=prompt.model.variant,
        )

    async def run(self, run: Run) -> None:
        """Store what was typed, run it, store what came of it. Raises `CancelledError`."""
        run.seen([self.message.id])
        await self._store.save_message(self._prompt, [self._said()])
        await self._store.save_message(self.message)
        part = self._part()
        try:
            await self._store.save_part(part)
            with self._states.changing():
                before = await self._states.look()
                part.state = await self._output(part)
            await self._store.save_part(part)
            await note_changes(
                self._store,
                self._states,
                self.message,
                before=before,
                after=await self._states.look(),
            )
        finally:
            await self._close(part)
        task = asyncio.current_task()
        if task is not None and task.cancelling():
            raise asyncio.CancelledError  # the tool has made the abort a part of its output

    async def _output(self, part: ToolPart) -> ToolState:
        start = now_ms()

        async def progress(
            *, title: str | None = None, metadata: dict[str, Any] | None = None
        ) -> None:
            if isinstance(part.state, ToolStateRunning):
                part.state.metadata = metadata
                await self._store.save_part(part)

        toolbox = self._shop.toolbox
        given = json.dumps({"command": self._command, "timeout": NO_LIMIT})
        try:
            result = await toolbox.run(
                toolbox.prepare(TOOL, given), unattended(self._shop, progress)
            )
        except (ToolError, OSError) as error:
            return self._failed(str(error), start)
        text = "" if result.output == SILENCE else result.output
        shown = result.metadata.get("output", text)
        return ToolStateCompleted(
            input={"command": self._command},
            output=text,
            title="",
            metadata={"output": "" if shown == SILENCE else shown},
            time=ToolTime(start=start, end=now_ms()),
        )

    def _failed(self, text: str, start: int) -> ToolStateError:
        return ToolStateError(
            input={"command": self._command},
            error=text,
            time=ToolErrorTime(start=start, end=now_ms()),
        )

    async def _close(self, part: ToolPart) -> None:
        """Every message ends, and every call has a result."""
        if isinstance(part.state, ToolStateRunning):
            part.state = self._failed(ABORTED, part.state.time.start)
            self.message.error = failure.ABORTED
            await self._store.save_part(part)
        self.message.time.completed = now_ms()
        await self._store.save_message(self.message)

    def _said(self) -> TextPart:
        return TextPart(
            id=self._store.ids.part(),
            session_id=self._prompt.session_id,
            message_id=self._prompt.id,
            text=EXECUTED_BY_USER,
            synthetic=True,
        )

    def _part(self) -> ToolPart:
        return ToolPart(
            id=self._store.ids.part(),
            session_id=self.message.session_id,
            message_id=self.message.id,
            call_id=ulid(),
            tool=TOOL,
            state=ToolStateRunning(
                input={"command": self._command}, time=ToolTimeStart(start=now_ms())
            ),
        )
