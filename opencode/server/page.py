"""The web page: the files of `static/`, and `index.html` for every address a browser is sent to.

Served as they are, revalidated by ETag, compressed once per version. Nothing outside the folder is
reachable, and the policy lets no foreign or inline script run.
"""

import asyncio
import hashlib
import mimetypes
import os
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote

import opencode
from opencode.errors import NotFoundError
from opencode.server.door import GZIP_FROM, Door, House, compressed

POLICY = "; ".join(
    (
        "default-src 'self'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data: blob:",
        "font-src 'self' data:",
        "media-src 'self' data: blob:",
        "connect-src 'self' ws: wss:",
        "worker-src 'self' blob:",
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-cache",
}
INDEX = "index.html"
TYPES = {
    ".js": "text/javascript",
    ".mjs": "text/javascript",
    ".css": "text/css",
    ".html": "text/html",
    ".json": "application/json",
    ".webmanifest": "application/manifest+json",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".ico": "image/x-icon",
    ".woff2": "font/woff2",
    ".txt": "text/plain",
    ".md": "text/plain",
}
TEXT = frozenset({".js", ".mjs", ".css", ".html", ".txt", ".md", ".svg"})
COMPRESSIBLE = TEXT | {".json", ".webmanifest"}


@dataclass(frozen=True, slots=True)
class Asset:
    """One file as it is sent."""

    stamp: tuple[int, int]
    mime: str
    etag: str
    body: bytes
    gzipped: bytes | None


class Folder:
    """The files of the page, read when first asked for and again when they change."""

    def __init__(self, root: str) -> None:
        self._root = os.path.realpath(root)
        self._assets: dict[str, Asset] = {}

    def find(self, path: str) -> str | None:
        """The file at a URL path; None outside the folder or where there is none."""
        name = unquote(path).lstrip("/") or INDEX
        if "\0" in name:
            return None
        found = os.path.realpath(os.path.join(self._root, name))
        inside = found.startswith(self._root + os.sep)
        hidden = any(part.startswith(".") for part in found[len(self._root) :].split(os.sep))
        return found if inside and not hidden and os.path.isfile(found) else None

    async def load(self, file: str) -> Asset:
        """The file's content, its tag and its compressed form."""
        status = os.stat(file)
        stamp = (status.st_mtime_ns, status.st_size)
        known = self._assets.get(file)
        if known is None or known.stamp != stamp:
            known = self._assets[file] = await _read(file, stamp)
        return known


class PageHandler(Door):
    """Sends one file of the page."""

    def initialize(self, house: House, folder: Folder, file: str) -> None:  # type: ignore[override]
        self.house = house
        self.folder = folder
        self.file = file

    async def answer(self) -> None:
        if self.request.method not in ("GET", "HEAD"):
            self.method_not_allowed(["GET", "HEAD", "OPTIONS"])
        asset = await self.folder.load(self.file)
        for name, value in HEADERS.items():
            self.set_header(name, value)
        self.set_header("Etag", asset.etag)
        self.set_header("Vary", "Origin, Accept-Encoding")
        if asset.etag in self.request.headers.get("If-None-Match", ""):
            self.clear_header("Content-Type")
            self.set_status(304)
            self.finish()
            return
        body = asset.body
        if asset.gzipped and "gzip" in self.request.headers.get("Accept-Encoding", ""):
            self.set_header("Content-Encoding", "gzip")
            body = asset.gzipped
        self.send(body, asset.mime)


class NothingHandler(Door):
    """Answers where nothing stands: a JSON 404, or 405 when only the method is wrong."""

    def initialize(self, house: House, allow: list[str] | None) -> None:  # type: ignore[override]
        self.house = house
        self.allow = allow

    async def answer(self) -> None:
        if self.allow:
            self.method_not_allowed(self.allow)
        raise NotFoundError(f"No such route: {self.request.method} {self.request.path}")


class ProbeHandler(Door):
    """`/app` and `/mode`: older editor extensions look there to see whether a server is up."""

    async def answer(self) -> None:
        self.send(b"{}")


def static_root() -> str:
    """The folder of the page: inside an installed package, or beside it in a checkout."""
    package = Path(opencode.__file__).parent
    inside = package / "static"
    return str(inside if inside.is_dir() else package.parent / "static")


async def _read(file: str, stamp: tuple[int, int]) -> Asset:
    body = await asyncio.to_thread(Path(file).read_bytes)
    suffix = os.path.splitext(file)[1].lower()
    mime = TYPES.get(suffix) or mimetypes.guess_type(file)[0] or "application/octet-stream"
    if suffix in TEXT:
        mime += "; charset=utf-8"
    worth = suffix in COMPRESSIBLE and len(body) >= GZIP_FROM
    etag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
    return Asset(stamp, mime, etag, body, await compressed(body) if worth else None)
