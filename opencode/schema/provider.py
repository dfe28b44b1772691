"""Who answers: providers, their models, and the credentials a person gives for them."""

from typing import Annotated, Any, Literal

from pydantic import Field

from opencode.schema.wire import WireModel

Number = int | float
"""A JSON number that keeps its spelling: 3 stays 3."""


class ModelApi(WireModel):
    """How a model is reached."""

    id: str
    """The name the provider knows the model by."""
    url: str
    """The base URL; empty where the client library's own is used."""
    npm: str
    """The client package of the catalogue, which decides the wire format."""


class ModelModalities(WireModel):
    """Which kinds of content go one way."""

    text: bool
    audio: bool
    image: bool
    video: bool
    pdf: bool


class ModelInterleaved(WireModel):
    """Reasoning travels in a field of the message."""

    field: str
    """`reasoning`, `reasoning_content`, `reasoning_text` or a provider's own."""


class ModelCapabilities(WireModel):
    """What a model can do."""

    temperature: bool
    reasoning: bool
    attachment: bool
    toolcall: bool
    input: ModelModalities
    output: ModelModalities
    interleaved: bool | ModelInterleaved


class ModelCacheCost(WireModel):
    """Dollars per million cached tokens."""

    read: Number
    write: Number


class ModelPrice(WireModel):
    """Dollars per million tokens."""

    input: Number
    output: Number
    cache: ModelCacheCost


class ModelTier(WireModel):
    """From which size of context a tier's prices hold."""

    type: Literal["context"] = "context"
    size: Number


class ModelTierPrice(ModelPrice):
    """The prices of requests above a size."""

    tier: ModelTier


class ModelCost(ModelPrice):
    """Dollars per million tokens, with the prices of large requests where they differ."""

    tiers: list[ModelTierPrice] | None = None
    experimental_over_200k: ModelPrice | None = Field(default=None, alias="experimentalOver200K")


class ModelLimit(WireModel):
    """Sizes in tokens; 0 where unknown."""

    context: int
    input: int | None = None
    output: int


class Model(WireModel):
    """A model of a provider."""

    id: str
    provider_id: str
    api: ModelApi
    name: str
    family: str | None = None
    capabilities: ModelCapabilities
    cost: ModelCost
    limit: ModelLimit
    status: Literal["alpha", "beta", "deprecated", "active"] = "active"
    options: dict[str, Any]
    """Members of the request body, camelCase."""
    headers: dict[str, str]
    release_date: str = Field(alias="release_date")
    variants: dict[str, dict[str, Any]] | None = None
    """Named sets of options a person may choose from, such as `high`."""


class Provider(WireModel):
    """A service that offers models."""

    id: str
    name: str
    source: Literal["env", "config", "custom", "api"]
    """Where its credentials or its definition come from."""
    env: list[str]
    """Environment variables that may hold its key."""
    key: str | None = None
    options: dict[str, Any]
    models: dict[str, Model]


class ProviderList(WireModel):
    """All providers, and which of them can be used."""

    all: list[Provider]
    default: dict[str, str]
    """The preferred model of each provider."""
    connected: list[str]


class ConfigProviders(WireModel):
    """The providers that can be used."""

    providers: list[Provider]
    default: dict[str, str]
    """The preferred model of each provider."""


class ProviderAuthWhen(WireModel):
    """A prompt is shown only when an earlier answer compares so."""

    key: str
    op: Literal["eq", "neq"]
    value: str


class ProviderAuthText(WireModel):
    """A free text to ask for."""

    type: Literal["text"]
    key: str
    message: str
    placeholder: str | None = None
    when: ProviderAuthWhen | None = None


class ProviderAuthOption(WireModel):
    """One choice."""

    label: str
    value: str
    hint: str | None = None


class ProviderAuthSelect(WireModel):
    """A choice to ask for."""

    type: Literal["select"]
    key: str
    message: str
    options: list[ProviderAuthOption]
    when: ProviderAuthWhen | None = None


ProviderAuthPrompt = Annotated[ProviderAuthText | ProviderAuthSelect, Field(discriminator="type")]


class ProviderAuthMethod(WireModel):
    """One way to sign in with a provider."""

    type: Literal["oauth", "api"]
    label: str
    prompts: list[ProviderAuthPrompt] | None = None


class ProviderAuthAuthorization(WireModel):
    """Where a person goes to authorize, and how it is completed."""

    url: str
    method: Literal["auto", "code"]
    instructions: str


class OAuth(WireModel):
    """Tokens of an OAuth sign-in."""

    type: Literal["oauth"]
    refresh: str
    access: str
    expires: int = Field(ge=0)
    """When the access token ends, in milliseconds."""
    account_id: str | None = Field(default=None, alias="accountId")
    enterprise_url: str | None = None


class ApiAuth(WireModel):
    """An API key."""

    type: Literal["api"]
    key: str
    metadata: dict[str, str] | None = None


class WellKnownAuth(WireModel):
    """A token for a service that describes itself."""

    type: Literal["wellknown"]
    key: str
    """The environment variable the token is given in."""
    token: str


Auth = Annotated[OAuth | ApiAuth | WellKnownAuth, Field(discriminator="type")]
