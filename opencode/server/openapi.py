"""The OpenAPI 3.1 document, made of the operations and their models when first asked for.

Components are named as their classes. Everything is sorted or in the order of declaration, so the
same program gives the same bytes.
"""

import ast
import asyncio
import inspect
import itertools
import sys
from collections.abc import Iterable, Iterator, Sequence
from http import HTTPStatus
from typing import Any, get_args

import orjson
from pydantic import BaseModel, TypeAdapter
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

import opencode
from opencode.api.operation import AnyOperation, Content
from opencode.errors import (
    AuthenticationError,
    BadRequestError,
    InvalidRequestError,
    NamedError,
    OpencodeError,
    UnauthorizedError,
)
from opencode.schema.wire import NullableModel
from opencode.server.door import Door, House

REF = "#/components/schemas/"
JSON = "application/json"
DIRECTORY = {
    "name": "directory",
    "in": "query",
    "required": False,
    "description": "The project directory; the server's own when absent.",
    "schema": {"type": "string"},
}
WORKSPACE = {"name": "workspace", "in": "query", "required": False, "schema": {"type": "string"}}
LOCATION = {
    "name": "location",
    "in": "query",
    "required": False,
    "style": "deepObject",
    "explode": True,
    "schema": {
        "type": "object",
        "properties": {"directory": {"type": "string"}, "workspace": {"type": "string"}},
        "additionalProperties": False,
    },
}


class Document:
    """The document of one table of operations, built once."""

    def __init__(self, operations: Sequence[AnyOperation]) -> None:
        self._operations = operations
        self._built: bytes | None = None
        self._lock = asyncio.Lock()

    async def get(self) -> bytes:
        """The document as JSON; the first call builds it, in a thread."""
        async with self._lock:
            if self._built is None:
                self._built = await asyncio.to_thread(build, self._operations)
            return self._built


class DocumentHandler(Door):
    """`GET /doc`, also `/doc?format=json`."""

    def initialize(self, house: House, document: Document) -> None:  # type: ignore[override]
        self.house = house
        self.document = document

    async def answer(self) -> None:
        if self.request.method not in ("GET", "HEAD"):
            self.method_not_allowed(["GET", "HEAD", "OPTIONS"])
        await self.send_compressed(await self.document.get())


def build(operations: Sequence[AnyOperation]) -> bytes:
    """The document of these operations."""
    # Heavy, and needed by whoever asks for `/doc` only.
    from apispec import APISpec

    models = Models(operations)
    spec = APISpec(
        title="opencode",
        version=opencode.__version__,
        openapi_version="3.1.0",
        info={"description": "opencode api"},
        security=[{}, {"basic": []}, {"token": []}],
        tags=[{"name": tag} for tag in sorted({one.tag for one in operations})],
    )
    basic = {"type": "http", "scheme": "basic", "description": "OPENCODE_SERVER_PASSWORD"}
    token = {"type": "apiKey", "in": "query", "name": "auth_token"}
    spec.components.security_scheme("basic", basic)
    spec.components.security_scheme("token", token)
    for path, group in _by_path(operations).items():
        spec.path(path, operations={one.method.lower(): models.describe(one) for one in group})
    for name, schema in sorted(models.components.items()):
        spec.components.schema(name, schema)
    return orjson.dumps(spec.to_dict())


class Models:
    """The schemas of everything the operations take and give."""

    def __init__(self, operations: Sequence[AnyOperation]) -> None:
        inputs = [("path", "query", "body", "answer")] * len(operations)
        wanted = [
            ((one.id, role), "validation", TypeAdapter(annotation))
            for one, roles in zip(operations, inputs, strict=True)
            for role in roles
            if (annotation := _annotation(one, role)) is not None
        ]
        found, rest = TypeAdapter.json_schemas(
            wanted,  # type: ignore[arg-type]
            by_alias=True,
            ref_template=REF + "{model}",
            schema_generator=WireSchema,
        )
        self.components: dict[str, JsonSchemaValue] = rest.get("$defs", {})
        self._found = {key: schema for (key, _), schema in found.items()}
        self._parameters = {
            key: self._lift(schema)
            for key, schema in self._found.items()
            if key[1] in ("path", "query")
        }
        for _, schema in self._parameters.values():
            self.components.pop(schema, None)

    def describe(self, operation: AnyOperation) -> dict[str, Any]:
        """One operation as OpenAPI says it."""
        summary, description = operation.documentation
        said: dict[str, Any] = {
            "tags": [operation.tag],
            "operationId": operation.id,
            "summary": summary,
            "description": description,
            "parameters": self._all_parameters(operation),
            "responses": self._responses(operation),
        }
        if operation.body is not None:
            said["requestBody"] = {
                "required": operation.body_required,
                "content": {JSON: {"schema": self._schema(operation, "body")}},
            }
        return said

    def _schema(self, operation: AnyOperation, role: str) -> JsonSchemaValue:
        return self._found[(operation.id, role)]

    def _lift(self, schema: JsonSchemaValue) -> tuple[list[dict[str, Any]], str]:
        """The fields of a parameter model, and the component it is not to be."""
        name = str(schema["$ref"]).removeprefix(REF)
        model = self.components[name]
        required = model.get("required", [])
        fields = model.get("properties", {})
        return [_parameter(one, fields[one], required=one in required) for one in fields], name

    def _all_parameters(self, operation: AnyOperation) -> list[dict[str, Any]]:
        path, _ = self._parameters.get((operation.id, "path"), ([], ""))
        query, _ = self._parameters.get((operation.id, "query"), ([], ""))
        scope: list[dict[str, Any]] = []
        if operation.scope != "global":
            scope = [LOCATION] if operation.tagged else [DIRECTORY, WORKSPACE]
        named = {one["name"] for one in query}
        path = [{**one, "in": "path", "required": True} for one in path if one["name"] != "rest"]
        return [*path, *(one for one in scope if one["name"] not in named), *query]

    def _responses(self, operation: AnyOperation) -> dict[str, Any]:
        responses: dict[str, Any] = {str(operation.status): self._success(operation)}
        by_status: dict[int, list[type[OpencodeError]]] = {}
        bad = InvalidRequestError if operation.tagged else BadRequestError
        closed = UnauthorizedError if operation.tagged else AuthenticationError
        for error in (bad, closed, *operation.errors):
            by_status.setdefault(error.status, []).append(error)
        for status, errors in sorted(by_status.items()):
            names = [self._error(error) for error in dict.fromkeys(errors)]
            refs = [{"$ref": REF + name} for name in names]
            schema = refs[0] if len(refs) == 1 else {"anyOf": refs}
            description = " | ".join(names)
            responses[str(status)] = {
                "description": description,
                "content": {JSON: {"schema": schema}},
            }
        return responses

    def _success(self, operation: AnyOperation) -> dict[str, Any]:
        said: dict[str, Any] = {"description": HTTPStatus(operation.status).phrase}
        if operation.answer is Content:
            binary = {"schema": {"type": "string", "format": "binary"}}
            said["content"] = {"application/octet-stream": binary}
        elif operation.answer is not None:
            media = "text/event-stream" if operation.streams else JSON
            schema = self._schema(operation, "answer")
            if type(None) in get_args(operation.answer):
                schema = {"anyOf": [schema, {"type": "null"}]}
            said["content"] = {media: {"schema": schema}}
        return said

    def _error(self, error: type[OpencodeError]) -> str:
        """The component of an error; one whose name a wire type has already is numbered."""
        schema = _error_schema(error)
        name = error.__name__
        if self.components.setdefault(name, schema) != schema:
            name = f"{name}1"
            self.components[name] = schema
        return name


class WireSchema(GenerateJsonSchema):
    """Schemas as the wire has them: absent instead of null, no titles, constants always present."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._docstrings = Docstrings()

    def nullable_schema(self, schema: core_schema.NullableSchema) -> JsonSchemaValue:
        return self.generate_inner(schema["schema"])

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> JsonSchemaValue:
        if schema.get("default", ...) is None:
            return self.generate_inner(schema["schema"])
        return super().default_schema(schema)

    def field_title_should_be_set(self, schema: Any) -> bool:
        return False

    def field_is_required(
        self,
        field: core_schema.ModelField | core_schema.DataclassField | core_schema.TypedDictField,
        total: bool,
    ) -> bool:
        inner: Any = field["schema"]
        if inner["type"] == "default" and inner["schema"]["type"] == "literal":
            return len(inner["schema"]["expected"]) == 1
        return super().field_is_required(field, total)

    def literal_schema(self, schema: core_schema.LiteralSchema) -> JsonSchemaValue:
        found = super().literal_schema(schema)
        if "const" in found:
            found["enum"] = [found.pop("const")]
        found.pop("default", None)
        return found

    def model_schema(self, schema: core_schema.ModelSchema) -> JsonSchemaValue:
        found = super().model_schema(schema)
        found.pop("title", None)
        model = schema["cls"]
        for name, text in self._docstrings.of(model).items():
            _describe(model, name, text, found)
        for name in model.nulls if issubclass(model, NullableModel) else ():
            inner = found["properties"][name]
            found["properties"][name] = {"anyOf": [inner, {"type": "null"}]}
            if name not in found.setdefault("required", []):
                found["required"].append(name)
        return found


class Docstrings:
    """The strings beneath the fields of classes, each module's source parsed once.

    Read here and not by pydantic: doing it at every start would double the time to be ready.
    """

    def __init__(self) -> None:
        self._modules: dict[str, dict[str, dict[str, str]]] = {}

    def of(self, model: type[BaseModel]) -> dict[str, str]:
        """Field names and their texts, those of the bases included."""
        found: dict[str, str] = {}
        for base in reversed(model.__mro__):
            if base.__module__.startswith("opencode."):
                found |= self._module(base.__module__).get(base.__name__, {})
        return found

    def _module(self, name: str) -> dict[str, dict[str, str]]:
        if name not in self._modules:
            tree = ast.parse(inspect.getsource(sys.modules[name]))
            self._modules[name] = {
                one.name: dict(_documented(one.body))
                for one in tree.body
                if isinstance(one, ast.ClassDef)
            }
        return self._modules[name]


def _documented(body: list[ast.stmt]) -> Iterator[tuple[str, str]]:
    for field, after in itertools.pairwise(body):
        match field, after:
            case (
                ast.AnnAssign(target=ast.Name(id=name)),
                ast.Expr(value=ast.Constant(value=str(text))),
            ):
                yield name, inspect.cleandoc(text)


def _describe(model: type[BaseModel], name: str, text: str, schema: JsonSchemaValue) -> None:
    field = model.model_fields.get(name)
    alias = name if field is None else field.alias or name
    said = schema.get("properties", {}).get(alias)
    if said is not None and "description" not in said:
        said["description"] = text


def _annotation(operation: AnyOperation, role: str) -> Any:
    match role:
        case "path":
            return operation.path_model
        case "query":
            return operation.query_model
        case "body":
            return operation.body
    return None if operation.answer is Content else operation.answer


def _by_path(operations: Iterable[AnyOperation]) -> dict[str, list[AnyOperation]]:
    found: dict[str, list[AnyOperation]] = {}
    for one in operations:
        found.setdefault(one.path, []).append(one)
    return found


def _parameter(name: str, schema: JsonSchemaValue, *, required: bool) -> dict[str, Any]:
    said: dict[str, Any] = {"name": name, "in": "query", "required": required}
    description = schema.get("description")
    if description is not None:
        schema = {key: value for key, value in schema.items() if key != "description"}
        said["description"] = description
    return {**said, "schema": schema}


def _error_schema(error: type[OpencodeError]) -> JsonSchemaValue:
    text = {"type": "string"}
    description = (error.__doc__ or "").partition("\n")[0]
    if issubclass(error, NamedError):
        data = {"type": "object", "required": ["message"], "properties": {"message": text}}
        properties = {
            "name": {"type": "string", "enum": [error.name]},
            "message": text,
            "data": data,
        }
        required = ["name", "data"]
    else:
        properties = {"_tag": {"type": "string", "enum": [error.__name__]}, "message": text}
        required = ["_tag", "message"]
    return {
        "type": "object",
        "description": description,
        "required": required,
        "properties": properties,
    }
