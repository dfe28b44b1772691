"""Commands: a template with its arguments becomes a prompt, or work for a subagent."""

import asyncio

from opencode.agent.agents import Agents
from opencode.agent.commands import Commands
from opencode.agent.markdown import expand
from opencode.errors import BadRequestError, NotFoundError
from opencode.schema import event as events
from opencode.schema.agent import Command
from opencode.schema.message import (
    MessageWithParts,
    SessionCommandInput,
    SessionInitInput,
    SessionPromptInput,
    model_reference,
)
from opencode.schema.part import ModelReference, PartInput, SubtaskPartInput, TextPartInput
from opencode.schema.session import Session
from opencode.session.inclusion import Includer
from opencode.session.runner import Runner
from opencode.session.store import SessionStore
from opencode.tasks import Tasks


class CommandRunner:
    """Runs the commands of one directory."""

    def __init__(
        self,
        runner: Runner,
        store: SessionStore,
        tasks: Tasks,
        *,
        commands: Commands,
        agents: Agents,
        includer: Includer,
    ) -> None:
        self._runner = runner
        self._store = store
        self._tasks = tasks
        self._commands = commands
        self._agents = agents
        self._includer = includer

    async def run(self, session_id: str, given: SessionCommandInput) -> MessageWithParts:
        """Run a command and wait for its answer; then say so. Not waiting any longer stops nothing.

        Raises `NotFoundError`, for an unknown command with the names of the known ones,
        `BadRequestError` for an unknown agent and `ModelNotFoundError`.
        """
        session = await self._store.get(session_id)
        prompt = await self._prompt(session, given)
        answering = self._tasks.start(
            f"command {given.command} in {session_id}", self._answer(session_id, given, prompt)
        )
        return await asyncio.shield(answering)

    async def initialise(self, session_id: str, given: SessionInitInput) -> bool:
        """Run the command `init`."""
        model = ModelReference(provider_id=given.provider_id, model_id=given.model_id)
        await self.run(
            session_id,
            SessionCommandInput(
                message_id=given.message_id, model=model, command="init", arguments=""
            ),
        )
        return True

    async def _answer(
        self, session_id: str, given: SessionCommandInput, prompt: SessionPromptInput
    ) -> MessageWithParts:
        answer = await self._runner.prompt(session_id, prompt)
        executed = events.CommandExecutedProperties(
            name=given.command,
            session_id=session_id,
            arguments=given.arguments,
            message_id=answer.info.id,
        )
        self._store.announce(
            session_id,
            events.EventCommandExecuted(id=self._store.ids.event(), properties=executed),
        )
        return answer

    async def _prompt(self, session: Session, given: SessionCommandInput) -> SessionPromptInput:
        """What the command asks, of whom."""
        command = await self._find(given.command)
        asking = given.agent or session.agent or self._agents.default
        agent = self._agents.get(command.agent or asking)
        model = _model(command) or (agent.model if command.agent else None) or given.model
        filled = await self._includer.fill(expand(command.template, given.arguments))
        text = "".join(piece.text for piece in filled)
        parts: list[PartInput]
        if command.subtask or (agent.mode == "subagent" and command.subtask is not False):
            parts = [_subtask(command, agent.name, text, model or _last(session)), *given.parts]
            return SessionPromptInput(
                message_id=given.message_id,
                agent=asking,
                model=given.model,
                variant=given.variant,
                parts=parts,
            )
        mentioned = await self._includer.mentioned(filled, given.parts)
        return SessionPromptInput(
            message_id=given.message_id,
            agent=agent.name,
            model=model,
            variant=given.variant,
            parts=[TextPartInput(text=text), *mentioned, *given.parts],
        )

    async def _find(self, name: str) -> Command:
        known = await self._commands.list()
        for command in known:
            if command.name == name:
                return command
        names = ", ".join(sorted(command.name for command in known))
        raise NotFoundError(f'Command not found: "{name}". Available commands: {names}')


def _subtask(
    command: Command, agent: str, text: str, model: ModelReference | None
) -> SubtaskPartInput:
    return SubtaskPartInput(
        prompt=text,
        description=command.description or "",
        agent=agent,
        model=model,
        command=command.name,
    )


def _model(command: Command) -> ModelReference | None:
    """The model the command names. Raises `BadRequestError` where that is no `provider/model`."""
    if command.model is None:
        return None
    found = model_reference(command.model)
    if not isinstance(found, dict):
        raise BadRequestError(
            f'The command "{command.name}" names the model "{command.model}":'
            " expected provider/model"
        )
    return ModelReference.model_validate(found)


def _last(session: Session) -> ModelReference | None:
    last = session.model
    return None if last is None else ModelReference(provider_id=last.provider_id, model_id=last.id)
