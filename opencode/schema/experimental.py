"""What the contract calls experimental: switches, the console, workspaces, tools by model."""

from typing import Any, ClassVar, Literal

from pydantic import Field

from opencode.ids import WorkspaceID
from opencode.schema.project import ProjectSummary
from opencode.schema.session import Session
from opencode.schema.wire import NullableModel, WireModel

Flag = bool | Literal["true", "false"]


class ExperimentalCapabilities(WireModel):
    """What this server can do beyond the rest of the contract."""

    background_subagents: bool


class ConsoleState(WireModel):
    """The account with the hosted console, if there is one."""

    console_managed_providers: list[str]
    active_org_name: str | None = None
    switchable_org_count: int = Field(ge=0)


class ConsoleOrg(WireModel):
    """An organisation of an account with the hosted console."""

    account_id: str
    account_email: str
    account_url: str
    org_id: str
    org_name: str
    active: bool


class ConsoleOrgs(WireModel):
    """The organisations one may switch to."""

    orgs: list[ConsoleOrg]


class Workspace(WireModel):
    """A working copy beside the project's own."""

    id: WorkspaceID
    type: str
    name: str
    branch: str | None = None
    directory: str | None = None
    extra: Any = None
    project_id: str
    time_used: float


class WorkspaceEventConnectionStatus(WireModel):
    """Whether the events of a workspace arrive."""

    workspace_id: WorkspaceID
    status: Literal["connected", "connecting", "disconnected", "error"]


class WorkspaceAdapter(WireModel):
    """A way to make workspaces."""

    type: str
    name: str
    description: str


class ToolListItem(WireModel):
    """A tool as a model is told of it."""

    id: str
    description: str
    parameters: dict[str, Any]
    """JSON schema of the arguments."""


class GlobalSession(Session, NullableModel):
    """A session with the project it belongs to; null when that is no longer known."""

    nulls: ClassVar[tuple[str, ...]] = ("project",)

    project: ProjectSummary | None = None


class GlobalSessionQuery(WireModel):
    """The filters of `experimental.session.list`."""

    roots: Flag | None = None
    """`true`: without the sessions of subagents."""
    start: float | None = None
    """Updated at this moment (milliseconds) or later."""
    cursor: float | None = None
    """Updated before this moment: the `X-Next-Cursor` of the page before."""
    search: str | None = None
    """In the title, whatever the case."""
    limit: int | None = Field(default=None, ge=1)
    """At most so many, 100 where absent."""
    archived: Flag | None = None
    """`true`: archived ones too."""
