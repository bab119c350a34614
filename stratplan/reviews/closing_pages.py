"""The pages on which a review is closed and, by an administrator, opened again."""

from typing import Any, Literal

from litestar import get, post
from litestar.response import Response
from litestar_htmx import HTMXRequest

from stratplan.documents import OptionalLine, OptionalProse
from stratplan.errors import NotVisible, RuleBroken
from stratplan.forms import DayField, Form, Versioned
from stratplan.goals.queries import tasks_in_order
from stratplan.i18n import _
from stratplan.investments.queries import lines_in_order
from stratplan.permissions import Permission
from stratplan.reviews.closing import close_review, reopen_review
from stratplan.reviews.desk_figures import said_unreported
from stratplan.reviews.models import Decision, Review
from stratplan.reviews.queries import Asked, find_review, units_asked
from stratplan.view import View
from stratplan.web import done, page, read_form, site_of

REVIEW = "/plans/{slug:str}/reviews/{review:str}"


class Closing(Versioned):
    """The council's decision, where there is one; `confirmed` where units have not sent."""

    decision_number: OptionalLine = ""
    decision_date: DayField = None
    confirmed: Literal["", "1"] = ""


class Reopening(Versioned):
    """Why a closed review is opened again."""

    reason: OptionalProse = ""


@get(f"{REVIEW}/close", permission=Permission.REVIEWS_WRITE)
async def ask_to_close(request: HTMXRequest, view: View, review: str) -> Response[str]:
    """What closing freezes, what is still missing, and the decision to close with."""
    document = find_review(view.snapshot, review)
    if not document.is_open:
        raise RuleBroken(_("The review is closed already."))
    last = document.last_edition  # closed again, it is usually with the same decision
    decision = {} if last is None else {"decision_number": last.decision_number, "decision_date": last.decision_date}
    return await _close_page(request, view, document, Form.filled(Closing, {"version": document.version, **decision}))


@post(f"{REVIEW}/close", permission=Permission.REVIEWS_WRITE)
async def close(request: HTMXRequest, view: View, review: str) -> Response[Any]:
    """Freeze the review as it is now."""
    form = await read_form(request, Closing)
    document = find_review(view.snapshot, review)
    if form.data is None:
        return await _close_page(request, view, document, form, status=422)
    sent = form.data
    try:
        entry = await close_review(
            site_of(request).snapshots,
            view.plan.slug,
            document,
            decision=Decision(number=sent.decision_number, day=sent.decision_date),
            by=view.reader.actor,
            based_on=sent.version,
            today=view.today,
            despite_missing=bool(sent.confirmed),
        )
    except RuleBroken as broken:
        form.refuse(broken)
        return await _close_page(request, view, document, form, status=422 if broken.field else 409)
    return await done(request, entry, view=view, to=view.url(f"/reviews/{document.code}"))


def _missing(view: View, review: Review) -> list[str]:
    """The units that have not sent, by name; of one that has sent in part also what is missing."""
    return [_said_missing(asked) for asked in units_asked(view.snapshot, review) if not asked.is_sent]


def _said_missing(asked: Asked) -> str:
    return " · ".join(one for one in (asked.unit.name, said_unreported(asked)) if one)


async def _close_page(
    request: HTMXRequest, view: View, review: Review, form: Form[Closing], *, status: int = 200
) -> Response[str]:
    context = {
        "review": review,
        "form": form,
        "day": review.day_on(view.today),
        "tasks": len(tasks_in_order(view.snapshot)),
        "lines": len(lines_in_order(view.snapshot)),
        "edition": len(review.editions) + 1,
        "missing": _missing(view, review),
    }
    return await page(
        request,
        "reviews/close.html",
        context,
        view=view,
        section="reviews",
        fragment="reviews/_close_form.html",
        status=status,
    )


@get(f"{REVIEW}/reopen", permission=Permission.REVIEWS_REOPEN)
async def ask_to_reopen(request: HTMXRequest, view: View, review: str) -> Response[str]:
    """Asks why a closed review is opened again."""
    document = find_review(view.snapshot, review)
    return await _reopen_page(request, view, document, Form.filled(Reopening, {"version": document.version}))


@post(f"{REVIEW}/reopen", permission=Permission.REVIEWS_REOPEN)
async def reopen(request: HTMXRequest, view: View, review: str) -> Response[Any]:
    """Open a closed review again; its editions stay."""
    form = await read_form(request, Reopening)
    document = find_review(view.snapshot, review)
    if form.data is None:
        return await _reopen_page(request, view, document, form, status=422)
    try:
        entry = await reopen_review(document, reason=form.data.reason, by=view.reader.actor, based_on=form.data.version)
    except RuleBroken as broken:
        form.refuse(broken)
        return await _reopen_page(request, view, document, form, status=409)
    return await done(request, entry, view=view, to=view.url(f"/reviews/{document.code}"))


async def _reopen_page(
    request: HTMXRequest, view: View, review: Review, form: Form[Reopening], *, status: int = 200
) -> Response[str]:
    if review.edition is None:
        raise NotVisible(_("Only a closed review is opened again."))
    return await page(
        request,
        "reviews/reopen.html",
        {"review": review, "form": form, "edition": review.edition},
        view=view,
        section="reviews",
        fragment="reviews/_reopen_form.html",
        status=status,
    )


handlers = [ask_to_close, close, ask_to_reopen, reopen]
