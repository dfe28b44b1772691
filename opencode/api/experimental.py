"""What the contract calls experimental. Features this server lacks answer as empty as they are."""

from opencode.api.operation import Call, operation
from opencode.schema.experimental import (
    ConsoleOrgs,
    ConsoleState,
    ExperimentalCapabilities,
    Flag,
    GlobalSession,
    GlobalSessionQuery,
    ToolListItem,
    Workspace,
    WorkspaceAdapter,
    WorkspaceEventConnectionStatus,
)
from opencode.schema.service import McpResource
from opencode.schema.wire import Encoded
from opencode.session.subagent import told
from opencode.storage.listing import GlobalFilter, global_sessions

DEFAULT_LIMIT = 100


@operation("experimental.capabilities.get", "GET /experimental/capabilities")
async def capabilities(call: Call) -> ExperimentalCapabilities:
    """Get experimental capabilities"""
    return ExperimentalCapabilities(background_subagents=False)


@operation("experimental.console.get", "GET /experimental/console")
async def console(call: Call) -> ConsoleState:
    """Get active Console provider metadata

    This server has no account with the hosted console.
    """
    return ConsoleState(console_managed_providers=[], switchable_org_count=0)


@operation("experimental.console.listOrgs", "GET /experimental/console/orgs")
async def console_orgs(call: Call) -> ConsoleOrgs:
    """List switchable Console orgs"""
    return ConsoleOrgs(orgs=[])


@operation("experimental.resource.list", "GET /experimental/resource")
async def resources(call: Call) -> dict[str, McpResource]:
    """Get MCP resources

    Those of connected servers; this server connects to none.
    """
    return {}


@operation(
    "experimental.workspace.adapter.list", "GET /experimental/workspace/adapter", tag="workspace"
)
async def workspace_adapters(call: Call) -> list[WorkspaceAdapter]:
    """List workspace adapters"""
    return []


@operation("experimental.workspace.list", "GET /experimental/workspace", tag="workspace")
async def workspaces(call: Call) -> list[Workspace]:
    """List workspaces"""
    return []


@operation("experimental.workspace.status", "GET /experimental/workspace/status", tag="workspace")
async def workspace_status(call: Call) -> list[WorkspaceEventConnectionStatus]:
    """Workspace status"""
    return []


@operation("worktree.list", "GET /experimental/worktree", tag="experimental")
async def worktrees(call: Call) -> list[str]:
    """List worktrees

    Further places where the project is checked out, as far as they were opened here.
    """
    project = await call.app.projects.find(call.instance.project.id)
    return [] if project is None else project.sandboxes


@operation("tool.ids", "GET /experimental/tool/ids", tag="experimental")
async def tool_ids(call: Call) -> list[str]:
    """List tool IDs"""
    return call.instance.toolbox.names


@operation("tool.list", "GET /experimental/tool", tag="experimental")
async def tools(call: Call, provider: str, model: str) -> list[ToolListItem]:
    """List tools

    Those this model is offered, with the JSON schemas of their arguments.
    """
    instance = call.instance
    return [
        ToolListItem(id=one.name, description=one.description, parameters=one.parameters)
        for one in told(instance.toolbox.specs(model=model), instance.agents.list())
    ]


@operation("experimental.session.list", "GET /experimental/session")
async def sessions(call: Call, query: GlobalSessionQuery) -> Encoded[list[GlobalSession]]:
    """List sessions

    Of all projects, or of the directory if one is given, newest change first. `X-Next-Cursor` is
    the `cursor` of the next page.
    """
    wanted = GlobalFilter(
        directory=call.instance.directory if "directory" in call.query else None,
        roots=_is(query.roots),
        since=query.start,
        before=query.cursor,
        search=query.search,
        archived=_is(query.archived),
        limit=query.limit or DEFAULT_LIMIT,
    )
    rows, more = await call.app.database.read(lambda db: global_sessions(db, wanted))
    if more:
        call.next_page("cursor", str(rows[-1].updated))
    return Encoded(f"[{','.join(row.data for row in rows)}]".encode())


def _is(flag: Flag | None) -> bool:
    return flag is True or flag == "true"
