"""The process itself: health, its log, credentials, disposal, and both event streams."""

import logging
from typing import Any, Literal

from opencode.api.operation import Call, Stream, operation
from opencode.bus import Envelope
from opencode.schema.event import (
    Event,
    EventServerConnected,
    EventServerHeartbeat,
    EventServerInstanceDisposed,
    GlobalEvent,
)
from opencode.schema.provider import Auth
from opencode.schema.wire import WireModel

client_log = logging.getLogger("opencode.client")
LEVELS = {
    "debug": logging.DEBUG,
    "info": logging.INFO,
    "warn": logging.WARNING,
    "error": logging.ERROR,
}


class Health(WireModel):
    """Health information"""

    healthy: Literal[True] = True
    version: str


class LogEntry(WireModel):
    """One line a client wants in the server's log."""

    service: str
    """Service name for the log entry"""
    level: Literal["debug", "info", "error", "warn"]
    message: str
    extra: dict[str, Any] | None = None
    """More about it, as one JSON object."""


@operation("global.health", "GET /global/health", scope="global")
async def health(call: Call) -> Health:
    """Get health

    Answers as soon as the server listens, and says which version of the contract it follows.
    """
    return Health(version=call.app.version)


@operation("global.dispose", "POST /global/dispose", scope="global")
async def dispose(call: Call) -> bool:
    """Dispose all instances

    Closes every open directory, ends what runs there, and publishes `global.disposed`.
    """
    await call.app.dispose()
    return True


@operation("auth.set", "PUT /auth/{providerID}", scope="global", tag="control")
async def set_auth(call: Call, provider_id: str, body: Auth) -> bool:
    """Set auth credentials

    Keeps them in a file only the user can read, in place of earlier ones of this provider.
    """
    await call.app.credentials.set(provider_id, body)
    return True


@operation("auth.remove", "DELETE /auth/{providerID}", scope="global", tag="control")
async def remove_auth(call: Call, provider_id: str) -> bool:
    """Remove auth credentials"""
    await call.app.credentials.remove(provider_id)
    return True


@operation("app.log", "POST /log", scope="none", tag="control")
async def write_log(call: Call, body: LogEntry) -> bool:
    """Write log

    Adds a line to the server's log under the client's own service name.
    """
    extra = "" if body.extra is None else f" {body.extra}"
    client_log.log(LEVELS[body.level], "%s: %s%s", body.service, body.message, extra)
    return True


@operation("event.subscribe", "GET /event")
async def subscribe(call: Call) -> Stream[Event]:
    """Subscribe to events

    The events of one directory, until it is disposed. `server.connected` comes first.
    """
    directory = call.instance.directory

    def ends(envelope: Envelope) -> bool:
        disposed = EventServerInstanceDisposed
        return isinstance(envelope.event, disposed) and envelope.directory == directory

    return Stream(
        call.app.bus.subscribe(lambda envelope: envelope.directory == directory),
        form=plain_form,
        first=lambda: _first(call, directory),
        heartbeat=lambda: _heartbeat(call),
        last=ends,
    )


@operation("global.event", "GET /global/event", scope="global")
async def subscribe_all(call: Call) -> Stream[GlobalEvent]:
    """Get global events

    The events of every directory, each with the directory and the project it belongs to.
    """
    return Stream(
        call.app.bus.subscribe(),
        form=global_form,
        first=lambda: _first(call, None),
        heartbeat=lambda: _heartbeat(call),
    )


def plain_form(envelope: Envelope) -> bytes:
    """`{id, type, properties}`, the event as it is stored and published."""
    return envelope.payload


def global_form(envelope: Envelope) -> bytes:
    """`{directory, project, payload}`, without what is not known."""
    head = GlobalEventHead(directory=envelope.directory, project=envelope.project).wire()[:-1]
    comma = b"," if len(head) > 1 else b""
    return b'%b%b"payload":%b}' % (head, comma, envelope.payload)


class GlobalEventHead(WireModel):
    """What stands before the payload on the global stream."""

    directory: str | None
    project: str | None


def _first(call: Call, directory: str | None) -> list[Envelope]:
    connected = EventServerConnected(id=call.app.ids.event())
    return [Envelope(connected, None, None), *call.app.greeting(directory)]


def _heartbeat(call: Call) -> Envelope:
    return Envelope(EventServerHeartbeat(id=call.app.ids.event()), None, None)
