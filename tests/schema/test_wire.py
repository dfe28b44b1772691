"""The base of what travels: spelling, absence, nulls; and the sentence for what is refused."""

import json
from typing import Any

import pytest
from pydantic import ValidationError

from opencode.schema.event import ToastProperties
from opencode.schema.message import SessionPromptInput
from opencode.schema.part import TextPart
from opencode.schema.project import VcsInfo
from opencode.schema.request import PermissionReplyInput, QuestionReplyInput
from opencode.schema.session import SessionCreateInput, SessionListQuery, SessionUpdateInput
from opencode.schema.wire import Encoded, WireModel, problem, wire_name

PROMPT: dict[str, Any] = {"parts": []}

REFUSED: list[tuple[type[WireModel], Any, str]] = [
    (SessionPromptInput, {}, 'Missing key\n  at ["parts"]'),
    (SessionPromptInput, [], "Expected object, got []"),
    (SessionPromptInput, None, "Expected object, got null"),
    (SessionPromptInput, {"parts": 5}, 'Expected array, got 5\n  at ["parts"]'),
    (SessionPromptInput, {"parts": [5]}, 'Expected object, got 5\n  at ["parts"][0]'),
    (SessionPromptInput, {"parts": [{}]}, 'Missing key\n  at ["parts"][0]["type"]'),
    (
        SessionPromptInput,
        {"parts": [{"type": "zz"}]},
        'Expected type "text" | "file" | "agent" | "subtask", got {"type":"zz"}\n  at ["parts"][0]',
    ),
    (
        SessionPromptInput,
        {"parts": [{"type": "text", "text": "a"}, {"type": "text", "text": 5}]},
        'Expected string, got 5\n  at ["parts"][1]["text"]',
    ),
    (
        SessionPromptInput,
        {"parts": [{"type": "text"}]},
        'Missing key\n  at ["parts"][0]["text"]',
    ),
    (
        SessionPromptInput,
        {**PROMPT, "messageID": "foo"},
        'Expected a string starting with "msg", got "foo"\n  at ["messageID"]',
    ),
    (
        SessionPromptInput,
        {**PROMPT, "model": {"modelID": "x"}},
        'Missing key\n  at ["model"]["providerID"]',
    ),
    (
        SessionPromptInput,
        {**PROMPT, "format": {"type": "json_schema", "schema": {}, "retryCount": -1}},
        'Expected a value greater than or equal to 0, got -1\n  at ["format"]["retryCount"]',
    ),
    (
        SessionListQuery,
        {"roots": "maybe"},
        'Expected "true" | "false", got "maybe"\n  at ["roots"]',
    ),
    (SessionListQuery, {"limit": "abc"}, 'Expected an integer, got "abc"\n  at ["limit"]'),
    (SessionListQuery, {"start": "abc"}, 'Expected number, got "abc"\n  at ["start"]'),
    (SessionUpdateInput, {"metadata": 5}, 'Expected object, got 5\n  at ["metadata"]'),
    (
        SessionUpdateInput,
        {"permission": [{"permission": "a", "pattern": "b", "action": "xx"}]},
        'Expected "allow" | "deny" | "ask", got "xx"\n  at ["permission"][0]["action"]',
    ),
    (
        SessionCreateInput,
        {"parentID": "x"},
        'Expected a string starting with "ses", got "x"\n  at ["parentID"]',
    ),
    (
        PermissionReplyInput,
        {"reply": "never"},
        'Expected "once" | "always" | "reject", got "never"\n  at ["reply"]',
    ),
    (
        QuestionReplyInput,
        {"answers": [["a"], [5]]},
        'Expected string, got 5\n  at ["answers"][1][0]',
    ),
    (
        ToastProperties,
        {"message": "m", "variant": "info", "duration": 0},
        'Expected a value greater than 0, got 0\n  at ["duration"]',
    ),
]


@pytest.mark.parametrize(("kind", "document", "expected"), REFUSED)
def test_what_is_refused_is_told_in_one_sentence_with_its_place(
    kind: type[WireModel], document: Any, expected: str
) -> None:
    with pytest.raises(ValidationError) as caught:
        kind.model_validate_json(json.dumps(document))
    text, path = problem(caught.value, document)
    assert text == expected
    place = "".join(f"[{json.dumps(item)}]" for item in path)
    assert text.endswith(f"\n  at {place}" if place else "")


def test_without_the_document_the_place_is_told_too() -> None:
    with pytest.raises(ValidationError) as caught:
        SessionPromptInput.parse('{"parts":[],"messageID":5}')
    assert problem(caught.value) == (
        'Expected string, got 5\n  at ["messageID"]',
        ["messageID"],
    )


def test_rubbish_is_no_json() -> None:
    with pytest.raises(ValidationError) as caught:
        SessionPromptInput.parse(b"{rubbish")
    assert problem(caught.value)[0].startswith("Invalid JSON: ")


def test_a_long_value_is_cut_in_the_sentence() -> None:
    with pytest.raises(ValidationError) as caught:
        SessionPromptInput.model_validate({"parts": "x" * 1000})
    assert len(problem(caught.value)[0]) < 300


@pytest.mark.parametrize(
    ("python", "wire"),
    [
        ("title", "title"),
        ("session_id", "sessionID"),
        ("id", "id"),
        ("no_reply", "noReply"),
        ("tail_start_id", "tailStartID"),
    ],
)
def test_a_name_has_its_spelling_on_the_wire(python: str, wire: str) -> None:
    assert wire_name(python) == wire


def test_what_is_absent_stays_absent() -> None:
    text = '{"id":"prt_1","sessionID":"ses_1","messageID":"msg_1","type":"text","text":"é"}'
    part = TextPart.parse(text)
    assert part.wire().decode() == text
    assert part.synthetic is None
    assert TextPart.parse(text[:-1] + ',"time":null,"unknown":1}').wire().decode() == text


def test_null_stays_null_inside_what_is_free() -> None:
    given = SessionUpdateInput.parse('{"metadata":{"a":null}}')
    assert given.wire() == b'{"metadata":{"a":null}}'


def test_what_is_said_to_be_null_is_never_absent() -> None:
    assert VcsInfo().wire() == b'{"branch":null,"default_branch":null}'


def test_python_names_may_be_used_by_programs() -> None:
    part = TextPart(id="prt_1", session_id="ses_1", message_id="msg_1", text="x")
    assert part.plain()["sessionID"] == "ses_1"


def test_what_is_encoded_is_kept_as_it_is() -> None:
    body: Encoded[TextPart] = Encoded(b"{}")
    assert body.body == b"{}"
