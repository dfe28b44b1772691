"""`@operation`: one declaration of what a client may ask, read by REST, OpenAPI and JSON-RPC.

The signature says everything: after `call`, parameters named in the path (`session_id` for
`{sessionID}`), then either a `query` model or plain query parameters, then `body`; the return
annotation is the answer. A declaration registers nothing; `collect` gathers those of the listed
modules. Signatures are read, and validators built, when an operation is first used.
"""

import inspect
import re
import types
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from types import ModuleType
from typing import (
    Annotated,
    Any,
    Generic,
    Literal,
    ParamSpec,
    TypeVar,
    Union,
    get_args,
    get_origin,
)
from urllib.parse import urlencode

import orjson
import pydantic
from pydantic import BaseModel, TypeAdapter

from opencode.app import App
from opencode.bus import Envelope, Subscription
from opencode.errors import BadRequestError, InvalidRequestError, OpencodeError
from opencode.instance import Instance
from opencode.schema.wire import Encoded, WireModel, problem, wire_name

P = ParamSpec("P")
R = TypeVar("R")
T = TypeVar("T")
Scope = Literal["instance", "none", "global"]
Kind = Literal["Params", "Query", "Payload"]
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
PATH_NAME = re.compile(r"\{(\w+)\}")
SCOPE_NAMES = ("directory", "workspace")


@dataclass(slots=True)
class Call:
    """One call of one operation: what comes besides its parameters, where it leaves headers."""

    app: App
    request_id: str
    directory: str = ""
    """The directory asked for, else the server's own; empty for operations of scope `global`."""
    opened: Instance | None = None
    """Set by the transport for operations of scope `instance`; read it as `instance`."""
    url: str = ""
    """The absolute address of the request without its query; empty over JSON-RPC."""
    query: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """The query as it came, for links to another page."""
    headers: Mapping[str, str] = field(default_factory=dict)
    """The request's headers, found whatever their case."""
    answer_headers: dict[str, str] = field(default_factory=dict)
    """Headers added to the answer; over JSON-RPC the cursor appears in `meta`."""

    @property
    def instance(self) -> Instance:
        """The opened directory this call is about."""
        if self.opened is None:
            raise LookupError(
                "this operation's scope is not 'instance': it has no directory opened"
            )
        return self.opened

    def next_page(self, parameter: str, cursor: str) -> None:
        """Say where the list goes on: `X-Next-Cursor`, and a `Link` with `parameter` set to it."""
        self.answer_headers["X-Next-Cursor"] = cursor
        pairs = [(k, v) for k, values in self.query.items() if k != parameter for v in values]
        pairs = [pair for pair in pairs if pair[0] != "auth_token"]
        query = urlencode([*pairs, (parameter, cursor)])
        if self.url:
            self.answer_headers["Link"] = f'<{self.url}?{query}>; rel="next"'
            self.answer_headers["Access-Control-Expose-Headers"] = "Link, X-Next-Cursor"


class Content:
    """An answer that is not JSON: bytes of a media type."""

    __slots__ = ("body", "mime")

    def __init__(self, body: bytes, mime: str) -> None:
        self.body = body
        self.mime = mime


@dataclass(slots=True)
class Stream(Generic[T]):
    """An answer without an end: `T` is what each event looks like. The transport closes it."""

    subscription: Subscription
    form: Callable[[Envelope], bytes]
    """The JSON of one event, the same function object for all clients of a kind: encoded once."""
    first: Callable[[], list[Envelope]]
    """What is sent before anything else."""
    heartbeat: Callable[[], Envelope] | None
    """Makes the event sent in silence; None where the transport's own comment serves."""
    last: Callable[[Envelope], bool] = lambda envelope: False
    """True for the event after which the stream ends."""


class Operation(Generic[P, R]):
    """One thing a client may ask. Calling it calls the function it was declared on."""

    def __init__(
        self,
        function: Callable[P, R],
        *,
        id: str,
        route: str,
        errors: Sequence[type[OpencodeError]],
        status: int | None,
        scope: Scope,
        tag: str | None,
    ) -> None:
        method, _, path = route.partition(" ")
        if method not in METHODS or not path.startswith("/"):
            raise ValueError(f"{id}: a route is 'METHOD /path', not {route!r}")
        self.function = function
        self.id = id
        self.method = method
        self.path = path
        self.errors = tuple(errors)
        self.scope: Scope = scope
        self.tag = tag or id.split(".", 1)[0]
        self.tagged = path.startswith("/api/")
        """True on `/api` paths, whose errors are `{_tag, message}`."""
        self._status = status

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R:
        return self.function(*args, **kwargs)

    def __repr__(self) -> str:
        return f"<operation {self.id} {self.method} {self.path}>"

    # What the declaration says -------------------------------------------------------------------

    @cached_property
    def signature(self) -> inspect.Signature:
        return inspect.signature(self.function, eval_str=True)

    @property
    def documentation(self) -> tuple[str, str]:
        """The docstring: its first line, and the rest or the first line again."""
        summary, _, rest = (inspect.getdoc(self.function) or "").partition("\n")
        return summary.rstrip("."), rest.strip() or summary

    @cached_property
    def path_names(self) -> tuple[str, ...]:
        """The names in the path, in wire spelling; `*` stands for the rest of it and is `rest`."""
        names = tuple(PATH_NAME.findall(self.path))
        return (*names, "rest") if self.path.endswith("/*") else names

    @cached_property
    def answer(self) -> Any:
        """The annotation of the answer, without the wrapper of what is encoded or streamed."""
        said = self.signature.return_annotation
        return get_args(said)[0] if get_origin(said) in (Encoded, Stream) else said

    @cached_property
    def streams(self) -> bool:
        return get_origin(self.signature.return_annotation) is Stream

    @cached_property
    def status(self) -> int:
        """The status of success: 204 for an operation that answers nothing."""
        return self._status or (204 if self.answer is None else 200)

    @cached_property
    def body(self) -> Any:
        """The annotation of the body, None without one."""
        found = self.signature.parameters.get("body")
        return None if found is None else found.annotation

    @cached_property
    def body_required(self) -> bool:
        found = self.signature.parameters.get("body")
        return found is not None and found.default is inspect.Parameter.empty

    @cached_property
    def path_model(self) -> type[BaseModel] | None:
        """The path parameters as a model."""
        return self._model("Params", lambda name: wire_name(name) in self.path_names)

    @cached_property
    def query_model(self) -> type[BaseModel] | None:
        """The query parameters as a model: the one declared, or one made of plain parameters."""
        declared = self.signature.parameters.get("query")
        if declared is not None:
            annotation: type[BaseModel] = declared.annotation
            return annotation
        return self._model("Query", lambda name: wire_name(name) not in self.path_names)

    def _model(self, suffix: str, wanted: Callable[[str], bool]) -> type[BaseModel] | None:
        plain = list(self.signature.parameters.values())[1:]
        fields: dict[str, Any] = {
            one.name: (one.annotation, ... if one.default is one.empty else one.default)
            for one in plain
            if one.name not in ("body", "query") and wanted(one.name)
        }
        if not fields:
            return None
        title = "".join(word.capitalize() for word in re.split(r"\W", self.id))
        return pydantic.create_model(f"{title}{suffix}", __base__=WireModel, **fields)

    # From a request to arguments -----------------------------------------------------------------

    def bind(
        self,
        path: Mapping[str, str],
        query: Mapping[str, Sequence[str]],
        body: bytes | None,
    ) -> dict[str, Any]:
        """The arguments of a call over HTTP; `query` holds every value of a repeated name."""
        arguments: dict[str, Any] = {}
        if path:
            self._take(self.path_model, path, "Params", arguments)
        if self.query_model is not None:
            flat = {name: self._value(name, values) for name, values in query.items() if values}
            self._take_query(flat, arguments)
        if self.body is not None:
            self._take_body(body, arguments)
        return arguments

    def bind_flat(self, params: Mapping[str, Any]) -> dict[str, Any]:
        """Arguments of a call over JSON-RPC: path and query names taken out, the rest is the body.

        `params.body` is the body itself, for arrays and clashing names.
        """
        rest = dict(params)
        arguments: dict[str, Any] = {}
        if self.path_names:
            named = {name: rest.pop(name) for name in self.path_names if name in rest}
            self._take(self.path_model, named, "Params", arguments)
        if self.query_model is not None:
            names = [name for name in self._query_names if name in rest]
            self._take_query({name: rest.pop(name) for name in names}, arguments)
        if self.body is not None:
            self._take_body(self._flat_body(rest), arguments)
        return arguments

    def _flat_body(self, rest: dict[str, Any]) -> bytes | None:
        if self.scope != "global":
            rest = {name: value for name, value in rest.items() if name not in SCOPE_NAMES}
        if "body" in rest:
            return orjson.dumps(rest["body"])
        if not rest and not self.body_required:
            return None
        return orjson.dumps(rest)

    def _take_query(self, values: Mapping[str, Any], arguments: dict[str, Any]) -> None:
        if "query" not in self.signature.parameters:
            self._take(self.query_model, values, "Query", arguments)
            return
        arguments["query"] = self._validated(self.query_model, values, "Query")

    def _take(
        self,
        model: type[BaseModel] | None,
        values: Mapping[str, Any],
        kind: Kind,
        arguments: dict[str, Any],
    ) -> None:
        if model is None:
            raise TypeError(f"{self.id}: the function takes no parameter for {sorted(values)}")
        found = self._validated(model, values, kind)
        for name in model.model_fields:
            arguments[name] = getattr(found, name)

    def _validated(self, model: Any, values: Mapping[str, Any], kind: Kind) -> Any:
        try:
            return model.model_validate(values)
        except pydantic.ValidationError as error:
            raise self.refuse(problem(error, values)[0], kind) from None

    def _take_body(self, body: bytes | None, arguments: dict[str, Any]) -> None:
        if not body or not body.strip():
            if self.body_required:
                raise self.refuse("Expected object, got undefined", "Payload")
            return
        try:
            arguments["body"] = self._body_adapter.validate_json(body)
        except pydantic.ValidationError as error:
            raise self.refuse(problem(error, _decoded(body))[0], "Payload") from None

    def refuse(self, message: str, kind: Kind) -> OpencodeError:
        """The error of a request that does not fit, in the dialect of this operation's path."""
        if self.tagged:
            return InvalidRequestError(message, kind=kind)
        return BadRequestError(message, kind)

    @cached_property
    def _body_adapter(self) -> TypeAdapter[Any]:
        return TypeAdapter(self.body)

    @cached_property
    def _query_names(self) -> dict[str, bool]:
        """The query's names in wire spelling, and whether each is a list."""
        fields = {} if self.query_model is None else self.query_model.model_fields
        return {
            one.alias or wire_name(name): _is_list(one.annotation) for name, one in fields.items()
        }

    def _value(self, name: str, values: Sequence[str]) -> str | Sequence[str]:
        return values if self._query_names.get(name) else values[-1]

    # From an answer to bytes ---------------------------------------------------------------------

    def encode(self, value: Any) -> bytes:
        """The answer as compact JSON; empty for an operation that answers nothing."""
        if isinstance(value, Encoded | Content):
            return value.body
        if isinstance(value, WireModel):
            return value.wire()
        if self.answer is None:
            return b""
        return self._answer_adapter.dump_json(value, by_alias=True, exclude_none=True)

    @cached_property
    def _answer_adapter(self) -> TypeAdapter[Any]:
        return TypeAdapter(self.answer)


AnyOperation = Operation[..., Any]


def operation(
    id: str,
    route: str,
    *,
    errors: Sequence[type[OpencodeError]] = (),
    status: int | None = None,
    scope: Scope = "instance",
    tag: str | None = None,
) -> Callable[[Callable[P, R]], Operation[P, R]]:
    """Declare an operation under its `id` of the contract, at `METHOD /path`.

    `errors` are those beyond a bad request. Scope `instance` opens the directory asked for, `none`
    only reads it, `global` has none. `tag` is the first word of the id unless stated.
    """

    def declare(function: Callable[P, R]) -> Operation[P, R]:
        return Operation(
            function, id=id, route=route, errors=errors, status=status, scope=scope, tag=tag
        )

    return declare


def collect(modules: Iterable[ModuleType]) -> list[AnyOperation]:
    """The operations of `modules` as they are written; a repeated id or route is refused."""
    found: list[AnyOperation] = []
    seen: dict[str, AnyOperation] = {}
    for module in modules:
        for one in vars(module).values():
            if not isinstance(one, Operation) or one.function.__module__ != module.__name__:
                continue
            for key in (one.id, f"{one.method} {PATH_NAME.sub('{}', one.path).lower()}"):
                if key in seen:
                    raise ValueError(f"{one!r} repeats {seen[key]!r}")
                seen[key] = one
            found.append(one)
    return found


def _is_list(annotation: Any) -> bool:
    """Whether a repeated query name belongs to one value of this type."""
    origin = get_origin(annotation)
    if origin is Annotated:
        return _is_list(get_args(annotation)[0])
    if origin in (Union, types.UnionType):
        return any(_is_list(branch) for branch in get_args(annotation))
    return (origin or annotation) in (list, tuple, set)


def _decoded(body: bytes) -> Any:
    """A refused body, to tell its keys from words not its own; None where it is no JSON."""
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        return None
