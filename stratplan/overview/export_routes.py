"""The action plan as a file: the rows, order, groups and figures of its page, all pages of it, with its filters."""

import asyncio
from collections.abc import Sequence

from litestar import get
from litestar.response import Response
from litestar_htmx import HTMXRequest

from stratplan import i18n
from stratplan.exports.downloads import CSV, XLSX, download
from stratplan.exports.separated_values import to_csv
from stratplan.exports.tables import Column, Kind, Row, RowKind, Table, Value
from stratplan.exports.xlsx import to_xlsx
from stratplan.goals.action_plan import ActionPlan, Group, TaskRow, action_plan, read_selection
from stratplan.goals.states import Outcome
from stratplan.i18n import _, ngettext
from stratplan.permissions import Permission
from stratplan.view import View


def _columns() -> list[Column]:
    return [
        Column(_("No."), width=8),
        Column(_("Task"), width=36),
        Column(_("Expected result"), width=36),
        Column(_("Period"), width=12),
        Column(_("First day"), Kind.DAY, 12),
        Column(_("Deadline"), Kind.DAY, 12),
        Column(_("Responsible unit"), width=22),
        Column(_("Partner units"), width=18),
        Column(_("Funding sources"), width=11),
        Column(_("Execution"), width=14),
        Column(_("Schedule"), width=16),
        Column(_("Result"), width=16),
        Column(_("Progress"), Kind.PERCENT, 10),
        Column(_("Last report"), Kind.DAY, 12),
        Column(_("Goal"), width=8),
    ]


def _group_cells(group: Group) -> Sequence[Value]:
    count = (
        ngettext("%(num)s task", "%(num)s tasks", group.total)
        if group.count == group.total
        else ngettext("%(shown)s of %(num)s task", "%(shown)s of %(num)s tasks", group.total, shown=group.count)
    )
    progress = None if group.progress is None else group.progress.value
    code = "" if group.goal is None else group.goal.code
    return [f"{group.heading} ({count})", *[None] * 11, progress, None, code]


def _task_cells(row: TaskRow) -> Sequence[Value]:
    task, figures = row.task, row.figures
    return [
        task.number,
        task.title,
        task.result,
        i18n.period(task.period),
        task.period.start,
        task.period.deadline,
        None if row.lead is None else row.lead.name,
        "; ".join(unit.name for unit in row.partners),
        ", ".join(source.code for source in row.sources),
        _(figures.execution.label),
        None if figures.schedule is None else _(figures.schedule.label),
        None if figures.outcome is Outcome.NOT_ASSESSED else _(figures.outcome.label),
        figures.progress.value,
        None if row.last is None else row.last.on,
        row.goal.code,
    ]


def tasks_table(view: View, plan: ActionPlan) -> Table:
    """The action plan as a table in the reader's language; above it the day, the filters and the count."""
    rows = []
    for group in plan.groups:
        rows.append(Row(_group_cells(group), RowKind.GROUP))
        rows += [Row(_task_cells(row)) for row in group.rows]
    chosen = [f"{_(one.facet.label)}: {one.chosen_text}" for one in plan.filters if one.chosen]
    if plan.selection.text:
        chosen.append(f"{_('Text')}: {plan.selection.text}")
    notes = [
        view.plan.title,
        _("As of %(day)s", day=i18n.short_date(view.day)),
        *([_("Filters: %(filters)s", filters="; ".join(chosen))] if chosen else []),
        ngettext("%(num)s task", "%(num)s tasks", plan.total)
        if plan.count == plan.total
        else ngettext("%(shown)s of %(num)s task", "%(shown)s of %(num)s tasks", plan.total, shown=plan.count),
    ]
    if view.has_illustrative:
        notes.append(_("Progress and spending here are made-up demonstration data; the plan itself is real."))
    reworded = any(view.reworded_on(row.task) for group in plan.groups for row in group.rows)
    if reworded and not view.is_today:
        notes.append(_("Texts are today's: some were changed after this day."))
    return Table(_("Action plan"), _("Action plan"), _columns(), rows, notes)


def _asked(view: View) -> Table:
    selection = read_selection(view.snapshot, view.day, dict(view.asked))
    return tasks_table(view, action_plan(view.snapshot, view.day, selection, paged=False))


@get("/plans/{slug:str}/tasks.xlsx", permission=Permission.GOALS_READ)
async def tasks_as_xlsx(request: HTMXRequest, view: View) -> Response[bytes]:
    """The action plan as a workbook."""
    body = await asyncio.to_thread(to_xlsx, [_asked(view)])
    return download(body, name=f"{view.plan.slug}-tasks-{view.day}.xlsx", media_type=XLSX)


@get("/plans/{slug:str}/tasks.csv", permission=Permission.GOALS_READ)
async def tasks_as_csv(request: HTMXRequest, view: View) -> Response[bytes]:
    """The action plan as separated values."""
    body = await asyncio.to_thread(to_csv, _asked(view))
    return download(body, name=f"{view.plan.slug}-tasks-{view.day}.csv", media_type=CSV)


handlers = [tasks_as_xlsx, tasks_as_csv]
