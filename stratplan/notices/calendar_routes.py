"""A person's calendar feed: the page on which its address is made, and the feed itself."""

import asyncio
import hashlib
from typing import Annotated, Any

from beanie import PydanticObjectId
from litestar import get, post
from litestar.response import Response
from litestar_htmx import HTMXRequest
from pydantic import Field

from stratplan.accounts.answering import account_page, go, show_once
from stratplan.accounts.models import Account, Profile
from stratplan.errors import NotVisible
from stratplan.forms import FormModel
from stratplan.i18n import LANGUAGES, _, use_language
from stratplan.notices.calendars import CalendarFeed, Part, calendar_text, part_of
from stratplan.notices.mine import open_to, plans_inside, settings_of
from stratplan.permissions import Permission
from stratplan.plans.models import Plan
from stratplan.snapshot import Snapshot
from stratplan.view import Site
from stratplan.web import account_of, base_of, read_form, reader_of, site_of

PAGE = "/me/calendar"


class WholePlans(FormModel):
    """The plans (by address) of which everything is to be in the feed."""

    plans: Annotated[list[Annotated[str, Field(pattern=r"^[a-z0-9-]{1,60}$")]], Field(max_length=500)] = []


@get(PAGE, permission=Permission.ME_READ)
async def show_calendar(request: HTMXRequest) -> Response[str]:
    """Whether there is a feed, and of what; its address right after it was made."""
    return await _calendar_page(request)


async def _calendar_page(request: HTMXRequest, status: int = 200) -> Response[str]:
    account = account_of(request)
    feed = await CalendarFeed.get(account)
    plans = sorted(await plans_inside(account), key=_order)
    # What cannot be chosen: the reader has to give a second factor first, or has to have given it for the address.
    is_strong = reader_of(request).is_strong and (feed is None or feed.strong)
    offered, closed = open_to(plans, is_strong=is_strong)
    context = {
        "feed": feed,
        "plans": [(plan.slug, plan.title) for plan in offered],
        "closed": closed,
        "whole": [] if feed is None else [plan.slug for plan in offered if plan.key in feed.whole],
        "saved": "saved" in request.query_params,
    }
    return await account_page(request, "notices/calendar.html", context, status=status)


@post(PAGE, permission=Permission.ME_WRITE)
async def renew_calendar(request: HTMXRequest) -> Response[Any]:
    """Make the feed's address, or a new one in place of the old."""
    secret = await CalendarFeed.renew(account_of(request), is_strong=reader_of(request).is_strong)
    answer = go(request, PAGE)
    show_once(request, answer, {"calendar": f"{base_of(request)}/calendar/{secret}.ics"})
    return answer


@post(f"{PAGE}/plans", permission=Permission.ME_WRITE)
async def choose_plans(request: HTMXRequest) -> Response[Any]:
    """Have everything of some plans in the feed."""
    form = await read_form(request, WholePlans)
    account = account_of(request)
    feed = await CalendarFeed.get(account)
    if feed is None:
        raise NotVisible(_("There is no such page."))
    if form.data is None:
        return await _calendar_page(request, status=422)
    chosen = set(form.data.plans)
    is_strong = reader_of(request).is_strong and feed.strong
    offered, closed = open_to(await plans_inside(account), is_strong=is_strong)
    kept = [plan.key for plan in closed if plan.key in feed.whole]  # what was not offered was not taken back
    await feed.include_whole([plan.key for plan in offered if plan.slug in chosen] + kept)
    return go(request, f"{PAGE}?saved")


@post(f"{PAGE}/withdraw", permission=Permission.ME_WRITE)
async def withdraw_calendar(request: HTMXRequest) -> Response[Any]:
    """End the feed."""
    await CalendarFeed.withdraw(account_of(request))
    return go(request, PAGE)


@get("/calendar/{name:str}", permission=Permission.OPEN)
async def send_calendar(request: HTMXRequest, name: str) -> Response[bytes]:
    """The feed to whoever has its address, as its owner sees the plans at this moment."""
    secret, dot, kind = name.rpartition(".")
    feed = await CalendarFeed.of_secret(secret) if dot and kind == "ics" else None
    if feed is None or feed.id is None:
        raise NotVisible(_("There is no such page."))
    account = await Account.find_one({"_id": feed.id, "deleted": False, "disabled": False})
    profile = await Profile.get(feed.id)
    if account is None or profile is None:
        raise NotVisible(_("There is no such page."))
    site, settings = site_of(request), settings_of(request)
    day = site.today()
    parts = [part for one in await _snapshots(site, feed.id) if (part := part_of(one, feed, day)) is not None]
    language = profile.language if profile.language in LANGUAGES else settings.language
    body = await asyncio.to_thread(_written, parts, language, base_of(request))
    etag = f'"{hashlib.blake2b(body, digest_size=12).hexdigest()}"'
    headers = {
        "etag": etag,
        "cache-control": "private, no-cache",
        "x-robots-tag": "noindex, nofollow",
        "referrer-policy": "no-referrer",
        "content-disposition": 'attachment; filename="stratplan.ics"',
    }
    if etag in request.headers.get("if-none-match", ""):
        return Response(b"", status_code=304, media_type="text/calendar", headers=headers)
    return Response(body, media_type="text/calendar", headers=headers)


def _written(parts: list[Part], language: str, base: str) -> bytes:
    with use_language(language):
        return calendar_text(parts, base)


async def _snapshots(site: Site, account: PydanticObjectId) -> list[Snapshot]:
    """The plans that the account is inside of, those that end last first."""
    plans = sorted(await plans_inside(account), key=_order)
    found = [await site.snapshots.of(plan.slug) for plan in plans]
    return [snapshot for snapshot in found if snapshot is not None]


def _order(plan: Plan) -> tuple[int, str]:
    return -plan.last_year, plan.title


handlers = [show_calendar, renew_calendar, choose_plans, withdraw_calendar, send_calendar]
