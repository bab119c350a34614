"""Forms of tasks: add, edit, move to another goal, put in order, delete."""

from collections import Counter
from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated, Any, Literal

from litestar import get, post
from litestar.response import Response
from litestar_htmx import HTMXRequest
from pydantic import AfterValidator

from stratplan.alphabet import sort_key
from stratplan.documents import Line, OptionalLine, OptionalProse, Reference
from stratplan.errors import RuleBroken
from stratplan.forms import ChosenField, Form, FormModel, PeriodField, ReferenceField, Versioned, WeightField
from stratplan.goals.models import Goal, Report, Task
from stratplan.goals.queries import find_goal, find_task, goals_in_order, tasks_by_goal
from stratplan.i18n import _, pgettext
from stratplan.in_place import Deletion, read_action
from stratplan.numbering import clean_number, next_number, parent_number
from stratplan.permissions import Permission
from stratplan.plans.models import FundingSource
from stratplan.snapshot import Snapshot
from stratplan.units.models import Unit, UnitKind
from stratplan.view import View
from stratplan.web import done, page, read_form, wants_fragment


def _checked_number(text: str) -> str:
    return clean_number(text) if text else ""


NumberField = Annotated[OptionalLine, AfterValidator(_checked_number)]


class TaskFields(FormModel):
    """What is promised: the result, until when, by whom and with whose money."""

    title: Line
    result: OptionalProse = ""
    period: PeriodField
    lead: ReferenceField = None
    partners: list[ChosenField] = []
    sources: list[ChosenField] = []
    weight: WeightField = Decimal(1)
    internal: bool = False


class NewTask(TaskFields):
    """The same for a new task; without a number it takes the goal's next one."""

    number: NumberField = ""
    goal: ChosenField


class TaskEdit(TaskFields, Versioned):
    """The same for a task that exists; another goal is a move, with a form of its own."""

    number: Annotated[Line, AfterValidator(_checked_number)]


class Move(Versioned):
    """Another goal for a task, and the number it gets there; without one the goal's next."""

    goal: ChosenField
    number: NumberField = ""


class Place(FormModel):
    """One step up or down among the tasks of a goal."""

    direction: Literal["up", "down"]


# --- numbers and choices ---------------------------------------------------------------------------------------


def suggested_number(snapshot: Snapshot, goal: Goal) -> str:
    """The next free number under a goal: after the prefix that most of its tasks have, or the number in its code."""
    prefixes = Counter(parent_number(task.number) or "" for task in tasks_by_goal(snapshot)[goal.key])
    prefix = prefixes.most_common(1)[0][0] if prefixes else "".join(filter(str.isdigit, goal.code))
    return next_number([task.number for task in snapshot.all(Task).values()], prefix)


def neighbours(snapshot: Snapshot, task: Task) -> tuple[Task | None, Task | None]:
    """The tasks before and after this one within its goal."""
    row = tasks_by_goal(snapshot)[task.goal]
    place = row.index(task)
    return (row[place - 1] if place else None), (row[place + 1] if place + 1 < len(row) else None)


def unit_options(snapshot: Snapshot) -> list[tuple[str, list[tuple[str, str]]]]:
    """The units to choose from, by kind, in alphabetical order: (kind, [(id, name)])."""
    units = sorted(snapshot.all(Unit).values(), key=lambda unit: sort_key(unit.name))
    groups = [(_(sort.label), [(str(unit.key), unit.name) for unit in units if unit.sort is sort]) for sort in UnitKind]
    return [(label, options) for label, options in groups if options]


def source_options(snapshot: Snapshot) -> list[tuple[str, str]]:
    """The funding sources to choose from, in the plan's order."""
    sources = sorted(snapshot.all(FundingSource).values(), key=lambda source: (source.order, source.code))
    return [(str(source.key), f"{source.code} – {source.name}") for source in sources]


def _goal_options(snapshot: Snapshot, *, but: Reference | None = None) -> list[tuple[str, str]]:
    return [
        (
            str(goal.key),
            _("%(goal)s (next number: %(number)s)", goal=goal.caption, number=suggested_number(snapshot, goal)),
        )
        for goal in goals_in_order(snapshot)
        if goal.key != but
    ]


# --- add and edit ----------------------------------------------------------------------------------------------


@get("/plans/{slug:str}/tasks/new", permission=Permission.GOALS_WRITE)
async def new_task(request: HTMXRequest, view: View, goal: str = "") -> Response[str]:
    """The form for one more task, with the next number of the goal where one is named."""
    values: dict[str, Any] = {"weight": Decimal(1)}
    if goal:
        under = find_goal(view.snapshot, goal)
        values |= {"goal": under.key, "number": suggested_number(view.snapshot, under)}
    return await _task_page(request, view, Form.filled(NewTask, values))


@post("/plans/{slug:str}/tasks", permission=Permission.GOALS_WRITE)
async def create_task(request: HTMXRequest, view: View) -> Response[Any]:
    """Add a task."""
    form = await read_form(request, NewTask)
    if form.data is None:
        return await _task_page(request, view, form, status=422)
    values = _values_of(form.data)
    goal = view.snapshot.find(Goal, form.data.goal)
    if goal is not None and not values["number"]:
        values["number"] = suggested_number(view.snapshot, goal)
    try:
        task = Task.new(scope=view.plan.key, **values)
        entry = await task.add(by=view.reader.actor)
    except RuleBroken as broken:
        form.refuse(broken)
        return await _task_page(request, view, form, status=409)
    fresh = await view.fresh()
    return await done(request, entry, view=fresh, to=fresh.url(f"/tasks/{task.number}"))


@get("/plans/{slug:str}/tasks/{number:str}/edit", permission=Permission.GOALS_WRITE)
async def edit_task(request: HTMXRequest, view: View, number: str) -> Response[str]:
    """The form of a task."""
    task = find_task(view.snapshot, number)
    return await _task_page(request, view, Form.filled(TaskEdit, dict(task)), editing=task)


@post("/plans/{slug:str}/tasks/{number:str}", permission=Permission.GOALS_WRITE)
async def update_task(request: HTMXRequest, view: View, number: str) -> Response[Any]:
    """Change a task."""
    form = await read_form(request, TaskEdit)
    task = find_task(view.snapshot, number)
    if form.data is None:
        return await _task_page(request, view, form, editing=task, status=422)
    try:
        entry = await task.edit(_values_of(form.data), by=view.reader.actor, based_on=form.data.version)
    except RuleBroken as broken:
        form.refuse(broken)
        return await _task_page(request, view, form, editing=task, status=409)
    return await saved(request, view, entry, task)


def _values_of(data: TaskFields) -> dict[str, Any]:
    """The fields to set; the lead unit is not its own partner."""
    values = {name: value for name, value in data if name != "version"}
    values["partners"] = [unit for unit in data.partners if unit != data.lead]
    return values


async def _task_page(
    request: HTMXRequest, view: View, form: Form[Any], *, editing: Task | None = None, status: int = 200
) -> Response[str]:
    context = {
        "task": editing,
        "goals": _goal_options(view.snapshot),
        "units": unit_options(view.snapshot),
        "sources": source_options(view.snapshot),
    }
    return await work_page(request, view, "goals/_task_form.html", form, context, status=status)


# --- move and order --------------------------------------------------------------------------------------------


@get("/plans/{slug:str}/tasks/{number:str}/move", permission=Permission.GOALS_WRITE)
async def move_task_form(request: HTMXRequest, view: View, number: str) -> Response[str]:
    """The goals that a task can be moved to, each with the number it would get."""
    task = find_task(view.snapshot, number)
    return await _move_page(request, view, Form.filled(Move, {"version": task.version}), task)


@post("/plans/{slug:str}/tasks/{number:str}/move", permission=Permission.GOALS_WRITE)
async def move_task(request: HTMXRequest, view: View, number: str) -> Response[Any]:
    """Put a task under another goal."""
    form = await read_form(request, Move)
    task = find_task(view.snapshot, number)
    if form.data is None:
        return await _move_page(request, view, form, task, status=422)
    goal = view.snapshot.find(Goal, form.data.goal)
    wanted = form.data.number or (suggested_number(view.snapshot, goal) if goal is not None else task.number)
    try:
        entry = await task.move(form.data.goal, wanted, by=view.reader.actor, based_on=form.data.version)
    except RuleBroken as broken:
        form.refuse(broken)
        return await _move_page(request, view, form, task, status=409)
    return await saved(request, view, entry, task)


async def _move_page(
    request: HTMXRequest, view: View, form: Form[Any], task: Task, *, status: int = 200
) -> Response[str]:
    context = {"task": task, "goals": _goal_options(view.snapshot, but=task.goal)}
    return await work_page(request, view, "goals/_task_move.html", form, context, status=status)


@post("/plans/{slug:str}/tasks/{number:str}/place", permission=Permission.GOALS_WRITE)
async def place_task(request: HTMXRequest, view: View, number: str) -> Response[Any]:
    """One step up or down within the goal: the two tasks exchange their numbers."""
    step = await read_action(request, Place)
    task = find_task(view.snapshot, number)
    before, after = neighbours(view.snapshot, task)
    other = before if step.direction == "up" else after
    entry = None
    if other is not None:
        entry = await Task.renumber([(task, other.number), (other, task.number)], by=view.reader.actor)
    return await saved(request, view, entry, task)


# --- delete ----------------------------------------------------------------------------------------------------


@get("/plans/{slug:str}/tasks/{number:str}/delete", permission=Permission.GOALS_WRITE)
async def confirm_task_deletion(request: HTMXRequest, view: View, number: str) -> Response[str]:
    """Asks, and says what goes along with a task."""
    task = find_task(view.snapshot, number)
    context = {"task": task, "reports": len(view.snapshot.belonging_to(task, Report))}
    return await page(
        request,
        "goals/task_deletion.html",
        context,
        view=view,
        section="tasks",
        fragment="goals/_task_deletion.html",
    )


@post("/plans/{slug:str}/tasks/{number:str}/delete", permission=Permission.GOALS_WRITE)
async def delete_task(request: HTMXRequest, view: View, number: str) -> Response[Any]:
    """Delete a task with its reports; what names it lets go of it, and the notice has the way back."""
    deletion = await read_action(request, Deletion)
    task = find_task(view.snapshot, number)
    entry = await task.remove(by=view.reader.actor, based_on=deletion.version)
    return await done(request, entry, view=await view.fresh(), to=view.url("/tasks"))


# --- answers that the forms of a task share --------------------------------------------------------------------


async def work_page(
    request: HTMXRequest,
    view: View,
    form_template: str,
    form: Form[Any],
    context: Mapping[str, Any],
    *,
    step: str | None = None,
    status: int = 200,
) -> Response[str]:
    """A form of a task: in the task's own page for HTMX, else on a page of its own."""
    return await page(
        request,
        "goals/task_work.html",
        {
            "form": form,
            "form_template": form_template,
            "in_place": wants_fragment(request),
            "step": step or pgettext("task", "Change"),
            **context,
        },
        view=view,
        section="tasks",
        fragment=form_template,
        status=status,
        retarget="#task-work",
    )


async def saved(request: HTMXRequest, view: View, entry: Any, task: Task, *, to: str = "") -> Response[Any]:
    """The answer after a change of a task: the place of the form is cleared and the event makes the page around it
    fetch itself anew; where the task's number has changed, its page is opened under the new one; where another page is
    to be come back `to`, that one."""
    fresh = await view.fresh()
    now = fresh.snapshot.find(Task, task.key) or task
    fragment = "goals/_task_saved.html" if now.number == task.number and not to else None
    to = to or fresh.url(f"/tasks/{now.number}", as_of=None)
    return await done(request, entry, view=fresh, to=to, fragment=fragment)


handlers = [
    new_task,
    create_task,
    edit_task,
    update_task,
    move_task_form,
    move_task,
    place_task,
    confirm_task_deletion,
    delete_task,
]
