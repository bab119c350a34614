"""A person's calendar feed: the page on which its address is made, and the feed itself."""

import asyncio
import hashlib
from typing import Annotated, Any

from beanie import PydanticObjectId
from litestar import get, post
from litestar.response import Response
from litestar_htmx import HTMXRequest
from pydantic import Field

from stratplan.accounts import cookies
from stratplan.accounts.models import Account, Profile
from stratplan.errors import NotVisible
from stratplan.forms import FormModel
from stratplan.i18n import LANGUAGES, _, use_language
from stratplan.notices.calendars import CalendarFeed, Part, calendar_text, part_of
from stratplan.notices.mine import account_of, plans_inside, settings_of, to
from stratplan.origin import Origin
from stratplan.permissions import Permission
from stratplan.snapshot import Snapshot
from stratplan.web import Site, page, read_form, site_of

PAGE = "/me/calendar"
MADE = "calendar-secret"  # the cookie that carries a new secret to the page that shows it, once
SHOWN_FOR = 120  # seconds


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
    secret = cookies.sent(request, MADE)
    made = await CalendarFeed.of_secret(secret) if secret else None
    plans = await _snapshots(site_of(request), account)
    context = {
        "feed": feed,
        "feed_address": f"{_base(request)}/calendar/{secret}.ics" if made is not None and made.id == account else "",
        "plans": [(plan.plan.slug, plan.plan.title) for plan in plans],
        "whole": [] if feed is None else [plan.plan.slug for plan in plans if plan.plan.key in feed.whole],
        "saved": "saved" in request.query_params,
    }
    answer = await page(request, "notices/calendar.html", context, status=status)
    answer.headers["cache-control"] = "no-store"
    if secret:
        answer.cookies.append(cookies.gone(request, MADE))
    return answer


@post(PAGE, permission=Permission.ME_WRITE)
async def renew_calendar(request: HTMXRequest) -> Response[Any]:
    """Make the feed's address, or a new one in place of the old."""
    secret = await CalendarFeed.renew(account_of(request))
    answer = to(PAGE)
    answer.cookies.append(cookies.kept(request, MADE, secret, seconds=SHOWN_FOR))
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
    await feed.include_whole([plan.key for plan in await plans_inside(account) if plan.slug in chosen])
    return to(f"{PAGE}?saved")


@post(f"{PAGE}/withdraw", permission=Permission.ME_WRITE)
async def withdraw_calendar(request: HTMXRequest) -> Response[Any]:
    """End the feed."""
    await CalendarFeed.withdraw(account_of(request))
    return to(PAGE)


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
    body = await asyncio.to_thread(_written, parts, language, _base(request))
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
    plans = sorted(await plans_inside(account), key=lambda plan: (-plan.last_year, plan.title))
    found = [await site.snapshots.of(plan.slug) for plan in plans]
    return [snapshot for snapshot in found if snapshot is not None]


def _base(request: HTMXRequest) -> str:
    """The site's address for people, else as it was called."""
    origin: Origin = request.scope["state"]["origin"]
    return settings_of(request).address or origin.base


handlers = [show_calendar, renew_calendar, choose_plans, withdraw_calendar, send_calendar]
