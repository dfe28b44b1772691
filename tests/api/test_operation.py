"""What a declaration becomes: arguments of a request, bytes of an answer, a refused collision."""

import sys
from types import ModuleType
from typing import Any, Literal

import pytest
from pydantic import Field

from opencode.api.operation import Call, Operation, collect, operation
from opencode.errors import BadRequestError, InvalidRequestError, OpencodeError
from opencode.ids import SessionID
from opencode.schema.wire import Encoded, WireModel


class Note(WireModel):
    """A body."""

    title: str
    no_reply: bool | None = None


class Page(WireModel):
    """A query."""

    limit: int | None = Field(default=None, ge=1)
    order: Literal["asc", "desc"] = "asc"


@operation("note.write", "POST /session/{sessionID}/note")
async def write(
    call: Call,
    session_id: SessionID,
    body: Note,
    limit: int | None = None,
    roots: bool | None = None,
    tags: list[str] | None = None,
) -> Note:
    """Write a note.

    It is kept.
    """
    return body


@operation("note.list", "GET /api/note", scope="none", tag="notes")
async def listing(call: Call, query: Page) -> Encoded[list[Note]]:
    """List notes"""
    return Encoded(b"[]")


@operation("note.remove", "DELETE /note/{noteID}", scope="global")
async def remove(call: Call, note_id: str, body: Note | None = None) -> None:
    """Remove a note"""


def refused(one: Operation[..., Any], **request: Any) -> OpencodeError:
    with pytest.raises(OpencodeError) as caught:
        one.bind(request.get("path", {}), request.get("query", {}), request.get("body"))
    return caught.value


def test_a_request_becomes_typed_arguments() -> None:
    query = {"limit": ["3"], "roots": ["true"], "tags": ["a", "b"], "directory": ["/x"]}
    found = write.bind({"sessionID": "ses_1"}, query, b'{"title":"t","noReply":true,"zzz":1}')
    assert found == {
        "session_id": "ses_1",
        "limit": 3,
        "roots": True,
        "tags": ["a", "b"],
        "body": Note(title="t", no_reply=True),
    }


def test_flat_params_become_the_same_arguments() -> None:
    params = {"sessionID": "ses_1", "limit": 3, "directory": "/x", "title": "t"}
    found = write.bind_flat(params)
    assert found["session_id"] == "ses_1"
    assert found["limit"] == 3
    assert found["body"] == Note(title="t")
    assert write.bind_flat({"sessionID": "ses_1", "body": {"title": "t"}})["body"].title == "t"


def test_a_query_model_is_filled_as_a_whole() -> None:
    found = listing.bind({}, {"limit": ["2"], "order": ["desc"]}, None)
    assert found == {"query": Page(limit=2, order="desc")}
    assert listing.bind_flat({"limit": 2}) == {"query": Page(limit=2)}


def test_an_optional_body_may_be_absent() -> None:
    assert remove.bind({"noteID": "n"}, {}, b"") == {"note_id": "n"}
    assert remove.bind({"noteID": "n"}, {}, None) == {"note_id": "n"}
    assert remove.bind_flat({"noteID": "n"}) == {"note_id": "n"}


@pytest.mark.parametrize(
    ("request_", "kind", "message"),
    [
        (
            {"path": {"sessionID": "x"}, "body": b"{}"},
            "Params",
            'Expected a string starting with "ses", got "x"\n  at ["sessionID"]',
        ),
        (
            {"path": {"sessionID": "ses"}, "query": {"limit": ["z"]}, "body": b"{}"},
            "Query",
            'Expected an integer, got "z"\n  at ["limit"]',
        ),
        (
            {"path": {"sessionID": "ses"}, "query": {"roots": ["maybe"]}, "body": b"{}"},
            "Query",
            'Expected "true" | "false", got "maybe"\n  at ["roots"]',
        ),
        ({"path": {"sessionID": "ses"}, "body": b"{}"}, "Payload", 'Missing key\n  at ["title"]'),
        ({"path": {"sessionID": "ses"}}, "Payload", "Expected object, got undefined"),
        ({"path": {"sessionID": "ses"}, "body": b"[]"}, "Payload", "Expected object, got []"),
        (
            {"path": {"sessionID": "ses"}, "body": b'{"title":5}'},
            "Payload",
            'Expected string, got 5\n  at ["title"]',
        ),
    ],
)
def test_what_does_not_fit_is_named(request_: dict[str, Any], kind: str, message: str) -> None:
    error = refused(write, **request_)
    assert isinstance(error, BadRequestError)
    assert error.body()["data"] == {"message": message, "kind": kind}


def test_broken_json_is_a_bad_request() -> None:
    error = refused(write, path={"sessionID": "ses"}, body=b"{bad")
    assert "Invalid JSON" in str(error)


def test_an_api_path_refuses_in_its_own_dialect() -> None:
    error = refused(listing, query={"limit": ["0"]})
    assert isinstance(error, InvalidRequestError)
    assert error.body()["_tag"] == "InvalidRequestError"
    assert error.body()["kind"] == "Query"


def test_answers_are_encoded_by_their_annotation() -> None:
    assert write.encode(Note(title="t")) == b'{"title":"t"}'
    assert listing.encode(Encoded(b"[1]")) == b"[1]"
    assert remove.encode(None) == b""
    assert (write.status, remove.status) == (200, 204)


def test_the_declaration_can_be_read() -> None:
    assert write.documentation == ("Write a note", "It is kept.")
    assert (write.tag, listing.tag) == ("note", "notes")
    assert listing.answer == list[Note]
    assert (write.body_required, remove.body_required) == (True, False)
    assert write.path_names == ("sessionID",)


async def test_an_operation_can_be_called_like_its_function() -> None:
    call: Any = None
    assert await write(call, "ses_1", Note(title="t")) == Note(title="t")


def test_collect_keeps_the_order_of_the_file() -> None:
    assert [one.id for one in collect([sys.modules[__name__]])] == [
        "note.write",
        "note.list",
        "note.remove",
    ]


@pytest.mark.parametrize(
    ("id_", "route"),
    [("note.write", "GET /other"), ("note.again", "POST /session/{id}/NOTE")],
)
def test_a_repeated_id_or_route_is_refused(id_: str, route: str) -> None:
    other = ModuleType("other")

    async def function(call: Call) -> bool:
        return True

    function.__module__ = "other"
    other.again = operation(id_, route)(function)  # type: ignore[attr-defined]
    with pytest.raises(ValueError, match="repeats"):
        collect([sys.modules[__name__], other])


def test_a_route_needs_a_method_and_a_path() -> None:
    with pytest.raises(ValueError, match="METHOD /path"):
        operation("x.y", "/session")(test_a_route_needs_a_method_and_a_path)


def test_an_instance_is_there_only_in_its_scope() -> None:
    app: Any = None
    with pytest.raises(LookupError):
        _ = Call(app, "1").instance


def test_the_next_page_is_told_in_two_headers() -> None:
    app: Any = None
    query = {"limit": ["2"], "before": ["old"], "auth_token": ["secret"]}
    call = Call(app, "1", url="http://h/session/s/message", query=query)
    call.next_page("before", "new")
    assert call.answer_headers["X-Next-Cursor"] == "new"
    link = '<http://h/session/s/message?limit=2&before=new>; rel="next"'
    assert call.answer_headers["Link"] == link
