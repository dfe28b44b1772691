"""Which providers and models there are, which can be used, and which are taken by default.

`Catalog` is the process's knowledge: the snapshot, the credentials, the servers on this machine.
`ProviderSet` is what that and one directory's configuration come to; it does not change.
"""

import asyncio
import difflib
import time
from collections.abc import Iterable, Mapping
from typing import Any

import orjson

from opencode.errors import ModelNotFoundError
from opencode.provider import facts
from opencode.provider.base import Usage
from opencode.provider.credentials import Credentials
from opencode.provider.facts import JSON
from opencode.provider.local import LocalModels
from opencode.provider.snapshot import Entry, Snapshot
from opencode.schema.config import Config
from opencode.schema.provider import (
    Auth,
    ConfigProviders,
    Model,
    ModelPrice,
    OAuth,
    Provider,
    ProviderList,
    WellKnownAuth,
)
from opencode.schema.wire import Encoded
from opencode.settings import Paths

NOTHING_CONNECTED = (
    "No model can be used yet. Do one of these: set a provider's key in the environment (such as "
    "ANTHROPIC_API_KEY, OPENAI_API_KEY or OPENCODE_API_KEY), store one with "
    'PUT /auth/{providerID}, add a "provider" to opencode.json, or start a local model server '
    "(Ollama, LM Studio, llama.cpp)."
)
LARGE_CONTEXT = 200_000
SOURCES = ("config", "api", "env", "custom")
"""Whose model is taken first where the configuration names none."""
KEPT_SETS = 16


class Catalog:
    """Everything known about providers, one per process."""

    def __init__(
        self,
        paths: Paths,
        environ: Mapping[str, str],
        *,
        credentials: Credentials,
        local: LocalModels | None = None,
    ) -> None:
        self._paths = paths
        self._environ = environ
        self._credentials = credentials
        self._local = local
        self._snapshot: Snapshot | None = None
        self._listing: dict[str, bytes] | None = None
        self._sets: dict[bytes, ProviderSet] = {}
        self._loading = asyncio.Lock()

    async def providers_for(self, config: Config) -> "ProviderSet":
        """The providers as this configuration, the credentials and the environment make them now.

        The same object again as long as none of them has changed: ask for each request anew.
        """
        snapshot = await self._load()
        local = await self._local.providers() if self._local else {}
        wanted = _relevant(config)
        offered = {provider_id: sorted(it["models"]) for provider_id, it in local.items()}
        key = orjson.dumps([wanted, self._credentials.stamp(), offered])
        found = self._sets.get(key)
        if found is None:
            auth = self._credentials.all()
            merge = Merge(snapshot, self._environ, auth=auth, config=wanted)
            found = await asyncio.to_thread(merge.run, local)
            found.bind(self)
            while len(self._sets) >= KEPT_SETS:
                self._sets.pop(next(iter(self._sets)))
            self._sets[key] = found
        return found

    async def listing(self) -> dict[str, bytes]:
        """Every provider of the snapshot as wire JSON, built once."""
        snapshot = await self._load()
        async with self._loading:
            if self._listing is None:
                self._listing = await asyncio.to_thread(_encode_all, snapshot, self._environ)
        return self._listing

    async def known(self) -> Mapping[str, Entry]:
        """The providers of the snapshot by id, without their models."""
        return (await self._load()).entries

    def names(self) -> list[str]:
        """The ids of the snapshot; none before anything was asked for."""
        return list(self._snapshot.entries) if self._snapshot else []

    async def _load(self) -> Snapshot:
        async with self._loading:
            if self._snapshot is None:
                self._snapshot = await asyncio.to_thread(Snapshot.load, self._paths.cache)
            return self._snapshot


class ProviderSet:
    """The usable providers of one configuration."""

    def __init__(self, connected: dict[str, JSON], config: JSON) -> None:
        self._connected = connected
        self._config = config
        self._catalog: Catalog | None = None
        self._resolved: dict[tuple[str, str], tuple[Provider, Model]] = {}
        self._list: Encoded[ProviderList] | None = None
        self._usable: Encoded[ConfigProviders] | None = None

    def bind(self, catalog: Catalog) -> None:
        """Say whose snapshot completes `list_wire`; called once, by the catalogue."""
        self._catalog = catalog

    @property
    def connected(self) -> list[str]:
        """The ids of the providers that can be used."""
        return list(self._connected)

    def get(self, provider_id: str) -> Provider | None:
        """A usable provider with all its models."""
        found = self._connected.get(provider_id)
        return Provider.model_validate(found) if found else None

    def models(self) -> Iterable[tuple[str, str]]:
        """Every usable (provider id, model id)."""
        for provider_id, provider in self._connected.items():
            for model_id in provider["models"]:
                yield provider_id, model_id

    def resolve(self, provider_id: str, model_id: str) -> tuple[Provider, Model]:
        """The provider (with this one model) and the model, or `ModelNotFoundError`."""
        key = provider_id, model_id
        if key not in self._resolved:
            provider = self._connected.get(provider_id)
            if provider is None or model_id not in provider["models"]:
                raise self._not_found(provider_id, model_id)
            model = provider["models"][model_id]
            parsed = Provider.model_validate({**provider, "models": {model_id: model}})
            self._resolved[key] = parsed, parsed.models[model_id]
        return self._resolved[key]

    def default_model(self) -> tuple[Provider, Model]:
        """What the configuration names, else the best of the most plainly set up provider."""
        if self._config["model"]:
            return self.resolve(*parse_model(self._config["model"]))
        for provider in sorted(
            self._connected.values(), key=lambda it: SOURCES.index(it["source"])
        ):
            model_id = facts.default_model(provider["models"])
            if model_id is not None:
                return self.resolve(provider["id"], model_id)
        raise ModelNotFoundError(NOTHING_CONNECTED)

    def small_model(self, provider_id: str) -> tuple[Provider, Model] | None:
        """What the configuration names for small work, else a small one of the same provider."""
        if self._config["small_model"]:
            return self.resolve(*parse_model(self._config["small_model"]))
        provider = self._connected.get(provider_id)
        model_id = facts.small_model(provider["models"]) if provider else None
        return self.resolve(provider_id, model_id) if model_id else None

    def defaults(self) -> dict[str, str]:
        """The preferred model of each usable provider."""
        found = {
            provider_id: facts.default_model(provider["models"])
            for provider_id, provider in self._connected.items()
        }
        return {provider_id: model_id for provider_id, model_id in found.items() if model_id}

    async def config_wire(self) -> Encoded[ConfigProviders]:
        """The answer of `config.providers`."""
        if self._usable is None:
            body = await asyncio.to_thread(self._encode_usable)
            self._usable = Encoded(body)
        return self._usable

    async def list_wire(self) -> Encoded[ProviderList]:
        """The answer of `provider.list`."""
        if self._list is None:
            listing = await self._catalog.listing() if self._catalog else {}
            body = await asyncio.to_thread(self._encode_list, listing)
            self._list = Encoded(body)
        return self._list

    def _encode_usable(self) -> bytes:
        providers = _join(orjson.dumps(provider) for provider in self._connected.values())
        return b'{"providers":%b,"default":%b}' % (providers, orjson.dumps(self.defaults()))

    def _encode_list(self, listing: dict[str, bytes]) -> bytes:
        shown = {key: body for key, body in listing.items() if _allowed(key, self._config)}
        shown.update((key, orjson.dumps(value)) for key, value in self._connected.items())
        defaults = {**_listed_defaults(shown), **self.defaults()}
        return b'{"all":%b,"default":%b,"connected":%b}' % (
            _join(shown.values()),
            orjson.dumps(defaults),
            orjson.dumps(self.connected),
        )

    def _not_found(self, provider_id: str, model_id: str) -> ModelNotFoundError:
        provider = self._connected.get(provider_id)
        if provider is None:
            names = {*self._connected, *(self._catalog.names() if self._catalog else ())}
            if provider_id in names:
                hint = (
                    f' Provider "{provider_id}" is known but not connected: it has no credentials.'
                )
                return ModelNotFoundError(
                    f"Model not found: {provider_id}/{model_id}.{hint}",
                    providerID=provider_id,
                    modelID=model_id,
                )
            close = difflib.get_close_matches(provider_id, sorted(names), 3, 0.5)
        else:
            close = difflib.get_close_matches(model_id, sorted(provider["models"]), 3, 0.5)
        hint = f" Did you mean: {', '.join(close)}?" if close else ""
        return ModelNotFoundError(
            f"Model not found: {provider_id}/{model_id}.{hint}",
            providerID=provider_id,
            modelID=model_id,
            suggestions=close,
        )


class Merge:
    """One pass over everything that makes a provider usable. Runs in a thread."""

    def __init__(
        self,
        snapshot: Snapshot,
        environ: Mapping[str, str],
        *,
        auth: Mapping[str, Auth],
        config: JSON,
    ) -> None:
        self._snapshot = snapshot
        self._auth = auth
        self._config = config
        tokens = {it.key: it.token for it in auth.values() if isinstance(it, WellKnownAuth)}
        self._environ = {**environ, **tokens}
        self._found: dict[str, JSON] = {}

    def run(self, local: Mapping[str, JSON]) -> ProviderSet:
        """Later goes over earlier: local servers, environment, credentials, configuration."""
        self._found = {key: dict(value) for key, value in local.items()}
        for provider_id, entry in self._snapshot.entries.items():
            key = next((self._environ[name] for name in entry.env if self._environ.get(name)), None)
            if key is not None:
                self._connect(provider_id, "env", key)
        for provider_id, auth in self._auth.items():
            key = _key(auth)
            if key is not None:
                self._connect(provider_id, "api", key)
        for provider_id, given in self._config["provider"].items():
            self._configure(provider_id, given)
        kept = {key: _filtered(it, self._config) for key, it in self._found.items()}
        return ProviderSet({key: it for key, it in kept.items() if it["models"]}, self._config)

    def _connect(self, provider_id: str, source: str, key: str) -> None:
        if not _allowed(provider_id, self._config):
            return
        provider = self._known(provider_id)
        if provider is not None:
            provider.update(source=source, key=key)

    def _configure(self, provider_id: str, given: JSON) -> None:
        if not _allowed(provider_id, self._config):
            return
        provider = self._known(provider_id) or {
            "id": provider_id,
            "name": provider_id,
            "models": {},
        }
        env: list[str] = given.get("env") or provider.get("env") or []
        key = next((self._environ[name] for name in env if self._environ.get(name)), None)
        self._found[provider_id] = {
            "id": provider_id,
            "name": given.get("name") or provider["name"],
            "source": "config",
            "env": env,
            **({"key": provider.get("key") or key} if provider.get("key") or key else {}),
            "options": facts.merge(provider.get("options", {}), given.get("options") or {}),
            "models": self._models(provider_id, provider["models"], given),
        }

    def _models(self, provider_id: str, known: dict[str, JSON], given: JSON) -> dict[str, JSON]:
        npm, url = given.get("npm"), given.get("api")
        changes: dict[str, JSON] = given.get("models") or {}
        everything = known if npm or url else {}
        found = dict(known)
        for model_id in {**everything, **changes}:
            change = changes.get(model_id, {})
            below = known.get(model_id) or self._hidden(provider_id, change.get("id") or model_id)
            model = facts.configured_model(
                provider_id, model_id, config=change, known=below, npm=npm, url=url
            )
            found[model_id] = {**model, "id": model_id}
        return found

    def _known(self, provider_id: str) -> JSON | None:
        if provider_id not in self._found:
            raw = self._snapshot.decode(provider_id)
            if raw is None:
                return None
            self._found[provider_id] = facts.wire_provider(raw, self._environ)
            time.sleep(0)
        return self._found[provider_id]

    def _hidden(self, provider_id: str, model_id: str) -> JSON | None:
        """A known model that is offered only when configured, or known under its own id."""
        provider = self._snapshot.decode(provider_id)
        raw = provider["models"].get(model_id) if provider else None
        return facts.wire_model(provider, raw, self._environ) if provider and raw else None


def parse_model(text: str) -> tuple[str, str]:
    """`provider/model`; the model's own id may hold further slashes."""
    provider_id, _, model_id = text.partition("/")
    return provider_id, model_id


def cost(model: Model, usage: Usage) -> float:
    """What a request came to, in dollars; at the prices of large requests where it was one."""
    price = _price(model, usage.input + usage.cache_read + usage.cache_write)
    total = (
        usage.input * price.input
        + (usage.output + usage.reasoning) * price.output
        + usage.cache_read * price.cache.read
        + usage.cache_write * price.cache.write
    )
    return float(round(total, 9) / 1_000_000)


def _price(model: Model, size: int) -> ModelPrice:
    tiers = [tier for tier in model.cost.tiers or () if size > tier.tier.size]
    if tiers:
        return max(tiers, key=lambda tier: tier.tier.size)
    if model.cost.experimental_over_200k and size > LARGE_CONTEXT:
        return model.cost.experimental_over_200k
    return model.cost


def _relevant(config: Config) -> JSON:
    """The keys of a configuration that decide about providers, as plain JSON."""
    providers = {key: value.plain() for key, value in (config.provider or {}).items()}
    return {
        "model": config.model,
        "small_model": config.small_model,
        "provider": providers,
        "disabled": config.disabled_providers or [],
        "enabled": config.enabled_providers,
    }


def _allowed(provider_id: str, config: JSON) -> bool:
    enabled = config["enabled"]
    return provider_id not in config["disabled"] and (enabled is None or provider_id in enabled)


def _filtered(provider: JSON, config: JSON) -> JSON:
    """Without the models the configuration leaves out."""
    if not _allowed(provider["id"], config):
        return {**provider, "models": {}}
    given = config["provider"].get(provider["id"], {})
    white, black = given.get("whitelist"), given.get("blacklist") or ()
    models = {
        model_id: model
        for model_id, model in provider["models"].items()
        if (white is None or model_id in white) and model_id not in black
    }
    return {**provider, "models": models}


def _key(auth: Auth) -> str | None:
    if isinstance(auth, WellKnownAuth):
        return None
    return auth.access if isinstance(auth, OAuth) else auth.key


def _encode_all(snapshot: Snapshot, environ: Mapping[str, str]) -> dict[str, bytes]:
    found = {}
    for provider_id in snapshot.entries:
        raw = snapshot.decode(provider_id)
        if raw is not None:
            found[provider_id] = orjson.dumps(facts.wire_provider(raw, environ))
        # Between two providers the loop may run.
        time.sleep(0)
    return found


def _listed_defaults(listing: Mapping[str, bytes]) -> dict[str, str]:
    found = {}
    for provider_id, body in listing.items():
        chosen = facts.default_model(orjson.loads(body)["models"])
        if chosen is not None:
            found[provider_id] = chosen
        time.sleep(0)
    return found


def _join(bodies: Iterable[Any]) -> bytes:
    return b"[%b]" % b",".join(bodies)
