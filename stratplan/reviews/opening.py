"""Opening a review, and what of an open one is changed or taken back: its due date, its note, the review itself."""

from collections.abc import Iterator
from datetime import date
from typing import Any

from litestar import get, post
from litestar.response import Response
from litestar_htmx import HTMXRequest
from pydantic import field_validator

from stratplan.documents import OptionalProse
from stratplan.errors import RuleBroken
from stratplan.forms import DayField, Form, FormModel, RequiredDay, Versioned
from stratplan.i18n import N_, _
from stratplan.in_place import Deletion, read_action
from stratplan.period import Period
from stratplan.permissions import Permission
from stratplan.reviews.closing import open_review, usual_due
from stratplan.reviews.models import Review
from stratplan.reviews.queries import find_review
from stratplan.reviews.terms import (
    ReviewTerm,
    code_of,
    name_of,
    period_of_code,
    sentence_case,
    term_of,
    terms_of_years,
)
from stratplan.snapshot import Snapshot
from stratplan.view import View
from stratplan.web import done, page, read_form


class NewReview(FormModel):
    """Which term is reviewed, until when units send, and what they are told; without a day it is the usual one."""

    term: str
    due: DayField = None
    note: OptionalProse = ""

    @field_validator("term")
    @classmethod
    def _is_a_term(cls, term: str) -> str:
        if period_of_code(term) is None:
            raise ValueError(N_("Choose one from the list."))
        return term


class ReviewEdit(Versioned):
    """What of an open review may be changed."""

    due: RequiredDay
    note: OptionalProse = ""


def offered_terms(snapshot: Snapshot, today: date) -> list[Period]:
    """The quarters, half-years and years of the plan that have begun and have no review, the newest first."""
    taken = {review.period for review in snapshot.all(Review).values()}
    terms = [term for term in terms_of_years(snapshot.plan.years) if term.start <= today and term not in taken]
    return sorted(terms, key=lambda term: (term.end, -term.start.toordinal()), reverse=True)


def next_term(terms: list[Period], today: date) -> Period | None:
    """The one to review next: the quarter that has just ended, else the newest quarter, else the newest of all."""
    quarters = [term for term in terms if term_of(term) is ReviewTerm.QUARTER]
    ended = [term for term in quarters if term.end < today]
    return next(iter(ended or quarters or terms), None)


def _choices(terms: list[Period]) -> Iterator[tuple[str, list[tuple[str, str]]]]:
    """The terms as a field offers them, grouped by how long they are."""
    groups = (
        (ReviewTerm.QUARTER, _("Quarters")),
        (ReviewTerm.HALF_YEAR, _("Half-years")),
        (ReviewTerm.YEAR, _("Years")),
    )
    for length, label in groups:
        options = [(code_of(term), sentence_case(name_of(term))) for term in terms if term_of(term) is length]
        if options:
            yield label, options


@get("/plans/{slug:str}/reviews/new", permission=Permission.REVIEWS_WRITE)
async def new_review(request: HTMXRequest, view: View) -> Response[str]:
    """The form that opens a review, with the quarter that has just ended."""
    term = next_term(offered_terms(view.snapshot, view.today), view.today)
    values = {} if term is None else {"term": code_of(term), "due": usual_due(term, view.today)}
    return await _new_page(request, view, Form.filled(NewReview, values))


@post("/plans/{slug:str}/reviews", permission=Permission.REVIEWS_WRITE)
async def create_review(request: HTMXRequest, view: View) -> Response[Any]:
    """Open a review; the heads of the units that lead its tasks are told."""
    form = await read_form(request, NewReview)
    if form.data is None:
        return await _new_page(request, view, form, status=422)
    period = period_of_code(form.data.term)
    assert period is not None
    due = form.data.due or usual_due(period, view.today)
    try:
        review, entry = await open_review(
            view.snapshot, period, due=due, note=form.data.note, by=view.reader.actor, today=view.today
        )
    except RuleBroken as broken:
        form.refuse(RuleBroken(str(broken), field="term" if broken.field == "period" else broken.field))
        return await _new_page(request, view, form, status=409)
    return await done(request, entry, view=view, to=view.url(f"/reviews/{review.code}"))


async def _new_page(request: HTMXRequest, view: View, form: Form[NewReview], *, status: int = 200) -> Response[str]:
    terms = list(_choices(offered_terms(view.snapshot, view.today)))
    return await page(
        request,
        "reviews/new.html",
        {"form": form, "terms": terms},
        view=view,
        section="reviews",
        fragment="reviews/_new_form.html",
        status=status,
    )


@get("/plans/{slug:str}/reviews/{review:str}/edit", permission=Permission.REVIEWS_WRITE)
async def edit_review(request: HTMXRequest, view: View, review: str) -> Response[str]:
    """The form of an open review's due date and note."""
    document = find_review(view.snapshot, review)
    values = {"version": document.version, "due": document.due, "note": document.note}
    return await _edit_page(request, view, Form.filled(ReviewEdit, values), document)


@post("/plans/{slug:str}/reviews/{review:str}", permission=Permission.REVIEWS_WRITE)
async def update_review(request: HTMXRequest, view: View, review: str) -> Response[Any]:
    """Change the due date or the note of an open review."""
    form = await read_form(request, ReviewEdit)
    document = find_review(view.snapshot, review)
    if form.data is None:
        return await _edit_page(request, view, form, document, status=422)
    values = {"due": form.data.due, "note": form.data.note}
    try:
        entry = await document.edit(values, by=view.reader.actor, based_on=form.data.version)
    except RuleBroken as broken:
        form.refuse(broken)
        return await _edit_page(request, view, form, document, status=409)
    return await done(request, entry, view=view, to=view.url(f"/reviews/{document.code}"))


async def _edit_page(
    request: HTMXRequest, view: View, form: Form[ReviewEdit], review: Review, *, status: int = 200
) -> Response[str]:
    return await page(
        request,
        "reviews/edit.html",
        {"form": form, "review": review},
        view=view,
        section="reviews",
        fragment="reviews/_edit_form.html",
        status=status,
    )


@post("/plans/{slug:str}/reviews/{review:str}/delete", permission=Permission.REVIEWS_WRITE)
async def delete_review(request: HTMXRequest, view: View, review: str) -> Response[Any]:
    """Delete a review that was opened by mistake; what was reported in it stays with the tasks."""
    document = find_review(view.snapshot, review)
    sent = await read_action(request, Deletion)
    entry = await document.remove(by=view.reader.actor, based_on=sent.version)
    return await done(request, entry, view=view, to=view.url("/reviews"))


handlers = [new_review, create_review, edit_review, update_review, delete_review]
