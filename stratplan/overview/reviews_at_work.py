"""What My work says of reviews: the open ones of plans that somebody keeps, the last closed of plans that they read."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from stratplan import i18n
from stratplan.i18n import _, ngettext
from stratplan.reviews.list_pages import open_row, said_decision
from stratplan.reviews.opening import next_term, offered_terms
from stratplan.reviews.queries import closed_reviews, reviews_in_order
from stratplan.reviews.terms import ReviewTerm, name_of, term_of
from stratplan.view import View

IS_NEWS_FOR = timedelta(days=92)  # that a quarter has ended without a review


@dataclass(frozen=True, slots=True)
class ReviewAtWork:
    """A review in one line: what it is called, where it is, how it stands."""

    name: str
    path: str
    said: str
    tone: str
    icon: str


def reviews_to_see_to(view: View) -> list[ReviewAtWork]:
    """The open reviews with who has sent; and a quarter that has ended and has none yet."""
    return [*_open(view), *_to_be_opened(view)]


def _open(view: View) -> list[ReviewAtWork]:
    found = []
    for review in reviews_in_order(view.snapshot):
        if not review.is_open:
            continue
        row = open_row(view, review)
        sent = ngettext("%(sent)s of %(num)s unit sent", "%(sent)s of %(num)s units sent", row.asked, sent=row.sent)
        tone = "danger" if row.is_late else "info"
        name, path = _("Review: %(period)s", period=review.name), view.url(f"/reviews/{review.code}")
        found.append(ReviewAtWork(name, path, f"{sent} · {row.due}", tone, review.state.icon))
    return found


def _to_be_opened(view: View) -> list[ReviewAtWork]:
    term = next_term(offered_terms(view.snapshot, view.today), view.today)
    if term is None or term_of(term) is not ReviewTerm.QUARTER or not term.end < view.today <= term.end + IS_NEWS_FOR:
        return []
    said = _("The quarter has ended, and its review is not opened yet.")
    name = _("Open the review: %(period)s", period=name_of(term))
    return [ReviewAtWork(name, view.url("/reviews/new"), said, "neutral", "plus")]


def last_closed(view: View) -> ReviewAtWork | None:
    """The newest closed review, with its decision."""
    for review, edition in closed_reviews(view.snapshot):
        if review.is_open:  # again: it is among those that are being worked on
            continue
        said = said_decision(edition) or _("as of %(day)s", day=i18n.short_date(edition.day))
        name, path = _("Review: %(period)s", period=review.name), view.url(f"/reviews/{review.code}")
        return ReviewAtWork(name, path, said, review.state.tone, review.state.icon)
    return None
