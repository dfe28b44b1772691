"""Facts about providers and models: from the catalogue's and the configuration's shape to ours.

Everything here is a pure function over plain JSON objects, in wire spelling on the way out.
"""

import re
from collections.abc import Mapping
from typing import Any

JSON = dict[str, Any]

COMPATIBLE = "@ai-sdk/openai-compatible"
MEDIA = ("text", "audio", "image", "video", "pdf")
EFFORTS = ("low", "medium", "high")
HIDDEN = ("alpha", "deprecated")
"""Models of these states are offered only to those who configure them."""

DEAR = 15
"""Dollars per million tokens above which a model is nobody's default."""
PREFERRED = ("gpt-5", "claude-sonnet-4", "gemini-3-pro", "big-pickle")
SMALL = (
    "claude-haiku-4-5",
    "claude-haiku-4.5",
    "3-5-haiku",
    "3.5-haiku",
    "gemini-3-flash",
    "gemini-2.5-flash",
    "gpt-5-nano",
    "gpt-5-mini",
    "gpt-4.1-nano",
    "gpt-4o-mini",
)


def wire_provider(raw: JSON, environ: Mapping[str, str]) -> JSON:
    """A provider of the catalogue."""
    return {
        "id": raw["id"],
        "name": raw.get("name") or raw["id"],
        "source": "custom",
        "env": list(raw.get("env") or ()),
        "options": {},
        "models": {
            model_id: wire_model(raw, model, environ)
            for model_id, model in raw["models"].items()
            if model.get("status") not in HIDDEN
        },
    }


def wire_model(provider: JSON, raw: JSON, environ: Mapping[str, str]) -> JSON:
    """A model of the catalogue."""
    own = raw.get("provider") or {}
    npm = own.get("npm") or provider.get("npm") or COMPATIBLE
    url = _substitute(own.get("api") or provider.get("api") or "", environ)
    media = raw.get("modalities") or {}
    model = {
        "id": raw["id"],
        "providerID": provider["id"],
        "api": {"id": raw["id"], "url": url, "npm": npm},
        "name": raw.get("name") or raw["id"],
        "family": raw.get("family") or "",
        "capabilities": {
            "temperature": bool(raw.get("temperature")),
            "reasoning": bool(raw.get("reasoning")),
            "attachment": bool(raw.get("attachment")),
            "toolcall": bool(raw.get("tool_call", True)),
            "input": modalities(media.get("input")),
            "output": modalities(media.get("output")),
            "interleaved": raw.get("interleaved") or False,
        },
        "cost": cost(raw.get("cost") or {}),
        "limit": limit(raw.get("limit") or {}),
        "status": raw.get("status") or "active",
        "options": dict(raw.get("options") or {}),
        "headers": dict(raw.get("headers") or {}),
        "release_date": raw.get("release_date") or "",
    }
    model["variants"] = variants(model)
    return model


def configured_model(provider_id: str, model_id: str, **given: Any) -> JSON:
    """A model by `given` (the configuration's shape) over `known` (ours), which may be absent.

    `npm` and `url` are what its provider says.
    """
    config: JSON = given["config"]
    known: JSON | None = given.get("known")
    model = dict(known) if known else _unknown_model(provider_id, model_id)
    own = config.get("provider") or {}
    model["api"] = {
        "id": config.get("id") or model["api"]["id"],
        "url": own.get("api") or given.get("url") or model["api"]["url"],
        "npm": own.get("npm") or given.get("npm") or model["api"]["npm"],
    }
    for name in ("name", "family", "release_date", "status"):
        model[name] = config.get(name, model[name])
    model["capabilities"] = _capabilities(model["capabilities"], config)
    if "cost" in config:
        model["cost"] = {**model["cost"], **cost(config["cost"])}
    if "limit" in config:
        model["limit"] = {**model["limit"], **limit(config["limit"])}
    model["options"] = merge(model["options"], config.get("options") or {})
    model["headers"] = {**model["headers"], **(config.get("headers") or {})}
    wanted = merge(variants(model), config.get("variants") or {})
    model["variants"] = {
        name: {key: value for key, value in options.items() if key != "disabled"}
        for name, options in wanted.items()
        if not options.get("disabled")
    }
    return model


def merge(below: JSON, above: JSON) -> JSON:
    """`above` over `below`, object by object."""
    both = dict(below)
    for key, value in above.items():
        old = both.get(key)
        both[key] = (
            merge(old, value) if isinstance(old, dict) and isinstance(value, dict) else value
        )
    return both


def modalities(given: list[str] | None) -> JSON:
    """A list of media as flags; text where nothing is said."""
    wanted = ["text"] if given is None else given
    return {medium: medium in wanted for medium in MEDIA}


def price(raw: JSON) -> JSON:
    return {
        "input": raw.get("input", 0),
        "output": raw.get("output", 0),
        "cache": {"read": raw.get("cache_read", 0), "write": raw.get("cache_write", 0)},
    }


def cost(raw: JSON) -> JSON:
    """Prices, with those of large requests where they differ."""
    found = price(raw)
    tiers = [
        {**price(tier), "tier": tier["tier"]} for tier in raw.get("tiers") or () if "tier" in tier
    ]
    if tiers:
        found["tiers"] = tiers
    if raw.get("context_over_200k"):
        found["experimentalOver200K"] = price(raw["context_over_200k"])
    return found


def limit(raw: JSON) -> JSON:
    """Sizes in tokens; 0 where unknown."""
    found = {"context": int(raw.get("context") or 0), "output": int(raw.get("output") or 0)}
    if raw.get("input"):
        found["input"] = int(raw["input"])
    return found


def variants(model: JSON) -> dict[str, JSON]:
    """The ways a reasoning model may be asked to think, in the options of its client."""
    if not model["capabilities"]["reasoning"]:
        return {}
    match model["api"]["npm"]:
        case "@ai-sdk/anthropic" | "@ai-sdk/google-vertex/anthropic":
            return _claude(model["api"]["id"])
        case "@ai-sdk/google" | "@ai-sdk/google-vertex":
            return _gemini(model["api"]["id"])
        case "@ai-sdk/openai" | "@ai-sdk/azure":
            efforts = ("minimal", *EFFORTS) if "gpt-5" in model["id"] else EFFORTS
            return {
                effort: {"reasoningEffort": effort, "reasoningSummary": "auto"}
                for effort in efforts
            }
        case _:
            return {effort: {"reasoningEffort": effort} for effort in EFFORTS}


def default_model(models: Mapping[str, JSON]) -> str | None:
    """The model to take where nobody chose: one with tools, of a preferred family, the newest."""
    if not models:
        return None
    newest = sorted(models, reverse=True)
    newest.sort(key=lambda name: str(models[name]["release_date"]), reverse=True)
    return min(newest, key=lambda name: _rank(models[name]))


def small_model(models: Mapping[str, JSON]) -> str | None:
    """The model for titles and summaries, where one is known to be small."""
    for wanted in SMALL:
        found = [name for name in models if wanted in name]
        if found:
            return min(found, key=lambda name: (len(name), name))
    return None


def _rank(model: JSON) -> tuple[bool, bool, int, int]:
    places = [place for place, family in enumerate(PREFERRED) if family in model["id"]]
    return (
        not model["capabilities"]["toolcall"],
        model["cost"]["input"] > DEAR,
        min(places, default=len(PREFERRED)),
        ("active", "beta", "alpha", "deprecated").index(model["status"]),
    )


def _unknown_model(provider_id: str, model_id: str) -> JSON:
    return wire_model({"id": provider_id}, {"id": model_id}, {})


def _capabilities(known: JSON, config: JSON) -> JSON:
    media = config.get("modalities") or {}
    found = dict(known)
    for name, key in (
        ("temperature", "temperature"),
        ("reasoning", "reasoning"),
        ("attachment", "attachment"),
        ("toolcall", "tool_call"),
        ("interleaved", "interleaved"),
    ):
        found[name] = config.get(key, known[name])
    if isinstance(found["interleaved"], str):
        found["interleaved"] = {"field": found["interleaved"]}
    for way in ("input", "output"):
        if media.get(way) is not None:
            found[way] = modalities(media[way])
    return found


def _claude(model_id: str) -> dict[str, JSON]:
    if re.search(r"(opus|sonnet)-(4[-.][6-9]|[5-9])", model_id):
        efforts = (*EFFORTS, "max")
        return {name: {"thinking": {"type": "adaptive"}, "effort": name} for name in efforts}
    budgets = {"high": 16_000, "max": 31_999}
    return {
        name: {"thinking": {"type": "enabled", "budgetTokens": tokens}}
        for name, tokens in budgets.items()
    }


def _gemini(model_id: str) -> dict[str, JSON]:
    if "gemini-3" in model_id:
        return {
            level: {"thinkingConfig": {"includeThoughts": True, "thinkingLevel": level}}
            for level in ("low", "high")
        }
    budgets = {"high": 16_000, "max": 24_576}
    return {
        name: {"thinkingConfig": {"includeThoughts": True, "thinkingBudget": tokens}}
        for name, tokens in budgets.items()
    }


def _substitute(url: str, environ: Mapping[str, str]) -> str:
    """`${NAME}` in the catalogue's addresses stands for an environment variable."""
    return re.sub(r"\$\{(\w+)\}", lambda found: environ.get(found[1], found[0]), url)
