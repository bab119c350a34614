"""Signed links: a unit's head reports on their tasks of one review without signing in (docs/reviews-reporting.md).

The address has the link's id and a signature over what the link is for, made with the installation's secret key: who
has the database alone can make none, and a link whose document was changed behind the program's back is none.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from beanie import PydanticObjectId
from pymongo import ASCENDING, IndexModel

from stratplan import audit
from stratplan.accounts.roles import rights_in, units_of
from stratplan.actors import Actor
from stratplan.choice import Choice
from stratplan.database import Session
from stratplan.documents import Line, Link, LivingDocument, OnDelete, Reference
from stratplan.errors import RuleBroken, StaleEdit
from stratplan.i18n import N_, _
from stratplan.permissions import Permission
from stratplan.plans.models import Plan
from stratplan.reviews.models import Review
from stratplan.reviews.queries import Asked, units_asked
from stratplan.secret_key import SecretKey
from stratplan.snapshot import Snapshot, Snapshots
from stratplan.units.models import Unit

SIGNED_FOR = "review links"
ID, SIGNATURE = 12, 32  # bytes
LENGTH = 59  # characters of a token: both in base64 without padding

BY_SCOPE = IndexModel([("scope", ASCENDING), ("deleted", ASCENDING)])


class ReviewLink(LivingDocument):
    """That one person may report for one unit in one review without signing in; `name` is what the unit was called."""

    review: Reference
    unit: Reference
    account: Reference
    name: Line
    revoked: bool = False

    kind: ClassVar = "review_link"
    noun: ClassVar = N_("link for reporting")
    written_with: ClassVar = (Permission.REVIEWS_WRITE,)
    final: ClassVar = frozenset({"review_link.revoked"})
    labels: ClassVar = {"revoked": N_("Revoked")}
    links: ClassVar = (Link("review", "review", OnDelete.DELETE), Link("unit", "unit", OnDelete.DELETE))

    class Settings:
        name = "review_links"
        indexes: ClassVar = [BY_SCOPE, IndexModel([("review", ASCENDING)])]

    @property
    def caption(self) -> str:
        return self.name

    @property
    def responsible(self) -> frozenset[Reference]:
        return frozenset([self.unit])

    async def revoke(self, *, by: Actor, based_on: int) -> audit.AuditEntry | None:
        """Make the link good no more, and any other of the same person for the same part (from before there was one at
        most); None where it is not already."""
        if based_on != self.version:
            raise StaleEdit(self, {}, await audit.entries_since(self, based_on))
        if self.revoked:
            return None
        twins = [one for one in await ReviewLink.find(self._good).to_list() if one.key != self.key]
        edits = [audit.changed(one, revoked=True) for one in (self, *twins)]
        return await audit.record("review_link.revoked", edits, by=by)

    @property
    def _good(self) -> dict[str, Any]:
        """What finds the person's links for the part that are good."""
        return good_links(self.review, self.unit, self.account)

    def refuse_putting_back(self, values: Mapping[str, Any], by: Actor) -> None:
        """A link that was revoked stays so: another one can be made."""
        if values.get("revoked") is False:
            raise RuleBroken(_("A link that was revoked stays so. Make another one."))

    async def check_rules(self, session: Session) -> None:
        """A link is made while the review is open, and a person has one at most for a unit's part."""
        if self.revoked:
            return
        if await ReviewLink.get_motor_collection().count_documents(self._good, session=session) > 1:
            raise RuleBroken(_("This person has a link for this unit already."))
        raw = await Review.get_motor_collection().find_one({"_id": self.review}, {"state": 1}, session=session)
        if raw is None or raw["state"] != "open":
            raise RuleBroken(_("The review is closed: nothing more can be sent in for it."))


# --- addresses ----------------------------------------------------------------------------------------------------


def good_links(review: PydanticObjectId, unit: PydanticObjectId, account: PydanticObjectId) -> dict[str, Any]:
    """What finds a person's links for a unit's part of a review that were not revoked."""
    return {"review": review, "unit": unit, "account": account, "revoked": False, "deleted": False}


async def link_for(
    review: Review, unit: PydanticObjectId, account: PydanticObjectId, *, key: SecretKey, by: Actor
) -> str:
    """The address (`/r/…`, without the site's own) under which the account reports for the unit in the review; the link
    is made unless there is one that was not revoked.

    Whether the person may report for the unit is asked whenever the link is used (see `opened`), not here. Raises
    RuleBroken where the review is closed.
    """
    good = good_links(review.key, unit, account)
    link = await ReviewLink.find_one(good)
    if link is None:
        try:
            link, _entry = await make_link(review, unit, account, by=by)
        except RuleBroken:
            link = await ReviewLink.find_one(good)  # somebody else was faster
            if link is None:
                raise
    return address_of(link, key)


async def make_link(
    review: Review, unit: PydanticObjectId, account: PydanticObjectId, *, by: Actor
) -> tuple[ReviewLink, audit.AuditEntry]:
    """A new link, and what was recorded of it."""
    named = await Unit.get(unit)
    if named is None:
        raise RuleBroken(_("There is no such unit."))
    link = ReviewLink.new(scope=review.scope, review=review.key, unit=unit, account=account, name=named.name)
    return link, await audit.record("review_link.made", [audit.created(link)], by=by)


def address_of(link: ReviewLink, key: SecretKey) -> str:
    """Where the link leads, within the site."""
    signed = link.key.binary + key.sign(_said(link), about=SIGNED_FOR)
    return "/r/" + base64.urlsafe_b64encode(signed).decode().rstrip("=")


def _said(link: ReviewLink) -> bytes:
    """What the signature is over: the link's id and all that it is for."""
    return b"".join(one.binary for one in (link.key, link.scope, link.review, link.unit, link.account))


async def signed_link(token: str, key: SecretKey) -> ReviewLink | None:
    """The link of a token, good or not any more; None where the token is not one of ours."""
    if len(token) != LENGTH or not token.isascii():
        return None
    try:
        raw = base64.b64decode(token + "=" * (-LENGTH % 4), altchars=b"-_", validate=True)
    except binascii.Error:
        return None
    link = await ReviewLink.find_one({"_id": PydanticObjectId(raw[:ID])})
    return link if link is not None and key.has_signed(_said(link), raw[ID:], about=SIGNED_FOR) else None


# --- whether one is good ------------------------------------------------------------------------------------------


class Refusal(Choice):
    """Why a link that we made lets nobody report; `label` is all that is told."""

    WITHDRAWN = "withdrawn", N_("This link is good no more.")
    CLOSED = "closed", N_("The review is closed: nothing more can be sent in for it.")
    NOTHING_ASKED = "nothing_asked", N_("This review asks nothing of the unit any more.")
    SECOND_FACTOR = "second_factor", N_("This plan asks for a second step at sign-in, so links open nothing of it.")


@dataclass(frozen=True, slots=True)
class Opened:
    """What a good link opens: one unit's part of one review, in one person's name."""

    link: ReviewLink
    snapshot: Snapshot
    review: Review
    asked: Asked

    @property
    def actor(self) -> Actor:
        """The person whose link it is."""
        return Actor(str(self.link.account))


async def opened(link: ReviewLink, snapshots: Snapshots) -> Opened | Refusal:
    """What the link opens at this moment, or why nothing."""
    plan = await Plan.find_one({"_id": link.scope, "deleted": False})
    snapshot = None if plan is None else await snapshots.of(plan.slug)
    if snapshot is None:
        return Refusal.WITHDRAWN
    current = snapshot.find(ReviewLink, link.key)
    review = snapshot.find(Review, link.review)
    if current is None or current.revoked or review is None or not may_report(snapshot, link.account, link.unit):
        return Refusal.WITHDRAWN
    if snapshot.plan.asks_second_factor:
        return Refusal.SECOND_FACTOR
    if not review.is_open:
        return Refusal.CLOSED
    asked = next((one for one in units_asked(snapshot, review) if one.unit.key == link.unit), None)
    return Refusal.NOTHING_ASKED if asked is None else Opened(current, snapshot, review, asked)


def may_report(snapshot: Snapshot, account: PydanticObjectId, unit: PydanticObjectId) -> bool:
    """Whether the account, which may sign in, is the head of the unit or of one above it now."""
    rights = rights_in(snapshot, account)
    return (
        rights is not None
        and unit in units_of(snapshot, account)
        and rights.allow(Permission.REVIEWS_REPORT, frozenset([unit]))
    )
