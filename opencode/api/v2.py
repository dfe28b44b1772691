"""The `/api` family: a second reading of the same rooms, translation and nothing else."""

import asyncio
import base64
import binascii

import pydantic
from pydantic import Field

from opencode.api import translation
from opencode.api.operation import Call, operation
from opencode.errors import (
    ForbiddenError,
    InvalidCursorError,
    NotFoundError,
    ProviderNotFoundError,
    SessionNotFoundError,
)
from opencode.ids import SessionID
from opencode.provider.catalog import ProviderSet
from opencode.schema import v2
from opencode.schema.provider import Provider
from opencode.schema.session import Session
from opencode.schema.wire import Encoded, WireModel
from opencode.storage.listing import (
    CreatedFilter,
    Direction,
    created_sessions,
    forget_permission,
    saved_permissions,
)


@operation("v2.health.get", "GET /api/health", scope="global", tag="opencode HttpApi")
async def health(call: Call) -> v2.V2Health:
    """Check server health"""
    return v2.V2Health()


@operation("v2.location.get", "GET /api/location", tag="opencode HttpApi")
async def location(call: Call) -> v2.LocationInfo:
    """Get location

    The directory asked for, or the server's own.
    """
    return _location(call)


@operation("v2.agent.list", "GET /api/agent", tag="opencode HttpApi")
async def agents(call: Call) -> v2.AgentsAnswer:
    """List agents"""
    found = [translation.agent(one) for one in call.instance.agents.list()]
    return v2.AgentsAnswer(location=_location(call), data=found)


@operation("v2.command.list", "GET /api/command", tag="commands")
async def commands(call: Call) -> v2.CommandsAnswer:
    """List commands

    Without those that are made of skills.
    """
    found = await call.instance.commands.list()
    data = [translation.command(one) for one in found if one.source == "command"]
    return v2.CommandsAnswer(location=_location(call), data=data)


@operation("v2.skill.list", "GET /api/skill", tag="skills")
async def skills(call: Call) -> v2.SkillsAnswer:
    """List skills"""
    found = [translation.skill(one) for one in await call.instance.skills.list()]
    return v2.SkillsAnswer(location=_location(call), data=found)


@operation("v2.reference.list", "GET /api/reference", tag="reference")
async def references(call: Call) -> v2.ReferencesAnswer:
    """List references

    Places beyond the directory that the agent may look into; this server opens none.
    """
    return v2.ReferencesAnswer(location=_location(call), data=[])


# Models ------------------------------------------------------------------------------------------


@operation("v2.model.list", "GET /api/model", tag="models")
async def models(call: Call) -> Encoded[v2.ModelsAnswer]:
    """List models

    Those of connected providers, the newest first.
    """
    providers = await call.instance.providers()
    return Encoded(await asyncio.to_thread(_models, _location(call), providers))


@operation("v2.provider.list", "GET /api/provider", tag="providers")
async def providers(call: Call) -> v2.ProvidersAnswer:
    """List providers

    Those that can be used.
    """
    found = await asyncio.to_thread(_connected, await call.instance.providers())
    data = [translation.provider(one) for one in found]
    return v2.ProvidersAnswer(location=_location(call), data=data)


@operation(
    "v2.provider.get",
    "GET /api/provider/{providerID}",
    errors=[ProviderNotFoundError],
    tag="providers",
)
async def provider(call: Call, provider_id: str) -> v2.ProviderAnswer:
    """Get provider

    Connected or not.
    """
    found = (await call.instance.providers()).get(provider_id)
    if found is None:
        body = (await call.app.catalog.listing()).get(provider_id)
        if body is None:
            raise ProviderNotFoundError(provider_id)
        found = await asyncio.to_thread(Provider.parse, body)
    return v2.ProviderAnswer(location=_location(call), data=translation.provider(found))


@operation("v2.integration.list", "GET /api/integration", tag="integrations")
async def integrations(call: Call) -> v2.IntegrationsAnswer:
    """List integrations

    Every provider that is known, with the ways to sign in.
    """
    return v2.IntegrationsAnswer(location=_location(call), data=await _integrations(call))


@operation("v2.integration.get", "GET /api/integration/{integrationID}", tag="integrations")
async def integration(call: Call, integration_id: str) -> v2.IntegrationAnswer:
    """Get integration"""
    found = (one for one in await _integrations(call) if one.id == integration_id)
    return v2.IntegrationAnswer(location=_location(call), data=next(found, None))


# Files -------------------------------------------------------------------------------------------


@operation(
    "v2.fs.list", "GET /api/fs/list", errors=[ForbiddenError, NotFoundError], tag="filesystem"
)
async def list_files(call: Call, path: str = "") -> v2.EntriesAnswer:
    """List directory

    Its entries, directories first.
    """
    found = await call.instance.files.list(path)
    data = [v2.FileSystemEntry(path=one.path, type=one.type) for one in found]
    return v2.EntriesAnswer(location=_location(call), data=data)


@operation("v2.fs.find", "GET /api/fs/find", tag="filesystem")
async def find_files(call: Call, query: v2.FsFindQuery) -> v2.EntriesAnswer:
    """Find files

    Files and directories by a few letters of their name, the best first.
    """
    found = await call.instance.finder.find(query.query, kind=query.type, limit=query.limit)
    data = [v2.FileSystemEntry(path=one.path, type=one.type) for one in found]
    return v2.EntriesAnswer(location=_location(call), data=data)


# What waits for a person -------------------------------------------------------------------------


@operation("v2.permission.request.list", "GET /api/permission/request", tag="permissions")
async def permission_requests(call: Call) -> v2.PermissionRequestsAnswer:
    """List pending permission requests"""
    found = [translation.permission_request(one) for one in call.instance.broker.pending()]
    return v2.PermissionRequestsAnswer(location=_location(call), data=found)


@operation("v2.question.request.list", "GET /api/question/request", tag="session questions")
async def question_requests(call: Call) -> v2.QuestionRequestsAnswer:
    """List pending question requests"""
    pending = call.instance.broker.pending_questions()
    data = [translation.question_request(one) for one in pending]
    return v2.QuestionRequestsAnswer(location=_location(call), data=data)


@operation(
    "v2.permission.saved.list", "GET /api/permission/saved", scope="global", tag="permissions"
)
async def saved(call: Call, project_id: str | None = None) -> v2.SavedPermissionsAnswer:
    """List saved permissions

    What users allowed for always, of one project or of all.
    """
    rows = await call.app.database.read(lambda db: saved_permissions(db, project_id))
    return v2.SavedPermissionsAnswer(
        data=[
            v2.PermissionSavedInfo(
                id=row.id, project_id=row.project_id, action=row.permission, resource=row.pattern
            )
            for row in rows
        ]
    )


@operation(
    "v2.permission.saved.remove",
    "DELETE /api/permission/saved/{id}",
    scope="global",
    tag="permissions",
)
async def remove_saved(call: Call, id: str) -> None:
    """Remove saved permission

    From the next call on somebody is asked again. One that is not there is no error.
    """
    await call.app.database.write(lambda db: forget_permission(db, id))


# Sessions ----------------------------------------------------------------------------------------


class Anchor(WireModel):
    """The session a page is next to."""

    id: SessionID
    time: int
    direction: Direction = "next"


class Cursor(WireModel):
    """What a cursor holds: the filters of its list, and where the page is."""

    workspace: str | None = None
    order: str | None = Field(default=None, pattern="^(asc|desc)$")
    search: str | None = None
    directory: str | None = None
    project: str | None = None
    subpath: str | None = None
    anchor: Anchor


@operation(
    "v2.session.list",
    "GET /api/session",
    errors=[InvalidCursorError],
    scope="global",
    tag="sessions",
)
async def sessions(call: Call, query: v2.SessionsQuery) -> Encoded[v2.SessionsResponse]:
    """List sessions

    Of all projects, in the order of their creation. The cursors lead to the pages beside this one.
    """
    rows = await call.app.database.read(lambda db: created_sessions(db, _filter(query)))
    return Encoded(await asyncio.to_thread(_page, rows, query))


@operation("v2.session.active", "GET /api/session/active", scope="global", tag="sessions")
async def active(call: Call) -> v2.ActiveAnswer:
    """List active sessions

    Those at work in this process.
    """
    busy = [one for instance in call.app.opened() for one in instance.runner.status()]
    return v2.ActiveAnswer(data={session_id: v2.SessionActive() for session_id in busy})


@operation(
    "v2.session.get",
    "GET /api/session/{sessionID}",
    errors=[SessionNotFoundError],
    scope="global",
    tag="sessions",
)
async def session(call: Call, session_id: SessionID) -> v2.SessionAnswer:
    """Get session"""
    found = await call.app.sessions.find(session_id)
    if found is None:
        raise SessionNotFoundError(session_id)
    return v2.SessionAnswer(data=translation.session(found))


def _location(call: Call) -> v2.LocationInfo:
    instance = call.instance
    project = v2.LocationProject(id=instance.project.id, directory=instance.location.worktree)
    return v2.LocationInfo(directory=instance.directory, project=project)


def _connected(providers: ProviderSet) -> list[Provider]:
    found = (providers.get(provider_id) for provider_id in providers.connected)
    return [one for one in found if one is not None]


def _models(location: v2.LocationInfo, providers: ProviderSet) -> bytes:
    data = [model for one in _connected(providers) for model in translation.models(one)]
    data.sort(key=lambda model: -model.time.released)
    return v2.ModelsAnswer(location=location, data=data).wire()


async def _integrations(call: Call) -> list[v2.IntegrationInfo]:
    known, stored = await call.app.catalog.known(), call.app.credentials.all()
    environ = call.app.settings.environ
    return [
        translation.integration(name, entry, stored=name in stored, environ=environ)
        for name, entry in known.items()
    ]


def _filter(query: v2.SessionsQuery) -> CreatedFilter:
    wanted = query if query.cursor is None else _cursor(query.cursor)
    anchor = wanted.anchor if isinstance(wanted, Cursor) else None
    return CreatedFilter(
        oldest_first=wanted.order == "asc",
        directory=wanted.directory,
        project_id=wanted.project,
        path=wanted.subpath,
        workspace=wanted.workspace,
        search=wanted.search,
        anchor=anchor.id if anchor else None,
        direction=anchor.direction if anchor else "next",
        limit=query.limit,
    )


def _cursor(text: str) -> Cursor:
    try:
        return Cursor.parse(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    except (binascii.Error, ValueError, pydantic.ValidationError):
        raise InvalidCursorError from None


def _page(rows: list[str], query: v2.SessionsQuery) -> bytes:
    found = [translation.session(Session.parse(row)) for row in rows]
    cursor = v2.SessionsCursor()
    if found:
        same = query if query.cursor is None else _cursor(query.cursor)
        cursor.previous = _encoded(same, found[0], "previous")
        cursor.next = _encoded(same, found[-1], "next")
    return v2.SessionsResponse(data=found, cursor=cursor).wire()


def _encoded(same: v2.SessionsQuery | Cursor, one: v2.SessionV2Info, direction: Direction) -> str:
    cursor = Cursor(
        workspace=same.workspace,
        order=same.order,
        search=same.search,
        directory=same.directory,
        project=same.project,
        subpath=same.subpath,
        anchor=Anchor(id=one.id, time=one.time.created, direction=direction),
    )
    return base64.urlsafe_b64encode(cursor.wire()).decode().rstrip("=")
