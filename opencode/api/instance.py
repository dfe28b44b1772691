"""One directory opened: where it is, what its version control says, who works there."""

from typing import Annotated, Literal

from pydantic import Field

from opencode.api.operation import Call, Content, operation
from opencode.errors import VcsApplyError
from opencode.schema.agent import Agent, Command, Skill
from opencode.schema.project import (
    Path,
    VcsApplied,
    VcsApplyInput,
    VcsFileDiff,
    VcsFileStatus,
    VcsInfo,
)
from opencode.schema.service import FormatterStatus, LSPStatus

PATCH = "text/x-diff; charset=utf-8"


@operation("path.get", "GET /path", tag="instance")
async def get_path(call: Call) -> Path:
    """Get paths

    Where the user's files, the configuration and this directory are.
    """
    paths, location = call.app.settings.paths, call.instance.location
    return Path(
        home=paths.home,
        state=paths.state,
        config=paths.config,
        worktree=location.worktree,
        directory=location.directory,
    )


@operation("vcs.get", "GET /vcs", tag="instance")
async def get_vcs(call: Call) -> VcsInfo:
    """Get VCS info

    The branch, and the one that others start from; null where there is none.
    """
    return await call.instance.git.info()


@operation("vcs.status", "GET /vcs/status", tag="instance")
async def vcs_status(call: Call) -> list[VcsFileStatus]:
    """Get VCS status

    Files below the directory that differ from the last commit; untracked ones count as added.
    """
    return await call.instance.git.status()


@operation("vcs.diff", "GET /vcs/diff", tag="instance")
async def vcs_diff(
    call: Call,
    mode: Literal["git", "branch"],
    context: Annotated[int | None, Field(ge=0)] = None,
) -> list[VcsFileDiff]:
    """Get VCS diff

    `git`: against the last commit. `branch`: against where the branch left the default one.
    `context` is the number of unchanged lines around a change.
    """
    return await call.instance.git.diff(mode, context=context)


@operation("vcs.diff.raw", "GET /vcs/diff/raw", tag="instance")
async def vcs_diff_raw(call: Call) -> Content:
    """Get raw VCS diff

    One patch of everything that is not committed.
    """
    patch = await call.instance.git.raw_diff()
    return Content(patch.encode("utf-8", "surrogateescape"), PATCH)


@operation("vcs.apply", "POST /vcs/apply", errors=[VcsApplyError], tag="instance")
async def vcs_apply(call: Call, body: VcsApplyInput) -> VcsApplied:
    """Apply VCS patch

    Changes the working tree, wholly or not at all.
    """
    await call.instance.git.apply(body.patch)
    return VcsApplied(applied=True)


@operation("instance.dispose", "POST /instance/dispose")
async def dispose(call: Call) -> bool:
    """Dispose instance

    Ends what runs in the directory; the next request opens it afresh.
    """
    await call.app.dispose_instance(call.instance.directory)
    return True


@operation("app.agents", "GET /agent", tag="instance")
async def agents(call: Call) -> list[Agent]:
    """List agents

    The default agent first, the others by name, hidden ones included.
    """
    return call.instance.agents.list()


@operation("command.list", "GET /command", tag="instance")
async def commands(call: Call) -> list[Command]:
    """List commands

    Those that are built in, those of the configuration, and one for each skill.
    """
    return await call.instance.commands.list()


@operation("app.skills", "GET /skill", tag="instance")
async def skills(call: Call) -> list[Skill]:
    """List skills"""
    return await call.instance.skills.list()


@operation("lsp.status", "GET /lsp", tag="instance")
async def lsp_status(call: Call) -> list[LSPStatus]:
    """Get LSP status

    The language servers at work; this server starts none.
    """
    return []


@operation("formatter.status", "GET /formatter", tag="instance")
async def formatter_status(call: Call) -> list[FormatterStatus]:
    """Get formatter status

    The formatters of the configuration. This server gives files to none, so none is enabled.
    """
    configured = call.instance.config.formatter
    if not isinstance(configured, dict):
        return []
    return [
        FormatterStatus(name=name, extensions=given.extensions or [], enabled=False)
        for name, given in configured.items()
        if not given.disabled
    ]
