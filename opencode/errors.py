"""Everything that may go wrong and that a client is told about.

OpencodeError
├── NamedError                    body {name, message, data}
│   ├── BadRequestError           400  the request does not fit; `kind` says which part
│   ├── NotFoundError             404  a session, message, file or path that does not exist
│   ├── ConfigJsonError           400  a configuration file is not JSON
│   ├── ConfigInvalidError        400  a configuration file does not fit its schema
│   ├── MethodNotAllowedError     405  the path exists, the method does not
│   ├── PayloadTooLargeError      413  the body is over the limit
│   ├── UnsupportedMediaTypeError 415  a body that is not application/json
│   ├── AuthenticationError       401  credentials are missing or wrong, outside /api
│   ├── ForbiddenError            403  a guard refused the request (host, origin, site)
│   ├── ProviderAuthError         400  no usable credentials for a provider
│   ├── ModelNotFoundError        400  no such provider or model, or none configured at all
│   ├── VcsApplyError             400  a patch does not fit, or there is no repository
│   └── UnknownError              500  a fault of ours; `ref` is in the log
└── TaggedError                   body {_tag, message, ...}
    ├── InvalidRequestError       400  as BadRequestError, on /api paths
    ├── InvalidCursorError        400  a page's cursor that was not made here
    ├── UnauthorizedError         401  on /api paths
    ├── SessionNotFoundError      404  on /api paths
    ├── SessionBusyError          409  the session is at work and the operation cannot wait
    ├── PermissionNotFoundError   404
    ├── QuestionNotFoundError     404
    ├── ProjectNotFoundError      404
    ├── PtyNotFoundError          404
    ├── McpServerNotFoundError    404
    └── ProviderNotFoundError     404

A class knows its status and its body, nothing of HTTP. `message` is added to the named form for
clients that look for it there; it repeats `data.message`.
"""

from typing import Any, ClassVar, Literal


class OpencodeError(Exception):
    """The root: an error whose body may be shown to a client."""

    status: ClassVar[int] = 500

    def body(self) -> dict[str, Any]:
        """The JSON object of the answer."""
        raise NotImplementedError


class NamedError(OpencodeError):
    """`{name, message, data}`: the form of the operations outside `/api`."""

    name: ClassVar[str] = "UnknownError"

    def __init__(self, message: str, **data: Any) -> None:
        super().__init__(message)
        self.message = message
        self.data = data

    def body(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "message": self.message,
            "data": {"message": self.message, **self.data},
        }


class BadRequestError(NamedError):
    """The request does not fit. `kind` is Params, Query, Headers, Body or Payload."""

    name = "BadRequest"
    status = 400

    def __init__(self, message: str, kind: str = "Payload", **data: Any) -> None:
        super().__init__(message, kind=kind, **data)


class NotFoundError(NamedError):
    """Something named by its id or path does not exist."""

    name = "NotFoundError"
    status = 404


class ConfigJsonError(NamedError):
    """A configuration file is not JSON; `path` names it."""

    name = "ConfigJsonError"
    status = 400

    def __init__(self, message: str, path: str) -> None:
        super().__init__(message, path=path)


class ConfigInvalidError(NamedError):
    """A configuration file does not fit its schema; `issues` lists `{path, message}`."""

    name = "ConfigInvalidError"
    status = 400

    def __init__(self, message: str, path: str, issues: list[dict[str, Any]] | None = None) -> None:
        super().__init__(message, path=path, **({"issues": issues} if issues else {}))


class MethodNotAllowedError(NamedError):
    """The path exists; `allow` lists the methods it answers."""

    name = "MethodNotAllowed"
    status = 405

    def __init__(self, method: str, path: str, allow: list[str]) -> None:
        super().__init__(f"{method} is not allowed on {path}: use {', '.join(allow)}", allow=allow)
        self.allow = allow


class PayloadTooLargeError(NamedError):
    """The body is over the limit, in bytes."""

    name = "PayloadTooLarge"
    status = 413

    def __init__(self, limit: int) -> None:
        super().__init__(f"The request body is larger than {limit} bytes", limit=limit)


class UnsupportedMediaTypeError(NamedError):
    """A body came with a content type other than application/json."""

    name = "UnsupportedMediaType"
    status = 415

    def __init__(self, got: str) -> None:
        super().__init__(f"Expected content type application/json, got {got or 'none'}")


class AuthenticationError(NamedError):
    """Credentials are missing or wrong."""

    name = "UnauthorizedError"
    status = 401

    def __init__(self) -> None:
        super().__init__("Authentication required")


class ForbiddenError(NamedError):
    """A guard refused the request; the message says which and how to allow it."""

    name = "Forbidden"
    status = 403


class ProviderAuthError(NamedError):
    """A provider has no usable credentials."""

    name = "ProviderAuthError"
    status = 400

    def __init__(self, provider_id: str, message: str) -> None:
        super().__init__(message, providerID=provider_id)


class ModelNotFoundError(NamedError):
    """No such provider or model, or none is configured; the message says what to do."""

    name = "ModelNotFoundError"
    status = 400


class VcsApplyError(NamedError):
    """A patch cannot be applied; `reason` is `not-clean` or `non-git`."""

    name = "VcsApplyError"
    status = 400

    def __init__(self, reason: Literal["not-clean", "non-git"]) -> None:
        why = " because the project is not git-based" if reason == "non-git" else ""
        super().__init__(f"Patch can't be applied{why}", reason=reason)


class UnknownError(NamedError):
    """A fault of ours. Nothing of it is shown but the reference the log repeats."""

    name = "UnknownError"
    status = 500

    def __init__(self, ref: str) -> None:
        super().__init__("Unexpected server error. Check server logs for details.", ref=ref)


class TaggedError(OpencodeError):
    """`{_tag, message, ...}`: the form of the `/api` operations and of some older ones."""

    def __init__(self, message: str, **fields: Any) -> None:
        super().__init__(message)
        self.message = message
        self.fields = fields

    def body(self) -> dict[str, Any]:
        return {"_tag": type(self).__name__, **self.fields, "message": self.message}


class InvalidRequestError(TaggedError):
    """An `/api` request does not fit its declaration."""

    status = 400


class InvalidCursorError(TaggedError):
    """The cursor of a page is not one that was answered."""

    status = 400

    def __init__(self) -> None:
        super().__init__("Invalid cursor")


class UnauthorizedError(TaggedError):
    """Credentials are missing or wrong."""

    status = 401

    def __init__(self) -> None:
        super().__init__("Authentication required")


class SessionNotFoundError(TaggedError):
    """`/api` operations say it this way."""

    status = 404

    def __init__(self, session_id: str) -> None:
        super().__init__(f"Session not found: {session_id}", sessionID=session_id)


class SessionBusyError(TaggedError):
    """The session is at work."""

    status = 409

    def __init__(self, session_id: str) -> None:
        super().__init__(f"Session is busy: {session_id}", sessionID=session_id)


class PermissionNotFoundError(TaggedError):
    """No such permission request is pending."""

    status = 404

    def __init__(self, request_id: str) -> None:
        super().__init__(f"Permission request not found: {request_id}", requestID=request_id)


class QuestionNotFoundError(TaggedError):
    """No such question is pending."""

    status = 404

    def __init__(self, request_id: str) -> None:
        super().__init__(f"Question request not found: {request_id}", requestID=request_id)


class ProjectNotFoundError(TaggedError):
    """No such project is known."""

    status = 404

    def __init__(self, project_id: str) -> None:
        super().__init__(f"Project not found: {project_id}", projectID=project_id)


class PtyNotFoundError(TaggedError):
    """No such terminal."""

    status = 404

    def __init__(self, pty_id: str) -> None:
        super().__init__(f"PTY session not found: {pty_id}", ptyID=pty_id)


class McpServerNotFoundError(TaggedError):
    """No MCP server of that name is configured."""

    status = 404

    def __init__(self, name: str) -> None:
        super().__init__(f"MCP server not found: {name}", name=name)


class ProviderNotFoundError(TaggedError):
    """No such provider is known."""

    status = 404

    def __init__(self, provider_id: str) -> None:
        super().__init__(f"Provider not found: {provider_id}", providerID=provider_id)
