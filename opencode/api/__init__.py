"""The operations, a module per tag of the contract. A client may ask what is listed here."""

from opencode.api import (
    config,
    control,
    experimental,
    file,
    instance,
    mcp,
    message,
    project,
    provider,
    queue,
    request,
    session,
    tui,
    v2,
)

MODULES = (
    control,
    instance,
    project,
    config,
    provider,
    session,
    message,
    queue,
    request,
    file,
    mcp,
    tui,
    experimental,
    v2,
)
