"""The signed links that letters about reviews carry: to the parts of the units whose head they are written to."""

from __future__ import annotations

from stratplan.actors import REMINDERS
from stratplan.errors import RuleBroken
from stratplan.notices.kinds import NoticeKind
from stratplan.notices.models import Notice
from stratplan.reviews.links import link_for, may_report
from stratplan.reviews.models import Review
from stratplan.reviews.queries import units_asked
from stratplan.secret_key import SecretKey
from stratplan.snapshot import Snapshot

ASKING = (NoticeKind.REVIEW_OPENED, NoticeKind.REVIEW_DUE)

Links = tuple[tuple[str, str], ...]  # the unit's name, and the address within the site


async def links_in(notice: Notice, snapshot: Snapshot, key: SecretKey) -> Links:
    """The links that the letter of a notice carries: one for each unit of the person's that has not sent its part. None
    where the plan asks for a second factor, which a mailbox does not."""
    review = snapshot.find(Review, notice.review)
    if notice.kind not in ASKING or review is None or not review.is_open or snapshot.plan.asks_second_factor:
        return ()
    units = [
        asked.unit
        for asked in units_asked(snapshot, review)
        if not asked.is_sent and may_report(snapshot, notice.account, asked.unit.key)
    ]
    try:
        return tuple(
            [(unit.name, await link_for(review, unit.key, notice.account, key=key, by=REMINDERS)) for unit in units]
        )
    except RuleBroken:  # closed at this moment
        return ()
