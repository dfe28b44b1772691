"""Which directory a request is about: by query, by header, or the server's own."""

import os
from collections.abc import Mapping, Sequence
from urllib.parse import unquote

from opencode.api.operation import AnyOperation, Call
from opencode.errors import BadRequestError

HEADER = "X-Opencode-Directory"


def asked_directory(
    operation: AnyOperation, query: Mapping[str, Sequence[str]], headers: Mapping[str, str]
) -> str | None:
    """The directory a request names, percent-decoded as its clients encode it; None without one."""
    name = "location[directory]" if operation.tagged else "directory"
    values = query.get(name)
    given = (values[-1] if values else None) or headers.get(HEADER)
    return unquote(given) if given else None


def absolute(given: str | None, own: str) -> str:
    """A directory as an absolute path without `..`; a relative one starts at the server's own."""
    if not given:
        return own
    if "\0" in given:
        raise BadRequestError("A directory cannot hold a NUL character", "Query")
    return os.path.normpath(os.path.join(own, given))


async def enter(call: Call, operation: AnyOperation, given: str | None) -> None:
    """Put the directory, and for scope `instance` the opened instance, into `call`."""
    if operation.scope == "global":
        return
    call.directory = absolute(given, call.app.settings.directory)
    if operation.scope == "instance":
        call.opened = await call.app.instance(call.directory)
