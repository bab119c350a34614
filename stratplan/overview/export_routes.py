"""The action plan as a file: the rows, order, groups and figures of its page, all pages of it, with its filters."""

import asyncio
from collections.abc import Sequence

from litestar import get
from litestar.response import Response
from litestar_htmx import HTMXRequest

from stratplan import i18n
from stratplan.exports.downloads import CSV, XLSX, download
from stratplan.exports.separated_values import to_csv
from stratplan.exports.tables import Row, RowKind, Table, Value
from stratplan.exports.xlsx import to_xlsx
from stratplan.goals.action_plan import ActionPlan, Group, action_plan, read_selection
from stratplan.i18n import _
from stratplan.permissions import Permission
from stratplan.reviews.stating import statement_of
from stratplan.reviews.tables import count_of_tasks, task_cells, task_columns
from stratplan.view import View


def _group_cells(group: Group) -> Sequence[Value]:
    progress = None if group.progress is None else group.progress.value
    code = "" if group.goal is None else group.goal.code
    return [f"{group.heading} ({count_of_tasks(group.count, group.total)})", *[None] * 11, progress, None, code]


def tasks_table(view: View, plan: ActionPlan) -> Table:
    """The action plan as a table in the reader's language; above it the day, the filters and the count."""
    stated = statement_of(view.snapshot, view.day, {}).task_by_key
    rows = []
    for group in plan.groups:
        rows.append(Row(_group_cells(group), RowKind.GROUP))
        rows += [Row(task_cells(stated[str(row.task.key)])) for row in group.rows]
    chosen = [f"{_(one.facet.label)}: {one.chosen_text}" for one in plan.filters if one.chosen]
    if plan.selection.text:
        chosen.append(f"{_('Text')}: {plan.selection.text}")
    notes = [
        view.plan.title,
        _("As of %(day)s", day=i18n.short_date(view.day)),
        *([_("Filters: %(filters)s", filters="; ".join(chosen))] if chosen else []),
        count_of_tasks(plan.count, plan.total),
    ]
    if view.has_illustrative:
        notes.append(_("Progress and spending here are made-up demonstration data; the plan itself is real."))
    reworded = any(view.reworded_on(row.task) for group in plan.groups for row in group.rows)
    if reworded and not view.is_today:
        notes.append(_("Texts are today's: some were changed after this day."))
    return Table(_("Action plan"), _("Action plan"), task_columns(), rows, notes)


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
