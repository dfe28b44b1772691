"""The directory in front of us: projects, paths, files and what git says of them."""

from typing import ClassVar, Literal

from pydantic import Field

from opencode.schema.wire import NullableModel, WireModel

ChangeStatus = Literal["added", "deleted", "modified"]


class Path(WireModel):
    """Where things are, for one instance."""

    home: str
    state: str
    config: str
    worktree: str
    """The root of the repository; `/` outside of one."""
    directory: str


class ProjectIcon(WireModel):
    """How a project is shown."""

    url: str | None = None
    override: str | None = None
    color: str | None = None


class ProjectCommands(WireModel):
    """Commands of a project."""

    start: str | None = None
    """Startup script to run when creating a new workspace (worktree)"""


class ProjectTime(WireModel):
    """Milliseconds since 1970."""

    created: int = Field(ge=0)
    updated: int = Field(ge=0)
    initialized: int | None = Field(default=None, ge=0)


class Project(WireModel):
    """A repository, whatever the number of its clones and worktrees; `global` for all the rest."""

    id: str
    worktree: str
    vcs: Literal["git"] | None = None
    name: str | None = None
    icon: ProjectIcon | None = None
    commands: ProjectCommands | None = None
    time: ProjectTime
    sandboxes: list[str]
    """Further clones and linked worktrees of the same project."""


class ProjectUpdate(WireModel):
    """What may be changed of a project; `icon` and `commands` are merged key by key."""

    name: str | None = None
    icon: ProjectIcon | None = None
    commands: ProjectCommands | None = None


class ProjectDirectory(WireModel):
    """A place where a project is checked out."""

    directory: str
    strategy: str | None = None


class ProjectSummary(WireModel):
    """A project beside a session that may belong to any."""

    id: str
    name: str | None = None
    worktree: str


class VcsInfo(NullableModel):
    """The branch that is checked out and the one that others start from; null without one."""

    nulls: ClassVar[tuple[str, ...]] = ("branch", "default_branch")

    branch: str | None = None
    default_branch: str | None = Field(default=None, alias="default_branch")


class VcsFileStatus(WireModel):
    """A file that differs from the last commit; untracked counts as added."""

    file: str
    additions: int
    deletions: int
    status: ChangeStatus


class VcsFileDiff(WireModel):
    """A changed file with its patch in git's format."""

    file: str
    patch: str | None = None
    additions: int
    deletions: int
    status: ChangeStatus | None = None


class VcsApplyInput(WireModel):
    """A patch to apply."""

    patch: str


class VcsApplied(WireModel):
    """The patch is in the working tree."""

    applied: bool


class FileNode(WireModel):
    """An entry of a directory."""

    name: str
    path: str
    """Relative to the instance's directory; a directory's ends with a slash."""
    absolute: str
    type: Literal["file", "directory"]
    ignored: bool
    """Whether `.gitignore` leaves it out."""


class FileContentPatchHunk(WireModel):
    """Lines of a patch that belong together."""

    old_start: int = Field(ge=0)
    old_lines: int = Field(ge=0)
    new_start: int = Field(ge=0)
    new_lines: int = Field(ge=0)
    lines: list[str]


class FileContentPatch(WireModel):
    """What changed in a file since the last commit."""

    old_file_name: str
    new_file_name: str
    old_header: str | None = None
    new_header: str | None = None
    hunks: list[FileContentPatchHunk]
    index: str | None = None


class FileContent(WireModel):
    """A file: text as it is, trailing whitespace removed, or anything else in base64."""

    type: Literal["text", "binary"]
    content: str
    diff: str | None = None
    patch: FileContentPatch | None = None
    encoding: Literal["base64"] | None = None
    mime_type: str | None = None


class File(WireModel):
    """A file that differs from the last commit, with its counted lines."""

    path: str
    added: int = Field(ge=0)
    removed: int = Field(ge=0)
    status: ChangeStatus


class Position(WireModel):
    """A place in a text, counted from 0."""

    line: int = Field(ge=0)
    character: int = Field(ge=0)


class Range(WireModel):
    """From a place to another, which is no longer part of it."""

    start: Position
    end: Position


class SymbolLocation(WireModel):
    """Where a symbol is defined."""

    uri: str
    range: Range


class Symbol(WireModel):
    """A name of the source code, as a language server knows it."""

    name: str
    kind: int = Field(ge=0)
    """The number of the language server protocol."""
    location: SymbolLocation
