"""The pages' style sheets, scripts and pictures: an allow-list, each under a name that has its digest in it.

A file is served as ``/assets/<name>.<first 8 digits of its SHA-256>.<ext>``, so that a browser may keep it for good:
other bytes have another name. A script may import another by its plain name (``from "./pages.js"``); what is served has
the name with the digest there, so that it too is kept. Files are compressed once, at the start: they are public, so
compression gives nothing away. Pages themselves are never compressed: a page has both a secret and what was typed.
"""

from __future__ import annotations

import gzip
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

ASSETS = Path(__file__).parent / "assets"
TYPES: Mapping[str, str] = {
    ".css": "text/css",
    ".js": "text/javascript",
    ".svg": "image/svg+xml",
    ".txt": "text/plain",
}

HEADERS: Mapping[str, str] = {
    "Cache-Control": "public, max-age=31536000, immutable",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "Vary": "Accept-Encoding",
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex",
}

_IMPORT = re.compile(r'((?:from|import)\s*\(?\s*")\./([\w.-]+\.js)(")')
_GZIP = re.compile(r"(?:^|,)\s*gzip\s*(?:;\s*q\s*=\s*(?!0(?:\.0*)?\s*(?:,|$))[\d.]+\s*)?(?=,|$)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Asset:
    """One file: its path below ``/assets/``, its bytes, and the same bytes compressed."""

    path: str
    media_type: str
    content: bytes
    compressed: bytes


class Assets:
    """The files of a directory and of those in it.

    Raises:
        ValueError: two files have the same name, or a script imports one that is not there or that imports it.
    """

    def __init__(self, directory: Path = ASSETS) -> None:
        files: dict[str, Path] = {}
        for path in sorted(directory.rglob("*")):
            if path.suffix in TYPES and files.setdefault(path.name, path) != path:
                raise ValueError(f"Two assets are called {path.name}.")
        self._files = files
        self._being_read: list[str] = []
        self._by_name: dict[str, Asset] = {}
        for name in files:
            self._asset(name)
        self._by_path = MappingProxyType({each.path: each for each in self._by_name.values()})

    def url(self, name: str) -> str:
        """Where the file called ``name`` is.

        Raises:
            KeyError: there is none.
        """
        return f"/assets/{self._by_name[name].path}"

    def names(self) -> frozenset[str]:
        """Every name that :meth:`url` knows."""
        return frozenset(self._by_name)

    def route(self) -> Route:
        """Where they are served."""
        return Route("/assets/{path}", self._serve, methods=["GET"])

    async def _serve(self, request: Request) -> Response:
        asset = self._by_path.get(request.path_params["path"])
        if asset is None:
            return PlainTextResponse("Not here.", 404, {"Cache-Control": "no-store"})
        headers = dict(HEADERS)
        content = asset.content
        if _GZIP.search(request.headers.get("accept-encoding", "")):
            headers["Content-Encoding"] = "gzip"
            content = asset.compressed
        return Response(content, headers=headers, media_type=asset.media_type)

    def _asset(self, name: str) -> Asset:
        if name in self._by_name:
            return self._by_name[name]
        if name not in self._files or name in self._being_read:
            raise ValueError(f"{self._being_read[-1]} imports {name}, which is not there or imports it too.")
        self._being_read.append(name)
        content = self._files[name].read_bytes()
        stem, ext = name.rsplit(".", 1)
        if ext == "js":
            content = _IMPORT.sub(lambda found: self._imported(*found.groups()), content.decode()).encode()
        digest = hashlib.sha256(content).hexdigest()[:8]
        # mtime=0: the same file is the same bytes after each start.
        compressed = gzip.compress(content, 9, mtime=0)
        asset = Asset(f"{stem}.{digest}.{ext}", TYPES[f".{ext}"], content, compressed)
        self._by_name[name] = asset
        self._being_read.pop()
        return asset

    def _imported(self, before: str, name: str, after: str) -> str:
        return f"{before}./{self._asset(name).path}{after}"


@cache
def assets() -> Assets:
    """The hub's own, read once."""
    return Assets()
