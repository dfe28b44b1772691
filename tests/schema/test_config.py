import json
from typing import Any

import pytest
from pydantic import ValidationError

from opencode.schema.config import (
    AgentConfig,
    Config,
    McpEnabledConfig,
    McpLocalConfig,
    McpRemoteConfig,
)


def test_every_spelling_survives_a_round_trip() -> None:
    text = {
        "$schema": "https://opencode.ai/config.json",
        "logLevel": "DEBUG",
        "server": {"port": 4096, "mdns": True, "mdnsDomain": "a.local", "cors": ["https://a"]},
        "command": {"hello": {"template": "Say $1", "subtask": True}},
        "plugin": ["one", ["two", {"deep": [1]}]],
        "autoupdate": "notify",
        "small_model": "fake/m1",
        "agent": {"rev": {"top_p": 0.9, "maxSteps": 3, "color": "#ff0000", "own": {"x": 1}}},
        "provider": {
            "fake": {
                "options": {
                    "apiKey": "k",
                    "baseURL": "http://h/v1",
                    "timeout": False,
                    "region": "eu",
                },
                "models": {
                    "m1": {
                        "tool_call": True,
                        "interleaved": {"field": "reasoning"},
                        "cost": {
                            "input": 1,
                            "output": 2.5,
                            "context_over_200k": {"input": 2, "output": 4},
                        },
                        "limit": {"context": 128000, "output": 8000},
                        "variants": {"high": {"disabled": True}},
                    }
                },
            }
        },
        "formatter": {"ruff": {"disabled": True}},
        "lsp": False,
        "experimental": {"openTelemetry": True, "mcp_timeout": 5},
    }
    assert Config.model_validate(text).plain() == text


def test_whole_numbers_stay_whole() -> None:
    limit = {"provider": {"p": {"models": {"m": {"limit": {"context": 128000, "output": 8}}}}}}
    assert b'"context":128000,' in Config.model_validate(limit).wire()


def test_unknown_keys_are_dropped_but_an_agent_keeps_them() -> None:
    config = Config.model_validate({"theme": "x", "agent": {"a": {"mood": "calm"}}})
    assert config.plain() == {"agent": {"a": {"mood": "calm"}}}
    assert config.agent is not None
    assert config.agent["a"].model_extra == {"mood": "calm"}


def test_order_of_permissions_is_the_order_of_the_file() -> None:
    text = '{"permission":{"zeta":"ask","bash":{"git *":"allow","*":"deny"},"edit":"ask"}}'
    assert Config.parse(text).wire().decode() == text


@pytest.mark.parametrize(
    "value", ["ask", {"*": "ask"}, {"bash": {"*": "deny"}}, {"question": "deny"}]
)
def test_every_form_of_permission_is_read(value: Any) -> None:
    assert AgentConfig.model_validate({"permission": value}).permission == value


def test_mcp_servers_are_told_apart_by_type() -> None:
    config = Config.model_validate(
        {
            "mcp": {
                "a": {"type": "local", "command": ["x"]},
                "b": {"type": "remote", "url": "http://h", "oauth": {"clientId": "c"}},
                "c": {"enabled": False},
                "d": {"type": "remote", "url": "http://h", "oauth": False},
            }
        }
    )
    assert config.mcp is not None
    kinds = [McpLocalConfig, McpRemoteConfig, McpEnabledConfig, McpRemoteConfig]
    assert [type(server) for server in config.mcp.values()] == kinds
    again = Config.parse(config.wire())
    assert again == config


@pytest.mark.parametrize(
    "value",
    [
        {"model": 5},
        {"permission": {"bash": "maybe"}},
        {"permission": {"question": {"*": "ask"}}},
        {"agent": {"a": {"mode": "zzz"}}},
        {"agent": {"a": {"color": "blue"}}},
        {"agent": {"a": {"steps": 0}}},
        {"command": {"c": {}}},
        {"mcp": {"x": {"type": "zz"}}},
        {"mcp": {"x": {"type": "local"}}},
        {"plugin": [["alone"]]},
        {"subagent_depth": "3"},
        {"snapshot": "yes"},
        {"share": "sometimes"},
        ["x"],
    ],
)
def test_wrong_values_are_refused(value: Any) -> None:
    with pytest.raises(ValidationError):
        Config.model_validate(value)


def test_patch_tells_a_null_from_an_absent_key() -> None:
    body = {"username": None, "model": "a/b", "server": {"port": None}}
    assert Config.model_validate(body).patch() == body


def test_schema_lists_the_same_components() -> None:
    components = json.dumps(Config.model_json_schema(by_alias=True)["$defs"])
    for name in ("PermissionConfig", "PermissionRuleConfig", "AgentConfig", "McpOAuthConfig"):
        assert f'"{name}"' in components


def test_what_becomes_of_unanswered_requests_is_configured() -> None:
    given = {"unattended": {"action": "deny", "after": 1.5, "when": "always"}}
    assert Config.model_validate(given).plain() == given
    for wrong in ({"action": "allow"}, {"after": -1}, {"when": "never"}):
        with pytest.raises(ValidationError):
            Config.model_validate({"unattended": wrong})
