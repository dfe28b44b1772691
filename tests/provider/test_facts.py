"""Facts about providers and models, from one shape to the other."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opencode.provider import facts
from opencode.provider.facts import JSON
from opencode.provider.snapshot import Snapshot
from opencode.schema.provider import Provider

TREES = st.recursive(
    st.integers() | st.booleans(),
    lambda inner: st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=8,
)
THOUGHTS: JSON = {"includeThoughts": True}
OBJECTS = st.dictionaries(st.sampled_from("abc"), TREES, max_size=3)


def model(**given: Any) -> JSON:
    return facts.wire_model({"id": "p"}, {"id": "m", **given}, {})


def test_every_provider_of_the_catalogue_fits_the_contract() -> None:
    snapshot = Snapshot.load("/nonexistent")
    for provider_id in snapshot.entries:
        raw = snapshot.decode(provider_id)
        assert raw is not None
        wire = facts.wire_provider(raw, {})
        assert Provider.model_validate(wire).plain() == wire


def test_prices_of_large_requests_are_kept() -> None:
    large = {"input": 2, "output": 3}
    tier = {**large, "tier": {"type": "context", "size": 1000}}
    found = facts.cost({"input": 1, "output": 1, "context_over_200k": large, "tiers": [tier]})
    cache = {"read": 0, "write": 0}
    assert found["experimentalOver200K"] == {**large, "cache": cache}
    assert found["tiers"] == [{**large, "cache": cache, "tier": tier["tier"]}]


def test_addresses_are_completed_from_the_environment() -> None:
    provider = {"id": "p", "api": "https://${ACCOUNT}.x/${MISSING}"}
    found = facts.wire_model(provider, {"id": "m"}, {"ACCOUNT": "me"})
    assert found["api"]["url"] == "https://me.x/${MISSING}"


VARIANTS: list[tuple[str, str, str, JSON]] = [
    ("anthropic", "claude-opus-4-7", "max", {"thinking": {"type": "adaptive"}, "effort": "max"}),
    ("google", "gemini-3-pro", "low", THOUGHTS | {"thinkingLevel": "low"}),
    ("google", "gemini-2.5-pro", "high", THOUGHTS | {"thinkingBudget": 16000}),
    ("openai", "gpt-5", "minimal", {"reasoningEffort": "minimal", "reasoningSummary": "auto"}),
    ("groq", "x", "low", {"reasoningEffort": "low"}),
]


@pytest.mark.parametrize(("npm", "model_id", "name", "options"), VARIANTS)
def test_variants_are_in_the_words_of_their_client(
    npm: str, model_id: str, name: str, options: JSON
) -> None:
    provider = {"id": "p", "npm": f"@ai-sdk/{npm}"}
    found = facts.wire_model(provider, {"id": model_id, "reasoning": True}, {})
    assert found["variants"][name] in (options, {"thinkingConfig": options})


def test_the_default_has_tools_and_is_new() -> None:
    models = {
        "old": model(release_date="2024-01-01"),
        "new": model(release_date="2025-01-01"),
        "talker": model(release_date="2026-01-01", tool_call=False),
        "dear": model(release_date="2026-01-01", cost={"input": 90, "output": 90}),
    }
    assert facts.default_model(models) == "new"
    assert facts.default_model({}) is None


def test_interleaved_may_be_a_word() -> None:
    found = facts.configured_model("p", "m", config={"interleaved": "reasoning"})
    assert found["capabilities"]["interleaved"] == {"field": "reasoning"}


@given(OBJECTS, OBJECTS)
def test_merging_keeps_what_is_above_and_touches_nothing(below: JSON, above: JSON) -> None:
    before = repr((below, above))
    both = facts.merge(below, above)
    assert repr((below, above)) == before
    assert set(both) == {*below, *above}
    assert facts.merge(both, above) == both
    assert facts.merge({}, above) == above
