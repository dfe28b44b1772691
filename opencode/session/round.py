"""One round of a run: a request with everything said so far, its answer, and what follows from it.

Whether the run goes on is decided here: by what the model called, never by the reason it gave for
stopping, and never for ever.
"""

import asyncio
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from opencode.permission.rules import disabled, evaluate
from opencode.provider import base
from opencode.schema.agent import Agent, Skill
from opencode.schema.message import AssistantMessage, OutputFormatJsonSchema, UserMessage
from opencode.schema.provider import Model, Provider
from opencode.schema.request import PermissionRule
from opencode.schema.session import Session
from opencode.session import compaction, failure, history, structured, subagent
from opencode.session.asking import Asking, Question
from opencode.session.calls import Aides, Calls, SessionMemory
from opencode.session.news import News
from opencode.session.run import Desk, Run
from opencode.session.structured import StructuredOutput
from opencode.session.turn import Answer

SKILL = "skill"
MAX_UNFINISHED = 3
"""So many answers in a row may end without saying that they have ended."""
GO_ON = "Your last answer was interrupted. Go on from where it ended; repeat nothing of it."
LAST_STEP = (
    "<system-reminder>\nThe greatest number of steps for this task has been reached. Call no more"
    " tools: answer with what was done, what was found out and what remains.\n</system-reminder>"
)

Next = Literal["done", "again", "compact", "overflow"]


@dataclass(slots=True)
class Progress:
    """How far the work on a prompt has come."""

    parent: UserMessage
    steps: int = 0
    unfinished: int = 0
    """Answers in a row that just ended."""
    rejected: int = 0
    """Answers without the structure that was asked for."""
    compacted: bool = False
    """Nothing has been answered since the conversation was replaced by a summary."""
    goes_on: bool = False
    """The last answer was interrupted and is continued."""


@dataclass(frozen=True, slots=True)
class _Scene:
    """What a round is made with."""

    session: Session
    agent: Agent
    rules: list[PermissionRule]
    provider: Provider
    model: Model
    output: StructuredOutput | None


class Rounds:
    """Makes the rounds of one directory's runs."""

    def __init__(self, desk: Desk, asking: Asking, news: News, aides: Aides) -> None:
        self._desk = desk
        self._store = desk.shop.store
        self._asking = asking
        self._news = news
        self._aides = aides
        self._memory: dict[str, SessionMemory] = {}

    def forget(self, session_id: str) -> None:
        """The session is gone."""
        self._memory.pop(session_id, None)

    async def round(
        self, run: Run, progress: Progress, *, unseen: Callable[[], Collection[str]]
    ) -> Next:
        """One request and its answer; failures are told by the answer, and end the run.

        `unseen` tells which messages wait for a later round.
        """
        progress.steps += 1
        message = self._asking.message(run, progress.parent, agent=progress.parent.agent)
        following: Next = "done"
        async with self._asking.telling(run, message):
            scene = await self._scene(run, progress.parent)
            try:
                following = await self._answered(run, progress, scene, message, unseen)
            except base.ContextOverflow as error:
                if self._desk.compaction.auto is False or progress.compacted:
                    raise
                self._news.error(run.session_id, failure.reportable(error))
                following = "overflow"
        return following

    async def _answered(
        self,
        run: Run,
        progress: Progress,
        scene: _Scene,
        message: AssistantMessage,
        unseen: Callable[[], Collection[str]],
    ) -> Next:
        made: list[Calls] = []

        async def request() -> base.ModelRequest:
            return await self._request(scene, progress, unseen)

        def calls(given: base.ModelRequest) -> Calls:
            names = {tool.name for tool in given.tools}
            memory = self._memory.setdefault(run.session_id, SessionMemory())
            shop = self._desk.shop
            made.append(
                Calls(
                    shop,
                    message,
                    scene.rules,
                    memory,
                    available=names,
                    structured=scene.output,
                    aides=self._aides,
                    plan=self._desk.planning.file(scene.session),
                )
            )
            return made[-1]

        answer = await self._asking.answer(run, message, Question(scene.model, request, calls))
        progress.goes_on = False
        following = self._following(progress, scene, message, answer, made[-1])
        progress.compacted = False
        return following

    def _following(
        self,
        progress: Progress,
        scene: _Scene,
        message: AssistantMessage,
        answer: Answer,
        calls: Calls,
    ) -> Next:
        """What to do after this answer."""
        if answer.stopped or message.error is not None:
            return "done"
        if scene.output is not None and (
            scene.output.value is not None or not calls.names - {structured.NAME, "invalid"}
        ):
            following = self._structured(progress, scene.output, message)
        elif answer.called:
            following = "again"
        else:
            following = self._unfinished(progress, message, answer)
        return "compact" if self._full(progress, scene, message) else following

    def _full(self, progress: Progress, scene: _Scene, message: AssistantMessage) -> bool:
        """Whether a summary must come first. Right after one another would not help."""
        if message.error is not None or message.structured is not None or progress.compacted:
            return False
        return compaction.due(self._desk.compaction, scene.model, message.tokens)

    def _structured(
        self, progress: Progress, output: StructuredOutput, message: AssistantMessage
    ) -> Next:
        """The answer was given, or must be given again, or never will be."""
        if output.value is not None:
            message.structured = output.value
            return "done"
        if progress.rejected < output.retries:
            progress.rejected += 1
            return "again"
        message.error = failure.no_structure(output.problem, progress.rejected)
        self._news.error(message.session_id, message.error)
        return "done"

    def _unfinished(self, progress: Progress, message: AssistantMessage, answer: Answer) -> Next:
        """An answer that breaks off without an error is continued, a few times."""
        if answer.finish != "unknown":
            progress.unfinished = 0
            return "done"
        progress.unfinished += 1
        if progress.unfinished < MAX_UNFINISHED:
            progress.goes_on = True
            return "again"
        message.error = failure.unknown(
            f"The model's answer broke off {progress.unfinished} times in a row"
        )
        self._news.error(message.session_id, message.error)
        return "done"

    async def _scene(self, run: Run, parent: UserMessage) -> _Scene:
        session = await self._store.get(run.session_id)
        agent = self._desk.agents.get(parent.agent)
        providers = await self._desk.providers()
        provider, model = providers.resolve(parent.model.provider_id, parent.model.model_id)
        wanted = parent.format if isinstance(parent.format, OutputFormatJsonSchema) else None
        return _Scene(
            session=session,
            agent=agent,
            rules=[
                *agent.permission,
                *(session.permission or []),
                *subagent.allowed(run.mentioned),
            ],
            provider=provider,
            model=model,
            output=StructuredOutput(wanted) if wanted else None,
        )

    async def _request(
        self, scene: _Scene, progress: Progress, unseen: Callable[[], Collection[str]]
    ) -> base.ModelRequest:
        session, agent, model, parent = scene.session, scene.agent, scene.model, progress.parent
        messages = await self._store.messages(session.id)
        waiting = unseen()
        messages = [one for one in messages if one.info.id not in waiting]
        variant = (model.variants or {}).get(parent.model.variant or "", {})
        tools = self._tools(scene, parent)
        # A plan that is a file is spoken of once, in the conversation itself.
        by_request = not self._desk.planning.files
        reminder = history.mode_reminder(messages, parent, agent.name) if by_request else None
        turns = await asyncio.to_thread(history.turns, messages, model, reminder=reminder)
        request = base.ModelRequest(
            provider=scene.provider,
            model=model,
            system=history.system_prompt(
                agent_prompt=agent.prompt,
                model=model,
                where=await self._desk.surroundings(),
                extra=parent.system,
                skills=await self._skills(scene, tools),
            ),
            turns=(*turns, *_reminders(progress, scene, turns)),
            tools=tools,
            session_id=session.id,
            parent_session_id=session.parent_id,
            temperature=agent.temperature,
            top_p=agent.top_p,
            options={**model.options, **agent.options, **variant},
        )
        if scene.output is None:
            return request
        return replace(
            request, tool_choice="required", system=(*request.system, structured.INSTRUCTION)
        )

    async def _skills(self, scene: _Scene, tools: Sequence[base.ToolSpec]) -> list[Skill]:
        """The skills the model may load."""
        if all(tool.name != SKILL for tool in tools):
            return []
        found = await self._desk.skills()
        return [one for one in found if evaluate(SKILL, one.name, scene.rules).action != "deny"]

    def _tools(self, scene: _Scene, parent: UserMessage) -> tuple[base.ToolSpec, ...]:
        """What the model is offered, by name."""
        toolbox = self._desk.shop.toolbox
        offered = toolbox.specs(
            model=scene.model.api.id,
            agent=scene.agent.name,
            disabled=disabled(toolbox.names, scene.rules),
            enabled=parent.tools,
        )
        told = subagent.told(offered, self._desk.agents.list(), scene.rules)
        specs = [base.ToolSpec(it.name, it.description, it.parameters) for it in told]
        if scene.output is not None:
            output = scene.output
            specs.append(base.ToolSpec(output.id, output.description(), output.parameters))
        return tuple(sorted(specs, key=lambda spec: spec.name))


def _reminders(
    progress: Progress, scene: _Scene, turns: tuple[base.ModelTurn, ...]
) -> list[base.UserTurn]:
    """What this request says beyond the conversation; stored nowhere."""
    found: list[str] = []
    spoken = bool(turns) and isinstance(turns[-1], base.AssistantTurn)
    if progress.rejected and spoken:
        found.append(structured.REMINDER)
    elif progress.goes_on and spoken:
        found.append(GO_ON)
    if scene.agent.steps is not None and progress.steps >= scene.agent.steps:
        found.append(LAST_STEP)
    return [base.UserTurn((base.TextContent(text),)) for text in found]
