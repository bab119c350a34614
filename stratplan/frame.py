"""What surrounds every request: who reads in which language, checks of where it comes from, headers, and the log."""

from __future__ import annotations

import json
import logging
import re
import secrets
import time
from collections.abc import Callable, MutableMapping
from dataclasses import dataclass
from http.cookies import CookieError, SimpleCookie
from typing import Any, cast
from urllib.parse import parse_qs

from beanie import PydanticObjectId
from litestar.enums import ScopeType
from litestar.types import ASGIApp, HTTPScope, Message, Receive, Scope, Send
from pymongo.errors import PyMongoError

from stratplan.accounts import sessions
from stratplan.accounts.models import Session
from stratplan.actors import Actor
from stratplan.i18n import LANGUAGES, set_language
from stratplan.i18n import language as language_in_force
from stratplan.origin import Origin, Sites, parts_of

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
THEMES = ("auto", "light", "dark")
HEADERS = {
    "content-security-policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
        "connect-src 'self'; object-src 'none'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "x-robots-tag": "noindex",
}
PUBLIC_PAGES = "/p/"  # each is the same for all who read it: what it is shown in stands in its address

# What is secret in an address is nowhere kept but with whom it was given to: tokens are longer than any name or id.
TOKEN = re.compile(r"[A-Za-z0-9_-]{40,}")
STRICT_TRANSPORT = b"max-age=31536000; includeSubDomains"
LARGEST_HEADERS = 32 * 2**10  # bytes of all names and values; our own cookies take one of them
LONGEST_PATH = 500  # characters of an address that the log keeps
# Refusals that tell of somebody trying what they may not: logged also where nothing would have been changed.
TELLING = frozenset({400, 401, 403, 405, 413, 415, 429, 431})

log = logging.getLogger("stratplan.requests")


@dataclass(frozen=True, slots=True)
class Reader:
    """Who asks, and how they want to read; `session` is None for one who has not signed in. `is_asked` is whether the
    installation asks everybody who signs in with a password for a second factor."""

    session: Session | None
    language: str
    theme: str
    is_asked: bool = False

    @property
    def account(self) -> PydanticObjectId | None:
        """The account that is signed in."""
        return None if self.session is None else self.session.account

    @property
    def is_strong(self) -> bool:
        """Whether a second factor was given at this sign-in."""
        return self.session is not None and self.session.strong

    @property
    def must_have_second_factor(self) -> bool:
        """Whether the installation asks this person for a second factor: not who signs in through the provider, which
        asks for it there."""
        return self.is_asked and self.session is not None and not self.session.elsewhere

    @property
    def lacks_second_factor(self) -> bool:
        """Whether the installation asks for a second factor that was not given at this sign-in: nothing but setting it
        up, and what is open to all, is theirs before."""
        return self.must_have_second_factor and not self.is_strong

    @property
    def actor(self) -> Actor:
        """The reader as the one who makes a change; only who is signed in may."""
        if self.session is None:
            raise LookupError("nobody is signed in")
        return Actor(str(self.session.account))

    @property
    def name(self) -> str:
        """What the reader is called; empty when not signed in."""
        return "" if self.session is None else self.session.name


class Frame:
    """The outermost ASGI application: wraps the whole app, so that its answers for unknown addresses have it too."""

    def __init__(
        self, app: ASGIApp, *, sites: Sites, default_language: str, asks_for_second_factor: bool = False
    ) -> None:
        self.app = app
        self.asks_for_second_factor = asks_for_second_factor
        self.sites = sites
        self.default_language = default_language

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or refuse it before the app sees it."""
        if scope["type"] != ScopeType.HTTP:
            await self.app(scope, receive, send)
            return
        started = time.perf_counter()
        request_id = secrets.token_hex(8)
        headers = {name: value.decode("latin-1") for name, value in scope["headers"]}
        # A state of its own for each request: the server hands the same mapping to all.
        state = cast("MutableMapping[str, Any]", scope)["state"] = dict(scope.get("state") or {})
        state["request_id"] = request_id
        origin = state["origin"] = self.sites.origin_of(scope, headers)
        reader = state["reader"] = await self._reader(scope, origin, headers)
        status = 0
        # What is asked by HEAD is answered as to GET, and its body left out.
        is_head = state["is_head"] = scope["method"] == "HEAD"
        answered = cast("Scope", {**scope, "method": "GET"}) if is_head else scope

        async def send_framed(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                present = {name for name, _ in message["headers"]}
                message["headers"] = [
                    *message["headers"],
                    *((k.encode(), v.encode()) for k, v in HEADERS.items() if k.encode() not in present),
                    *(((b"strict-transport-security", STRICT_TRANSPORT),) if origin.is_secure else ()),
                    (b"x-request-id", request_id.encode()),
                ]
            elif is_head and message["type"] == "http.response.body":
                message["body"] = b""
            await send(message)

        token = set_language(reader.language)
        try:
            refusal = self._refusal(scope, origin, headers)
            if refusal:
                await _refuse(send_framed, *refusal)
            else:
                await self.app(answered, receive, send_framed)
        finally:
            language_in_force.reset(token)
            denied = state.get("denied")
            told = denied or status in TELLING or status >= 500 or scope["method"] not in SAFE_METHODS
            if told or log.isEnabledFor(logging.DEBUG):
                log.log(
                    logging.ERROR if status >= 500 else logging.INFO,
                    json.dumps(
                        {
                            "event": "request",
                            "id": request_id,
                            "method": scope["method"],
                            "path": TOKEN.sub("...", scope["path"])[:LONGEST_PATH],
                            "status": status,
                            "ms": round((time.perf_counter() - started) * 1000, 1),
                            "account": str(reader.account) if reader.account else None,
                            **({"denied": denied} if denied else {}),
                        }
                    ),
                )

    async def _reader(self, scope: Scope, origin: Origin, headers: dict[bytes, str]) -> Reader:
        cookies = read_cookies(headers.get(b"cookie", ""))
        token = cookies.get(origin.session_cookie, "")
        # What is open to all and the same for all is not worth asking who reads it.
        wanted = bool(token) and not scope["path"].startswith("/static/")
        session = None
        try:
            session = await sessions.find(token) if wanted else None
        except PyMongoError as failure:
            scope["state"]["unreachable"] = failure  # the guard says so, on pages that ask who reads
        language = cookies.get(origin.cookie("language"), "")
        theme = cookies.get(origin.cookie("theme"), "")
        if scope["path"].startswith(PUBLIC_PAGES):
            language, theme = _language_asked(scope["query_string"].decode("latin-1")), "auto"
        return Reader(
            session,
            language if language in LANGUAGES else self.default_language,
            theme if theme in THEMES else "auto",
            self.asks_for_second_factor,
        )

    def _refusal(self, scope: HTTPScope, origin: Origin, headers: dict[bytes, str]) -> tuple[int, str] | None:
        """A status and a sentence for requests that another site's page, or a rebound name, sent in our name, or that
        no browser sends."""
        if not self.sites.knows(origin.host):
            return 400, "This server is not known under the name in the request's Host header.\n"
        if sum(len(name) + len(value) for name, value in scope["headers"]) > LARGEST_HEADERS:
            return 431, "The headers of the request, such as its cookies, are too large.\n"
        if scope["method"] in SAFE_METHODS:
            return None
        site = headers.get(b"sec-fetch-site")
        if site is not None:
            own = site in ("same-origin", "none")
        else:
            sent = headers.get(b"origin")
            own = sent is None or parts_of(sent).netloc == origin.host
        return None if own else (403, "A change must be sent from this site's own pages.\n")


def read_cookies(header: str) -> dict[str, str]:
    """The cookies of a request; a malformed header has none."""
    try:
        return {name: morsel.value for name, morsel in SimpleCookie(header).items()}
    except CookieError:
        return {}


def _language_asked(query: str) -> str:
    """What `?lang=` says; nothing where there are more parameters than any page has."""
    try:
        return parse_qs(query, max_num_fields=50).get("lang", [""])[-1]
    except ValueError:
        return ""


async def _refuse(send: Callable[[Message], Any], status: int, sentence: str) -> None:
    await send(
        cast(
            "Message",
            {
                "type": "http.response.start",
                "status": status,
                "headers": [(b"content-type", b"text/plain; charset=utf-8")],
            },
        )
    )
    await send(cast("Message", {"type": "http.response.body", "body": sentence.encode(), "more_body": False}))
