"""Errors: each has a status and a body, and the tree in the docstring names them all."""

import re
from typing import Any

import pytest

from opencode import errors
from opencode.errors import NamedError, OpencodeError, TaggedError

MADE: list[tuple[OpencodeError, int, dict[str, Any]]] = [
    (
        errors.BadRequestError("Missing key", "Query"),
        400,
        {
            "name": "BadRequest",
            "message": "Missing key",
            "data": {"message": "Missing key", "kind": "Query"},
        },
    ),
    (
        errors.NotFoundError("Session not found: ses_x"),
        404,
        {
            "name": "NotFoundError",
            "message": "Session not found: ses_x",
            "data": {"message": "Session not found: ses_x"},
        },
    ),
    (
        errors.ConfigJsonError("bad", "/p/opencode.json"),
        400,
        {
            "name": "ConfigJsonError",
            "message": "bad",
            "data": {"message": "bad", "path": "/p/opencode.json"},
        },
    ),
    (
        errors.ConfigInvalidError("bad", "/p", [{"path": ["model"], "message": "no"}]),
        400,
        {
            "name": "ConfigInvalidError",
            "message": "bad",
            "data": {
                "message": "bad",
                "path": "/p",
                "issues": [{"path": ["model"], "message": "no"}],
            },
        },
    ),
    (
        errors.MethodNotAllowedError("PUT", "/session", ["GET", "POST"]),
        405,
        {
            "name": "MethodNotAllowed",
            "message": "PUT is not allowed on /session: use GET, POST",
            "data": {
                "message": "PUT is not allowed on /session: use GET, POST",
                "allow": ["GET", "POST"],
            },
        },
    ),
    (
        errors.PayloadTooLargeError(5),
        413,
        {
            "name": "PayloadTooLarge",
            "message": "The request body is larger than 5 bytes",
            "data": {"message": "The request body is larger than 5 bytes", "limit": 5},
        },
    ),
    (
        errors.UnsupportedMediaTypeError(""),
        415,
        {
            "name": "UnsupportedMediaType",
            "message": "Expected content type application/json, got none",
            "data": {"message": "Expected content type application/json, got none"},
        },
    ),
    (
        errors.AuthenticationError(),
        401,
        {
            "name": "UnauthorizedError",
            "message": "Authentication required",
            "data": {"message": "Authentication required"},
        },
    ),
    (
        errors.ForbiddenError("no"),
        403,
        {"name": "Forbidden", "message": "no", "data": {"message": "no"}},
    ),
    (
        errors.ProviderAuthError("an", "no key"),
        400,
        {
            "name": "ProviderAuthError",
            "message": "no key",
            "data": {"message": "no key", "providerID": "an"},
        },
    ),
    (
        errors.ModelNotFoundError("none"),
        400,
        {"name": "ModelNotFoundError", "message": "none", "data": {"message": "none"}},
    ),
    (
        errors.VcsApplyError("non-git"),
        400,
        {
            "name": "VcsApplyError",
            "message": "Patch can't be applied because the project is not git-based",
            "data": {
                "message": "Patch can't be applied because the project is not git-based",
                "reason": "non-git",
            },
        },
    ),
    (
        errors.UnknownError("err_1"),
        500,
        {
            "name": "UnknownError",
            "message": "Unexpected server error. Check server logs for details.",
            "data": {
                "message": "Unexpected server error. Check server logs for details.",
                "ref": "err_1",
            },
        },
    ),
    (
        errors.InvalidRequestError("bad", kind="Query"),
        400,
        {"_tag": "InvalidRequestError", "kind": "Query", "message": "bad"},
    ),
    (
        errors.InvalidCursorError(),
        400,
        {"_tag": "InvalidCursorError", "message": "Invalid cursor"},
    ),
    (
        errors.UnauthorizedError(),
        401,
        {"_tag": "UnauthorizedError", "message": "Authentication required"},
    ),
    (
        errors.SessionNotFoundError("ses_x"),
        404,
        {
            "_tag": "SessionNotFoundError",
            "sessionID": "ses_x",
            "message": "Session not found: ses_x",
        },
    ),
    (
        errors.SessionBusyError("ses_x"),
        409,
        {"_tag": "SessionBusyError", "sessionID": "ses_x", "message": "Session is busy: ses_x"},
    ),
    (
        errors.PermissionNotFoundError("per_1"),
        404,
        {
            "_tag": "PermissionNotFoundError",
            "requestID": "per_1",
            "message": "Permission request not found: per_1",
        },
    ),
    (
        errors.QuestionNotFoundError("que_1"),
        404,
        {
            "_tag": "QuestionNotFoundError",
            "requestID": "que_1",
            "message": "Question request not found: que_1",
        },
    ),
    (
        errors.ProjectNotFoundError("nope"),
        404,
        {
            "_tag": "ProjectNotFoundError",
            "projectID": "nope",
            "message": "Project not found: nope",
        },
    ),
    (
        errors.PtyNotFoundError("pty_1"),
        404,
        {
            "_tag": "PtyNotFoundError",
            "ptyID": "pty_1",
            "message": "PTY session not found: pty_1",
        },
    ),
    (
        errors.McpServerNotFoundError("zz"),
        404,
        {"_tag": "McpServerNotFoundError", "name": "zz", "message": "MCP server not found: zz"},
    ),
    (
        errors.ProviderNotFoundError("nope"),
        404,
        {
            "_tag": "ProviderNotFoundError",
            "providerID": "nope",
            "message": "Provider not found: nope",
        },
    ),
]


def every(kind: type[OpencodeError]) -> list[type[OpencodeError]]:
    """A class and all below it that are of the ground floor."""
    below = [sub for sub in kind.__subclasses__() if sub.__module__ == errors.__name__]
    return [kind, *(one for sub in below for one in every(sub))]


@pytest.mark.parametrize(
    ("error", "status", "body"), MADE, ids=[type(one).__name__ for one, _, _ in MADE]
)
def test_an_error_has_its_status_and_its_body(
    error: OpencodeError, status: int, body: dict[str, Any]
) -> None:
    assert (error.status, error.body()) == (status, body)
    assert str(error) == body["message"]


def test_every_error_is_tried_here() -> None:
    abstract = {OpencodeError, NamedError, TaggedError}
    assert {type(one) for one, _, _ in MADE} == set(every(OpencodeError)) - abstract


def test_the_tree_names_every_class_with_its_status_under_its_parent() -> None:
    drawn: dict[str, tuple[str, int | None]] = {}
    parent = ""
    for line in (errors.__doc__ or "").splitlines():
        found = re.match(r"([├└│ ─]*)([A-Z]\w+Error)\b\s*(\d{3})?", line)
        if found is None or (found[1] == "" and found[2] != "OpencodeError"):
            continue
        depth = len(found[1]) // 4
        if depth == 1:
            parent = found[2]
        drawn[found[2]] = (
            parent if depth == 2 else "OpencodeError",
            int(found[3]) if found[3] else None,
        )
    for kind in every(OpencodeError)[1:]:
        above, status = drawn.pop(kind.__name__)
        assert above == kind.__bases__[0].__name__
        assert status in (None, kind.status)
    assert set(drawn) == {"OpencodeError"}


def test_the_root_has_no_body_of_its_own() -> None:
    with pytest.raises(NotImplementedError):
        OpencodeError().body()
