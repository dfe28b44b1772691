"""`WireModel`, the base of everything that travels: its spelling, its absence of null, its encoder.

Python names are snake_case and become the wire's spelling (`session_id` is `sessionID`, `no_reply`
is `noReply`); a field spelt otherwise says so with an alias of its own. `None` means absent and is
left out. The JSON that is sent is the JSON that is stored.
"""

import json
from typing import Any, ClassVar, Generic, Self, TypeVar

import pydantic
from pydantic import BaseModel, ConfigDict, SerializerFunctionWrapHandler, model_serializer
from pydantic_core import ErrorDetails

T = TypeVar("T")


def wire_name(name: str) -> str:
    """`session_id` -> `sessionID`, `no_reply` -> `noReply`, `title` -> `title`."""
    first, *rest = name.split("_")
    return first + "".join("ID" if word == "id" else word.capitalize() for word in rest)


class WireModel(BaseModel):
    """A type of the contract. Unknown keys are dropped, as every published client relies on."""

    model_config = ConfigDict(
        alias_generator=wire_name,
        populate_by_name=True,
        defer_build=True,
        protected_namespaces=(),
    )

    def wire(self) -> bytes:
        """This value as compact JSON: the bytes that are sent and the bytes that are stored."""
        return self.__pydantic_serializer__.to_json(self, by_alias=True, exclude_none=True)

    def plain(self) -> dict[str, Any]:
        """The same as a dictionary of JSON values."""
        return self.model_dump(mode="json", by_alias=True, exclude_none=True)

    @classmethod
    def parse(cls, data: bytes | str) -> Self:
        """Read stored or received JSON."""
        return cls.model_validate_json(data)


def build(kind: type[BaseModel] = WireModel) -> None:
    """Make the validators of all types known by now; else each is made when first used.

    Takes a quarter of a second: for a thread, before somebody waits for it.
    """
    for one in kind.__subclasses__():
        if not one.__pydantic_complete__:
            one.model_rebuild()
        build(one)


class NullableModel(WireModel):
    """A type of which some fields are sent as null where others would be absent."""

    nulls: ClassVar[tuple[str, ...]] = ()
    """Wire names that are always present."""

    @model_serializer(mode="wrap")
    def _keep_nulls(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        data: dict[str, Any] = handler(self)
        for name in self.nulls:
            data.setdefault(name, None)
        return data


class Encoded(Generic[T]):
    """A `T` that is already JSON, as it was stored: answered without decoding."""

    __slots__ = ("body",)

    def __init__(self, body: bytes) -> None:
        self.body = body


def problem(error: pydantic.ValidationError, document: Any = None) -> tuple[str, list[str | int]]:
    """The first problem of a refused value as one sentence with its place, and the place as a path.

    The grammar is the one clients of this API already parse: ``Missing key\\n  at ["parts"]``.
    `document` is the refused value, decoded; it tells the keys of a path from the names of union
    branches that pydantic puts between them.
    """
    found = error.errors(include_url=False, include_context=True)
    deepest = max(found, key=lambda item: (len(item["loc"]), item["type"] != "missing"))
    chosen = found[0] if len(found) == 1 else (deepest if _is_union(found) else found[0])
    path = _path(chosen["loc"], document, missing=chosen["type"] == "missing")
    if chosen["type"] == "union_tag_not_found":
        path.append(str(chosen["ctx"]["discriminator"]).strip("'"))
    place = "".join(f"[{json.dumps(item)}]" for item in path)
    text = sentence(chosen)
    return (f"{text}\n  at {place}" if place else text), path


def _path(loc: tuple[str | int, ...], document: Any, *, missing: bool) -> list[str | int]:
    if document is None:
        return [item for item in loc if not _is_tag(item)]
    path: list[str | int] = []
    here = document
    for position, item in enumerate(loc):
        absent = missing and position == len(loc) - 1
        if isinstance(here, dict) and (item in here or absent):
            here = here.get(item)
            path.append(item)
        elif isinstance(here, list) and isinstance(item, int) and item < len(here):
            here = here[item]
            path.append(item)
    return path


def _is_tag(item: str | int) -> bool:
    """Pydantic adds the branch of a union to the path; a client never sent that word."""
    return isinstance(item, str) and (
        item in {"str", "int", "bool", "float", "none"}
        or item.startswith(
            (
                "function-",
                "literal[",
                "list[",
                "dict[",
                "tuple[",
                "lax-",
                "json-",
                "tagged-union",
                "constrained-",
            )
        )
    )


def _is_union(found: list[ErrorDetails]) -> bool:
    first = found[0]["loc"]
    return any(item["loc"][:1] == first[:1] for item in found[1:])


def sentence(error: ErrorDetails) -> str:
    """One error of pydantic's in the grammar of `problem`, without its place."""
    kind, value, context = error["type"], error.get("input"), error.get("ctx", {})
    got = _got(value)
    match kind:
        case "missing" | "union_tag_not_found":
            return "Missing key"
        case "json_invalid":
            return f"Invalid JSON: {context.get('error', error['msg'])}"
        case "string_type" | "string_unicode":
            return f"Expected string, got {got}"
        case "int_type" | "int_parsing" | "int_from_float":
            return f"Expected an integer, got {got}"
        case "float_type" | "float_parsing":
            return f"Expected number, got {got}"
        case "bool_type" | "bool_parsing":
            return f'Expected "true" | "false", got {got}'
        case "dict_type" | "model_type" | "model_attributes_type" | "dataclass_type":
            return f"Expected object, got {got}"
        case "list_type" | "tuple_type":
            return f"Expected array, got {got}"
        case "literal_error" | "enum":
            expected = (
                str(context["expected"])
                .replace("'", '"')
                .replace(", ", " | ")
                .replace(" or ", " | ")
            )
            return f"Expected {expected}, got {got}"
        case "union_tag_invalid":
            tags = str(context["expected_tags"]).replace("'", '"').replace(", ", " | ")
            return f"Expected {context['discriminator']} {tags}, got {got}".replace("'", "")
        case "string_pattern_mismatch" if str(context.get("pattern", "")).startswith("^"):
            prefix = str(context["pattern"])[1:]
            return f'Expected a string starting with "{prefix}", got {got}'
        case "greater_than":
            return f"Expected a value greater than {context['gt']}, got {got}"
        case "greater_than_equal":
            return f"Expected a value greater than or equal to {context['ge']}, got {got}"
        case "less_than":
            return f"Expected a value less than {context['lt']}, got {got}"
        case "less_than_equal":
            return f"Expected a value less than or equal to {context['le']}, got {got}"
        case "value_error":
            return str(context.get("error", error["msg"]))
        case _:
            return f"{error['msg']}, got {got}"


def _got(value: Any) -> str:
    """The refused value as JSON, short enough for a message."""
    try:
        text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    except (TypeError, ValueError):
        text = type(value).__name__
    return text if len(text) <= 200 else text[:200] + "..."
