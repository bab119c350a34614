"""Reporting on a task: how far it is on a day, corrected or taken back when it was wrong."""

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any

from beanie import PydanticObjectId
from litestar import get, post
from litestar.response import Response
from litestar_htmx import HTMXRequest
from pydantic import BeforeValidator, Field

from stratplan.documents import OptionalProse
from stratplan.errors import NotVisible, RuleBroken
from stratplan.forms import DayField, Form, FormModel, RequiredDay, Versioned
from stratplan.goals.milestone_forms import is_yet_to_come, stored_day
from stratplan.goals.models import Report, Task
from stratplan.goals.queries import find_task, reports_of, task_figures
from stratplan.goals.states import Execution, Outcome
from stratplan.goals.task_forms import saved, work_page
from stratplan.i18n import _, pgettext
from stratplan.in_place import Deletion, read_action
from stratplan.permissions import Permission
from stratplan.snapshot import Snapshot
from stratplan.view import View
from stratplan.web import read_form, way_back

LATEST_SHOWN = 3


def _typed_percent(value: Any) -> Any:
    return value.strip().removesuffix("%").strip() or None if isinstance(value, str) else value


WholePercent = Annotated[int | None, Field(ge=0, le=100), BeforeValidator(_typed_percent)]


def of_task(snapshot: Snapshot, address: Mapping[str, Any]) -> frozenset[PydanticObjectId]:
    """The units responsible for the task in an address."""
    return find_task(snapshot, address["number"]).responsible


# Who may report: those whose unit is responsible for the task.
REPORTED: dict[str, Any] = {"permission": Permission.GOALS_REPORT, "responsible": of_task}


class DoneRow(FormModel):
    """One milestone as it stands in a report: done or not, and on which day."""

    key: str = ""
    ticked: str = ""
    day: DayField = None


class ReportFields(Versioned):
    """What is said of a task; an empty percentage leaves the last one as it is."""

    on: RequiredDay
    execution: Execution
    percent: WholePercent = None
    outcome: Outcome = Outcome.NOT_ASSESSED
    text: OptionalProse = ""
    next_steps: OptionalProse = ""
    obstacles: OptionalProse = ""


class NewReport(ReportFields):
    """The same, with the milestones that are done, and the page to come back to where it is not the task's."""

    done: list[DoneRow] = []
    back: Annotated[str, Field(max_length=2000)] = ""


class ReportEdit(ReportFields):
    """A report that is corrected; its `version` is the report's own."""


@get("/plans/{slug:str}/tasks/{number:str}/report", **REPORTED)
async def new_report(request: HTMXRequest, view: View, number: str) -> Response[str]:
    """The form of a report, filled in with what was last reported."""
    task = find_task(view.snapshot, number)
    figures = task_figures(view.snapshot, view.today)[task.key]
    return await _report_page(
        request,
        view,
        Form.filled(
            NewReport,
            {
                "version": task.version,
                "on": view.today,
                "execution": figures.execution if figures.last else Execution.IN_PROGRESS,
                "percent": figures.progress.report_percent,
                "outcome": figures.outcome,
                "done": [
                    {"key": milestone.key, "ticked": milestone.done_on is not None, "day": milestone.done_on}
                    for milestone in task.milestones
                ],
                "back": way_back(request.query_params.get("back", "")),
            },
        ),
        task,
    )


@post("/plans/{slug:str}/tasks/{number:str}/reports", **REPORTED)
async def create_report(request: HTMXRequest, view: View, number: str) -> Response[Any]:
    """Report on a task."""
    form = await read_form(request, NewReport)
    task = find_task(view.snapshot, number)
    done = _done_milestones(form, task, view.today)
    if form.data is None:
        return await _report_page(request, view, form, task, status=422)
    try:
        entry = await task.report(
            on=form.data.on,
            execution=form.data.execution,
            outcome=form.data.outcome,
            text=form.data.text,
            next_steps=form.data.next_steps,
            obstacles=form.data.obstacles,
            percent=None if task.milestones else _percent_meant(form.data),
            done=done if task.milestones else None,
            by=view.reader.actor,
            based_on=form.data.version,
        )
    except RuleBroken as broken:
        form.refuse(broken)
        return await _report_page(request, view, form, task, status=409)
    return await saved(request, view, entry, task, to=way_back(form.data.back))


@get(
    "/plans/{slug:str}/tasks/{number:str}/reports/{report:str}/edit",
    permission=Permission.GOALS_REPORT,
    responsible=of_task,
)
async def edit_report(request: HTMXRequest, view: View, number: str, report: str) -> Response[str]:
    """The form of a report that is to be corrected."""
    task = find_task(view.snapshot, number)
    document = _report_of(view, task, report)
    return await _report_page(request, view, Form.filled(ReportEdit, dict(document)), task, editing=document)


@post(
    "/plans/{slug:str}/tasks/{number:str}/reports/{report:str}", permission=Permission.GOALS_REPORT, responsible=of_task
)
async def update_report(request: HTMXRequest, view: View, number: str, report: str) -> Response[Any]:
    """Correct a report."""
    form = await read_form(request, ReportEdit)
    task = find_task(view.snapshot, number)
    document = _report_of(view, task, report)
    _check_day(form, "on", view.today)
    if form.data is None:
        return await _report_page(request, view, form, task, editing=document, status=422)
    values = {name: value for name, value in form.data if name != "version"}
    values["percent"] = document.percent if task.milestones else _percent_meant(form.data)
    if any(values[name] != getattr(document, name) for name in values if name != "on"):
        values["unchanged"] = False  # what somebody corrects is not what was reported before
    try:
        entry = await document.edit(values, by=view.reader.actor, based_on=form.data.version)
    except RuleBroken as broken:
        form.refuse(broken)
        return await _report_page(request, view, form, task, editing=document, status=409)
    return await saved(request, view, entry, task)


@post(
    "/plans/{slug:str}/tasks/{number:str}/reports/{report:str}/delete",
    permission=Permission.GOALS_REPORT,
    responsible=of_task,
)
async def delete_report(request: HTMXRequest, view: View, number: str, report: str) -> Response[Any]:
    """Take a report back; the notice has the way to undo it."""
    deletion = await read_action(request, Deletion)
    task = find_task(view.snapshot, number)
    document = _report_of(view, task, report)
    entry = await document.remove(by=view.reader.actor, based_on=deletion.version)
    return await saved(request, view, entry, task)


def _report_of(view: View, task: Task, key: str) -> Report:
    report = view.get(Report, key)
    if report.task != task.key:
        raise NotVisible(_("There is no such page."))
    return report


def _percent_meant(data: ReportFields) -> int | None:
    """Completed is 100 (domain.md, Progress), whatever was left in the field."""
    return 100 if data.execution is Execution.COMPLETED else data.percent


def _check_day(form: Form[Any], name: str, today: date) -> None:
    if form.data is not None and getattr(form.data, name) > today:
        form.refuse(RuleBroken(_("This day is yet to come."), field=name))


def _done_milestones(form: Form[NewReport], task: Task, today: date) -> Mapping[str, date]:
    """The day on which each ticked milestone was done, the report's own where none is given; what is contradictory is
    refused at its field."""
    if form.data is None:
        return {}
    data = form.data
    _check_day(form, "on", today)
    done: dict[str, date] = {}
    for place, row in zip(form.filled_places("done"), data.done, strict=True):
        if is_yet_to_come(row.day, today) and row.day != stored_day(task, row.key):
            form.refuse(RuleBroken(_("This day is yet to come."), field=f"done-{place}-day"))
        elif row.ticked:
            done[row.key] = row.day or data.on
        elif row.day is not None and stored_day(task, row.key) is None:
            form.refuse(RuleBroken(_("Mark the milestone as done, or clear its day."), field=f"done-{place}-day"))
    return done


def _execution_options() -> list[tuple[str, ...]]:
    """The states to choose from, with what follows where a state decides the figures (domain.md, Progress)."""
    hints = {
        Execution.COMPLETED: _("Progress then counts as 100%%."),
        Execution.CANCELLED: _("The task is left out of its goal's progress."),
    }
    return [(one.value, _(one.label), *([hints[one]] if one in hints else [])) for one in Execution]


async def _report_page(
    request: HTMXRequest,
    view: View,
    form: Form[Any],
    task: Task,
    *,
    editing: Report | None = None,
    status: int = 200,
) -> Response[str]:
    milestones = {milestone.key: milestone for milestone in task.milestones}
    rows = [
        (place, milestones[key])
        for place in form.places("done")
        if (key := form.value(f"done-{place}-key")) in milestones
    ]
    earlier = [report for report in reversed(reports_of(view.snapshot, task)) if report is not editing]
    context = {
        "task": task,
        "editing": editing,
        "milestones": rows,
        "earlier": earlier[:LATEST_SHOWN],
        "executions": _execution_options(),
        "outcomes": [(one.value, _(one.label)) for one in Outcome],
        "back": way_back(form.value("back")) or view.url(f"/tasks/{task.number}"),
    }
    return await work_page(
        request, view, "goals/_report_form.html", form, context, step=pgettext("task", "Report"), status=status
    )


handlers = [new_report, create_report, edit_report, update_report, delete_report]
