"""From a path to what answers it: a tree of segments, so that a lookup costs the path's length.

Case and extra slashes do not matter in the fixed parts; a parameter keeps its case. A fixed segment
wins over a parameter, a parameter over the rest of the path (`*`).
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from urllib.parse import unquote

from opencode.api.operation import AnyOperation


@dataclass(slots=True)
class Node:
    """One segment's place in the tree."""

    fixed: dict[str, "Node"] = field(default_factory=dict)
    parameter: "Node | None" = None
    rest: "dict[str, AnyOperation] | None" = None
    methods: dict[str, AnyOperation] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Match:
    """What stands at a path: an operation per method, and the values of the path's parameters."""

    methods: dict[str, AnyOperation]
    values: tuple[str, ...] = ()

    @property
    def allow(self) -> list[str]:
        """The methods of the `Allow` header."""
        head = ["HEAD"] if "GET" in self.methods else []
        return [*self.methods, *head, "OPTIONS"]


class Routes:
    """The URL table of the operations."""

    def __init__(self, operations: Iterable[AnyOperation]) -> None:
        self._root = Node()
        self._plain: dict[str, Match] = {}
        for operation in operations:
            self._add(operation)

    def find(self, path: str) -> Match | None:
        """What stands at `path`, as it came in the request line (still percent-encoded)."""
        return self._plain.get(path) or self._walk(self._root, segments(path), ())

    def _add(self, operation: AnyOperation) -> None:
        node = self._root
        names = segments(operation.path)
        for name in names:
            if name == "*":
                node.rest = node.rest or {}
                node.rest[operation.method] = operation
                return
            node = _child(node, name)
        node.methods[operation.method] = operation
        if "{" not in operation.path:
            self._plain.setdefault(operation.path, Match(node.methods))

    def _walk(self, node: Node, path: list[str], values: tuple[str, ...]) -> Match | None:
        if not path:
            return Match(node.methods, values) if node.methods else None
        first, *later = path
        fixed = node.fixed.get(first.lower())
        if fixed is not None and (found := self._walk(fixed, later, values)):
            return found
        if node.parameter is not None:
            found = self._walk(node.parameter, later, (*values, unquote(first)))
            if found:
                return found
        if node.rest is not None:
            return Match(node.rest, (*values, "/".join(unquote(one) for one in path)))
        return None


def segments(path: str) -> list[str]:
    """The non-empty segments of a path."""
    return [part for part in path.split("/") if part]


def _child(node: Node, name: str) -> Node:
    if name.startswith("{"):
        node.parameter = node.parameter or Node()
        return node.parameter
    return node.fixed.setdefault(name.lower(), Node())
