"""One configuration file: read, its references filled in, checked; and changed where it stands.

Everything here blocks and belongs in a thread.
"""

import contextlib
import fcntl
import json
import os
import re
import secrets
from collections.abc import Iterator, Mapping
from typing import Any, TypeVar

import pydantic

from opencode.errors import ConfigInvalidError, ConfigJsonError
from opencode.project import jsonc
from opencode.schema.config import Config
from opencode.schema.wire import WireModel, sentence

Model = TypeVar("Model", bound=WireModel)

SCHEMA_URL = "https://opencode.ai/config.json"
REFERENCE = re.compile(r"\{(env|file):([^{}\n]+)\}")
BARE_REFERENCE = re.compile(
    rf"{jsonc.STRING}|//[^\n]*|/\*.*?(?:\*/|\Z)|{REFERENCE.pattern}", re.DOTALL
)
PLAIN_TYPE = re.compile(r"^Expected (string|number|an integer|boolean|object|array), got")


class References:
    """Fills in `{env:NAME}` and `{file:path}`; `base` is what a relative path starts from."""

    def __init__(self, environ: Mapping[str, str], *, path: str, base: str) -> None:
        self._environ = environ
        self._path = path
        self._base = base

    def in_text(self, text: str) -> str:
        """Replace references that stand outside of strings, as in `"port": {env:PORT}`."""
        return BARE_REFERENCE.sub(lambda m: self._value(m) if m[1] else m[0], text)

    def in_value(self, value: Any) -> Any:
        """Replace references within the strings of a parsed value."""
        if isinstance(value, str):
            return REFERENCE.sub(self._value, value) if "{" in value else value
        if isinstance(value, list):
            return [self.in_value(item) for item in value]
        if isinstance(value, dict):
            return {key: self.in_value(item) for key, item in value.items()}
        return value

    def _value(self, found: re.Match[str]) -> str:
        kind, name = found[1], found[2]
        if kind == "env":
            return self._environ.get(name, "")
        home = self._environ.get("HOME") or os.path.expanduser("~")
        place = os.path.join(home, name[2:]) if name.startswith("~/") else name
        return self._content(os.path.normpath(os.path.join(self._base, place)), found[0])

    def _content(self, place: str, reference: str) -> str:
        try:
            with open(place, encoding="utf-8") as file:
                return file.read().strip()
        except FileNotFoundError:
            why = "does not exist"
        except (OSError, UnicodeDecodeError) as error:
            why = f"cannot be read: {getattr(error, 'strerror', None) or 'not UTF-8'}"
        raise ConfigInvalidError(
            f'bad file reference: "{reference}" {place} {why}', path=self._path
        )


def read_file(path: str, environ: Mapping[str, str]) -> dict[str, Any] | None:
    """The checked contents of a file, None where there is no such file."""
    text = _text_of(path)
    if text is None:
        return None
    return read_text(text, environ, path=path, base=os.path.dirname(path))


def read_text(text: str, environ: Mapping[str, str], *, path: str, base: str) -> dict[str, Any]:
    """The checked contents of a configuration text; `path` is how errors call it."""
    references = References(environ, path=path, base=base)
    value = references.in_value(_parse(references.in_text(text), path))
    return check(Config, value, path=path).plain()


def check(model: type[Model], value: Any, *, path: str) -> Model:
    """Validate, or say which keys of which file are wrong."""
    try:
        return model.model_validate(value)
    except pydantic.ValidationError as error:
        issues = issues_of(error, value, root=model.__name__)
    said = "; ".join(
        f"{'.'.join(map(str, item['path'])) or '(root)'}: {item['message']}" for item in issues
    )
    raise ConfigInvalidError(f"{path}: {said}", path=path, issues=issues)


def issues_of(
    error: pydantic.ValidationError, value: Any, *, root: str = "Config"
) -> list[dict[str, Any]]:
    """`{path, message}` for each wrong value, the most exact place of each only."""
    found: dict[tuple[str | int, ...], str] = {}
    for item in error.errors(include_url=False):
        place = _place(item["loc"], value, missing=item["type"] == "missing")
        found.setdefault(place, _message(sentence(item), place, root))
    exact = [
        place
        for place in found
        if not any(len(other) > len(place) and other[: len(place)] == place for other in found)
    ]
    return [{"path": list(place), "message": found[place]} for place in exact]


def change_file(path: str, patch: Mapping[str, Any], environ: Mapping[str, str]) -> None:
    """Merge `patch` into the file, comments kept, at once or not at all; null removes a key."""
    path = os.path.realpath(path)
    folder = os.path.dirname(path)
    os.makedirs(folder, exist_ok=True)
    with _locked(folder):
        text = _text_of(path)
        changed = _edited(text, patch, path)
        read_text(changed, environ, path=path, base=folder)
        if changed != text:
            _write(path, changed)


def _edited(text: str | None, patch: Mapping[str, Any], path: str) -> str:
    if text is None:
        new = jsonc.merge({"$schema": SCHEMA_URL}, patch)
        return json.dumps(new, indent=2, ensure_ascii=False) + "\n"
    try:
        return jsonc.edit(text, patch)
    except jsonc.JsoncError as error:
        raise ConfigJsonError(str(error), path=path) from None


def _parse(text: str, path: str) -> Any:
    try:
        return jsonc.parse(text)
    except jsonc.JsoncError as error:
        raise ConfigJsonError(str(error), path=path) from None


def _text_of(path: str) -> str | None:
    if not os.path.isfile(path):
        return None
    try:
        with open(path, encoding="utf-8", newline="") as file:
            return file.read()
    except UnicodeDecodeError:
        raise ConfigJsonError("The file is not UTF-8", path=path) from None
    except OSError as error:
        raise ConfigJsonError(f"The file cannot be read: {error.strerror}", path=path) from None


def _place(loc: tuple[str | int, ...], value: Any, *, missing: bool) -> tuple[str | int, ...]:
    """The path within the value: pydantic adds the branches of unions, which nobody has written."""
    place: list[str | int] = []
    for index, key in enumerate(loc):
        inside = isinstance(value, list) and isinstance(key, int) and key < len(value)
        if inside or (isinstance(value, dict) and key in value):
            value = value[key]
        elif not (missing and index == len(loc) - 1):
            continue
        place.append(key)
    return tuple(place)


def _message(text: str, place: tuple[str | int, ...], root: str) -> str:
    if not place:
        return text.replace("Expected object,", f"Expected {root},", 1)
    text = text.replace('Expected "true" | "false",', "Expected boolean,", 1)
    if len(place) == 1 and PLAIN_TYPE.match(text):
        return text.replace(", got", " | undefined, got", 1)
    return text


@contextlib.contextmanager
def _locked(folder: str) -> Iterator[None]:
    """One writer at a time, also among processes that share the directory."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _write(path: str, text: str) -> None:
    """Beside the file and then in its place, with its mode: a reader never sees half of it."""
    beside = f"{path}.{secrets.token_hex(4)}.tmp"
    mode = os.stat(path).st_mode & 0o777 if os.path.exists(path) else None
    try:
        handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
        with open(handle, "w", encoding="utf-8", newline="") as file:
            file.write(text)
            file.flush()
            os.fsync(handle)
        if mode is not None:
            os.chmod(beside, mode)
        os.replace(beside, path)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(beside)
        raise
