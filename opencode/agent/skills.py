"""Skills: instructions that are loaded when they are needed, from `SKILL.md` files.

A later place wins over an earlier one under the same name:

1. what is built in
2. `.claude/skills` and `.agents/skills` of the home directory, then of the worktree's root down to
   the directory
3. `skill` and `skills` of each configuration directory
4. the paths named by `skills.paths` in the configuration
"""

import asyncio
import logging
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Self

from opencode.agent.prompts import template
from opencode.project.config import config_directories
from opencode.project.frontmatter import split
from opencode.project.locate import Location
from opencode.schema.agent import Skill
from opencode.schema.config import Config
from opencode.settings import Paths

log = logging.getLogger(__name__)
BUILT_IN = "<built-in>"
FILE = "SKILL.md"
FOREIGN = (".claude", ".agents")
"""Directories of other programs whose skills are written the same way."""
OWN = ("skill", "skills")
CONFIGURING = "customize-opencode"
CONFIGURING_WHEN = (
    "For work on the configuration of opencode itself: opencode.json or opencode.jsonc, agents, "
    "commands, skills, permission rules and MCP servers, in a project or for the whole user. "
    "Not for the code of an application."
)
MAX_BYTES = 1024 * 1024
MAX_DEPTH = 6


@dataclass(frozen=True, slots=True)
class SkillPlaces:
    """Where skills of a directory are looked for."""

    home: str
    directory: str
    worktree: str
    configuration: tuple[str, ...] = ()
    """Configuration directories, weakest first."""
    extra: tuple[str, ...] = ()
    """Paths from the configuration; a relative one starts at the directory, `~` is the home."""

    @classmethod
    def of(
        cls, location: Location, config: Config, paths: Paths, *, environ: Mapping[str, str]
    ) -> Self:
        """The usual places of a location, and those its configuration adds."""
        directory, worktree = location.directory, location.worktree
        own = config_directories(directory, worktree, paths=paths, environ=environ)
        extra = config.skills.paths if config.skills else None
        return cls(paths.home, directory, worktree, tuple(own), tuple(extra or ()))


class Skills:
    """The skills of a directory, looked for each time: a new or changed file counts at once."""

    def __init__(self, places: SkillPlaces) -> None:
        self._places = places
        self._built_in = _built_in()
        self._known: dict[str, tuple[tuple[int, int], Skill | None]] = {}
        """What was read from a file when its time and size were these."""

    def _read(self) -> list[Skill]:
        found = {CONFIGURING: self._built_in}
        for folder in _folders(self._places):
            for path in _documents(folder):
                skill = self._skill(path)
                if skill is not None:
                    found.pop(skill.name, None)
                    found[skill.name] = skill
        return list(found.values())

    def _skill(self, path: str) -> Skill | None:
        try:
            status = os.stat(path)
        except OSError:
            return None
        stamp = (status.st_mtime_ns, status.st_size)
        known = self._known.get(path)
        if known is None or known[0] != stamp:
            known = self._known[path] = (stamp, _skill(path))
        return known[1]

    async def list(self) -> list[Skill]:
        """In the order of the places, and by path within one."""
        return await asyncio.to_thread(self._read)

    async def directories(self) -> Sequence[str]:
        """Where the skills lie that come from files."""
        places = (skill.location for skill in await self.list() if skill.location != BUILT_IN)
        return [os.path.dirname(place) for place in places]


def _built_in() -> Skill:
    return Skill(
        name=CONFIGURING,
        description=CONFIGURING_WHEN,
        location=BUILT_IN,
        content=template("customize-opencode.md"),
    )


def _folders(places: SkillPlaces) -> Iterator[str]:
    above = list(_upward(places.directory, places.worktree))
    for place in dict.fromkeys((places.home, *reversed(above))):
        yield from (os.path.join(place, name, "skills") for name in FOREIGN)
    for place in places.configuration:
        yield from (os.path.join(place, name) for name in OWN)
    for path in places.extra:
        given = os.path.join(places.home, path[2:]) if path.startswith("~/") else path
        yield os.path.join(places.directory, given)


def _upward(directory: str, worktree: str) -> Iterator[str]:
    """The directory and those above it up to the worktree; alone where it is not inside."""
    if worktree == "/" or os.path.commonpath((directory, worktree)) != worktree:
        yield directory
        return
    while True:
        yield directory
        if directory == worktree:
            return
        directory = os.path.dirname(directory)


def _documents(folder: str) -> Iterator[str]:
    """Every `SKILL.md` below a folder, links followed as deep as people nest them."""
    for root, folders, files in os.walk(folder, followlinks=True):
        depth = root[len(folder) :].count(os.sep)
        folders[:] = sorted(folders) if depth < MAX_DEPTH else []
        if FILE in files:
            yield os.path.join(root, FILE)


def _skill(path: str) -> Skill | None:
    """The skill of a file; None without the front matter that names and describes it."""
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            keys, body = split(file.read(MAX_BYTES))
    except OSError as error:
        log.warning("a skill cannot be read: path=%s reason=%s", path, error.strerror)
        return None
    name, description = keys.get("name"), keys.get("description")
    if not isinstance(name, str) or not name:
        return None
    return Skill(
        name=name,
        description=description if isinstance(description, str) else "",
        location=path,
        content=body,
    )
