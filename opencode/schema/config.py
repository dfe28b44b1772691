"""`Config`: what may stand in `opencode.json`, in the spelling of the file.

Most keys are written in snake_case, as the fields are; the others say so one by one. Unknown keys
are dropped, except in an agent or a provider's options, where they are the point.
"""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, ConfigDict, Discriminator, Field, Strict, Tag
from typing_extensions import TypeAliasType

from opencode.schema.wire import WireModel

ACTION_ONLY = ("todowrite", "question", "webfetch", "websearch", "doom_loop")

Number = int | float
Positive = Annotated[int, Field(gt=0)]
NotNegative = Annotated[int, Field(ge=0)]
NonNegativeNumber = Annotated[int | float, Field(ge=0)]
Timeout = Positive | Literal[False]
Medium = Literal["text", "audio", "image", "video", "pdf"]
Color = (
    Annotated[str, Field(pattern="^#[0-9a-fA-F]{6}$")]
    | Literal["primary", "secondary", "accent", "success", "warning", "error", "info"]
)
LogLevel = TypeAliasType("LogLevel", Literal["DEBUG", "INFO", "WARN", "ERROR"])
LayoutConfig = TypeAliasType("LayoutConfig", Literal["auto", "stretch"])
PolicyEffect = TypeAliasType("PolicyEffect", Literal["allow", "deny"])

PermissionActionConfig = TypeAliasType("PermissionActionConfig", Literal["ask", "allow", "deny"])
PermissionObjectConfig = TypeAliasType("PermissionObjectConfig", dict[str, PermissionActionConfig])
PermissionRuleConfig = TypeAliasType(
    "PermissionRuleConfig", PermissionActionConfig | PermissionObjectConfig
)


def _without_patterns(rules: dict[str, Any]) -> dict[str, Any]:
    for name in ACTION_ONLY:
        if isinstance(rules.get(name), dict):
            raise ValueError(f'{name} takes no patterns, expected "ask" | "allow" | "deny"')
    return rules


PermissionConfig = TypeAliasType(
    "PermissionConfig",
    PermissionActionConfig
    | Annotated[dict[str, PermissionRuleConfig], AfterValidator(_without_patterns)],
)
"""One action for everything, or rules by permission: the order of the keys is their order."""


class ConfigModel(WireModel):
    """A part of the configuration: spelt as its fields are, typed strictly."""

    model_config = ConfigDict(alias_generator=None, strict=True)


class ServerConfig(ConfigModel):
    """What `serve` and `web` use where a flag is absent; only the global configuration counts."""

    port: Positive | None = None
    hostname: str | None = None
    mdns: bool | None = None
    mdns_domain: str | None = Field(default=None, alias="mdnsDomain")
    cors: list[str] | None = None


class AgentConfig(ConfigModel):
    """An agent's definition, or what changes in a built-in one. Unknown keys become `options`."""

    model_config = ConfigDict(extra="allow")

    model: str | None = None
    """`provider/model`."""
    variant: str | None = None
    temperature: Number | None = None
    top_p: Number | None = None
    prompt: str | None = None
    tools: dict[str, bool] | None = None
    """Deprecated: `permission` says it better."""
    disable: bool | None = None
    description: str | None = None
    mode: Literal["subagent", "primary", "all"] | None = None
    hidden: bool | None = None
    options: dict[str, Any] | None = None
    color: Color | None = None
    """Hex colour (`#FF5733`) or a colour of the theme (`primary`)."""
    steps: Positive | None = None
    max_steps: Positive | None = Field(default=None, alias="maxSteps")
    """Deprecated: the older name of `steps`."""
    permission: PermissionConfig | None = None


class CommandConfig(ConfigModel):
    """A command: a template that becomes a prompt."""

    template: str
    description: str | None = None
    agent: str | None = None
    model: str | None = None
    variant: str | None = None
    subtask: bool | None = None


class SkillsConfig(ConfigModel):
    """Where skills are found beyond the usual directories."""

    paths: list[str] | None = None
    urls: list[str] | None = None


class ConfigV2ReferenceGit(ConfigModel):
    """A git repository the agent may look things up in."""

    repository: str
    branch: str | None = None
    description: str | None = None
    hidden: bool | None = None


class ConfigV2ReferenceLocal(ConfigModel):
    """A directory the agent may look things up in."""

    path: str
    description: str | None = None
    hidden: bool | None = None


ReferenceConfig = str | ConfigV2ReferenceGit | ConfigV2ReferenceLocal


class WatcherConfig(ConfigModel):
    """What the file watcher leaves out."""

    ignore: list[str] | None = None


class ProviderOptionsConfig(ConfigModel):
    """How a provider is reached; unknown keys go to its client."""

    model_config = ConfigDict(extra="allow")

    api_key: str | None = Field(default=None, alias="apiKey")
    base_url: str | None = Field(default=None, alias="baseURL")
    enterprise_url: str | None = Field(default=None, alias="enterpriseUrl")
    set_cache_key: bool | None = Field(default=None, alias="setCacheKey")
    timeout: Timeout | None = None
    """Milliseconds for a whole request, or false for none."""
    header_timeout: Timeout | None = Field(default=None, alias="headerTimeout")
    """Milliseconds until the headers of the answer, or false for none."""
    chunk_timeout: Timeout | None = Field(default=None, alias="chunkTimeout")
    """Milliseconds between two chunks of a stream, or false for none."""


class InterleavedConfig(ConfigModel):
    """The field in which a model's reasoning travels."""

    field: str


class PriceConfig(ConfigModel):
    """Prices in dollars for a million tokens."""

    input: Number
    output: Number
    cache_read: Number | None = None
    cache_write: Number | None = None


class ModelCostConfig(PriceConfig):
    """A model's prices, and the other ones above 200,000 tokens of context."""

    context_over_200k: PriceConfig | None = None


class ModelLimitConfig(ConfigModel):
    """A model's limits in tokens."""

    context: Number
    input: Number | None = None
    output: Number


class ModelModalitiesConfig(ConfigModel):
    """What a model reads and writes."""

    input: list[Medium] | None = None
    output: list[Medium] | None = None


class ModelProviderConfig(ConfigModel):
    """Another client or address for one model of a provider."""

    npm: str | None = None
    api: str | None = None


class ModelConfig(ConfigModel):
    """A model's definition, or what changes in a known one."""

    id: str | None = None
    name: str | None = None
    family: str | None = None
    release_date: str | None = None
    attachment: bool | None = None
    reasoning: bool | None = None
    temperature: bool | None = None
    tool_call: bool | None = None
    interleaved: bool | str | InterleavedConfig | None = None
    cost: ModelCostConfig | None = None
    limit: ModelLimitConfig | None = None
    modalities: ModelModalitiesConfig | None = None
    experimental: bool | None = None
    status: Literal["alpha", "beta", "deprecated", "active"] | None = None
    provider: ModelProviderConfig | None = None
    options: dict[str, Any] | None = None
    headers: dict[str, str] | None = None
    variants: dict[str, dict[str, Any]] | None = None
    """Options by variant; `disabled: true` removes one."""


class ProviderConfig(ConfigModel):
    """A provider's definition, or what changes in a known one."""

    api: str | None = None
    name: str | None = None
    env: list[str] | None = None
    """Environment variables that may hold its key."""
    id: str | None = None
    npm: str | None = None
    """The package that speaks to it in the original; for us the name of a wire protocol."""
    whitelist: list[str] | None = None
    blacklist: list[str] | None = None
    options: ProviderOptionsConfig | None = None
    models: dict[str, ModelConfig] | None = None


class McpLocalConfig(ConfigModel):
    """An MCP server started as a child process."""

    type: Literal["local"]
    command: list[str]
    """Command and arguments to run the MCP server."""
    cwd: str | None = None
    environment: dict[str, str] | None = None
    enabled: bool | None = None
    timeout: Positive | None = None
    """Milliseconds."""


class McpOAuthConfig(ConfigModel):
    """What is known of an MCP server's OAuth client."""

    client_id: str | None = Field(default=None, alias="clientId")
    client_secret: str | None = Field(default=None, alias="clientSecret")
    scope: str | None = None
    callback_port: Annotated[int, Field(ge=1, le=65535)] | None = Field(
        default=None, alias="callbackPort"
    )
    redirect_uri: str | None = Field(default=None, alias="redirectUri")


class McpRemoteConfig(ConfigModel):
    """An MCP server reached by its URL."""

    type: Literal["remote"]
    url: str
    """URL of the remote MCP server."""
    enabled: bool | None = None
    headers: dict[str, str] | None = None
    oauth: McpOAuthConfig | Literal[False] | None = None
    """False disables the automatic detection of OAuth."""
    timeout: Positive | None = None
    """Milliseconds."""


class McpEnabledConfig(ConfigModel):
    """Switches on or off a server that another file defines."""

    enabled: bool


def _mcp_kind(value: Any) -> str:
    kind = value.get("type") if isinstance(value, Mapping) else getattr(value, "type", None)
    return "enabled" if kind is None else str(kind)


McpConfig = Annotated[
    Annotated[McpLocalConfig, Tag("local")]
    | Annotated[McpRemoteConfig, Tag("remote")]
    | Annotated[McpEnabledConfig, Tag("enabled")],
    Discriminator(
        _mcp_kind,
        custom_error_type="mcp_type",
        custom_error_message='Expected type "local" | "remote"',
    ),
]


class FormatterConfig(ConfigModel):
    """A program that formats files after they were written."""

    disabled: bool | None = None
    command: list[str] | None = None
    """`$FILE` stands for the path."""
    environment: dict[str, str] | None = None
    extensions: list[str] | None = None


class LspConfig(ConfigModel):
    """A language server; without a command it can only be switched off."""

    command: list[str] | None = None
    extensions: list[str] | None = None
    disabled: bool | None = None
    env: dict[str, str] | None = None
    initialization: dict[str, Any] | None = None


class ImageAttachmentConfig(ConfigModel):
    """Limits of an image that goes to a model."""

    auto_resize: bool | None = None
    max_width: Positive | None = None
    max_height: Positive | None = None
    max_base64_bytes: Positive | None = None


class AttachmentConfig(ConfigModel):
    """Limits of attachments."""

    image: ImageAttachmentConfig | None = None


class EnterpriseConfig(ConfigModel):
    """An enterprise installation."""

    url: str | None = None


class ToolOutputConfig(ConfigModel):
    """How much of a tool's output goes to the model."""

    max_lines: Positive | None = None
    max_bytes: Positive | None = None


class CompactionConfig(ConfigModel):
    """When and how a long conversation is shortened."""

    auto: bool | None = None
    prune: bool | None = None
    tail_turns: NotNegative | None = None
    preserve_recent_tokens: NotNegative | None = None
    reserved: NotNegative | None = None


class UnattendedConfig(ConfigModel):
    """What becomes of requests for permission, and of questions, that nobody answers."""

    action: Literal["wait", "deny"] | None = None
    """`wait` (where absent): for ever, until a client answers. `deny`: the call ends as an error
    that tells the model that nobody was there; the run goes on."""
    after: NonNegativeNumber | None = None
    """With `deny`: so many seconds are waited before; at once where absent or 0."""
    when: Literal["alone", "always"] | None = None
    """With `deny`. `alone` (where absent): the seconds count while no client follows the events of
    the session; one that connects may take its time. `always`: whoever is connected."""


class ConfigV2ExperimentalPolicy(ConfigModel):
    """Which providers may be used."""

    action: Literal["provider.use"]
    effect: PolicyEffect
    resource: str


class ExperimentalConfig(ConfigModel):
    """Switches without a promise."""

    disable_paste_summary: bool | None = None
    batch_tool: bool | None = None
    open_telemetry: bool | None = Field(default=None, alias="openTelemetry")
    primary_tools: list[str] | None = None
    continue_loop_on_deny: bool | None = None
    mcp_timeout: Positive | None = None
    """Milliseconds."""
    policies: list[ConfigV2ExperimentalPolicy] | None = None


PluginWithOptions = Annotated[tuple[str, dict[str, Any]], Strict(False)]


class Config(ConfigModel):
    """The configuration of a directory, or of everybody: every key may be absent."""

    json_schema: str | None = Field(default=None, alias="$schema")
    shell: str | None = None
    log_level: LogLevel | None = Field(default=None, alias="logLevel")
    server: ServerConfig | None = None
    command: dict[str, CommandConfig] | None = None
    skills: SkillsConfig | None = None
    references: dict[str, ReferenceConfig] | None = None
    reference: dict[str, ReferenceConfig] | None = None
    """Deprecated: the older name of `references`."""
    watcher: WatcherConfig | None = None
    snapshot: bool | None = None
    """False switches off the snapshots behind revert."""
    plugin: list[str | PluginWithOptions] | None = None
    share: Literal["manual", "auto", "disabled"] | None = None
    autoshare: bool | None = None
    """Deprecated: `share: "auto"` says it."""
    autoupdate: bool | Literal["notify"] | None = None
    disabled_providers: list[str] | None = None
    enabled_providers: list[str] | None = None
    model: str | None = None
    """`provider/model`."""
    small_model: str | None = None
    """`provider/model` for titles and summaries."""
    default_agent: str | None = None
    subagent_depth: NotNegative | None = None
    username: str | None = None
    mode: dict[str, AgentConfig] | None = None
    """Deprecated: the older name of `agent`."""
    agent: dict[str, AgentConfig] | None = None
    provider: dict[str, ProviderConfig] | None = None
    mcp: dict[str, McpConfig] | None = None
    formatter: bool | dict[str, FormatterConfig] | None = None
    """True enables the built-in formatters, an object enables and changes them."""
    lsp: bool | dict[str, LspConfig] | None = None
    """True enables the built-in language servers, an object enables and changes them."""
    instructions: list[str] | None = None
    """Files, globs or URLs that join the system prompt."""
    layout: LayoutConfig | None = None
    """Deprecated, without effect."""
    permission: PermissionConfig | None = None
    tools: dict[str, bool] | None = None
    """Deprecated: `permission` says it better."""
    attachment: AttachmentConfig | None = None
    enterprise: EnterpriseConfig | None = None
    tool_output: ToolOutputConfig | None = None
    compaction: CompactionConfig | None = None
    unattended: UnattendedConfig | None = None
    experimental: ExperimentalConfig | None = None

    def patch(self) -> dict[str, Any]:
        """The keys that were given, nulls included: what a PATCH means to change or remove."""
        return self.model_dump(mode="json", by_alias=True, exclude_unset=True)
