"""Subagents: sessions that work for another session and report to it.

A tool's call starts one, or a person's prompt does. Stopping the session that waits stops the one
that works.
"""

import asyncio
import json
from collections.abc import Callable, Coroutine, Iterable, Sequence
from dataclasses import replace
from typing import Any

from opencode.errors import OpencodeError
from opencode.ids import now_ms, ulid
from opencode.permission.rules import evaluate
from opencode.provider.base import ToolCall
from opencode.schema.agent import Agent
from opencode.schema.message import (
    AssistantMessage,
    MessageWithParts,
    SessionPromptInput,
    UserMessage,
    UserMessageTime,
    UserModel,
)
from opencode.schema.part import ModelReference, SubtaskPart, TextPart, TextPartInput
from opencode.schema.request import PermissionRule
from opencode.schema.session import Session, SessionCreateInput
from opencode.session import outcome
from opencode.session.asking import Asking
from opencode.session.calls import Calls, SessionMemory
from opencode.session.patch import note_changes
from opencode.session.run import Desk, Queued, Run
from opencode.session.store import Place
from opencode.tool.base import Assignment, Progress, Report, ToolError
from opencode.tool.toolbox import ToolDefinition

TASK = "task"
SHUT = ("todowrite", TASK)
"""What a subagent may not do unless a rule of its own speaks of it."""
DEFAULT_DEPTH = 1
AFTER_COMMAND = "Say what came of the task above, then go on with the work."

Accept = Callable[[str, SessionPromptInput], Coroutine[Any, Any, tuple[UserMessage, Queued | None]]]


def allowed(agents: Iterable[str]) -> list[PermissionRule]:
    """The rules by which agents that a person has named may be called."""
    return [PermissionRule(permission=TASK, pattern=name, action="allow") for name in agents]


def told(
    offered: Iterable[ToolDefinition],
    agents: Sequence[Agent],
    rules: Sequence[PermissionRule] = (),
) -> list[ToolDefinition]:
    """The tools as a model is told them: the one for tasks names the subagents there are."""
    return [
        replace(tool, description=f"{tool.description}\n\n{listed(agents, rules)}")
        if tool.name == TASK
        else tool
        for tool in offered
    ]


def listed(agents: Iterable[Agent], rules: Sequence[PermissionRule]) -> str:
    """What the model is told of the subagents it may call."""
    lines = [
        f"- {agent.name}: {agent.description or 'Call it only if the user asks for it.'}"
        for agent in sorted(agents, key=lambda one: one.name)
        if agent.mode != "primary"
        and not agent.hidden
        and evaluate(TASK, agent.name, rules).action != "deny"
    ]
    return "Agents for subagent_type:\n" + "\n".join(lines or ["(none)"])


def denied(agent: str, rules: Sequence[PermissionRule]) -> bool:
    """Whether a rule keeps the model from calling this agent by itself."""
    return evaluate(TASK, agent, rules).action == "deny"


def rules_for(agent: Agent, parent: Session) -> list[PermissionRule]:
    """The rules of a subagent's session: what is forbidden to its parent stays forbidden."""
    kept = [
        rule
        for rule in parent.permission or []
        if rule.action == "deny" or rule.permission == "external_directory"
    ]
    own = {rule.permission for rule in agent.permission}
    shut = [
        PermissionRule(permission=name, pattern="*", action="deny")
        for name in SHUT
        if name not in own
    ]
    return [*kept, *(rule for rule in shut if rule not in kept)]


class Subagents:
    """The subagents of one directory."""

    def __init__(
        self,
        desk: Desk,
        asking: Asking,
        *,
        accept: Accept,
        abort: Callable[[str], Coroutine[Any, Any, None]],
    ) -> None:
        self._desk = desk
        self._store = desk.shop.store
        self._asking = asking
        self._accept = accept
        self._abort = abort

    async def spawn(
        self, message: AssistantMessage, assignment: Assignment, progress: Progress
    ) -> Report:
        """Let a subagent do it, and wait. Raises `ToolError`."""
        agent = self._desk.agents.find(assignment.agent)
        if agent is None:
            raise ToolError(f"Unknown agent type: {assignment.agent} is not a valid agent type")
        parent = await self._store.get(message.session_id)
        await self._check_depth(parent)
        child = await self._earlier(parent, assignment.task_id)
        if child is None:
            child = await self._begin(parent, agent, assignment)
        model = agent.model or ModelReference(
            provider_id=message.provider_id, model_id=message.model_id
        )
        facts = {
            "parentSessionId": parent.id,
            "sessionId": child.id,
            "model": {"modelID": model.model_id, "providerID": model.provider_id},
        }
        await progress(title=assignment.description, metadata=facts)
        given = SessionPromptInput(
            parts=[TextPartInput(text=assignment.prompt)], agent=agent.name, model=model
        )
        return Report(child.id, await self._work(child.id, given), facts)

    async def hand_over(self, message: AssistantMessage, agent: str, text: str) -> None:
        """The run of this answer goes on as another agent, told this."""
        given = SessionPromptInput(
            parts=[TextPartInput(text=text, synthetic=True)],
            agent=agent,
            model=ModelReference(provider_id=message.provider_id, model_id=message.model_id),
            variant=message.variant,
        )
        await self._accept(message.session_id, given)

    async def perform(self, run: Run, parent: UserMessage) -> UserMessage:
        """Do what prompts have handed to subagents; the message to answer next."""
        while run.subtasks:
            part = run.subtasks.pop(0)
            await self._perform(run, parent, part)
            if part.command is not None:
                parent = await self._continued(run, parent)
        return parent

    async def _perform(self, run: Run, parent: UserMessage, part: SubtaskPart) -> None:
        """An answer that consists of one call, as if the model had made it."""
        if part.model is not None:
            chosen = UserModel(provider_id=part.model.provider_id, model_id=part.model.model_id)
            parent = parent.model_copy(update={"model": chosen})
        message = self._asking.message(run, parent, agent=part.agent)
        rule = PermissionRule(permission=TASK, pattern="*", action="allow")
        calls = Calls(
            self._desk.shop, message, [rule], SessionMemory(), available={TASK}, aides=self
        )
        states = self._desk.snapshots
        async with self._asking.telling(run, message):
            before = await states.track()
            try:
                with states.changing():
                    await _call(calls, part)
            finally:
                after = await states.track()
                await note_changes(self._store, states, message, before=before, after=after)
            message.finish = "tool-calls"

    async def _continued(self, run: Run, parent: UserMessage) -> UserMessage:
        """What is said in the user's name after the task of a command."""
        run.newest = self._store.ids.message(after=run.newest)
        message = UserMessage(
            id=run.newest,
            session_id=parent.session_id,
            time=UserMessageTime(created=now_ms()),
            agent=parent.agent,
            model=parent.model,
            system=parent.system,
            tools=parent.tools,
            format=parent.format,
        )
        said = TextPart(
            id=self._store.ids.part(),
            session_id=parent.session_id,
            message_id=message.id,
            text=AFTER_COMMAND,
            synthetic=True,
        )
        await self._store.save_message(message, [said])
        return message

    async def _work(self, session_id: str, given: SessionPromptInput) -> str:
        """The subagent's last words. Raises `ToolError` where it failed."""
        accepting = self._desk.shop.tasks.start(
            f"prompt to {session_id}", self._accept(session_id, given)
        )
        try:
            message, queued = await asyncio.shield(accepting)
            if queued is not None:
                await asyncio.shield(queued.run.ended)
            answer = outcome.answer_to(await self._store.messages(session_id), message.id)
        except asyncio.CancelledError:
            await asyncio.wait({accepting})
            await self._abort(session_id)
            raise
        except OpencodeError as error:
            raise _failed(session_id, str(error)) from None
        return _last_words(session_id, answer)

    async def _begin(self, parent: Session, agent: Agent, assignment: Assignment) -> Session:
        place = Place(parent.project_id, parent.directory, parent.path or "")
        return await self._store.create(
            place,
            SessionCreateInput(
                parent_id=parent.id,
                title=f"{assignment.description} (@{agent.name} subagent)",
                agent=agent.name,
                permission=rules_for(agent, parent),
            ),
        )

    async def _earlier(self, parent: Session, task_id: str | None) -> Session | None:
        """The session of an earlier task; None for one that is not of this parent."""
        if task_id is None:
            return None
        found = await self._store.find(task_id)
        return found if found is not None and found.parent_id == parent.id else None

    async def _check_depth(self, session: Session) -> None:
        most = self._desk.subagent_depth
        limit = DEFAULT_DEPTH if most is None else most
        depth, above = 0, session.parent_id
        while above is not None and depth < limit:
            found = await self._store.find(above)
            depth, above = depth + 1, found.parent_id if found else None
        if depth >= limit:
            raise ToolError(
                f"Subagent depth limit reached ({limit})."
                ' Increase "subagent_depth" to allow nested subagents.'
            )


def _last_words(session_id: str, answer: MessageWithParts) -> str:
    info = answer.info
    if isinstance(info, AssistantMessage) and info.error is not None:
        raise _failed(session_id, str(getattr(info.error.data, "message", info.error.name)))
    texts = [part.text for part in answer.parts if isinstance(part, TextPart)]
    return texts[-1] if texts else ""


def _failed(session_id: str, reason: str) -> ToolError:
    return ToolError(f"Subagent failed (task_id: {session_id}): {reason}")


async def _call(calls: Calls, part: SubtaskPart) -> None:
    try:
        await calls.start(ToolCall(call_id=ulid(), name=TASK, arguments=_arguments(part)))
        await calls.wait()
    except BaseException:
        await calls.abort()
        raise


def _arguments(part: SubtaskPart) -> str:
    given = {
        "prompt": part.prompt,
        "description": part.description,
        "subagent_type": part.agent,
        **({} if part.command is None else {"command": part.command}),
    }
    return json.dumps(given, ensure_ascii=False)
