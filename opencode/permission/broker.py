"""What waits for a person: requests for permission and questions alike.

A tool asks and waits; a client replies and wakes it. Every request that was announced is closed by
an event, however it ends: answered, rejected, or withdrawn because nobody waits for it any more.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from opencode.errors import PermissionNotFoundError, QuestionNotFoundError
from opencode.ids import Ids
from opencode.permission.refusal import (
    PermissionDenied,
    PermissionRejected,
    QuestionRejected,
    Refusal,
)
from opencode.permission.rules import Ruleset, allowed, evaluate, relevant
from opencode.permission.unattended import Patience
from opencode.schema.event import (
    EventPermissionAsked,
    EventPermissionReplied,
    EventQuestionAsked,
    EventQuestionRejected,
    EventQuestionReplied,
    PermissionRepliedProperties,
    QuestionReplied,
)
from opencode.schema.event import (
    QuestionRejected as QuestionRejectedProperties,
)
from opencode.schema.request import (
    PermissionReplyKind,
    PermissionRequest,
    PermissionRule,
    PermissionTool,
    QuestionInfo,
    QuestionRequest,
    QuestionTool,
)

PermissionEvent = EventPermissionAsked | EventPermissionReplied
QuestionEvent = EventQuestionAsked | EventQuestionReplied | EventQuestionRejected


class Saved(Protocol):
    """Where what a user allowed for always is kept."""

    async def add(self, permission: str, pattern: str) -> None: ...

    async def all(self) -> Sequence[PermissionRule]: ...


@dataclass(slots=True)
class _Ask:
    request: PermissionRequest
    asking: list[str]
    """The patterns that no rule decides."""
    answer: asyncio.Future[None]


@dataclass(slots=True)
class _Questions:
    request: QuestionRequest
    answer: asyncio.Future[list[list[str]]]


def undecided(permission: str, patterns: Sequence[str], ruleset: Ruleset) -> list[str]:
    """The patterns about which somebody must be asked. Raises if a rule forbids one.

    What was once allowed for always never lifts a rule that forbids.
    """
    asking = []
    for pattern in patterns:
        action = evaluate(permission, pattern, ruleset).action
        if action == "deny":
            raise PermissionDenied(relevant(permission, ruleset))
        if action == "ask":
            asking.append(pattern)
    return asking


class Broker:
    """The pending requests of one instance, and what was allowed for always."""

    def __init__(
        self,
        publish: Callable[[PermissionEvent | QuestionEvent], Any],
        ids: Ids,
        saved: Saved,
        patience: Patience | None = None,
    ) -> None:
        self._publish = publish
        self._ids = ids
        self._saved = saved
        self._patience = patience or Patience(None, lambda asked: True)
        self._asks: dict[str, _Ask] = {}
        self._questions: dict[str, _Questions] = {}

    # permissions

    async def ask(
        self,
        session_id: str,
        permission: str,
        patterns: Sequence[str],
        *,
        ruleset: Ruleset,
        always: Sequence[str] = (),
        metadata: dict[str, Any] | None = None,
        tool: PermissionTool | None = None,
    ) -> None:
        """Return once every pattern is allowed, by rule or by the user. Raises a `Refusal`."""
        asking = undecided(permission, patterns, ruleset)
        if not asking or allowed(permission, asking, await self._saved.all()):
            return
        request = PermissionRequest(
            id=self._ids.permission(),
            session_id=session_id,
            permission=permission,
            patterns=list(patterns),
            metadata=metadata or {},
            always=list(always),
            tool=tool,
        )
        answer = asyncio.get_running_loop().create_future()
        self._asks[request.id] = _Ask(request, asking, answer)
        asked = EventPermissionAsked(id=self._ids.event(), properties=request)
        self._publish(asked)
        try:
            await self._patience.answer(asked, answer)
        finally:
            if self._asks.pop(request.id, None) is not None:
                self._replied(request, "reject")

    async def reply(
        self, request_id: str, reply: PermissionReplyKind, message: str | None = None
    ) -> None:
        """A client's answer. Raises `PermissionNotFoundError`."""
        ask = self._asks.pop(request_id, None)
        if ask is None:
            raise PermissionNotFoundError(request_id)
        if reply == "always":
            await self._remember(ask)
        self._settle(ask, reply, PermissionRejected(message) if reply == "reject" else None)
        if reply == "reject":
            for other in self._asks_of(ask.request.session_id):
                self._take(other, "reject", PermissionRejected())
        elif reply == "always":
            always = await self._saved.all()
            for other in list(self._asks.values()):
                if allowed(other.request.permission, other.asking, always):
                    self._take(other, "always", None)

    def pending(self) -> list[PermissionRequest]:
        """The requests that wait, oldest first."""
        return [ask.request for ask in self._asks.values()]

    # questions

    async def ask_question(
        self,
        session_id: str,
        questions: Sequence[QuestionInfo],
        *,
        tool: QuestionTool | None = None,
    ) -> list[list[str]]:
        """Put questions to the user; for each the labels chosen. Raises `QuestionRejected`."""
        request = QuestionRequest(
            id=self._ids.question(), session_id=session_id, questions=list(questions), tool=tool
        )
        answer: asyncio.Future[list[list[str]]] = asyncio.get_running_loop().create_future()
        self._questions[request.id] = _Questions(request, answer)
        asked = EventQuestionAsked(id=self._ids.event(), properties=request)
        self._publish(asked)
        try:
            return await self._patience.answer(asked, answer)
        finally:
            if self._questions.pop(request.id, None) is not None:
                self._dismissed(request)

    def reply_question(self, request_id: str, answers: list[list[str]]) -> None:
        """A client's answers. Raises `QuestionNotFoundError`."""
        asked = self._take_question(request_id)
        if not asked.answer.done():
            asked.answer.set_result(answers)
        properties = QuestionReplied(
            session_id=asked.request.session_id, request_id=request_id, answers=answers
        )
        self._publish(EventQuestionReplied(id=self._ids.event(), properties=properties))

    def reject_question(self, request_id: str) -> None:
        """A client dismissed the questions. Raises `QuestionNotFoundError`."""
        asked = self._take_question(request_id)
        if not asked.answer.done():
            asked.answer.set_exception(QuestionRejected())
        self._dismissed(asked.request)

    def pending_questions(self) -> list[QuestionRequest]:
        """The questions that wait, oldest first."""
        return [asked.request for asked in self._questions.values()]

    # both

    def withdraw(self, session_id: str) -> None:
        """Nobody waits for this session any more: cancel and close what it has asked."""
        for ask in self._asks_of(session_id):
            del self._asks[ask.request.id]
            ask.answer.cancel()
            self._replied(ask.request, "reject")
        for asked in list(self._questions.values()):
            if asked.request.session_id == session_id:
                del self._questions[asked.request.id]
                asked.answer.cancel()
                self._dismissed(asked.request)

    def close(self) -> None:
        """Withdraw everything."""
        sessions = {request.session_id for request in self.pending()}
        sessions |= {request.session_id for request in self.pending_questions()}
        for session_id in sessions:
            self.withdraw(session_id)

    # inside

    async def _remember(self, ask: _Ask) -> None:
        """Keep what `always` allows; if that fails, the request waits on."""
        request = ask.request
        try:
            for pattern in request.always:
                await self._saved.add(request.permission, pattern)
        except BaseException:
            if not ask.answer.done():
                self._asks[request.id] = ask
            raise

    def _asks_of(self, session_id: str) -> list[_Ask]:
        return [ask for ask in self._asks.values() if ask.request.session_id == session_id]

    def _take(self, ask: _Ask, reply: PermissionReplyKind, refusal: Refusal | None) -> None:
        del self._asks[ask.request.id]
        self._settle(ask, reply, refusal)

    def _settle(self, ask: _Ask, reply: PermissionReplyKind, refusal: Refusal | None) -> None:
        if not ask.answer.done():
            if refusal is None:
                ask.answer.set_result(None)
            else:
                ask.answer.set_exception(refusal)
        self._replied(ask.request, reply)

    def _replied(self, request: PermissionRequest, reply: PermissionReplyKind) -> None:
        properties = PermissionRepliedProperties(
            session_id=request.session_id, request_id=request.id, reply=reply
        )
        self._publish(EventPermissionReplied(id=self._ids.event(), properties=properties))

    def _take_question(self, request_id: str) -> _Questions:
        asked = self._questions.pop(request_id, None)
        if asked is None:
            raise QuestionNotFoundError(request_id)
        return asked

    def _dismissed(self, request: QuestionRequest) -> None:
        properties = QuestionRejectedProperties(
            session_id=request.session_id, request_id=request.id
        )
        self._publish(EventQuestionRejected(id=self._ids.event(), properties=properties))
