"""The configuration of a directory: every file that has a say, in order, merged into one `Config`.

A later source wins; objects merge, `instructions` and `plugin` add up, other lists replace:

1. the global directory: `config.json`, `opencode.json`, `opencode.jsonc`
2. the file named by `OPENCODE_CONFIG`
3. `opencode.json`, then `opencode.jsonc`, from the worktree's root down to the directory
4. each configuration directory (see `config_directories`): its JSON files, then its markdown
   agents, commands and modes
5. the text in `OPENCODE_CONFIG_CONTENT`
6. the rules in `OPENCODE_PERMISSION`, merged into `permission`
"""

import asyncio
import os
import pwd
from collections.abc import Iterator, Mapping
from typing import Any

from opencode.project.configfile import SCHEMA_URL, change_file, check, read_file, read_text
from opencode.project.frontmatter import split
from opencode.schema.config import AgentConfig, CommandConfig, Config
from opencode.settings import Paths

Data = dict[str, Any]

GLOBAL_NAMES = ("config.json", "opencode.json", "opencode.jsonc")
NAMES = ("opencode.json", "opencode.jsonc")
EDIT_TOOLS = frozenset({"write", "edit", "patch", "multiedit", "apply_patch"})
"""Tools of the older `tools` switches that share the permission `edit`."""


async def load_config(
    directory: str, worktree: str, *, paths: Paths, environ: Mapping[str, str]
) -> Config:
    """The merged configuration of an absolute directory, defaults included."""
    return await asyncio.to_thread(_load, directory, worktree, paths, environ)


async def load_global(paths: Paths, environ: Mapping[str, str]) -> Config:
    """What the global files say, without any project or default but `$schema`."""
    return await asyncio.to_thread(_load_global, paths, environ)


def config_directories(
    directory: str, worktree: str, *, paths: Paths, environ: Mapping[str, str]
) -> list[str]:
    """Directories that may hold agents, commands and skills, weakest first; none need exist."""
    own = environ.get("OPENCODE_CONFIG_DIR")
    found = [
        paths.config,
        *(os.path.join(place, ".opencode") for place in _upward(directory, worktree)),
        os.path.join(paths.home, ".opencode"),
        *([os.path.abspath(own)] if own else []),
    ]
    return list(dict.fromkeys(found))


async def update_global(paths: Paths, patch: Config, *, environ: Mapping[str, str]) -> Config:
    """Change the global file and read it back. A null in `patch` removes the key."""
    if wanted := patch.patch():
        await asyncio.to_thread(change_file, _global_file(paths), wanted, environ)
    return await load_global(paths, environ)


async def update_project(
    directory: str, worktree: str, patch: Config, *, environ: Mapping[str, str]
) -> str:
    """Change the project's strongest file, or make `opencode.json`; answers its path."""

    def change() -> str:
        path = _project_file(directory, worktree)
        if wanted := patch.patch():
            change_file(path, wanted, environ)
        return path

    return await asyncio.to_thread(change)


def merge(target: Data, source: Data) -> Data:
    """`source` over `target`: objects merge and keep their first place, the rest replaces."""
    merged = dict(target)
    for key, value in source.items():
        old = merged.get(key)
        both = isinstance(old, dict) and isinstance(value, dict)
        merged[key] = merge(old, value) if both else value  # type: ignore[arg-type]
    return merged


def _load(directory: str, worktree: str, paths: Paths, environ: Mapping[str, str]) -> Config:
    data = _global(paths, environ)
    for source in _sources(directory, worktree, paths, environ):
        data = _add(data, source)
    return check(Config, _finish(data, environ), path=directory)


def _load_global(paths: Paths, environ: Mapping[str, str]) -> Config:
    data = {"$schema": SCHEMA_URL, **_global(paths, environ)}
    return check(Config, data, path=paths.config)


def _global(paths: Paths, environ: Mapping[str, str]) -> Data:
    data: Data = {}
    for name in GLOBAL_NAMES:
        data = merge(data, _normal(read_file(os.path.join(paths.config, name), environ)))
    return data


def _sources(
    directory: str, worktree: str, paths: Paths, environ: Mapping[str, str]
) -> Iterator[Data]:
    """Everything above the global files, weakest first."""
    if named := environ.get("OPENCODE_CONFIG"):
        yield _normal(read_file(os.path.join(directory, named), environ))
    for place in reversed(list(_upward(directory, worktree))):
        yield from (_normal(read_file(os.path.join(place, name), environ)) for name in NAMES)
    for place in config_directories(directory, worktree, paths=paths, environ=environ):
        if place != paths.config:
            yield from (_normal(read_file(os.path.join(place, name), environ)) for name in NAMES)
        yield _markdown(place)
    if content := environ.get("OPENCODE_CONFIG_CONTENT"):
        path = "OPENCODE_CONFIG_CONTENT"
        yield _normal(read_text(content, environ, path=path, base=directory))
    if rules := environ.get("OPENCODE_PERMISSION"):
        text, path = f'{{"permission":{rules}}}', "OPENCODE_PERMISSION"
        yield _normal(read_text(text, environ, path=path, base=directory))


def _upward(directory: str, worktree: str) -> Iterator[str]:
    """The directory and those above it, up to the worktree; to `/` where it is not inside."""
    current = directory
    while True:
        yield current
        parent = os.path.dirname(current)
        if current in (worktree, parent):
            return
        current = parent


def _add(data: Data, source: Data) -> Data:
    merged = merge(data, source)
    for key in ("instructions", "plugin"):
        if key in data and key in source:
            merged[key] = _joined(data[key], source[key], last=key == "plugin")
    return merged


def _joined(old: list[Any], new: list[Any], *, last: bool) -> list[Any]:
    """Both lists without repetition; the first or the last of the same items stays."""
    items = old + new
    kept: list[Any] = []
    for item in reversed(items) if last else items:
        if item not in kept:
            kept.append(item)
    return kept[::-1] if last else kept


def _normal(data: Data | None) -> Data:
    """A file's contents in the one form that the merge works on."""
    if data is None:
        return {}
    if isinstance(data.get("permission"), str):
        data["permission"] = {"*": data["permission"]}
    for key in ("agent", "mode"):
        if key in data:
            data[key] = {name: _agent(agent) for name, agent in data[key].items()}
    return data


def _agent(data: Data) -> Data:
    """Unknown keys join `options`, the older `tools` and `maxSteps` become what replaced them."""
    known = {field.alias or name for name, field in AgentConfig.model_fields.items()} | {"name"}
    extra = {key: value for key, value in data.items() if key not in known}
    rules = data.get("permission") or {}
    agent = {
        **data,
        "options": {**(data.get("options") or {}), **extra},
        "permission": merge(
            _switches(data.get("tools")), {"*": rules} if isinstance(rules, str) else rules
        ),
    }
    if "maxSteps" in data:
        agent.setdefault("steps", data["maxSteps"])
    return agent


def _switches(tools: Mapping[str, bool] | None) -> Data:
    """`tools: {"bash": false}` as rules."""
    rules: Data = {}
    for name, on in (tools or {}).items():
        rules["edit" if name in EDIT_TOOLS else name] = "allow" if on else "deny"
    return rules


def _finish(data: Data, environ: Mapping[str, str]) -> Data:
    """What every configuration has, and what older keys mean."""
    modes = {name: {**mode, "mode": "primary"} for name, mode in data.get("mode", {}).items()}
    permission = merge(_switches(data.get("tools")), data.get("permission", {}))
    return {
        "$schema": SCHEMA_URL,
        "command": {},
        "plugin": [],
        "mode": {},
        "username": _user(environ),
        **({"share": "auto"} if data.get("autoshare") else {}),
        **data,
        **({"permission": permission} if permission else {}),
        "agent": merge(data.get("agent", {}), modes),
    }


def _user(environ: Mapping[str, str]) -> str:
    if name := environ.get("USER") or environ.get("LOGNAME"):
        return name
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return "unknown"


def _markdown(place: str) -> Data:
    """The agents, commands and modes that a configuration directory holds as markdown."""
    agents: Data = {}
    for kind, extra in (("agent", {}), ("mode", {"mode": "primary"})):
        for name, path in _documents(place, kind):
            keys, body = _read_document(path)
            prompt = {"prompt": body.strip()} if body.strip() else {}
            agent = {**keys, **prompt, **extra, "name": name}
            agents[name] = _agent(check(AgentConfig, agent, path=path).plain())
    commands: Data = {}
    for name, path in _documents(place, "command"):
        keys, body = _read_document(path)
        command = {**keys, "template": body.strip()}
        commands[name] = check(CommandConfig, command, path=path).plain()
    found = {"agent": agents, "command": commands}
    return {key: value for key, value in found.items() if value}


def _documents(place: str, kind: str) -> Iterator[tuple[str, str]]:
    """Name and path of `<kind>/**/*.md` and `<kind>s/**/*.md`, in order of the path."""
    for folder in (os.path.join(place, kind), os.path.join(place, f"{kind}s")):
        seen: set[str] = set()
        for root, folders, files in os.walk(folder, followlinks=True):
            folders[:] = sorted(name for name in folders if not name.startswith("."))
            if (real := os.path.realpath(root)) in seen:
                folders.clear()
                continue
            seen.add(real)
            for file in sorted(name for name in files if name.endswith(".md")):
                path = os.path.join(root, file)
                yield os.path.relpath(path, folder).removesuffix(".md").replace(os.sep, "/"), path


def _read_document(path: str) -> tuple[Data, str]:
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return split(file.read())
    except OSError:
        return {}, ""


def _global_file(paths: Paths) -> str:
    """The strongest of the files that exist."""
    candidates = [os.path.join(paths.config, name) for name in reversed(GLOBAL_NAMES)]
    return next((path for path in candidates if os.path.isfile(path)), candidates[0])


def _project_file(directory: str, worktree: str) -> str:
    """The strongest file of the project that exists, so that what is written is what counts."""
    places = list(_upward(directory, worktree)) if worktree != "/" else [directory]
    folders = [os.path.join(place, ".opencode") for place in reversed(places)] + places
    candidates = [os.path.join(folder, name) for folder in folders for name in reversed(NAMES)]
    missing = os.path.join(directory, NAMES[0])
    return next((path for path in candidates if os.path.isfile(path)), missing)
