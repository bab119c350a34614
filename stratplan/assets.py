"""The built styles, scripts, font and icons: finds them, names them for pages and serves them, compressed and for good.

They are built by hatch_build.py into static/dist, in a checkout, or inside the installed package.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from litestar import asgi
from litestar.handlers import ASGIRouteHandler
from litestar.types import Receive, Scope, Send

from stratplan.errors import StratplanError

PREFIX = "/static"
TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
    ".woff2": "font/woff2",
}
ENCODINGS = (("br", ".br"), ("gzip", ".gz"))


class AssetsMissing(StratplanError):
    """The bundle is not built, or lacks something that a page asks for."""


@dataclass(frozen=True, slots=True)
class StaticFile:
    """One built file as it is sent: its content by encoding ("" is plain)."""

    media_type: str
    bodies: dict[str, bytes]


class Assets:
    """The built files, read once: a build under a running server changes nothing until it restarts."""

    def __init__(self, dist: Path) -> None:
        try:
            manifest = json.loads((dist / "manifest.json").read_text(encoding="utf-8"))
        except FileNotFoundError:
            raise AssetsMissing("The styles and scripts are not built yet: run “make setup”.") from None
        self._names: dict[str, str] = manifest["files"]
        self._icons = frozenset(manifest["icons"])
        self._sprite = self.url("icons.svg")
        self.files = {name: _read(dist / name) for name in self._names.values()}

    def url(self, name: str) -> str:
        """Return the address of a built file by its plain name ("app.css")."""
        try:
            return f"{PREFIX}/{self._names[name]}"
        except KeyError:
            raise AssetsMissing(f"The bundle has no {name!r}: run “make setup”.") from None

    def icon_href(self, name: str) -> str:
        """Return the address of an icon within the sprite."""
        if name not in self._icons:
            raise AssetsMissing(f"The sprite has no icon {name!r}: add it to static/icons.txt, run “make setup”.")
        return f"{self._sprite}#{name}"


def _read(path: Path) -> StaticFile:
    bodies = {"": path.read_bytes()}
    for encoding, suffix in ENCODINGS:
        beside = path.with_name(path.name + suffix)
        if beside.is_file():
            bodies[encoding] = beside.read_bytes()
    return StaticFile(TYPES[path.suffix], bodies)


def accepted_encoding(accept: str, offered: dict[str, bytes]) -> str:
    """Return the first of br, gzip that is offered and that an Accept-Encoding header allows, else ""."""
    weights: dict[str, float] = {}
    for part in accept.lower().split(","):
        coding, _, parameter = part.strip().partition(";")
        weight = parameter.strip().removeprefix("q=")
        try:
            weights[coding.strip()] = float(weight) if weight else 1.0
        except ValueError:
            continue
    for encoding, _suffix in ENCODINGS:
        if encoding in offered and weights.get(encoding, weights.get("*", 0.0)) > 0:
            return encoding
    return ""


def static_files(assets: Assets, **opt: Any) -> ASGIRouteHandler:
    """Return the handler that serves the built files under /static; opt goes to the route (its permission)."""

    @asgi(PREFIX, is_mount=True, copy_scope=True, **opt)
    async def serve_static(scope: Scope, receive: Receive, send: Send) -> None:
        await _serve(assets, scope, send)

    return serve_static


async def _serve(assets: Assets, scope: Scope, send: Send) -> None:
    # Looked up by name in what was read at start: a path can lead nowhere else.
    found = assets.files.get(scope["path"].removeprefix(PREFIX).strip("/"))
    if scope["method"] not in ("GET", "HEAD"):  # type: ignore[typeddict-item]  # a mount is only given HTTP requests
        await _answer(send, 405, [(b"allow", b"GET, HEAD")], b"")
        return
    if found is None:
        await _answer(send, 404, [(b"content-type", b"text/plain; charset=utf-8")], b"Not found\n")
        return
    accept = b", ".join(value for name, value in scope["headers"] if name == b"accept-encoding").decode("latin-1")
    encoding = accepted_encoding(accept, found.bodies)
    headers = [
        (b"content-type", found.media_type.encode()),
        (b"cache-control", b"public, max-age=31536000, immutable"),
        (b"vary", b"Accept-Encoding"),
        (b"cross-origin-resource-policy", b"same-origin"),
    ]
    if encoding:
        headers.append((b"content-encoding", encoding.encode()))
    body = found.bodies[encoding]
    headers.append((b"content-length", str(len(body)).encode()))
    await _answer(send, 200, headers, b"" if scope["method"] == "HEAD" else body)  # type: ignore[typeddict-item]


async def _answer(send: Send, status: int, headers: list[tuple[bytes, bytes]], body: bytes) -> None:
    headers = [*headers, (b"x-content-type-options", b"nosniff")]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body, "more_body": False})
