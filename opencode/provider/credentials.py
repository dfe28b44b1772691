"""`auth.json`: the credentials a person has given, one entry a provider.

Read again whenever the file has changed, so a new key counts at once. Nobody else may read it.
"""

import asyncio
import json
import logging
import os
import tempfile
from typing import Any

from pydantic import TypeAdapter, ValidationError

from opencode.schema.provider import Auth
from opencode.settings import Paths

Stamp = tuple[int, int, int]
log = logging.getLogger(__name__)


class Credentials:
    """The credentials of this user."""

    def __init__(self, paths: Paths) -> None:
        self._path = os.path.join(paths.data, "auth.json")
        self._seen: Stamp | None = None
        self._entries: dict[str, Auth] = {}
        self._adapter: TypeAdapter[Auth] = TypeAdapter(Auth)
        self._writing = asyncio.Lock()

    def stamp(self) -> Stamp | None:
        """What changes whenever the file does; None without a file."""
        try:
            found = os.stat(self._path)
        except FileNotFoundError:
            return None
        return found.st_mtime_ns, found.st_size, found.st_ino

    def all(self) -> dict[str, Auth]:
        """Every readable entry by provider. An unreadable one is left out but stays in the file."""
        stamp = self.stamp()
        if stamp != self._seen or stamp is None:
            self._entries = self._parse(self._load()) if stamp else {}
            self._seen = stamp
        return dict(self._entries)

    def get(self, provider_id: str) -> Auth | None:
        """The credentials for one provider."""
        return self.all().get(provider_id)

    async def set(self, provider_id: str, auth: Auth) -> None:
        """Keep `auth` for a provider, in place of what was there."""
        async with self._writing:
            await asyncio.to_thread(self._change, provider_id, auth.plain())

    async def remove(self, provider_id: str) -> None:
        """Forget a provider's credentials, if there are any."""
        async with self._writing:
            await asyncio.to_thread(self._change, provider_id, None)

    def _load(self) -> dict[str, Any]:
        try:
            with open(self._path, encoding="utf-8") as file:
                found = json.load(file)
        except FileNotFoundError:
            return {}
        except ValueError:
            log.warning("auth.json is not JSON and is ignored: path=%s", self._path)
            return {}
        return found if isinstance(found, dict) else {}

    def _parse(self, found: dict[str, Any]) -> dict[str, Auth]:
        entries: dict[str, Auth] = {}
        for provider_id, entry in found.items():
            try:
                entries[provider_id] = self._adapter.validate_python(entry)
            except ValidationError:
                log.warning("auth.json has an unreadable entry: provider=%s", provider_id)
        return entries

    def _change(self, provider_id: str, entry: dict[str, Any] | None) -> None:
        found = self._load()
        if not found and self.stamp() is not None:
            self._set_aside()
        if entry is None and provider_id not in found:
            return
        found.pop(provider_id, None)
        if entry is not None:
            found[provider_id] = entry
        self._write(found)

    def _set_aside(self) -> None:
        """A file that held something we could not read is kept beside the new one."""
        with open(self._path, "rb") as file:
            empty = file.read().strip() in (b"", b"{}")
        if not empty:
            os.replace(self._path, self._path + ".unreadable")

    def _write(self, found: dict[str, Any]) -> None:
        folder = os.path.dirname(self._path)
        os.makedirs(folder, exist_ok=True)
        # mkstemp creates with mode 0600: the keys are at no moment readable by others.
        handle, temporary = tempfile.mkstemp(dir=folder, prefix=".auth-")
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                json.dump(found, file, indent=2, ensure_ascii=False)
                file.flush()
                os.fsync(file.fileno())
            os.replace(temporary, self._path)
        except BaseException:
            os.unlink(temporary)
            raise
