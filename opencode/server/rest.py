"""REST: one handler for every operation. Decode, validate, open the directory, call, encode."""

import secrets
from typing import Any

from opencode.api.operation import AnyOperation, Call, Content, Stream
from opencode.server.door import JSON, Door, House
from opencode.server.scope import asked_directory, enter
from opencode.server.sse import HEARTBEAT, pour


class RestHandler(Door):
    """Answers one operation at its path; `values` are the path's parameters."""

    operation: AnyOperation
    values: tuple[str, ...]

    def initialize(  # type: ignore[override]
        self, house: House, operation: AnyOperation, values: tuple[str, ...]
    ) -> None:
        self.house = house
        self.operation = operation
        self.values = values
        self.stream: Stream[Any] | None = None

    async def answer(self) -> None:
        operation, request = self.operation, self.request
        query = self.query() if request.query_arguments else {}
        call = self._call(query)
        body = self.body()
        await enter(call, operation, asked_directory(operation, query, request.headers))
        names = dict(zip(operation.path_names, self.values, strict=True))
        arguments = operation.bind(names, query, body)
        value = await operation(call, **arguments)
        if isinstance(value, Stream):
            self.stream = value
            await pour(self, value, heartbeat=HEARTBEAT)
            return
        await self._send(call, value)

    def _call(self, query: dict[str, list[str]]) -> Call:
        request = self.request
        return Call(
            self.house.app,
            secrets.token_hex(4),
            url=f"{request.protocol}://{request.host}{request.path}",
            query=query,
            headers=request.headers,
        )

    async def _send(self, call: Call, value: Any) -> None:
        status = self.operation.status
        self.set_status(status)
        for name, text in call.answer_headers.items():
            self.set_header(name, text)
        if status == 204:
            self.clear_header("Content-Type")
            self.finish()
            return
        mime = value.mime if isinstance(value, Content) else JSON
        await self.send_compressed(self.operation.encode(value), mime)

    def on_connection_close(self) -> None:
        if self.stream is not None:
            self.stream.subscription.close("gone")
