"""The reminders of reviews that nobody has to think of: units before and after the due date, then the planners."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, time, timedelta

from stratplan import i18n
from stratplan.actors import REMINDERS
from stratplan.documents import now
from stratplan.errors import StaleEdit
from stratplan.notices.models import Turn
from stratplan.notices.review_causes import missing_units
from stratplan.notices.writing import for_each
from stratplan.plans.models import Plan
from stratplan.reviews.heads import headed_units
from stratplan.reviews.models import Review
from stratplan.reviews.reminders import is_to_escalate, units_to_remind
from stratplan.snapshot import Snapshot, Snapshots

REVIEWS = "reviews"
REVIEWS_TAKE = timedelta(minutes=10)
NOT_BEFORE = time(6)  # by the clock: so that it is in the day's letters, and wakes nobody
ATTEMPTS = 6


async def remind_of_reviews(
    snapshots: Snapshots, owner: str, today: Callable[[], date], clock: Callable[[], datetime] = now
) -> int:
    """Once a day, by one process: remind the units and tell the planners that it is the day for; how many changes that
    was.

    What is sent is recorded with the review, so that a day that was broken off, or of which a plan failed, is gone
    through again without reminding anybody twice; the notices follow from the history.
    """
    day = today()
    if clock().astimezone(i18n.CLOCK).time() < NOT_BEFORE or await Turn.is_done(REVIEWS, day.isoformat()):
        return 0
    if not await Turn.take(REVIEWS, day.isoformat(), owner, now() + REVIEWS_TAKE):
        return 0

    async def look(plan: Plan) -> int:
        snapshot = await snapshots.of(plan.slug)
        opened = [] if snapshot is None else [one.code for one in snapshot.all(Review).values() if one.is_open]
        return sum([await _remind(snapshots, plan.slug, code, day) for code in opened])

    try:
        done = await for_each(await Plan.find({"deleted": False}).to_list(), look)
    except Exception:  # whatever it is: the turn is given back first, and it goes on to whoever runs the job
        await Turn.give_back(REVIEWS, day.isoformat(), owner)
        raise
    await Turn.finish(REVIEWS, day.isoformat(), owner)
    return done


async def _remind(snapshots: Snapshots, slug: str, code: str, day: date) -> int:
    """Do for one review, step by step, what it is the day for; somebody may be changing it at the same moment."""
    steps = 0
    for _attempt in range(ATTEMPTS):
        snapshot = await snapshots.of(slug)
        review = None if snapshot is None else _find(snapshot, code)
        if snapshot is None or review is None:
            break
        try:
            if not await _step(snapshot, review, day):
                break
        except StaleEdit:
            continue
        steps += 1
    return steps


def _find(snapshot: Snapshot, code: str) -> Review | None:
    return next((one for one in snapshot.all(Review).values() if one.code == code and one.is_open), None)


async def _step(snapshot: Snapshot, review: Review, day: date) -> bool:
    """Remind the units, or else tell the planners; False where neither is to be done."""
    missing = missing_units(snapshot, review)
    opened = i18n.day_of(review.opened_at)
    reminded = {unit: on for unit in missing if (on := review.reminded_on(unit)) is not None}
    headed = headed_units(snapshot)
    units = [unit for unit in units_to_remind(review.due, opened, day, missing, reminded) if unit in headed]
    if units:
        await review.remind(units, by=REMINDERS, today=day)
    elif is_to_escalate(review.due, opened, day, missing, review.escalated_on):
        await review.escalate(by=REMINDERS, today=day)
    else:
        return False
    return True
