"""Conversations: the session, its status, and the bodies that create and change one."""

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from opencode.ids import MessageID, PartID, SessionID, WorkspaceID
from opencode.schema.part import CacheTokens
from opencode.schema.request import PermissionRule
from opencode.schema.wire import WireModel


class SnapshotFileDiff(WireModel):
    """How one file changed between two states of the directory."""

    file: str | None = None
    """The path relative to the worktree."""
    patch: str | None = None
    additions: int
    deletions: int
    status: Literal["added", "deleted", "modified"] | None = None


class SessionSummary(WireModel):
    """What the session changed, in lines and files."""

    additions: int = 0
    deletions: int = 0
    files: int = 0
    diffs: list[SnapshotFileDiff] | None = None


class SessionTokens(WireModel):
    """Sums over all answers of the session."""

    input: int = 0
    output: int = 0
    reasoning: int = 0
    cache: CacheTokens = Field(default_factory=CacheTokens)


class SessionShare(WireModel):
    """Where the session can be read by others."""

    url: str


def _as_session_model(value: Any) -> Any:
    """Accept a model in all three spellings clients send: `{providerID,id}`, `{providerID,modelID}`
    and `provider/model`."""
    if isinstance(value, str) and "/" in value:
        provider, model = value.split("/", 1)
        return {"providerID": provider, "id": model}
    if isinstance(value, dict) and "modelID" in value and "id" not in value:
        return {**value, "id": value["modelID"]}
    return value


class SessionModel(WireModel):
    """The model a session was last prompted with."""

    id: str
    provider_id: str
    variant: str | None = None


class SessionTime(WireModel):
    """Milliseconds."""

    created: int
    updated: int
    compacting: int | None = None
    archived: int | None = None


class SessionRevert(WireModel):
    """The point the session was taken back to, until the next prompt makes that final."""

    message_id: MessageID
    part_id: PartID | None = None
    snapshot: str | None = None
    diff: str | None = None


class Session(WireModel):
    """A conversation in a directory."""

    id: SessionID
    slug: str
    project_id: str
    workspace_id: WorkspaceID | None = None
    directory: str
    path: str | None = None
    """The directory relative to the worktree."""
    parent_id: SessionID | None = None
    summary: SessionSummary | None = None
    cost: float | None = None
    tokens: SessionTokens | None = None
    share: SessionShare | None = None
    title: str
    agent: str | None = None
    model: SessionModel | None = None
    version: str
    metadata: dict[str, Any] | None = None
    time: SessionTime
    permission: list[PermissionRule] | None = None
    revert: SessionRevert | None = None


class SessionStatusIdle(WireModel):
    """Nothing runs."""

    type: Literal["idle"] = "idle"


class SessionStatusRetryAction(WireModel):
    """What the user may do about a failing provider."""

    reason: str
    provider: str
    title: str
    message: str
    label: str
    link: str | None = None


class SessionStatusRetry(WireModel):
    """The provider failed; `next` is the moment of the next attempt, in milliseconds."""

    type: Literal["retry"] = "retry"
    attempt: int
    message: str
    action: SessionStatusRetryAction | None = None
    next: int


class SessionStatusBusy(WireModel):
    """A run is under way."""

    type: Literal["busy"] = "busy"


SessionStatus = Annotated[
    SessionStatusIdle | SessionStatusRetry | SessionStatusBusy, Field(discriminator="type")
]


class SessionCreateInput(WireModel):
    """The body of `session.create`; all of it is optional."""

    parent_id: SessionID | None = None
    title: str | None = None
    agent: str | None = None
    model: Annotated[SessionModel | None, BeforeValidator(_as_session_model)] = None
    metadata: dict[str, Any] | None = None
    permission: list[PermissionRule] | None = None
    workspace_id: WorkspaceID | None = None


class SessionTimeInput(WireModel):
    """`archived` in milliseconds; null brings the session back."""

    archived: int | None = None


class SessionUpdateInput(WireModel):
    """The body of `session.update`: what is absent stays."""

    title: str | None = None
    metadata: dict[str, Any] | None = None
    permission: list[PermissionRule] | None = None
    """Appended to the rules the session has."""
    time: SessionTimeInput | None = None


class SessionRevertInput(WireModel):
    """The body of `session.revert`."""

    message_id: MessageID
    part_id: PartID | None = None
    """Keep what the answer says before this part."""


class SessionForkInput(WireModel):
    """The body of `session.fork`."""

    message_id: MessageID | None = None
    """Copy what was said before this message; everything where absent."""


class SessionSummarizeInput(WireModel):
    """The body of `session.summarize`: the model that writes the summary."""

    provider_id: str
    model_id: str
    auto: bool | None = None
    """Accepted and without effect: what is asked for by hand is told as that."""


class SessionListQuery(WireModel):
    """The filters of `session.list`."""

    scope: Literal["project"] | None = None
    """`project`: the whole project, whatever the directory."""
    path: str | None = None
    """Sessions of this path within the project and below it."""
    roots: Literal["true", "false"] | None = None
    """`true`: without the sessions of subagents."""
    start: float | None = None
    """Updated at this moment (milliseconds) or later."""
    search: str | None = None
    """In the title, whatever the case."""
    limit: int | None = Field(default=None, ge=0)
    """At most so many, 100 where absent."""
