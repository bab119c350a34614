"""Plain functions that open and close reviews for tests of what is read of them."""

from __future__ import annotations

from typing import Any

from stratplan.plans.models import Plan, PublicPart
from stratplan.reviews.closing import close_review, open_review, reopen_review
from stratplan.reviews.models import Decision, Review
from stratplan.reviews.terms import period_of_code
from stratplan.snapshot import Snapshots
from tests.factories import SOMEBODY, TODAY_IN_PLAN, Made


async def current(review: Review) -> Review:
    """The review as it is now."""
    found = await Review.get(review.key)
    assert found is not None
    return found


async def opened_review(made: Made, code: str) -> Review:
    """An open review."""
    period = period_of_code(code)
    assert period is not None
    review, _entry = await open_review(
        await made.snapshot(), period, due=max(period.end, TODAY_IN_PLAN), by=SOMEBODY, today=TODAY_IN_PLAN
    )
    return review


async def closed_review(made: Made, code: str, **decision: Any) -> Review:
    """A review opened and closed."""
    return await closed_again(made, await opened_review(made, code), **decision)


async def closed_again(made: Made, review: Review, **decision: Any) -> Review:
    """An open review closed, once more where it was closed before."""
    await close_review(
        Snapshots(),
        made.plan.slug,
        review,
        decision=Decision(**decision),
        despite_missing=True,
        by=SOMEBODY,
        based_on=review.version,
        today=TODAY_IN_PLAN,
    )
    return await current(review)


async def reopened(review: Review, reason: str = "Kļūda skaitļos.") -> Review:
    """A closed review opened again."""
    await reopen_review(review, reason=reason, by=SOMEBODY, based_on=review.version)
    return await current(review)


async def publish(made: Made, *parts: PublicPart) -> None:
    """Publish the plan with these parts; all where none is named."""
    plan = await Plan.get(made.plan.key)
    assert plan is not None
    await plan.publish(list(parts or PublicPart), by=SOMEBODY, based_on=plan.version)
