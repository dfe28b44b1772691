"""JSON with comments and trailing commas: reading it, and changing keys without touching the rest.

Comments and trailing commas are overwritten with spaces, so every offset in what is parsed is an
offset in the file. An edit is a merge patch (RFC 7396) made key by key in the text itself: what
stands between the changed values stays as the author wrote it.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NoReturn

STRING = r'"(?:[^"\\\n]|\\.)*"'
COMMENT = re.compile(rf"{STRING}|//[^\n]*|/\*.*?(?:\*/|\Z)", re.DOTALL)
COMMA = re.compile(rf"{STRING}|,(?=\s*[}}\]])", re.DOTALL)
NOT_LINE_END = re.compile(r"[^\r\n]")
SPACES = " \t\r\n"
INDENT = "  "


class JsoncError(ValueError):
    """The text is not JSON with comments; says what was expected, where, and shows the line."""

    def __init__(self, message: str, text: str, offset: int) -> None:
        offset = min(offset, len(text))
        self.line = text.count("\n", 0, offset) + 1
        start = text.rfind("\n", 0, offset) + 1
        self.column = offset - start + 1
        shown = text[start : start + 160].split("\n", 1)[0].rstrip()
        label = f"   Line {self.line}: "
        pointer = " " * (len(label) + min(self.column - 1, 160)) + "^"
        super().__init__(
            f"{message} at line {self.line}, column {self.column}\n{label}{shown}\n{pointer}"
        )


@dataclass(slots=True)
class Member:
    """A key of an object and where it stands."""

    key: str
    start: int
    """Where the key begins."""
    value_start: int
    value_end: int
    value: Any


@dataclass(slots=True)
class Node:
    """An object in the text, from its opening to its closing brace."""

    start: int
    close: int
    members: list[Member]

    def find(self, key: str) -> Member | None:
        """The member that counts: the last of that name."""
        return next((member for member in reversed(self.members) if member.key == key), None)


def parse(text: str) -> Any:
    """The value of a JSONC text; an empty one is an empty object."""
    blank = without_trailing_commas(without_comments(text))
    if not blank.strip():
        return {}
    try:
        return json.loads(blank, parse_constant=_refuse_constant)
    except json.JSONDecodeError as error:
        raise JsoncError(error.msg, text, error.pos) from None
    except (ValueError, RecursionError) as error:
        raise JsoncError(str(error), text, 0) from None


def without_comments(text: str) -> str:
    """The same text, with spaces where comments were."""
    blank = COMMENT.sub(lambda found: _spaces(found[0], unless='"'), text)
    return " " + blank[1:] if blank.startswith("\ufeff") else blank


def without_trailing_commas(text: str) -> str:
    """The same text, with a space where a comma stood before a closing bracket."""

    def blank(found: re.Match[str]) -> str:
        if found[0] != ",":
            return found[0]
        before = found.start() - 1
        while before >= 0 and text[before] in SPACES:
            before -= 1
        return "," if before < 0 or text[before] in "[{,:" else " "

    return COMMA.sub(blank, text)


def edit(text: str, patch: Mapping[str, Any]) -> str:
    """Apply a merge patch to an object: null removes, objects merge, anything else replaces."""
    if not without_comments(text).strip():
        text = text.rstrip() + ("\n" if text.strip() else "") + "{}"
    if not isinstance(parse(text), dict):
        raise JsoncError("Expected an object", text, 0)
    return _edit(text, (), patch)


def merge(target: Any, patch: Any) -> Any:
    """What RFC 7396 says: the value that an edit leaves in the text."""
    if not isinstance(patch, Mapping):
        return patch
    merged = dict(target) if isinstance(target, dict) else {}
    for key, value in patch.items():
        if value is None:
            merged.pop(key, None)
        else:
            merged[key] = merge(merged.get(key), value)
    return merged


def _edit(text: str, path: tuple[str, ...], patch: Mapping[str, Any]) -> str:
    for key, value in patch.items():
        text = _change(text, (*path, key), value)
    return text


def _change(text: str, path: tuple[str, ...], value: Any) -> str:
    node = _node_at(text, path[:-1])
    member = node.find(path[-1])
    if value is None:
        return text if member is None else _change(_remove(text, node, member), path, None)
    if member is None:
        return _insert(text, node, path[-1], merge(None, value))
    if isinstance(value, Mapping) and isinstance(member.value, dict):
        return _edit(text, path, value)
    shown = _dump(merge(None, value), _line_indent(text, member.start), _newline(text))
    return text[: member.value_start] + shown + text[member.value_end :]


def _insert(text: str, node: Node, key: str, value: Any) -> str:
    outer, newline = _line_indent(text, node.start), _newline(text)
    first = node.members[0].start if node.members else node.start
    own_line = not text[text.rfind("\n", 0, first) + 1 : first].strip()
    indent = _line_indent(text, first) if node.members and own_line else outer + INDENT
    end = node.close
    while text[end - 1] in SPACES:
        end -= 1
    added = (
        f"{newline}{indent}{json.dumps(key, ensure_ascii=False)}: {_dump(value, indent, newline)}"
    )
    if "\n" not in text[end : node.close]:
        added += newline + outer
    if not node.members:
        return text[:end] + added + text[end:]
    last = node.members[-1].value_end
    comma = "" if "," in without_comments(text)[last : node.close] else ","
    return text[:last] + comma + text[last:end] + added + text[end:]


def _remove(text: str, node: Node, member: Member) -> str:
    """Take out a member with its comma, and with its line where nothing else stands on it."""
    index = node.members.index(member)
    is_last = index == len(node.members) - 1
    limit = node.close if is_last else node.members[index + 1].start
    comma = without_comments(text).find(",", member.value_end, limit)
    start, end = member.start, member.value_end if comma < 0 else comma + 1
    line, after = text.rfind("\n", 0, start) + 1, text.find("\n", end)
    if line > node.start and after >= 0 and not (text[line:start] + text[end:after]).strip():
        start, end = line, after + 1
    while start != line and text[end] in " \t":
        end += 1
    text = text[:start] + text[end:]
    if is_last and index > 0 and comma < 0:
        before = without_comments(text).find(",", node.members[index - 1].value_end)
        text = text[:before] + text[before + 1 :]
    return text


def _node_at(text: str, path: tuple[str, ...]) -> Node:
    plain = without_trailing_commas(without_comments(text))
    node = _read_object(plain, _skip(plain, 0))
    for key in path:
        member = node.find(key)
        assert member is not None  # the caller has seen it
        node = _read_object(plain, member.value_start)
    return node


def _read_object(plain: str, start: int) -> Node:
    decoder = json.JSONDecoder(parse_constant=_refuse_constant)
    members: list[Member] = []
    place = _skip(plain, start + 1)
    while plain[place] != "}":
        place = _skip(plain, place + 1) if plain[place] == "," else place
        key, after = decoder.raw_decode(plain, place)
        value_start = _skip(plain, _skip(plain, after) + 1)
        value, value_end = decoder.raw_decode(plain, value_start)
        members.append(Member(key, place, value_start, value_end, value))
        place = _skip(plain, value_end)
    return Node(start, place, members)


def _skip(plain: str, place: int) -> int:
    while plain[place] in SPACES:
        place += 1
    return place


def _dump(value: Any, indent: str, newline: str) -> str:
    text = json.dumps(value, ensure_ascii=False, indent=INDENT)
    return text.replace("\n", newline + indent)


def _line_indent(text: str, place: int) -> str:
    line = text[text.rfind("\n", 0, place) + 1 : place]
    return line[: len(line) - len(line.lstrip(" \t"))]


def _newline(text: str) -> str:
    return "\r\n" if "\r\n" in text else "\n"


def _spaces(found: str, *, unless: str) -> str:
    return found if found.startswith(unless) else NOT_LINE_END.sub(" ", found)


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")
