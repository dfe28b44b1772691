"""Projects: the repositories this data directory has seen."""

from opencode.api.operation import Call, operation
from opencode.errors import BadRequestError, ProjectNotFoundError
from opencode.instance import Instance
from opencode.project.process import run_git
from opencode.schema.project import (
    Project,
    ProjectCommands,
    ProjectDirectory,
    ProjectIcon,
    ProjectUpdate,
)
from opencode.schema.wire import Encoded, WireModel

GLOBAL = "global"


@operation("project.list", "GET /project")
async def list_projects(call: Call) -> Encoded[list[Project]]:
    """List all projects"""
    return await call.app.projects.list()


@operation("project.current", "GET /project/current")
async def current(call: Call) -> Project:
    """Get current project

    The project of the directory; `global` where no commit of a repository identifies it.
    """
    return _of(call.instance)


@operation("project.directories", "GET /project/{projectID}/directories", scope="none")
async def directories(call: Call, project_id: str) -> list[ProjectDirectory]:
    """List project directories

    Where the project is checked out, as far as it was opened here.
    """
    project = await call.app.projects.find(project_id)
    if project is None:
        return []
    places = dict.fromkeys((project.worktree, *project.sandboxes))
    return [ProjectDirectory(directory=place) for place in places]


@operation(
    "project.update", "PATCH /project/{projectID}", errors=[ProjectNotFoundError], scope="none"
)
async def update(call: Call, project_id: str, body: ProjectUpdate) -> Project:
    """Update project

    `icon` and `commands` are changed key by key; what is absent stays.
    """
    project = await call.app.projects.change(project_id, lambda one: _change(one, body))
    for instance in call.app.opened():
        if instance.project.id == project.id:
            instance.project = project
    return project


@operation("project.initGit", "POST /project/git/init")
async def init_git(call: Call) -> Project:
    """Initialize git repository

    Makes the directory a repository, if it is not in one, and opens it afresh.
    """
    directory = call.instance.directory
    if call.instance.location.vcs is None:
        answer = await run_git("init", "--quiet", cwd=directory)
        if answer.code != 0:
            reason = answer.err.decode("utf-8", "replace").strip()
            raise BadRequestError(f"git init failed: {reason}", "Query")
        await call.app.dispose_instance(directory)
    return _of(await call.app.instance(directory))


def _of(instance: Instance) -> Project:
    """All that has no identity shares one record, so the place is the instance's own."""
    project = instance.project
    if project.id != GLOBAL:
        return project
    where = {"worktree": instance.location.worktree, "vcs": instance.location.vcs}
    return project.model_copy(update={**where, "sandboxes": []})


def _change(project: Project, body: ProjectUpdate) -> None:
    if body.name is not None:
        project.name = body.name
    if body.icon is not None:
        project.icon = ProjectIcon.model_validate(_merged(project.icon, body.icon))
    if body.commands is not None:
        project.commands = ProjectCommands.model_validate(_merged(project.commands, body.commands))


def _merged(old: WireModel | None, new: WireModel) -> dict[str, object]:
    return {**(old.plain() if old else {}), **new.plain()}
