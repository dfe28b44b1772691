"""What waits for a person: requests for permission and questions alike.

A tool asks and waits; a client replies and wakes it. Every request that was announced is closed by
an event, however it ends: answered, rejected, or withdrawn because nobody waits for it any more.
"""

import asyncio
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from opencode.errors import PermissionNotFoundError, QuestionNotFoundError
from opencode.ids import Ids
from opencode.permission.rules import Ruleset, allowed, evaluate, relevant
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


class Refusal(Exception):
    """The call may not go on; the text is for the model."""


class PermissionRejected(Refusal):
    """The user said no. With `feedback` the model may try otherwise, without it the turn ends."""

    def __init__(self, feedback: str | None = None) -> None:
        text = "The user rejected permission to use this specific tool call"
        end = f" with the following feedback: {feedback}" if feedback else "."
        super().__init__(text + end)
        self.feedback = feedback or None


class PermissionDenied(Refusal):
    """A rule says no; the model is told which rules speak of this permission."""

    def __init__(self, rules: Ruleset) -> None:
        listed = [
            {"permission": rule.permission, "action": rule.action, "pattern": rule.pattern}
            for rule in rules
        ]
        super().__init__(
            "The user has specified a rule which prevents you from using this specific tool call."
            " Here are some of the relevant rules "
            + json.dumps(listed, separators=(",", ":"), ensure_ascii=False)
        )
        self.rules = list(rules)


class QuestionRejected(Refusal):
    """The user dismissed the questions; the turn ends."""

    def __init__(self) -> None:
        super().__init__("The user dismissed this question")


@dataclass(slots=True)
class _Ask:
    request: PermissionRequest
    ruleset: Ruleset
    answer: asyncio.Future[None]


@dataclass(slots=True)
class _Questions:
    request: QuestionRequest
    answer: asyncio.Future[list[list[str]]]


class Broker:
    """The pending requests of one instance, and what was allowed for always."""

    def __init__(
        self,
        publish: Callable[[PermissionEvent | QuestionEvent], Any],
        ids: Ids,
        saved: Saved,
    ) -> None:
        self._publish = publish
        self._ids = ids
        self._saved = saved
        self._asks: dict[str, _Ask] = {}
        self._questions: dict[str, _Questions] = {}
        self._always: list[PermissionRule] = []
        self._loaded = False

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
        await self._load()
        if self._decided(permission, patterns, ruleset):
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
        self._asks[request.id] = _Ask(request, ruleset, answer)
        self._publish(EventPermissionAsked(id=self._ids.event(), properties=request))
        try:
            await answer
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
            for other in list(self._asks.values()):
                if self._decided_now(other):
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
        self._publish(EventQuestionAsked(id=self._ids.event(), properties=request))
        try:
            return await answer
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

    async def _load(self) -> None:
        if not self._loaded:
            rules = await self._saved.all()
            if not self._loaded:
                self._loaded = True
                self._always = [*rules, *self._always]

    def _decided(self, permission: str, patterns: Sequence[str], ruleset: Ruleset) -> bool:
        """True if allowed, False if somebody must be asked; raises if a rule forbids it."""
        asking = []
        for pattern in patterns:
            # What was once allowed for always never lifts a rule that forbids.
            action = evaluate(permission, pattern, ruleset).action
            if action == "deny":
                raise PermissionDenied(relevant(permission, ruleset))
            if action == "ask":
                asking.append(pattern)
        return allowed(permission, asking, self._always)

    def _decided_now(self, ask: _Ask) -> bool:
        return self._decided(ask.request.permission, ask.request.patterns, ask.ruleset)

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
        self._always += [
            PermissionRule(permission=request.permission, pattern=pattern, action="allow")
            for pattern in request.always
        ]

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
