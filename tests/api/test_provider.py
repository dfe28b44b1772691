"""All providers, those that can be used, and how one signs in."""

from pathlib import Path

from tests.api.asking import place


async def test_known_providers_are_listed_and_connected_ones_named(tmp_path: Path) -> None:
    async with place(tmp_path) as at:
        found = await at.ask("provider.list")
        names = {one["id"] for one in found["all"]}
        assert {"fake", "openai", "anthropic"} <= names
        assert (found["connected"], found["default"]["fake"]) == (["fake"], "m1")


async def test_a_stored_key_connects_a_provider(tmp_path: Path) -> None:
    async with place(tmp_path) as at:
        await at.ask("auth.set", {"type": "api", "key": "k"}, providerID="anthropic")
        assert "anthropic" in (await at.ask("provider.list"))["connected"]


async def test_every_known_provider_takes_a_key(tmp_path: Path) -> None:
    async with place(tmp_path) as at:
        found = await at.ask("provider.auth")
        assert found["openai"] == [{"type": "api", "label": "API key"}]
