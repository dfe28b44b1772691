"""The `/api` family: a second spelling of agents, models, providers, commands, files and sessions.

Every answer about a directory is `{location, data}`.
"""

from typing import Any, ClassVar, Literal

from pydantic import Field

from opencode.ids import MessageID, PermissionID, QuestionID, SessionID, WorkspaceID
from opencode.schema.provider import ModelCacheCost, ModelLimit, ModelTier, Number
from opencode.schema.request import PermissionAction, QuestionInfo, QuestionTool
from opencode.schema.session import SessionTokens
from opencode.schema.wire import NullableModel, WireModel


class V2Health(WireModel):
    """The server answers."""

    healthy: Literal[True] = True


class LocationProject(WireModel):
    """The project of a location."""

    id: str
    directory: str
    """Its worktree."""


class LocationInfo(WireModel):
    """The directory an answer is about."""

    directory: str
    workspace_id: WorkspaceID | None = None
    project: LocationProject


class LocationRef(WireModel):
    """A directory."""

    directory: str
    workspace_id: WorkspaceID | None = None


class ModelRef(WireModel):
    """A model by its name."""

    id: str
    provider_id: str
    variant: str | None = None


class ProviderRequest(WireModel):
    """What is added to a request."""

    headers: dict[str, str] = Field(default_factory=dict)
    body: dict[str, Any] = Field(default_factory=dict)


class PermissionV2Rule(WireModel):
    """Of several rules that match, the last decides."""

    action: str
    resource: str
    effect: PermissionAction


class AgentV2Info(WireModel):
    """A prompt, a model and a set of rules under a name."""

    id: str
    model: ModelRef | None = None
    request: ProviderRequest
    system: str | None = None
    """Its own system prompt."""
    description: str | None = None
    mode: Literal["subagent", "primary", "all"]
    hidden: bool
    color: str | None = None
    steps: int | None = Field(default=None, gt=0)
    permissions: list[PermissionV2Rule]


class ProviderAISDK(WireModel):
    """How a provider is reached: its client package decides the wire format."""

    type: Literal["aisdk"] = "aisdk"
    package: str
    url: str | None = None
    settings: dict[str, Any] | None = None


class ProviderV2Info(WireModel):
    """A service that offers models."""

    id: str
    name: str
    disabled: bool | None = None
    api: ProviderAISDK
    request: ProviderRequest


class ModelV2Api(ProviderAISDK):
    """How a model is reached."""

    id: str
    """The name the provider knows the model by."""


class ModelV2Capabilities(WireModel):
    """What a model can do."""

    tools: bool
    input: list[str]
    output: list[str]


class ModelV2Cost(WireModel):
    """Dollars per million tokens, above the size of a tier where it has one."""

    tier: ModelTier | None = None
    input: Number
    output: Number
    cache: ModelCacheCost


class ModelV2Variant(ProviderRequest):
    """A named set of options a person may choose."""

    id: str


class ModelV2Time(WireModel):
    """Milliseconds since 1970."""

    released: int
    """0 where unknown."""


class ModelV2Info(WireModel):
    """A model that can be used."""

    id: str
    provider_id: str
    family: str | None = None
    name: str
    api: ModelV2Api
    capabilities: ModelV2Capabilities
    request: ProviderRequest
    variants: list[ModelV2Variant]
    time: ModelV2Time
    cost: list[ModelV2Cost]
    status: Literal["alpha", "beta", "deprecated", "active"]
    enabled: bool
    limit: ModelLimit


class IntegrationKeyMethod(WireModel):
    """An API key."""

    type: Literal["key"] = "key"
    label: str | None = None


class IntegrationEnvMethod(WireModel):
    """Environment variables of the server."""

    type: Literal["env"] = "env"
    names: list[str]


class ConnectionCredentialInfo(WireModel):
    """A stored credential."""

    type: Literal["credential"] = "credential"
    id: str
    label: str


class ConnectionEnvInfo(WireModel):
    """An environment variable that is set."""

    type: Literal["env"] = "env"
    name: str


class IntegrationInfo(WireModel):
    """A provider to sign in with, and how one is signed in now."""

    id: str
    name: str
    methods: list[IntegrationKeyMethod | IntegrationEnvMethod]
    connections: list[ConnectionCredentialInfo | ConnectionEnvInfo]


class CommandV2Info(WireModel):
    """A prompt with a name."""

    name: str
    template: str
    description: str | None = None
    agent: str | None = None
    model: ModelRef | None = None
    subtask: bool | None = None


class SkillV2Info(WireModel):
    """Instructions loaded when needed."""

    name: str
    description: str | None = None
    slash: bool | None = None
    location: str
    content: str


class ReferenceLocalSource(WireModel):
    """A directory of this machine."""

    type: Literal["local"] = "local"
    path: str
    description: str | None = None
    hidden: bool | None = None


class ReferenceInfo(WireModel):
    """A place the agent may look things up in."""

    name: str
    path: str
    description: str | None = None
    hidden: bool | None = None
    source: ReferenceLocalSource


class FileSystemEntry(WireModel):
    """A file or directory; a directory's path ends with a slash."""

    path: str
    type: Literal["file", "directory"]


class PermissionV2Source(WireModel):
    """The call that asks."""

    type: Literal["tool"] = "tool"
    message_id: str
    call_id: str


class PermissionV2Request(WireModel):
    """A tool call that waits to be allowed."""

    id: PermissionID
    session_id: SessionID
    action: str
    resources: list[str]
    save: list[str] | None = None
    metadata: dict[str, Any] | None = None
    source: PermissionV2Source | None = None


class PermissionSavedInfo(WireModel):
    """What was allowed for always in a project."""

    id: str
    project_id: str
    action: str
    resource: str


class QuestionV2Request(WireModel):
    """Questions that wait for answers."""

    id: QuestionID
    session_id: SessionID
    questions: list[QuestionInfo]
    """Questions to ask"""
    tool: QuestionTool | None = None


class SessionV2Time(WireModel):
    """Milliseconds."""

    created: int
    updated: int
    archived: int | None = None


class RevertState(WireModel):
    """The point the session was taken back to."""

    message_id: MessageID
    part_id: str | None = None
    snapshot: str | None = None
    diff: str | None = None


class SessionV2Info(WireModel):
    """A conversation."""

    id: SessionID
    parent_id: SessionID | None = None
    project_id: str
    agent: str | None = None
    model: ModelRef | None = None
    cost: float
    tokens: SessionTokens
    time: SessionV2Time
    title: str
    location: LocationRef
    subpath: str | None = None
    """The directory relative to the worktree; absent for the worktree itself."""
    revert: RevertState | None = None


class SessionActive(WireModel):
    """A run is under way."""

    type: Literal["running"] = "running"


class SessionsCursor(WireModel):
    """Opaque cursors of the pages beside this one; absent when the page is empty."""

    previous: str | None = None
    next: str | None = None


class SessionsQuery(WireModel):
    """The filters of `v2.session.list`; a cursor brings its own and replaces them."""

    workspace: str | None = None
    limit: int = Field(default=50, gt=0)
    order: Literal["asc", "desc"] = "desc"
    """By creation."""
    search: str | None = None
    directory: str | None = None
    project: str | None = None
    subpath: str | None = None
    cursor: str | None = None


class FsFindQuery(WireModel):
    """The parameters of `v2.fs.find`."""

    query: str
    type: Literal["file", "directory"] | None = None
    limit: int = Field(default=50, gt=0)


class SessionsResponse(WireModel):
    """A page of sessions."""

    data: list[SessionV2Info]
    cursor: SessionsCursor


class SessionAnswer(WireModel):
    """A session."""

    data: SessionV2Info


class ActiveAnswer(WireModel):
    """Sessions at work, by id."""

    data: dict[str, SessionActive]


class SavedPermissionsAnswer(WireModel):
    """Permissions given for always."""

    data: list[PermissionSavedInfo]


class Located(WireModel):
    """An answer about a directory."""

    location: LocationInfo


class AgentsAnswer(Located):
    """Agents."""

    data: list[AgentV2Info]


class ModelsAnswer(Located):
    """Models, the newest first."""

    data: list[ModelV2Info]


class ProvidersAnswer(Located):
    """Providers."""

    data: list[ProviderV2Info]


class ProviderAnswer(Located):
    """A provider."""

    data: ProviderV2Info


class IntegrationsAnswer(Located):
    """Integrations."""

    data: list[IntegrationInfo]


class IntegrationAnswer(Located, NullableModel):
    """An integration; null where there is none of this name."""

    nulls: ClassVar[tuple[str, ...]] = ("data",)

    data: IntegrationInfo | None = None


class CommandsAnswer(Located):
    """Commands."""

    data: list[CommandV2Info]


class SkillsAnswer(Located):
    """Skills."""

    data: list[SkillV2Info]


class ReferencesAnswer(Located):
    """References."""

    data: list[ReferenceInfo]


class EntriesAnswer(Located):
    """Files and directories."""

    data: list[FileSystemEntry]


class PermissionRequestsAnswer(Located):
    """Permission requests that wait."""

    data: list[PermissionV2Request]


class QuestionRequestsAnswer(Located):
    """Questions that wait."""

    data: list[QuestionV2Request]
