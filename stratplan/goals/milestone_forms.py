"""The form of a task's milestones, as rows that can be added, moved and removed."""

import re
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Annotated, Any

from litestar import get, post
from litestar.response import Response
from litestar_htmx import HTMXRequest
from pydantic import Field

from stratplan.documents import Line
from stratplan.errors import RuleBroken
from stratplan.forms import DayField, Form, FormModel, OptionalWeight, Versioned
from stratplan.goals.models import Milestone, Task
from stratplan.goals.queries import find_task
from stratplan.goals.task_forms import saved, work_page
from stratplan.i18n import _
from stratplan.permissions import Permission
from stratplan.view import View
from stratplan.web import read_form

SPARE_ROWS = 2
ROW_FIELD = re.compile(r"milestones-\d+(-[a-z_]+)?")


class MilestoneRow(FormModel):
    """One milestone as a row of the form."""

    key: Annotated[str, Field(pattern=r"^[a-z0-9-]{0,40}$")] = ""
    title: Line
    due: DayField = None
    weight: OptionalWeight = None
    done_on: DayField = None


class Milestones(Versioned):
    """All milestones of a task; `change` rearranges the rows and saves nothing."""

    milestones: Annotated[list[MilestoneRow], Field(max_length=100)] = []
    change: str = ""


@get("/plans/{slug:str}/tasks/{number:str}/milestones", permission=Permission.GOALS_WRITE)
async def edit_milestones(request: HTMXRequest, view: View, number: str) -> Response[str]:
    """The milestones of a task as rows."""
    task = find_task(view.snapshot, number)
    form = Form.filled(Milestones, {"version": task.version, "milestones": task.milestones})
    return await _milestones_page(request, view, form, task)


@post("/plans/{slug:str}/tasks/{number:str}/milestones", permission=Permission.GOALS_WRITE)
async def update_milestones(request: HTMXRequest, view: View, number: str) -> Response[Any]:
    """Set the milestones; a row's own button only rearranges the form."""
    form = await read_form(request, Milestones)
    task = find_task(view.snapshot, number)
    if form.value("change"):
        rearranged = rearrange(form, form.value("change"))
        # Rows may be moved while something in them is still wrong; anything else is not a form of ours.
        status = 200 if all(ROW_FIELD.fullmatch(name) for name in form.errors) else 422
        return await _milestones_page(request, view, rearranged, task, status=status)
    if form.data is not None:
        for place, row in zip(form.filled_places("milestones"), form.data.milestones, strict=True):
            if is_yet_to_come(row.done_on, view.today) and row.done_on != stored_day(task, row.key):
                form.refuse(RuleBroken(_("This day is yet to come."), field=f"milestones-{place}-done_on"))
    if form.data is None:
        return await _milestones_page(request, view, form, task, status=422)
    try:
        entry = await task.edit(
            {"milestones": milestones_of(form.data.milestones)},
            by=view.reader.actor,
            based_on=form.data.version,
            tag="milestones_set",
        )
    except RuleBroken as broken:
        form.refuse(broken)
        return await _milestones_page(request, view, form, task, status=409)
    return await saved(request, view, entry, task)


def milestones_of(rows: Sequence[MilestoneRow]) -> list[Milestone]:
    """The milestones that rows say, each with a key of its own; an empty weight is 1."""
    taken = {row.key for row in rows}
    found: list[Milestone] = []
    for row in rows:
        key = row.key
        if not key or any(other.key == key for other in found):
            key = next(f"m{n}" for n in range(1, len(rows) + len(taken) + 2) if f"m{n}" not in taken)
            taken.add(key)
        weight = Decimal(1) if row.weight is None else row.weight
        found.append(Milestone(key=key, title=row.title, due=row.due, done_on=row.done_on, weight=weight))
    return found


def is_yet_to_come(day: date | None, today: date) -> bool:
    """Whether a day on which something is said to have been done has not come."""
    return day is not None and day > today


def stored_day(task: Task, key: str) -> date | None:
    """The day on which a milestone is already said to have been done."""
    return next((milestone.done_on for milestone in task.milestones if milestone.key == key), None)


def rearrange(form: Form[Milestones], change: str) -> Form[Milestones]:
    """The form with its rows as a button asks: `up-2`, `down-2`, `remove-2` name a row's place, `add` one row more."""
    what, _dash, where = change.partition("-")
    places = form.places("milestones")
    if what in ("up", "down", "remove") and where in map(str, places):
        at = list(map(str, places)).index(where)
        row = places.pop(at)
        if what != "remove":
            places.insert(max(0, at - 1) if what == "up" else at + 1, row)
    names = ("key", "title", "due", "weight", "done_on")
    texts = {name: values for name, values in form.texts.items() if not name.startswith(("milestones-", "change"))}
    for fresh, place in enumerate(places):
        for name in names:
            texts[f"milestones-{fresh}-{name}"] = [form.value(f"milestones-{place}-{name}")]
    if what == "add":
        texts[f"milestones-{len(places)}-key"] = [""]
    return Form(Milestones, texts)


async def _milestones_page(
    request: HTMXRequest, view: View, form: Form[Any], task: Task, *, status: int = 200
) -> Response[str]:
    places = form.places("milestones")
    blank = sum(
        not any(form.value(f"milestones-{place}-{name}") for name in ("title", "due", "done_on")) for place in places
    )
    context = {"task": task, "places": form.places("milestones", spare=max(0, SPARE_ROWS - blank))}
    return await work_page(request, view, "goals/_milestones_form.html", form, context, status=status)


handlers = [edit_milestones, update_milestones]
