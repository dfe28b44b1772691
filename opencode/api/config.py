"""The configuration, of a directory and of everybody: read, changed in its files, and the providers
it comes to."""

from opencode.api.operation import Call, operation
from opencode.errors import ConfigInvalidError, ConfigJsonError
from opencode.project.config import load_global, update_global, update_project
from opencode.schema.config import Config
from opencode.schema.provider import ConfigProviders
from opencode.schema.wire import Encoded

REFUSALS = [ConfigJsonError, ConfigInvalidError]


@operation("config.get", "GET /config", errors=REFUSALS)
async def get(call: Call) -> Config:
    """Get configuration

    Every source merged, as it is in force for the directory.
    """
    return call.instance.config


@operation("config.update", "PATCH /config", errors=REFUSALS)
async def update(call: Call, body: Config) -> Config:
    """Update configuration

    Changes the project's configuration file, comments kept; null removes a key. Answers what was
    understood of the body. The project's directories are opened afresh.
    """
    if not body.patch():
        return body
    location, app = call.instance.location, call.app
    await update_project(location.directory, location.worktree, body, environ=app.settings.environ)
    for instance in app.opened():
        if instance.location.worktree == location.worktree:
            await app.dispose_instance(instance.directory)
    return body


@operation("config.providers", "GET /config/providers", errors=REFUSALS)
async def providers(call: Call) -> Encoded[ConfigProviders]:
    """List config providers

    The providers that can be used, with their models and the preferred one of each.
    """
    return await (await call.instance.providers()).config_wire()


@operation("global.config.get", "GET /global/config", errors=REFUSALS, scope="global")
async def get_global(call: Call) -> Config:
    """Get global configuration

    What the files in the user's configuration directory say, without defaults.
    """
    settings = call.app.settings
    return await load_global(settings.paths, settings.environ)


@operation("global.config.update", "PATCH /global/config", errors=REFUSALS, scope="global")
async def update_globally(call: Call, body: Config) -> Config:
    """Update global configuration

    Changes the file in the user's configuration directory, comments kept; null removes a key. Every
    directory is opened afresh.
    """
    settings = call.app.settings
    changed = await update_global(settings.paths, body, environ=settings.environ)
    if body.patch():
        await call.app.dispose()
    return changed
