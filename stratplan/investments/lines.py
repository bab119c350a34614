"""Adding, changing, moving and deleting the lines and headings of the investment plan."""

from typing import Any

from litestar import get, post
from litestar.exceptions import ClientException
from litestar.response import Response
from litestar_htmx import HTMXRequest

from stratplan.errors import RuleBroken
from stratplan.forms import Form
from stratplan.goals.models import Goal
from stratplan.goals.queries import goals_in_order, tasks_by_goal
from stratplan.i18n import _
from stratplan.in_place import Deletion, read_action
from stratplan.investments.forms import (
    SPARE_SHARES,
    SPARE_STAGES,
    HeadingEdit,
    HeadingForm,
    LineEdit,
    LineForm,
    filled_values,
    grid_years,
    planned_grid,
)
from stratplan.investments.models import InvestmentLine
from stratplan.investments.order import moved, suggested_number
from stratplan.investments.plan_page import plan_context
from stratplan.investments.queries import find_line, lines_in_order
from stratplan.moves import Move
from stratplan.permissions import Permission
from stratplan.plans.queries import sources_in_order
from stratplan.view import View
from stratplan.web import done, page, read_form


@get("/plans/{slug:str}/investments/new", permission=Permission.INVESTMENTS_WRITE)
async def new_line(request: HTMXRequest, view: View) -> Response[str]:
    """The form of a new line, of the `goal` (a code) or under the heading (`under`, a number) that is asked for."""
    values = _suggested(view)
    values["planned"] = planned_grid(None, sources_in_order(view.snapshot), grid_years(view.plan.years, None))
    return await _form_page(request, view, Form.filled(LineForm, values))


@get("/plans/{slug:str}/investments/headings/new", permission=Permission.INVESTMENTS_WRITE)
async def new_heading(request: HTMXRequest, view: View) -> Response[str]:
    """The form of a new heading."""
    return await _form_page(request, view, Form.filled(HeadingForm, _suggested(view)), heading=True)


@post("/plans/{slug:str}/investments", permission=Permission.INVESTMENTS_WRITE)
async def create_line(request: HTMXRequest, view: View) -> Response[Any]:
    """Add a line."""
    return await _create(request, view, await read_form(request, LineForm))


@post("/plans/{slug:str}/investments/headings", permission=Permission.INVESTMENTS_WRITE)
async def create_heading(request: HTMXRequest, view: View) -> Response[Any]:
    """Add a heading."""
    return await _create(request, view, await read_form(request, HeadingForm), heading=True)


@get("/plans/{slug:str}/investments/{line:str}/edit", permission=Permission.INVESTMENTS_WRITE)
async def edit_line(request: HTMXRequest, view: View, line: str) -> Response[str]:
    """The form of a line or a heading."""
    document = find_line(view.snapshot, line)
    years = grid_years(view.plan.years, document)
    form: Form[Any] = (
        Form.filled(HeadingEdit, dict(document))
        if document.heading
        else Form.filled(LineEdit, filled_values(document, sources_in_order(view.snapshot), years))
    )
    return await _form_page(request, view, form, editing=document)


@post("/plans/{slug:str}/investments/{line:str}", permission=Permission.INVESTMENTS_WRITE)
async def update_line(request: HTMXRequest, view: View, line: str) -> Response[Any]:
    """Change a line or a heading."""
    form: Form[Any] = await read_form(request, LineEdit)
    document = find_line(view.snapshot, line)
    if document.heading:
        form = await read_form(request, HeadingEdit)
    if form.data is None:
        return await _form_page(request, view, form, editing=document, status=422)
    try:
        entry = await document.edit(form.data.values(), by=view.reader.actor, based_on=form.data.version)
    except RuleBroken as broken:
        form.refuse(broken)
        return await _form_page(request, view, form, editing=document, status=409)
    return await done(request, entry, view=view, to=view.url(f"/investments/{form.data.number}"))


@post("/plans/{slug:str}/investments/{line:str}/delete", permission=Permission.INVESTMENTS_WRITE)
async def delete_line(request: HTMXRequest, view: View, line: str) -> Response[Any]:
    """Delete a line or a heading; the lines under a heading stay."""
    document = find_line(view.snapshot, line)
    sent = await read_action(request, Deletion)
    entry = await document.remove(by=view.reader.actor, based_on=sent.version)
    return await done(request, entry, view=view, to=view.url("/investments"))


@post("/plans/{slug:str}/investments/{line:str}/move", permission=Permission.INVESTMENTS_WRITE)
async def move_line(request: HTMXRequest, view: View, line: str) -> Response[Any]:
    """Let a line change its number, and so its place, with the one before or after it."""
    form = await read_form(request, Move)
    document = find_line(view.snapshot, line)
    if form.data is None or form.data.step is None:
        raise ClientException(_("The request was not understood."))
    numbered = moved(view.snapshot, document, -1 if form.data.step == "up" else 1)
    entry = await InvestmentLine.renumber(numbered, by=view.reader.actor)
    fresh = await view.fresh()
    return await done(
        request,
        entry,
        view=fresh,
        to=fresh.url("/investments"),
        fragment="investments/_plan.html",
        context=plan_context(fresh),
    )


async def _create(request: HTMXRequest, view: View, form: Form[Any], *, heading: bool = False) -> Response[Any]:
    if form.data is None:
        return await _form_page(request, view, form, heading=heading, status=422)
    try:
        line = InvestmentLine.new(scope=view.plan.key, heading=heading, **form.data.values())
        entry = await line.add(by=view.reader.actor)
    except RuleBroken as broken:
        form.refuse(broken)
        return await _form_page(request, view, form, heading=heading, status=409)
    return await done(request, entry, view=view, to=view.url(f"/investments/{line.number}"))


def _suggested(view: View) -> dict[str, Any]:
    """The goal and the number that a new line is likely to get."""
    asked = dict(view.asked)
    goals = goals_in_order(view.snapshot)
    under = next((line for line in lines_in_order(view.snapshot) if line.number == asked.get("under")), None)
    goal = next((goal for goal in goals if goal.code == asked.get("goal")), goals[0] if goals else None)
    if under is not None:
        goal = view.snapshot.find(Goal, under.goal)
    return {
        "number": suggested_number(view.snapshot, goal, under),
        "goal": goal.key if goal else None,
        "tasks": under.tasks if under else [],
    }


async def _form_page(
    request: HTMXRequest,
    view: View,
    form: Form[Any],
    *,
    editing: InvestmentLine | None = None,
    heading: bool = False,
    status: int = 200,
) -> Response[str]:
    goals = goals_in_order(view.snapshot)
    tasks = tasks_by_goal(view.snapshot)
    return await page(
        request,
        "investments/line_form.html",
        {
            "form": form,
            "editing": editing,
            "heading": editing.heading if editing else heading,
            "goals": [(str(goal.key), goal.caption) for goal in goals],
            "tasks": [(goal, tasks[goal.key]) for goal in goals if tasks[goal.key]],
            "sources": [(str(source.key), source.code, source.name) for source in sources_in_order(view.snapshot)],
            "years": grid_years(view.plan.years, editing),
            "share_places": form.places("shares", SPARE_SHARES),
            "stage_places": form.places("stages", SPARE_STAGES),
        },
        view=view,
        section="investments",
        fragment="investments/_line_form.html",
        status=status,
        retarget="#line-form" if status != 200 else None,
    )


handlers = [
    new_line,
    new_heading,
    create_line,
    create_heading,
    edit_line,
    update_line,
    delete_line,
    move_line,
]
