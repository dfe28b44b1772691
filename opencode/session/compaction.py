"""A conversation too long for its model is replaced by a summary: when, how, and what comes after.

Nothing is removed. A user message marks the place and the summary answers it; from then on a model
sees both and what follows (`history.since_summary`).
"""

from opencode.agent.prompts import prompt
from opencode.ids import now_ms
from opencode.provider import base
from opencode.schema.config import CompactionConfig
from opencode.schema.message import (
    AssistantMessage,
    MessageWithParts,
    UserMessage,
    UserMessageTime,
)
from opencode.schema.part import CompactionPart, PartTime, TextPart, Tokens
from opencode.schema.provider import Model, Provider
from opencode.session import conversation, failure, history
from opencode.session.asking import Asking, Question
from opencode.session.calls import Calls, SessionMemory
from opencode.session.news import News
from opencode.session.run import Desk, Run

AGENT = "compaction"
MOST_OUTPUT = 32_000
"""Tokens an answer may have where its model would allow more."""
MOST_RESERVED = 20_000
CHARACTERS_A_TOKEN = 3
"""Fewer than there are, so that an estimate is on the safe side."""
ATTEMPTS = 3
"""So often is a summary asked for, of half as much each time, when even that is too long."""
CONTINUE = "Go on with the work that remains, or ask if it is unclear how."
CONTINUE_WITHOUT_FILES = (
    "The request was larger than the model can read, so the conversation was summed up; files that"
    " were attached to it are no longer there. If they matter, say so; else go on with the work"
    " that remains."
)
ASK_SUMMARY = "Write the summary of this conversation from which the work is continued."


def due(config: CompactionConfig, model: Model, tokens: Tokens) -> bool:
    """Whether an answer of so many tokens leaves too little room for the next one."""
    if config.auto is False:
        return False
    room = _room(config, model)
    used = tokens.total
    if used is None:
        cached = tokens.cache.read + tokens.cache.write
        used = tokens.input + tokens.output + tokens.reasoning + cached
    return room is not None and used >= room


def _room(config: CompactionConfig, model: Model) -> int | None:
    """Tokens a conversation may have; None where the model's limits are not known."""
    limit = model.limit
    output = min(int(limit.output), MOST_OUTPUT)
    if limit.input:
        reserved = min(output, MOST_RESERVED) if config.reserved is None else config.reserved
        return max(int(limit.input) - reserved, 1)
    return max(int(limit.context) - output, 1) if limit.context else None


class Compaction:
    """Sums up the conversations of one directory."""

    def __init__(self, desk: Desk, asking: Asking, news: News) -> None:
        self._desk = desk
        self._store = desk.shop.store
        self._asking = asking
        self._news = news

    async def manual(self, run: Run, marker: UserMessage) -> None:
        """Somebody asked for it; `marker` is not stored yet."""
        if await self._summarised(run, marker, self._part(marker, auto=False, overflow=None)):
            self._news.compacted(run.session_id)

    async def automatic(
        self, run: Run, parent: UserMessage, *, overflow: bool
    ) -> UserMessage | None:
        """The conversation has grown too long; the prompt with which the work on `parent` goes on,
        None where no summary could be had."""
        marker = self.marker(run, parent)
        part = self._part(marker, auto=True, overflow=overflow)
        if not await self._summarised(run, marker, part):
            return None
        following = self.marker(run, parent)
        following.format, following.system, following.tools = (
            parent.format,
            parent.system,
            parent.tools,
        )
        now = now_ms()
        text = TextPart(
            id=self._store.ids.part(),
            session_id=following.session_id,
            message_id=following.id,
            text=CONTINUE_WITHOUT_FILES if overflow else CONTINUE,
            synthetic=True,
            time=PartTime(start=now, end=now),
            metadata={"compaction_continue": True},
        )
        await self._store.save_message(following, [text])
        self._news.compacted(run.session_id)
        return following

    def marker(self, run: Run, like: UserMessage) -> UserMessage:
        """A user message for the next place of a run."""
        run.newest = self._store.ids.message(after=run.newest)
        return UserMessage(
            id=run.newest,
            session_id=run.session_id,
            time=UserMessageTime(created=now_ms()),
            agent=like.agent,
            model=like.model,
        )

    def _part(self, marker: UserMessage, *, auto: bool, overflow: bool | None) -> CompactionPart:
        return CompactionPart(
            id=self._store.ids.part(),
            session_id=marker.session_id,
            message_id=marker.id,
            auto=auto,
            overflow=overflow,
        )

    async def _summarised(self, run: Run, marker: UserMessage, part: CompactionPart) -> bool:
        said = history.since_summary(await self._store.messages(run.session_id))
        await self._store.save_message(marker, [part])
        message = self._asking.message(run, marker, agent=AGENT, summarises=True)
        agent = self._desk.agents.find(AGENT)
        if agent is not None and agent.model is not None:
            message.provider_id, message.model_id = agent.model.provider_id, agent.model.model_id
        async with self._asking.telling(run, message):
            await self._ask(run, message, list(said))
            if message.error is None and message.finish == "unknown":
                message.error = failure.unknown("The summary broke off")
                self._news.error(run.session_id, message.error)
        return message.error is None

    async def _ask(self, run: Run, message: AssistantMessage, said: list[MessageWithParts]) -> None:
        """Ask for the summary, and where even that is too much, for one of less."""
        providers = await self._desk.providers()
        provider, model = providers.resolve(message.provider_id, message.model_id)
        room = _room(self._desk.compaction, model)
        most = None if room is None else room * CHARACTERS_A_TOKEN
        for left in range(ATTEMPTS - 1, -1, -1):
            text = conversation.as_text(said, most)
            try:
                await self._asking.answer(
                    run, message, self._question(message, provider, model, text)
                )
                return
            except base.ContextOverflow:
                if not left:
                    raise
                most = len(text) // 2

    def _question(
        self, message: AssistantMessage, provider: Provider, model: Model, text: str
    ) -> Question:
        agent = self._desk.agents.find(AGENT)

        async def request() -> base.ModelRequest:
            return base.ModelRequest(
                provider=provider,
                model=model,
                system=(agent.prompt if agent and agent.prompt else prompt("compaction"),),
                turns=(base.UserTurn((base.TextContent(f"{text}\n\n{ASK_SUMMARY}"),)),),
                session_id=message.session_id,
                temperature=agent.temperature if agent else None,
                options=dict(model.options),
            )

        def calls(given: base.ModelRequest) -> Calls:
            return Calls(self._desk.shop, message, [], SessionMemory(), available=())

        return Question(model, request, calls)
