"""The one-page sheets as files: of a goal, of a unit; today, on a day (`as_of`), or of a review (`review=2016Q3`)."""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime, time

from beanie import PydanticObjectId
from litestar import get
from litestar.response import Response
from litestar_htmx import HTMXRequest

from stratplan import i18n
from stratplan.errors import NotVisible
from stratplan.exports.downloads import download
from stratplan.exports.typesetting import PDF, typeset
from stratplan.i18n import _
from stratplan.permissions import Permission
from stratplan.reviews.asked import language_asked
from stratplan.reviews.editions import edition_as_seen, today_as_seen
from stratplan.reviews.queries import find_review
from stratplan.reviews.sheets import About, Content, goal_sheet, unit_sheet
from stratplan.reviews.statement import Statement
from stratplan.reviews.stating import statement_of
from stratplan.units.models import Unit
from stratplan.view import View
from stratplan.web import site_of


@get("/plans/{slug:str}/goals/{code:str}/sheet.pdf", permission=Permission.GOALS_READ)
async def goal_as_sheet(request: HTMXRequest, view: View, code: str) -> Response[bytes]:
    """The sheet of a goal."""
    with i18n.use_language(language_asked(view)):
        statement, review, made_at = await _asked(request, view)
        content = goal_sheet(statement, code, _about(request, view, review, f"/goals/{code}"))
    return await _sheet(content, made_at, f"{view.plan.slug}-goal-{statement.day}.pdf")


@get("/plans/{slug:str}/units/{unit:str}/sheet.pdf", permission=Permission.UNITS_READ)
async def unit_as_sheet(request: HTMXRequest, view: View, unit: str) -> Response[bytes]:
    """The sheet of a unit; of a review also of one that has gone since."""
    found = view.snapshot.find(Unit, PydanticObjectId(unit)) if PydanticObjectId.is_valid(unit) else None
    with i18n.use_language(language_asked(view)):
        statement, review, made_at = await _asked(request, view)
        about = _about(request, view, review, f"/units/{unit}")
        content = unit_sheet(statement, unit, "" if found is None else found.name, about)
    return await _sheet(content, made_at, f"{view.plan.slug}-unit-{statement.day}.pdf")


async def _asked(request: HTMXRequest, view: View) -> tuple[Statement, str, datetime]:
    """What the sheet is made of, the review's name (nothing without one), and the moment that dates the file."""
    code = request.query_params.get("review", "")
    if not code:
        return await today_as_seen(view), "", _midnight(view.day)
    if not view.can(Permission.REVIEWS_READ):
        raise NotVisible(_("There is no such review."))
    review = find_review(view.snapshot, code)
    edition = review.last_edition
    if edition is None:
        day = review.day_on(view.today)
        name = _("%(review)s, open: the figures still change", review=review.name)
        return statement_of(view.snapshot, day, {}, review), name, _midnight(day)
    return await edition_as_seen(view, review, edition.number), review.name, edition.closed_at


def _midnight(day: date) -> datetime:
    """What dates a file that is of no closed review: the same on one day, whenever it is asked for."""
    return datetime.combine(day, time(), UTC)


def _about(request: HTMXRequest, view: View, review: str, path: str) -> About:
    base = (site_of(request).address or str(request.scope["state"]["origin"].base)).rstrip("/")
    return About(
        review=review,
        with_money=view.can(Permission.INVESTMENTS_READ),
        address=base + view.url(path, as_of=None).partition("?")[0],
    )


async def _sheet(content: Content, made_at: datetime, name: str) -> Response[bytes]:
    body = await asyncio.to_thread(typeset, "sheet.typ", content, made_at=made_at)
    return download(body, name=name, media_type=PDF)


handlers = [goal_as_sheet, unit_as_sheet]
