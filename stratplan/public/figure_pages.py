"""How each figure of the public view follows from what was reported, over what is published."""

from __future__ import annotations

from litestar import get
from litestar.response import Response
from litestar_htmx import HTMXRequest

from stratplan.errors import NotVisible
from stratplan.goals.queries import find_goal, find_task
from stratplan.i18n import _
from stratplan.investments.queries import find_line
from stratplan.investments.sums import Axis
from stratplan.overview import explanations, line_explanations, money_explanations, money_names, schedule_explanations
from stratplan.overview.explanation_parts import Explanation
from stratplan.permissions import Permission
from stratplan.public.resident_view import AS_RESIDENT, ResidentView, resident_page


def _shown(request: HTMXRequest, view: ResidentView, explanation: Explanation) -> Response[str]:
    return resident_page(
        request,
        "public/figure.html",
        view,
        context={"explanation": explanation, "in_dialog": False},
        description=f"{explanation.title}: {explanation.value}. {' '.join(explanation.formula)}",
        section="plan",
        headers={"x-robots-tag": "noindex"},
    )


@get("/p/{slug:str}/figures/progress", permission=Permission.GOALS_READ, kept=True, **AS_RESIDENT)
async def tell_progress(request: HTMXRequest, view: ResidentView) -> Response[str]:
    """The progress of the plan."""
    return _shown(request, view, explanations.of_plan(view.snapshot, view.day))


@get("/p/{slug:str}/figures/progress/goals/{goal:str}", permission=Permission.GOALS_READ, kept=True, **AS_RESIDENT)
async def tell_goal(request: HTMXRequest, view: ResidentView, goal: str) -> Response[str]:
    """The progress of a goal."""
    return _shown(request, view, explanations.of_goal(view.snapshot, view.day, find_goal(view.snapshot, goal)))


@get("/p/{slug:str}/figures/progress/tasks/{task:str}", permission=Permission.GOALS_READ, kept=True, **AS_RESIDENT)
async def tell_task(request: HTMXRequest, view: ResidentView, task: str) -> Response[str]:
    """The progress of a task."""
    return _shown(request, view, explanations.of_task(view.snapshot, view.day, find_task(view.snapshot, task)))


@get("/p/{slug:str}/figures/schedule/tasks/{task:str}", permission=Permission.GOALS_READ, kept=True, **AS_RESIDENT)
async def tell_schedule(request: HTMXRequest, view: ResidentView, task: str) -> Response[str]:
    """The schedule of a task."""
    return _shown(
        request, view, schedule_explanations.of_schedule(view.snapshot, view.day, find_task(view.snapshot, task))
    )


@get("/p/{slug:str}/figures/money", permission=Permission.INVESTMENTS_READ, kept=True, **AS_RESIDENT)
async def tell_money(request: HTMXRequest, view: ResidentView) -> Response[str]:
    """All money of the plan, or what the query selects of it (source, goal, year, unit)."""
    return _money(request, view, {})


@get("/p/{slug:str}/figures/money/lines/{line:str}", permission=Permission.INVESTMENTS_READ, kept=True, **AS_RESIDENT)
async def tell_line(request: HTMXRequest, view: ResidentView, line: str) -> Response[str]:
    """The money of one investment line."""
    return _shown(request, view, line_explanations.of_line(view.snapshot, view.day, find_line(view.snapshot, line)))


@get(
    "/p/{slug:str}/figures/money/{axis:str}/{key:str}", permission=Permission.INVESTMENTS_READ, kept=True, **AS_RESIDENT
)
async def tell_part(request: HTMXRequest, view: ResidentView, axis: str, key: str) -> Response[str]:
    """The money under one key of an axis; the query narrows it by other axes (?year=2016)."""
    if axis not in list(Axis):
        raise NotVisible(_("There is no such figure."))
    return _money(request, view, {Axis(axis): key})


def _money(request: HTMXRequest, view: ResidentView, asked: dict[Axis, str]) -> Response[str]:
    narrowed = {axis: text for axis in Axis if (text := request.query_params.get(axis, "")) and axis not in asked}
    selection = money_names.selected(view.snapshot, asked | narrowed)
    return _shown(request, view, money_explanations.of_money(view.snapshot, view.day, selection))


handlers = [tell_progress, tell_goal, tell_task, tell_schedule, tell_money, tell_line, tell_part]
