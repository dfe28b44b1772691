"""Which wire a package speaks, and what is missing where none can be spoken."""

from pathlib import Path

import pytest

from opencode.provider.base import ProviderError
from opencode.provider.snapshot import Snapshot
from opencode.provider.vendors import VENDORS
from tests.provider.asking import Asker, asking


def rewired(asker: Asker, npm: str) -> Asker:
    api = asker.model.api.model_copy(update={"npm": npm})
    asker.model = asker.model.model_copy(update={"api": api})
    return asker


async def test_a_package_nobody_speaks_is_named(tmp_path: Path) -> None:
    async with asking(tmp_path) as asker:
        with pytest.raises(ProviderError, match="needs @ai-sdk/amazon-bedrock"):
            await rewired(asker, "@ai-sdk/amazon-bedrock").ask()


async def test_a_missing_address_is_named(tmp_path: Path) -> None:
    async with asking(tmp_path) as asker:
        with pytest.raises(ProviderError, match=r"set its options\.baseURL"):
            await asker.optioned(baseURL=None).ask()


async def test_reasoning_goes_back_in_the_field_of_its_vendor(tmp_path: Path) -> None:
    assert VENDORS["@openrouter/ai-sdk-provider"].reasoning == "reasoning"
    async with asking(tmp_path, reasoning=True) as asker:
        body = await rewired(asker, "@openrouter/ai-sdk-provider").sent()
    assert body["model"] == "m1"


def test_nearly_every_provider_of_the_catalogue_can_be_spoken_to() -> None:
    snapshot = Snapshot.load("/nonexistent")
    packages = [provider["npm"] for it in snapshot.entries if (provider := snapshot.decode(it))]
    spoken = [it for it in packages if it in VENDORS]
    assert len(spoken) / len(packages) > 0.9
