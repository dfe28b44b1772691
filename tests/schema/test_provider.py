"""The types of providers, models and credentials, against their examples."""

import json

import pytest
from pydantic import TypeAdapter, ValidationError

from opencode.schema.provider import (
    ApiAuth,
    Auth,
    Model,
    OAuth,
    ProviderAuthMethod,
    WellKnownAuth,
)

MODEL = {
    "id": "m1",
    "providerID": "fake",
    "api": {"id": "m1", "url": "", "npm": "x"},
    "name": "M1",
    "capabilities": {
        "temperature": False,
        "reasoning": True,
        "attachment": False,
        "toolcall": True,
        "input": {"text": True, "audio": False, "image": False, "video": False, "pdf": False},
        "output": {"text": True, "audio": False, "image": False, "video": False, "pdf": False},
        "interleaved": {"field": "reasoning_content"},
    },
    "cost": {
        "input": 1,
        "output": 2.5,
        "cache": {"read": 0, "write": 0},
        "experimentalOver200K": {"input": 2, "output": 5, "cache": {"read": 0, "write": 0}},
    },
    "limit": {"context": 128000, "output": 8000},
    "status": "active",
    "options": {"deep": {"null": None}},
    "headers": {},
    "release_date": "",
    "variants": {"low": {"reasoningEffort": "low"}},
}


def test_a_model_survives_reading_and_writing() -> None:
    assert json.loads(Model.parse(json.dumps(MODEL)).wire()) == MODEL


@pytest.mark.parametrize(
    ("given", "kind"),
    [
        ({"type": "api", "key": "k", "metadata": {"a": "b"}}, ApiAuth),
        ({"type": "oauth", "refresh": "r", "access": "a", "expires": 1, "accountId": "x"}, OAuth),
        ({"type": "wellknown", "key": "K", "token": "t"}, WellKnownAuth),
    ],
)
def test_credentials_are_told_apart_by_their_type(given: dict[str, str], kind: type) -> None:
    auth = TypeAdapter[Auth](Auth).validate_python(given)
    assert isinstance(auth, kind)
    assert auth.plain() == given


@pytest.mark.parametrize(
    "given", [{}, {"type": "odd"}, {"type": "api"}, {"type": "oauth", "key": "k"}]
)
def test_other_credentials_are_refused(given: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter[Auth](Auth).validate_python(given)


def test_a_method_may_ask_questions() -> None:
    choice = {"label": "A", "value": "a"}
    given = {
        "type": "api",
        "label": "Key",
        "prompts": [
            {"type": "select", "key": "k", "message": "Which?", "options": [choice]},
            {
                "type": "text",
                "key": "t",
                "message": "What?",
                "when": {"key": "k", "op": "eq", "value": "a"},
            },
        ],
    }
    assert ProviderAuthMethod.model_validate(given).plain() == given
