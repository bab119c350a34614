"""The addresses at which figures are explained: /figures/…, as a page and, for HTMX, as what the dialog shows."""

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
from stratplan.view import View
from stratplan.web import page, wants_fragment


async def _shown(request: HTMXRequest, view: View, explanation: Explanation) -> Response[str]:
    return await page(
        request,
        "overview/explanation.html",
        {"explanation": explanation, "in_dialog": wants_fragment(request)},
        view=view,
        section="overview",
        fragment="overview/_explanation.html",
    )


@get("/plans/{slug:str}/figures/progress", permission=Permission.GOALS_READ, kept=True)
async def explain_progress(request: HTMXRequest, view: View) -> Response[str]:
    """The progress of the plan."""
    return await _shown(request, view, explanations.of_plan(view.snapshot, view.day))


@get("/plans/{slug:str}/figures/progress/goals/{goal:str}", permission=Permission.GOALS_READ, kept=True)
async def explain_goal(request: HTMXRequest, view: View, goal: str) -> Response[str]:
    """The progress of a goal."""
    return await _shown(request, view, explanations.of_goal(view.snapshot, view.day, find_goal(view.snapshot, goal)))


@get("/plans/{slug:str}/figures/progress/tasks/{task:str}", permission=Permission.GOALS_READ, kept=True)
async def explain_task(request: HTMXRequest, view: View, task: str) -> Response[str]:
    """The progress of a task."""
    return await _shown(request, view, explanations.of_task(view.snapshot, view.day, find_task(view.snapshot, task)))


@get("/plans/{slug:str}/figures/schedule/tasks/{task:str}", permission=Permission.GOALS_READ, kept=True)
async def explain_schedule(request: HTMXRequest, view: View, task: str) -> Response[str]:
    """The schedule of a task."""
    return await _shown(
        request, view, schedule_explanations.of_schedule(view.snapshot, view.day, find_task(view.snapshot, task))
    )


@get("/plans/{slug:str}/figures/reported", permission=Permission.GOALS_READ, kept=True)
async def explain_reporting(request: HTMXRequest, view: View) -> Response[str]:
    """How many tasks have reported."""
    return await _shown(request, view, explanations.of_reporting(view.snapshot, view.day))


@get("/plans/{slug:str}/figures/checks", permission=Permission.INVESTMENTS_READ, kept=True)
async def explain_checks(request: HTMXRequest, view: View) -> Response[str]:
    """The checks that fail."""
    return await _shown(request, view, money_explanations.of_checks(view.snapshot, view.day))


@get("/plans/{slug:str}/figures/money", permission=Permission.INVESTMENTS_READ, kept=True)
async def explain_funding(request: HTMXRequest, view: View) -> Response[str]:
    """All money of the plan, or what the query selects of it (source, goal, year, unit)."""
    return await _funding(request, view, {})


@get("/plans/{slug:str}/figures/money/lines/{line:str}", permission=Permission.INVESTMENTS_READ, kept=True)
async def explain_line(request: HTMXRequest, view: View, line: str) -> Response[str]:
    """The money of one investment line."""
    return await _shown(
        request, view, line_explanations.of_line(view.snapshot, view.day, find_line(view.snapshot, line))
    )


@get("/plans/{slug:str}/figures/money/{axis:str}/{key:str}", permission=Permission.INVESTMENTS_READ, kept=True)
async def explain_part(request: HTMXRequest, view: View, axis: str, key: str) -> Response[str]:
    """The money under one key of an axis; the query narrows it by other axes (?year=2016)."""
    if axis not in list(Axis):
        raise NotVisible(_("There is no such figure."))
    return await _funding(request, view, {Axis(axis): key})


async def _funding(request: HTMXRequest, view: View, asked: dict[Axis, str]) -> Response[str]:
    narrowed = {axis: text for axis in Axis if (text := request.query_params.get(axis, "")) and axis not in asked}
    selection = money_names.selected(view.snapshot, asked | narrowed)
    return await _shown(request, view, money_explanations.of_money(view.snapshot, view.day, selection))


handlers = [
    explain_progress,
    explain_goal,
    explain_task,
    explain_schedule,
    explain_reporting,
    explain_checks,
    explain_funding,
    explain_line,
    explain_part,
]
