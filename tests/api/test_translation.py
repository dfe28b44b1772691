"""Each type of the house in the spelling of the `/api` family."""

from opencode.api import translation
from opencode.provider.snapshot import Entry
from opencode.schema.agent import Agent, Command
from opencode.schema.part import ModelReference
from opencode.schema.provider import Provider
from opencode.schema.request import (
    PermissionRequest,
    PermissionRule,
    PermissionTool,
    QuestionInfo,
    QuestionRequest,
)
from opencode.schema.session import Session

MEDIA = {"text": True, "audio": False, "image": True, "video": False, "pdf": False}
MODEL = {
    "id": "m",
    "providerID": "p",
    "api": {"id": "m-1", "url": "http://u", "npm": "@x/y"},
    "name": "M",
    "family": "",
    "capabilities": {
        "temperature": True,
        "reasoning": True,
        "attachment": True,
        "toolcall": True,
        "input": MEDIA,
        "output": {**MEDIA, "image": False},
        "interleaved": False,
    },
    "cost": {
        "input": 1,
        "output": 2,
        "cache": {"read": 0, "write": 0},
        "tiers": [
            {
                "input": 3,
                "output": 4,
                "cache": {"read": 0, "write": 0},
                "tier": {"type": "context", "size": 200},
            }
        ],
    },
    "limit": {"context": 10, "output": 5},
    "status": "active",
    "options": {},
    "headers": {},
    "release_date": "2025-06",
    "variants": {"high": {"effort": "high"}},
}


def provider(**options: object) -> Provider:
    given = {"id": "p", "name": "P", "source": "config", "env": [], "key": "secret"}
    return Provider.model_validate({**given, "options": options, "models": {"m": MODEL}})


def test_an_agents_rules_are_respelt() -> None:
    rule = PermissionRule(permission="bash", pattern="git *", action="ask")
    model = ModelReference(provider_id="p", model_id="m")
    one = Agent(name="a", mode="all", permission=[rule], model=model, variant="high")
    assert translation.agent(one).plain() == {
        "id": "a",
        "model": {"id": "m", "providerID": "p", "variant": "high"},
        "request": {"headers": {}, "body": {}},
        "mode": "all",
        "hidden": False,
        "permissions": [{"action": "bash", "resource": "git *", "effect": "ask"}],
    }


def test_a_commands_model_is_taken_apart() -> None:
    one = Command(name="c", template="t", model="p/a/b", hints=[])
    assert translation.command(one).plain()["model"] == {"id": "a/b", "providerID": "p"}


def test_a_model_carries_its_prices_media_and_date() -> None:
    [model] = translation.models(provider(apiKey="secret", timeout=5))
    found = model.plain()
    assert found["capabilities"] == {"tools": True, "input": ["text", "image"], "output": ["text"]}
    assert [one.get("tier", {}).get("size") for one in found["cost"]] == [None, 200]
    assert found["time"] == {"released": 1748736000000}
    assert found["variants"] == [{"headers": {}, "body": {"effort": "high"}, "id": "high"}]
    assert found["api"]["settings"] == {"timeout": 5}


def test_a_configured_address_goes_before_the_models_own() -> None:
    assert translation.provider(provider()).api.url == "http://u"
    assert translation.provider(provider(baseURL="http://mine")).api.url == "http://mine"
    assert b"secret" not in translation.provider(provider(apiKey="secret")).wire()


def test_a_date_that_is_none_is_zero() -> None:
    for date in ("", "soon", "2025-99"):
        changed = provider().model_copy(deep=True)
        changed.models["m"].release_date = date
        assert translation.models(changed)[0].time.released == 0


def test_an_integration_tells_the_connections_there_are() -> None:
    entry = Entry("P", ("P_KEY", "P_OTHER"), 0, 0)
    found = translation.integration("p", entry, stored=True, environ={"P_OTHER": "x"}).plain()
    assert found["methods"] == [{"type": "key"}, {"type": "env", "names": ["P_KEY", "P_OTHER"]}]
    assert found["connections"] == [
        {"type": "credential", "id": "cred_p", "label": "default"},
        {"type": "env", "name": "P_OTHER"},
    ]


def test_requests_name_the_call_that_asks() -> None:
    tool = PermissionTool(message_id="msg_1", call_id="c")
    request = PermissionRequest(
        id="per_1",
        session_id="ses_1",
        permission="edit",
        patterns=["a"],
        metadata={},
        always=["*"],
        tool=tool,
    )
    assert translation.permission_request(request).plain()["source"] == {
        "type": "tool",
        "messageID": "msg_1",
        "callID": "c",
    }
    info = QuestionInfo(question="q", header="h", options=[])
    question = QuestionRequest(id="que_1", session_id="ses_1", questions=[info])
    assert translation.question_request(question).plain() == question.plain()


def test_a_sessions_place_and_revert_are_kept() -> None:
    one = Session.model_validate(
        {
            "id": "ses_1",
            "slug": "s",
            "projectID": "p",
            "directory": "/d/sub",
            "path": "sub",
            "title": "t",
            "version": "1",
            "model": {"id": "m", "providerID": "p"},
            "time": {"created": 1, "updated": 2},
            "revert": {"messageID": "msg_1"},
        }
    )
    found = translation.session(one).plain()
    assert (found["location"], found["subpath"]) == ({"directory": "/d/sub"}, "sub")
    assert found["revert"] == {"messageID": "msg_1"}
    assert found["tokens"]["input"] == found["cost"] == 0
