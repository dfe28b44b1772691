"""Which providers can be used, which models are taken, what they cost."""

import asyncio
import json
import os
from pathlib import Path
from typing import Any

import pytest

from opencode.errors import ModelNotFoundError
from opencode.provider.base import Usage
from opencode.provider.catalog import Catalog, ProviderSet, cost, parse_model
from opencode.provider.credentials import Credentials
from opencode.schema.config import Config
from opencode.schema.provider import (
    ApiAuth,
    ConfigProviders,
    Model,
    OAuth,
    ProviderList,
    WellKnownAuth,
)
from opencode.settings import Paths
from tests.provider.asking import catalog

FAKE = {
    "npm": "@ai-sdk/openai-compatible",
    "name": "Fake",
    "options": {"baseURL": "http://127.0.0.1:4600/v1", "apiKey": "k"},
    "models": {
        "m1": {
            "name": "M1",
            "reasoning": True,
            "tool_call": True,
            "cost": {"input": 1, "output": 2},
            "limit": {"context": 128000, "output": 8000},
        }
    },
}


async def providers(
    home: Path, environ: dict[str, str] | None = None, **config: Any
) -> ProviderSet:
    return await catalog(home, **(environ or {})).providers_for(Config.model_validate(config))


async def model_of(home: Path, model: dict[str, Any], npm: str = "") -> Model:
    fake = {**FAKE, "models": {"m": model}, **({"npm": npm} if npm else {})}
    return (await providers(home, provider={"fake": fake})).resolve("fake", "m")[1]


async def test_a_configured_provider_has_the_documented_shape(tmp_path: Path) -> None:
    found = await providers(tmp_path, provider={"fake": FAKE})
    body = json.loads((await found.config_wire()).body)
    no_media = {"audio": False, "image": False, "video": False, "pdf": False}
    efforts = ("low", "medium", "high")
    assert body == {
        "providers": [
            {
                "id": "fake",
                "name": "Fake",
                "source": "config",
                "env": [],
                "options": {"baseURL": "http://127.0.0.1:4600/v1", "apiKey": "k"},
                "models": {
                    "m1": {
                        "id": "m1",
                        "providerID": "fake",
                        "api": {"id": "m1", "url": "", "npm": "@ai-sdk/openai-compatible"},
                        "name": "M1",
                        "family": "",
                        "capabilities": {
                            "temperature": False,
                            "reasoning": True,
                            "attachment": False,
                            "toolcall": True,
                            "input": {"text": True, **no_media},
                            "output": {"text": True, **no_media},
                            "interleaved": False,
                        },
                        "cost": {"input": 1, "output": 2, "cache": {"read": 0, "write": 0}},
                        "limit": {"context": 128000, "output": 8000},
                        "status": "active",
                        "options": {},
                        "headers": {},
                        "release_date": "",
                        "variants": {it: {"reasoningEffort": it} for it in efforts},
                    }
                },
            }
        ],
        "default": {"fake": "m1"},
    }


async def test_the_list_holds_everything_and_parses(tmp_path: Path) -> None:
    found = await providers(tmp_path, provider={"fake": FAKE})
    body = ProviderList.parse((await found.list_wire()).body)
    assert len(body.all) > 100
    assert body.connected == ["fake"]
    assert body.default["fake"] == "m1"
    assert {"anthropic", "openai", "fake"} <= {it.id for it in body.all}
    assert set(body.default) <= {it.id for it in body.all}


async def test_the_answers_are_built_once(tmp_path: Path) -> None:
    known = catalog(tmp_path)
    config = Config.model_validate({"provider": {"fake": FAKE}})
    first, again = await known.providers_for(config), await known.providers_for(config)
    assert first is again
    assert await first.list_wire() is await again.list_wire()
    ConfigProviders.parse((await first.config_wire()).body)


async def test_a_key_in_the_environment_connects(tmp_path: Path) -> None:
    found = await providers(tmp_path, {"ANTHROPIC_API_KEY": "secret"})
    provider = found.get("anthropic")
    assert provider is not None
    assert (provider.source, provider.key) == ("env", "secret")
    assert found.connected == ["anthropic"]


async def test_stored_credentials_connect_at_once(tmp_path: Path) -> None:
    paths = Paths.from_environ({"HOME": str(tmp_path)})
    stored = Credentials(paths)
    known = Catalog(paths, {}, credentials=stored)
    assert (await known.providers_for(Config())).connected == []
    await stored.set("openai", ApiAuth(type="api", key="secret"))
    provider = (await known.providers_for(Config())).get("openai")
    assert provider is not None
    assert (provider.source, provider.key) == ("api", "secret")
    await stored.remove("openai")
    assert (await known.providers_for(Config())).connected == []


async def test_tokens_connect_and_wellknown_ones_act_as_environment(tmp_path: Path) -> None:
    paths = Paths.from_environ({"HOME": str(tmp_path)})
    stored = Credentials(paths)
    await stored.set("anthropic", OAuth(type="oauth", refresh="r", access="token", expires=1))
    await stored.set("https://x", WellKnownAuth(type="wellknown", key="OPENAI_API_KEY", token="t"))
    known = Catalog(paths, {}, credentials=stored)
    found = await known.providers_for(Config())
    assert {it: found.get(it).key for it in found.connected} == {  # type: ignore[union-attr]
        "openai": "t",
        "anthropic": "token",
    }


async def test_configuration_goes_over_the_catalogue(tmp_path: Path) -> None:
    changed = {
        "options": {"baseURL": "http://proxy/v1"},
        "models": {"claude-sonnet-4-5": {"name": "Mine", "limit": {"context": 1, "output": 2}}},
    }
    found = await providers(
        tmp_path, {"ANTHROPIC_API_KEY": "secret"}, provider={"anthropic": changed}
    )
    provider, model = found.resolve("anthropic", "claude-sonnet-4-5")
    assert provider.options == {"baseURL": "http://proxy/v1"}
    assert (provider.source, provider.key) == ("config", "secret")
    assert (model.name, model.limit.output) == ("Mine", 2)
    assert model.capabilities.input.image
    assert model.cost.input == 3


async def test_lists_in_the_configuration_decide_what_is_offered(tmp_path: Path) -> None:
    environ = {"ANTHROPIC_API_KEY": "a", "OPENAI_API_KEY": "o"}
    white = {
        "whitelist": ["claude-sonnet-4-5", "claude-haiku-4-5"],
        "blacklist": ["claude-haiku-4-5"],
    }
    found = await providers(tmp_path, environ, provider={"anthropic": white})
    assert list(found.get("anthropic").models) == ["claude-sonnet-4-5"]  # type: ignore[union-attr]
    disabled = await providers(tmp_path, environ, disabled_providers=["openai"])
    assert disabled.connected == ["anthropic"]
    enabled = await providers(tmp_path, environ, enabled_providers=["openai"])
    assert enabled.connected == ["openai"]
    listed = ProviderList.parse((await enabled.list_wire()).body)
    assert [it.id for it in listed.all] == ["openai"]


async def test_deprecated_models_are_offered_only_when_configured(tmp_path: Path) -> None:
    environ = {"OPENCODE_API_KEY": "k"}
    plain = await providers(tmp_path, environ)
    provider = plain.get("opencode")
    assert provider is not None
    assert all(it.status not in ("deprecated", "alpha") for it in provider.models.values())


async def test_variants_follow_the_wire_and_the_configuration(tmp_path: Path) -> None:
    claude = await model_of(tmp_path, {"reasoning": True}, "@ai-sdk/anthropic")
    assert claude.variants is not None
    assert claude.variants["high"] == {"thinking": {"type": "enabled", "budgetTokens": 16000}}
    assert (await model_of(tmp_path, {"reasoning": False})).variants == {}
    changed = {"low": {"disabled": True}, "high": {"x": 1}, "own": {"disabled": False, "y": 2}}
    own = await model_of(tmp_path, {"reasoning": True, "variants": changed})
    assert own.variants == {
        "medium": {"reasoningEffort": "medium"},
        "high": {"reasoningEffort": "high", "x": 1},
        "own": {"y": 2},
    }


async def test_an_unknown_model_is_said_with_suggestions(tmp_path: Path) -> None:
    found = await providers(tmp_path, provider={"fake": FAKE})
    with pytest.raises(ModelNotFoundError, match=r"^Model not found: fake/zzzz\.$"):
        found.resolve("fake", "zzzz")
    with pytest.raises(ModelNotFoundError, match=r"Model not found: fak/m1\. Did you mean: fake"):
        found.resolve("fak", "m1")
    with pytest.raises(ModelNotFoundError, match=r"groq/x\..*not connected"):
        found.resolve("groq", "x")


async def test_the_default_is_what_is_configured_else_the_plainest_provider(tmp_path: Path) -> None:
    environ = {"ANTHROPIC_API_KEY": "a"}
    chosen = await providers(tmp_path, environ, model="anthropic/claude-haiku-4-5")
    assert chosen.default_model()[1].id == "claude-haiku-4-5"
    found = await providers(tmp_path, environ, provider={"fake": FAKE})
    assert found.default_model()[1].id == "m1"
    assert set(found.defaults()) == {"anthropic", "fake"}


async def test_the_small_model_is_configured_or_known_to_be_small(tmp_path: Path) -> None:
    environ = {"ANTHROPIC_API_KEY": "a"}
    found = await providers(tmp_path, environ, provider={"fake": FAKE})
    small = found.small_model("anthropic")
    assert small is not None
    assert "haiku" in small[1].id
    assert found.small_model("fake") is None
    named = await providers(tmp_path, environ, provider={"fake": FAKE}, small_model="fake/m1")
    assert named.small_model("anthropic") == named.resolve("fake", "m1")


async def test_nothing_connected_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(ModelNotFoundError, match="PUT /auth/"):
        (await providers(tmp_path)).default_model()


async def test_cost_is_exact(tmp_path: Path) -> None:
    prices = {"input": 1, "output": 2, "cache_read": 0.1}
    plain = await model_of(tmp_path, {"cost": prices})
    used = Usage(input=600, output=30, reasoning=20, cache_read=400, total=1050)
    assert cost(plain, used) == 0.00074
    claude = {"input": 3, "output": 15, "cache_read": 0.3, "cache_write": 3.75}
    model = await model_of(tmp_path, {"cost": claude})
    used = Usage(input=100, output=20, cache_read=30, cache_write=5, total=155)
    assert cost(model, used) == 0.00062775


async def test_large_requests_have_their_own_prices(tmp_path: Path) -> None:
    prices = {"input": 1, "output": 1, "context_over_200k": {"input": 2, "output": 4}}
    model = await model_of(tmp_path, {"cost": prices})
    assert cost(model, Usage(input=200_000, output=1)) == 0.200001
    assert cost(model, Usage(input=200_001, output=1)) == (400_002 + 4) / 1_000_000


async def test_a_refreshed_copy_goes_before_the_embedded_one(tmp_path: Path) -> None:
    paths = Paths.from_environ({"HOME": str(tmp_path)})
    os.makedirs(paths.cache)
    model = {"id": "n1", "name": "N1", "limit": {"context": 1, "output": 1}}
    new = {"id": "new", "name": "New", "env": ["NEW_KEY"], "npm": "x", "models": {"n1": model}}
    Path(paths.cache, "models.json").write_text(json.dumps({"new": new}))
    found = await providers(tmp_path, {"NEW_KEY": "k"})
    assert found.connected == ["new"]


async def test_many_ask_at_once_and_get_the_same(tmp_path: Path) -> None:
    known, config = catalog(tmp_path), Config.model_validate({"provider": {"fake": FAKE}})
    found = await asyncio.gather(*(known.providers_for(config) for _ in range(5)))
    lists = await asyncio.gather(*(it.list_wire() for it in found))
    assert len({it.body for it in lists}) == 1


def test_a_model_id_may_hold_slashes() -> None:
    assert parse_model("openrouter/openai/gpt-5") == ("openrouter", "openai/gpt-5")
