"""How long a request waits for a person: for ever, or until nobody has been there for a while."""

import asyncio
from collections.abc import Callable
from typing import TypeVar

from opencode.permission.refusal import Unanswered
from opencode.schema.config import UnattendedConfig
from opencode.schema.event import EventPermissionAsked, EventQuestionAsked

T = TypeVar("T")
Asked = EventPermissionAsked | EventQuestionAsked

LOOK_AGAIN_S = 1.0
"""How often it is looked whether a client has come or gone."""


class Patience:
    """The policy of one directory for requests that nobody answers."""

    def __init__(self, config: UnattendedConfig | None, heard: Callable[[Asked], bool]) -> None:
        """`heard` tells whether a client follows the events that a request is one of."""
        given = config or UnattendedConfig()
        self._after = float(given.after or 0) if given.action == "deny" else None
        self._always = given.when == "always"
        self._heard = heard

    async def answer(self, asked: Asked, answer: "asyncio.Future[T]") -> T:
        """The answer, once it is there. Raises `Unanswered` when it was waited for long enough."""
        if self._after is None:
            return await answer
        clock = asyncio.get_running_loop().time
        since = clock()
        while not answer.done():
            left = self._after + since - clock()
            if not self._always and self._heard(asked):
                left, since = LOOK_AGAIN_S, clock()
            elif left <= 0:
                raise Unanswered(question=isinstance(asked, EventQuestionAsked))
            await asyncio.wait({answer}, timeout=min(left, LOOK_AGAIN_S))
        return answer.result()
