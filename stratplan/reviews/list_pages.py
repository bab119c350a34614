"""The plan's reviews: those that are open, with how many units have sent, and those that were closed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from beanie import PydanticObjectId
from litestar import get
from litestar.response import Response
from litestar_htmx import HTMXRequest

from stratplan import i18n
from stratplan.goals.progress import percent
from stratplan.i18n import _, ngettext
from stratplan.permissions import Permission
from stratplan.reviews.editions import progress_as_seen
from stratplan.reviews.models import Edition, Review
from stratplan.reviews.opening import offered_terms
from stratplan.reviews.queries import Closed, closed_reviews, reviews_in_order, units_asked
from stratplan.view import View
from stratplan.web import page

Progress = Mapping[tuple[PydanticObjectId, int], Fraction | None]  # of the plan, by review and edition


@dataclass(frozen=True, slots=True)
class OpenRow:
    """An open review: how many of its units have sent, and how long there is left."""

    review: Review
    sent: int
    asked: int
    due: str
    is_late: bool


@dataclass(frozen=True, slots=True)
class ClosedRow:
    """A closed review as its newest edition has it; `percent` is the plan's progress then."""

    review: Review
    edition: Edition
    decision: str
    percent: int | None


def said_decision(edition: Edition) -> str:
    """The decision that an edition was closed with: number and day, as far as there are; empty without one."""
    number = _("No. %(number)s", number=edition.decision_number) if edition.decision_number else ""
    day = i18n.short_date(edition.decision_date) if edition.decision_date else ""
    return ", ".join(part for part in (number, day) if part)


def said_due(view: View, review: Review, *, is_missing: bool) -> str:
    """Until when units send, and how long that is from today, or how long it is past."""
    left = (review.due - view.today).days
    if left < 0 and is_missing:
        return ngettext("%(num)s day past the due date", "%(num)s days past the due date", -left)
    if left < 0:
        return _("the due date is past")
    if left == 0:
        return _("the due date is today")
    return ngettext("%(num)s day left", "%(num)s days left", left)


def open_row(view: View, review: Review) -> OpenRow:
    """An open review as the list, and who keeps the plan, see it."""
    units = units_asked(view.snapshot, review)
    sent = sum(asked.is_sent for asked in units)
    is_missing = sent < len(units)
    return OpenRow(
        review, sent, len(units), said_due(view, review, is_missing=is_missing), is_missing and review.due < view.today
    )


def closed_rows(closed: Sequence[Closed], progress: Progress) -> list[ClosedRow]:
    """Closed reviews as their list shows them; `progress` is that of their editions."""
    rows = []
    for review, edition in closed:
        value = progress.get((review.key, edition.number))
        rows.append(ClosedRow(review, edition, said_decision(edition), None if value is None else percent(value)))
    return rows


@get("/plans/{slug:str}/reviews", permission=Permission.REVIEWS_READ)
async def list_reviews(request: HTMXRequest, view: View) -> Response[str]:
    """The reviews, the newest first; residents see the closed ones."""
    reviews = reviews_in_order(view.snapshot)
    closed = [(review, edition) for review, edition in closed_reviews(view.snapshot) if not review.is_open]
    context = {
        "open": [open_row(view, review) for review in reviews if review.is_open],
        "closed": closed_rows(closed, await progress_as_seen(view, closed)),
        "can_open": view.can("reviews:write") and bool(offered_terms(view.snapshot, view.today)),
    }
    return await page(request, "reviews/list.html", context, view=view, section="reviews")


handlers = [list_reviews]
