"""Pages kept as they were sent: served again while the plan's revision, the day, the language and the rights are same.

One indexed read of the heads decides. A page is never older than an acknowledged write, because every write moves the
head in its own transaction.
"""

from __future__ import annotations

import gzip
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from hashlib import blake2b
from typing import Any, cast

import brotli
from beanie import PydanticObjectId
from litestar.enums import ScopeType
from litestar.middleware import ASGIMiddleware
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from stratplan.errors import SecondFactorNeeded
from stratplan.frame import read_cookies
from stratplan.guard import lacks_second_factor, open_plan
from stratplan.snapshot import Revision, Snapshots

BYTES_HELD = 64 * 2**20
LARGEST = 2 * 2**20
BY_READER = b"Cookie, HX-Request, HX-Boosted, HX-Target, Accept-Encoding"
ALIKE_FOR_ALL = b"Accept-Encoding"


@dataclass(slots=True)
class KeptPage:
    """One answer, in the encodings that were asked for so far."""

    revision: tuple[PydanticObjectId, Revision]
    day: date
    headers: list[tuple[bytes, bytes]]
    etag: bytes
    body: bytes
    encoded: dict[str, bytes] = field(default_factory=dict)
    counted: int = 0  # bytes of it that the keeper's sum has

    @property
    def size(self) -> int:
        """Bytes held."""
        return len(self.body) + sum(map(len, self.encoded.values()))

    def as_accepted(self, accepted: str) -> tuple[bytes, str]:
        """The body in the best encoding the reader takes, and that encoding's name; made once."""
        name = "br" if "br" in accepted else "gzip" if "gzip" in accepted else ""
        if not name:
            return self.body, ""
        if name not in self.encoded:
            compressed = (
                brotli.compress(self.body, mode=brotli.MODE_TEXT, quality=5)
                if name == "br"
                else gzip.compress(self.body, 6, mtime=0)
            )
            self.encoded[name] = compressed
        return self.encoded[name], name


class KeepPages(ASGIMiddleware):
    """Keeps the answers of routes that declare `kept=True`, by address, language, theme and reader."""

    def __init__(self, snapshots: Snapshots, today: Callable[[], date]) -> None:
        self.snapshots = snapshots
        self.today = today
        self.pages: OrderedDict[Any, KeptPage] = OrderedDict()
        self.held = 0

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        """Send the kept page if it is still true, else the fresh one, and keep that."""
        handler = scope["route_handler"]
        if scope["type"] != ScopeType.HTTP or not handler.opt.get("kept") or scope["method"] != "GET":
            await next_app(scope, receive, send)
            return
        headers = {name: value.decode("latin-1") for name, value in scope["headers"]}
        as_resident = bool(handler.opt.get("as_resident"))
        if scope["state"]["origin"].cookie("notice") in read_cookies(headers.get(b"cookie", "")) and not as_resident:
            await next_app(scope, receive, send)
            return
        reader = scope["state"]["reader"]
        try:
            plan = await open_plan(scope, self.snapshots)
        except SecondFactorNeeded:
            plan = None
        if plan is None or not plan[1].allow(handler.opt["permission"]) or lacks_second_factor(*plan, reader):
            await next_app(scope, receive, send)  # the guard answers
            return
        snapshot = plan[0]
        if as_resident and not snapshot.plan.published:
            await next_app(scope, receive, send)  # a look ahead, of those who may publish it
            return
        key = (
            scope["path"],
            scope["query_string"],
            reader.language,
            reader.theme,
            scope["state"]["origin"].base if as_resident else reader.account,
            headers.get(b"hx-request"),
            headers.get(b"hx-boosted"),
            headers.get(b"hx-history-restore-request"),
            headers.get(b"hx-target"),
        )
        found = (snapshot.plan.key, snapshot.revision)
        day = self.today()
        page = self.pages.get(key)
        if page is None or page.revision != found or page.day != day:
            page = await self._fresh(scope, receive, send, next_app, day)
            if page is None:
                return
        await self._send(
            page, headers, send, is_own=not as_resident and reader.account is not None, as_resident=as_resident
        )
        self._keep(key, page)

    async def _fresh(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp, day: date) -> KeptPage | None:
        """The page made anew; None when it was not one to keep, and has been sent."""
        start: Message | None = None
        chunks: list[bytes] = []

        async def capture(message: Message) -> None:
            nonlocal start
            if message["type"] == "http.response.start":
                start = message
                if message["status"] != 200:
                    await send(message)
            elif start is not None and cast("dict[str, Any]", start)["status"] != 200:
                await send(message)
            elif message["type"] == "http.response.body":
                chunks.append(message.get("body", b""))

        await next_app(scope, receive, capture)
        if start is None or cast("dict[str, Any]", start)["status"] != 200:
            return None
        body = b"".join(chunks)
        headers = [
            (name, value)
            for name, value in cast("dict[str, Any]", start)["headers"]
            if name not in (b"content-length", b"cache-control", b"vary")
        ]
        etag = b'"' + blake2b(body, digest_size=12).hexdigest().encode() + b'"'
        # Marked with what it was made from, not with the heads as they were read: those may tell of a write that is not
        # yet majority-committed, so that the snapshot does not have it. And an address may pass to another plan.
        snapshot = scope["state"]["view"].snapshot
        return KeptPage((snapshot.plan.key, snapshot.revision), day, headers, etag, body)

    def _keep(self, key: Any, page: KeptPage) -> None:
        before = self.pages.pop(key, None)
        self.held -= before.counted if before else 0
        if page.size > LARGEST:
            return
        page.counted = page.size
        self.pages[key] = page
        self.held += page.counted
        while self.held > BYTES_HELD:
            _, oldest = self.pages.popitem(last=False)
            self.held -= oldest.counted

    async def _send(
        self, page: KeptPage, headers: dict[bytes, str], send: Send, *, is_own: bool, as_resident: bool
    ) -> None:
        """What nobody in particular reads may be kept on the way, but is asked for anew each time: what is withdrawn is
        gone at once."""
        common = [
            *page.headers,
            (b"etag", page.etag),
            (b"cache-control", b"private, no-cache" if is_own else b"public, no-cache"),
            (b"vary", ALIKE_FOR_ALL if as_resident else BY_READER),
        ]
        if page.etag.decode() in headers.get(b"if-none-match", ""):
            await send(cast("Message", {"type": "http.response.start", "status": 304, "headers": common}))
            await send(cast("Message", {"type": "http.response.body", "body": b"", "more_body": False}))
            return
        body, encoding = page.as_accepted(headers.get(b"accept-encoding", ""))
        if encoding:
            common.append((b"content-encoding", encoding.encode()))
        common.append((b"content-length", str(len(body)).encode()))
        await send(cast("Message", {"type": "http.response.start", "status": 200, "headers": common}))
        await send(cast("Message", {"type": "http.response.body", "body": body, "more_body": False}))
