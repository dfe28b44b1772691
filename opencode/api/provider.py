"""Providers: all that are known, and how one signs in with them."""

from opencode.api.operation import Call, operation
from opencode.schema.provider import ProviderAuthMethod, ProviderList
from opencode.schema.wire import Encoded


@operation("provider.list", "GET /provider")
async def list_providers(call: Call) -> Encoded[ProviderList]:
    """List providers

    Every provider that is known, and which of them can be used.
    """
    return await (await call.instance.providers()).list_wire()


@operation("provider.auth", "GET /provider/auth")
async def auth_methods(call: Call) -> dict[str, list[ProviderAuthMethod]]:
    """Get provider auth methods

    Every provider takes an API key, kept by `PUT /auth/{providerID}`.
    """
    key = [ProviderAuthMethod(type="api", label="API key")]
    return dict.fromkeys(await call.app.catalog.known(), key)
