"""A review's page: of an open one the planner's desk, of a closed one what was frozen."""

from typing import Annotated, Any

from beanie import PydanticObjectId
from litestar import get, post
from litestar.response import Response
from litestar_htmx import HTMXRequest
from pydantic import Field

from stratplan.documents import OptionalProse
from stratplan.errors import NotVisible, RuleBroken, StaleEdit
from stratplan.forms import Form, FormModel, ReferenceField, Versioned
from stratplan.i18n import _
from stratplan.in_place import read_action
from stratplan.permissions import Permission
from stratplan.reviews import sending
from stratplan.reviews.desk_changes import since_last
from stratplan.reviews.desk_figures import desk_of
from stratplan.reviews.edition_pages import edition_page
from stratplan.reviews.heads import headed_units
from stratplan.reviews.links_panel import links_panel
from stratplan.reviews.list_pages import said_due
from stratplan.reviews.models import Review, Submission
from stratplan.reviews.queries import Asked, asked_of, find_review, units_asked
from stratplan.view import View
from stratplan.web import done, page, read_form

REVIEW = "/plans/{slug:str}/reviews/{review:str}"


class Reminding(FormModel):
    """Which unit is reminded; without one all are meant that have not sent. No version is asked for: who was reminded
    today, or has sent meanwhile, is left out anyway."""

    unit: ReferenceField = None


class Returning(Versioned):
    """What is to be corrected in a unit's part."""

    remark: Annotated[OptionalProse, Field(max_length=30_000)] = ""


@get(REVIEW, permission=Permission.REVIEWS_READ)
async def show_review(request: HTMXRequest, view: View, review: str) -> Response[str]:
    """The desk of an open review, or a closed review as it was frozen."""
    document = find_review(view.snapshot, review)
    if document.edition is not None:
        return await edition_page(request, view, document, document.edition.number)
    desk = desk_of(view, document)
    context = {
        "review": document,
        "desk": desk,
        "due": said_due(view, document, is_missing=bool(desk.missing)),
        "links": links_panel(request, view, document) if desk.can_write else None,
        "since": await since_last(view, document),
    }
    return await page(request, "reviews/desk.html", context, view=view, section="reviews")


@post(f"{REVIEW}/remind", permission=Permission.REVIEWS_WRITE)
async def remind_units(request: HTMXRequest, view: View, review: str) -> Response[Any]:
    """Remind one unit, or all that have not sent, of their parts; each once a day at most."""
    document = find_review(view.snapshot, review)
    sent = await read_action(request, Reminding)
    missing = [asked.unit.key for asked in units_asked(view.snapshot, document) if not asked.is_sent]
    units = [key for key in missing if sent.unit in (None, key)]
    if not units:
        raise RuleBroken(_("There is nobody to remind: all parts have been sent."))
    headed = headed_units(view.snapshot)
    units = [key for key in units if key in headed]
    if not units:
        raise RuleBroken(
            _("Nobody reports for it yet. Give somebody the role under Members, then they can be reminded.")
        )
    entry = await document.remind(units, by=view.reader.actor, today=view.today)
    return await done(request, entry, view=view, to=view.url(f"/reviews/{document.code}"))


@get(f"{REVIEW}/units/{{unit:str}}/return", permission=Permission.REVIEWS_WRITE)
async def ask_for_remark(request: HTMXRequest, view: View, review: str, unit: str) -> Response[str]:
    """The form of the remark that a unit's part is returned with."""
    document = find_review(view.snapshot, review)
    asked, submission = _part(view, document, unit)
    form = Form.filled(Returning, {"version": submission.version})
    return await _return_page(request, view, document, asked, form)


@post(f"{REVIEW}/units/{{unit:str}}/return", permission=Permission.REVIEWS_WRITE)
async def return_part(request: HTMXRequest, view: View, review: str, unit: str) -> Response[Any]:
    """Return a unit's part with a remark; the unit is told."""
    form = await read_form(request, Returning)
    document = find_review(view.snapshot, review)
    asked, submission = _part(view, document, unit)
    if form.data is None:
        return await _return_page(request, view, document, asked, form, status=422)
    if form.data.version != submission.version:
        raise StaleEdit(submission, {"remark": form.data.remark})
    try:
        entry = await sending.give_back(
            submission, remark=form.data.remark, by=view.reader.actor, based_on=form.data.version
        )
    except RuleBroken as broken:
        form.refuse(broken)
        return await _return_page(request, view, document, asked, form, status=409)
    return await done(request, entry, view=view, to=view.url(f"/reviews/{document.code}"))


def _part(view: View, review: Review, unit: str) -> tuple[Asked, Submission]:
    """What a unit sent in; NotVisible where it has not begun."""
    if not PydanticObjectId.is_valid(unit):
        raise NotVisible(_("There is no such page."))
    asked = asked_of(view.snapshot, review, PydanticObjectId(unit))
    if asked.submission is None:
        raise NotVisible(_("This unit has sent nothing in."))
    return asked, asked.submission


async def _return_page(
    request: HTMXRequest, view: View, review: Review, asked: Asked, form: Form[Returning], *, status: int = 200
) -> Response[str]:
    return await page(
        request,
        "reviews/return.html",
        {"review": review, "asked": asked, "form": form},
        view=view,
        section="reviews",
        fragment="reviews/_return_form.html",
        status=status,
    )


handlers = [show_review, remind_units, ask_for_remark, return_part]
