"""What a signed link opens: the cards of one unit in one review, for the person it names; nothing else of the plan."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from litestar import get, post
from litestar.response import Response
from litestar_htmx import HTMXRequest

from stratplan.accounts import cookies, throttle
from stratplan.accounts.answering import key_of
from stratplan.accounts.models import Profile
from stratplan.frame import SAFE_METHODS
from stratplan.i18n import LANGUAGES, _, language
from stratplan.permissions import Permission
from stratplan.reviews.card_words import texts_typed
from stratplan.reviews.links import Opened, Refusal, opened, signed_link
from stratplan.reviews.reporting import Part, keep_typed, send_in, show_sheet
from stratplan.sent import fields_of
from stratplan.web import page, reader_of, site_of, wants_fragment

GUESSING = "review-link"
CARD = re.compile(r"tasks-([0-9]{1,4})-task")


class Closed(Exception):
    """A link that opens nothing: one that we never made (None), or why it is good no more."""

    def __init__(self, refusal: Refusal | None) -> None:
        super().__init__(refusal)
        self.refusal = refusal


async def _part(request: HTMXRequest, token: str) -> Part:
    """The unit's part that the link opens, in the name and the language of the person whose link it is.

    Raises Closed where it opens nothing, and TooManyAttempts for who guesses.
    """
    link = await signed_link(token, key_of(request))
    if link is None:
        sender = throttle.network(cookies.origin_of(request).address)
        await throttle.count(f"{GUESSING}:{sender}", throttle.OF_AN_ADDRESS)
        raise Closed(None)
    found = await opened(link, site_of(request).snapshots)
    if not isinstance(found, Opened):
        raise Closed(found)
    await _speak_to(request, found)
    return Part(
        site=site_of(request),
        snapshot=found.snapshot,
        review=found.review,
        asked=found.asked,
        actor=found.actor,
        base=f"/r/{token}",
        link=found.link,
    )


async def _speak_to(request: HTMXRequest, found: Opened) -> None:
    """In a browser that has not chosen a language, the person's own."""
    if cookies.sent(request, "language"):
        return
    profile = await Profile.get(found.link.account)
    if profile is not None and profile.language in LANGUAGES:
        language.set(profile.language)
        request.scope["state"]["reader"] = replace(reader_of(request), language=profile.language)


def _private(response: Response[Any]) -> Response[Any]:
    """What is secret in the address is kept nowhere and passed on to nobody."""
    response.headers["cache-control"] = "no-store"
    response.headers["referrer-policy"] = "no-referrer"
    response.headers["x-robots-tag"] = "noindex, nofollow"
    return response


async def _closed(request: HTMXRequest, closed: Closed) -> Response[Any]:
    """Why it opens nothing: where a card was to be kept, at that card; else a page, which gives back what was typed."""
    status, refusal = (404, Refusal.WITHDRAWN) if closed.refusal is None else (410, closed.refusal)
    fields = [] if request.method in SAFE_METHODS else await fields_of(request)
    sent = [(name, value) for name, value in fields if isinstance(value, str)]
    card = next((found for name, _text in sent if (found := CARD.fullmatch(name))), None)
    if wants_fragment(request) and card is not None:
        template, place = "reviews/_card_refused.html", card[1]
        context = {"place": place, "step": dict(sent).get(f"tasks-{place}-step", ""), "refusal": _(refusal.label)}
    else:
        template = "reviews/link_closed.html"
        context = {"refusal": refusal, "typed": texts_typed(sent)}
    return _private(await page(request, template, context, section="account", status=status))


@get("/r/{token:str}", permission=Permission.OPEN)
async def show_linked_report(request: HTMXRequest, token: str) -> Response[Any]:
    """The cards."""
    try:
        part = await _part(request, token)
    except Closed as closed:
        return await _closed(request, closed)
    return _private(await show_sheet(request, part, await part.sheet()))


@post("/r/{token:str}/drafts", permission=Permission.OPEN)
async def keep_linked_report(request: HTMXRequest, token: str) -> Response[Any]:
    """Keep what was typed."""
    try:
        part = await _part(request, token)
    except Closed as closed:
        return await _closed(request, closed)
    return _private(await keep_typed(request, part))


@post("/r/{token:str}/send", permission=Permission.OPEN)
async def send_linked_report(request: HTMXRequest, token: str) -> Response[Any]:
    """Send the unit's part."""
    try:
        part = await _part(request, token)
    except Closed as closed:
        return await _closed(request, closed)
    return _private(await send_in(request, part))


handlers = [show_linked_report, keep_linked_report, send_linked_report]
