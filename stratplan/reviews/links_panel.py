"""The signed links of a review on the planner's desk: made, copied, revoked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from beanie import PydanticObjectId
from litestar import post
from litestar.exceptions import ClientException
from litestar.response import Response
from litestar_htmx import HTMXRequest

from stratplan.accounts.answering import key_of
from stratplan.accounts.cookies import origin_of
from stratplan.accounts.models import Membership
from stratplan.alphabet import sort_key
from stratplan.audit import AuditEntry
from stratplan.errors import NotVisible, RuleBroken
from stratplan.forms import ChosenField, FormModel
from stratplan.i18n import _
from stratplan.in_place import Deletion, read_action
from stratplan.permissions import Permission
from stratplan.reviews.links import ReviewLink, address_of, make_link, may_report
from stratplan.reviews.models import Review
from stratplan.reviews.queries import asked_of, find_review, units_asked
from stratplan.secret_key import SecretKey
from stratplan.units.models import Unit
from stratplan.view import View
from stratplan.web import done, site_of


class NewLink(FormModel):
    """Whose link is made."""

    account: ChosenField


@dataclass(frozen=True, slots=True)
class LinkRow:
    """A head of a unit, with their link where there is one."""

    unit: Unit
    account: PydanticObjectId
    name: str
    link: ReviewLink | None
    address: str


@dataclass(frozen=True, slots=True)
class LinksPanel:
    """Who may report through a link in a review; `refusal` says why nobody may."""

    review: Review
    rows: list[LinkRow]
    refusal: str


def links_panel(request: HTMXRequest, view: View, review: Review) -> LinksPanel:
    """What `reviews/_links.html` needs, as `links`: the heads of the units that the review asks, with their links."""
    refusal = ""
    if not review.is_open:
        refusal = _("The review is closed: nothing more can be sent in for it.")
    elif view.plan.asks_second_factor:
        refusal = _("This plan asks for a second step at sign-in, so links open nothing of it.")
    rows = [] if refusal else _rows(view, review, key_of(request), _base(request))
    return LinksPanel(review, rows, refusal)


def _base(request: HTMXRequest) -> str:
    return site_of(request).address or origin_of(request).base


def _rows(view: View, review: Review, key: SecretKey, base: str) -> list[LinkRow]:
    links = {
        (link.unit, link.account): link
        for link in view.snapshot.all(ReviewLink).values()
        if link.review == review.key and not link.revoked
    }
    rows = []
    for asked in units_asked(view.snapshot, review):
        for account in _heads_of(view, asked.unit):
            link = links.get((asked.unit.key, account))
            address = "" if link is None else base + address_of(link, key)
            rows.append(LinkRow(asked.unit, account, view.snapshot.name_of(str(account)), link, address))
    return rows


def _heads_of(view: View, unit: Unit) -> list[PydanticObjectId]:
    accounts = {membership.account for membership in view.snapshot.all(Membership).values()}
    heads = [account for account in accounts if may_report(view.snapshot, account, unit.key)]
    return sorted(heads, key=lambda account: (sort_key(view.snapshot.name_of(str(account))), str(account)))


@post("/plans/{slug:str}/reviews/{review:str}/units/{unit:str}/links", permission=Permission.REVIEWS_WRITE)
async def create_link(request: HTMXRequest, view: View, review: str, unit: str) -> Response[Any]:
    """Make the link of a head of the unit."""
    wanted = await read_action(request, NewLink)
    found = find_review(view.snapshot, review)
    if not PydanticObjectId.is_valid(unit):
        raise NotVisible(_("There is no such page."))
    asked = asked_of(view.snapshot, found, PydanticObjectId(unit))
    if not may_report(view.snapshot, wanted.account, asked.unit.key):
        raise ClientException(_("This was not understood, so nothing was changed. Reload the page and try again."))
    if view.plan.asks_second_factor:
        raise RuleBroken(_("This plan asks for a second step at sign-in, so links open nothing of it."))
    _link, entry = await make_link(found, asked.unit.key, wanted.account, by=view.reader.actor)
    return await _again(request, view, found, entry)


@post("/plans/{slug:str}/reviews/{review:str}/links/{link:str}/revoke", permission=Permission.REVIEWS_WRITE)
async def revoke_link(request: HTMXRequest, view: View, review: str, link: str) -> Response[Any]:
    """Make a link good no more."""
    sent = await read_action(request, Deletion)
    found, document = find_review(view.snapshot, review), view.get(ReviewLink, link)
    if document.review != found.key:
        raise NotVisible(_("There is no such page."))
    entry = await document.revoke(by=view.reader.actor, based_on=sent.version)
    return await _again(request, view, found, entry)


async def _again(request: HTMXRequest, view: View, review: Review, entry: AuditEntry | None) -> Response[Any]:
    fresh = await view.fresh()
    context = {"links": links_panel(request, fresh, find_review(fresh.snapshot, str(review.key)))}
    to = fresh.url(f"/reviews/{review.code}") + "#review-links"
    return await done(request, entry, view=fresh, to=to, fragment="reviews/_links.html", context=context)


handlers = [create_link, revoke_link]
