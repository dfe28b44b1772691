"""One answer of a model: deltas become parts, tool calls run, the answer ends with a reason."""

from contextlib import AbstractContextManager, ExitStack, aclosing, suppress
from dataclasses import dataclass
from typing import Protocol

from opencode.errors import NotFoundError
from opencode.ids import now_ms
from opencode.provider import base
from opencode.provider.catalog import cost
from opencode.schema.message import AssistantMessage
from opencode.schema.part import (
    CacheTokens,
    PartTime,
    ReasoningPart,
    StepFinishPart,
    StepStartPart,
    TextPart,
    Tokens,
)
from opencode.schema.provider import Model
from opencode.schema.session import Session, SessionTokens
from opencode.session.calls import Calls
from opencode.session.patch import note_changes
from opencode.session.store import SessionStore


class Snapshots(Protocol):
    """The states of a directory's files."""

    async def track(self) -> str | None:
        """The name of the state now; None where none is kept."""
        ...

    async def changed_files(self, before: str, after: str) -> list[str]:
        """Paths that differ between two states."""
        ...

    def changing(self) -> AbstractContextManager[None]:
        """Files may change at any time until this is left."""
        ...


@dataclass(frozen=True, slots=True)
class Answer:
    """How an answer ended."""

    finish: base.FinishReason
    called: bool
    """The model called tools and wants to see their results."""
    stopped: bool
    """The user refused a call."""


class Turn:
    """Takes one stream of deltas into one assistant message. May be run again after a failure."""

    def __init__(
        self,
        store: SessionStore,
        snapshots: Snapshots,
        calls: Calls,
        *,
        message: AssistantMessage,
        model: Model,
    ) -> None:
        self._store = store
        self._snapshots = snapshots
        self._calls = calls
        self._message = message
        self._model = model
        self._blocks: dict[int, TextPart | ReasoningPart] = {}
        self._before: str | None = None
        self._begun = False
        self._changing = ExitStack()

    async def run(self, models: base.LanguageModels, request: base.ModelRequest) -> Answer:
        """Ask and take the whole answer, its calls included.

        Raises what the provider raises, and `CancelledError`, after closing what was open.
        """
        self._begun = False
        with ExitStack() as self._changing:
            finish = await self._receive(models, request)
        await self._finish(finish)
        return Answer(finish.reason, self._calls.any, self._calls.stopped)

    async def _receive(
        self, models: base.LanguageModels, request: base.ModelRequest
    ) -> base.Finish:
        """Take everything, and see the calls through."""
        finish = base.Finish("unknown", base.Usage())
        try:
            try:
                async with aclosing(models.stream(request)) as deltas:
                    async for delta in deltas:
                        if not self._begun:
                            await self._begin()
                        if isinstance(delta, base.Finish):
                            finish = delta
                        else:
                            await self._take(delta)
            except base.ProviderError as error:
                if error.retryable and self._calls.any:
                    await self._keep()
                raise
            if not self._begun:
                await self._begin()
            await self._end_blocks()
            await self._calls.wait()
        except BaseException:
            try:
                await self._end_blocks()
            finally:
                await self._calls.abort()
                await self._leave()
            raise
        return finish

    async def _begin(self) -> None:
        """The first word has come: note the state of the files, before any call can change them."""
        self._begun = True
        self._before = await self._snapshots.track()
        await self._store.save_part(
            StepStartPart(
                id=self._store.ids.part(),
                session_id=self._message.session_id,
                message_id=self._message.id,
                snapshot=self._before,
            )
        )

    async def _take(self, delta: base.Delta) -> None:
        match delta:
            case (
                base.TextDelta(index=index, text=text) | base.ReasoningDelta(index=index, text=text)
            ):
                part = self._blocks.get(index)
                if part is None:
                    part = await self._open(index, reasoning=isinstance(delta, base.ReasoningDelta))
                if text:
                    self._store.stream(part, text)
            case base.BlockEnd(index=index, metadata=metadata):
                await self._close(index, metadata)
            case base.ToolCallStart(call_id=call_id, name=name):
                await self._calls.announce(call_id, name)
            case base.ToolCall():
                await self._calls.start(delta)
                if self._calls.changed:
                    self._changing.enter_context(self._snapshots.changing())
            case base.Finish():
                pass

    async def _open(self, index: int, *, reasoning: bool) -> TextPart | ReasoningPart:
        kind = ReasoningPart if reasoning else TextPart
        part = kind(
            id=self._store.ids.part(),
            session_id=self._message.session_id,
            message_id=self._message.id,
            text="",
            time=PartTime(start=now_ms()),
        )
        self._blocks[index] = part
        await self._store.save_part(part)
        return part

    async def _close(self, index: int, metadata: dict[str, object]) -> None:
        part = self._blocks.pop(index, None)
        if part is None:
            return
        if part.time is not None:
            part.time.end = now_ms()
        part.metadata = metadata or None
        await self._store.save_part(part)

    async def _end_blocks(self) -> None:
        for index in list(self._blocks):
            await self._close(index, {})

    async def _keep(self) -> None:
        """The stream broke after calls had begun: they end as they do, and are not made again."""
        await self._end_blocks()
        await self._calls.wait()

    async def _leave(self) -> None:
        """The answer has failed or was stopped: say which files its calls have changed before."""
        if self._calls.changed:
            with suppress(NotFoundError):  # the message was deleted
                await self._patch(await self._snapshots.track())

    async def _finish(self, finish: base.Finish) -> None:
        """Account for the answer, and say which files it changed."""
        after = await self._snapshots.track() if self._calls.changed else self._before
        tokens = _tokens(finish.usage)
        price = cost(self._model, finish.usage)
        message = self._message
        await self._store.save_part(
            StepFinishPart(
                id=self._store.ids.part(),
                session_id=message.session_id,
                message_id=message.id,
                reason=finish.reason,
                snapshot=after,
                cost=price,
                tokens=tokens,
            )
        )
        message.finish = finish.reason
        message.cost += price
        message.tokens = tokens
        await self._store.save_message(message)
        await self._store.update(message.session_id, lambda it: _with_usage(it, price, tokens))
        await self._patch(after)

    async def _patch(self, after: str | None) -> None:
        await note_changes(
            self._store, self._snapshots, self._message, before=self._before, after=after
        )


def _tokens(usage: base.Usage) -> Tokens:
    return Tokens(
        total=usage.total,
        input=usage.input,
        output=usage.output,
        reasoning=usage.reasoning,
        cache=CacheTokens(read=usage.cache_read, write=usage.cache_write),
    )


def _with_usage(session: Session, price: float, tokens: Tokens) -> Session:
    sums = session.tokens or SessionTokens()
    sums.input += tokens.input
    sums.output += tokens.output
    sums.reasoning += tokens.reasoning
    sums.cache.read += tokens.cache.read
    sums.cache.write += tokens.cache.write
    session.tokens = sums
    session.cost = (session.cost or 0) + price
    return session
