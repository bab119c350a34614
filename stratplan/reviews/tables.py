"""The council's table of the action plan with what a review says beside, and the tables of texts, made of a statement.

Pure; in the language in force. Pages' exports, XLSX, DOCX, PDF, ODS, CSV and JSON print the same rows.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from stratplan import i18n
from stratplan.exports.tables import Column, Kind, Row, RowKind, Table, Value
from stratplan.goals.states import Outcome
from stratplan.i18n import _, ngettext, pgettext
from stratplan.reviews.statement import GoalStated, Statement, TaskStated


def task_columns() -> list[Column]:
    """The columns of the action plan: the council's, and how each task stands."""
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


def task_cells(task: TaskStated) -> list[Value]:
    """A task's cells for `task_columns`."""
    return [
        task.number,
        task.title,
        task.result,
        i18n.period(task.period),
        task.period.start,
        task.deadline,
        None if task.lead is None else task.lead.name,
        "; ".join(unit.name for unit in task.partners),
        ", ".join(task.sources),
        _(task.execution.label),
        None if task.schedule is None else _(task.schedule.label),
        None if task.outcome is Outcome.NOT_ASSESSED else _(task.outcome.label),
        task.progress,
        None if task.report is None else task.report.on,
        task.goal_code,
    ]


def action_plan_table(statement: Statement, notes: Sequence[str] = ()) -> Table:
    """The action plan with the review's columns: how each task stands, and what was last reported on it."""
    columns = [
        *task_columns(),
        Column(_("What was done"), width=40),
        Column(_("What comes next"), width=32),
        Column(_("Obstacles"), width=32),
        Column(_("Deadline moved, times"), Kind.WHOLE, 11),
    ]
    rows: list[Row] = []
    for goal in statement.plan.goals:
        tasks = list(statement.tasks_of(goal.code))
        if tasks:
            rows.append(Row([_goal_heading(goal, tasks), *[None] * 11, goal.progress, None, goal.code], RowKind.GROUP))
            rows += [Row([*task_cells(task), *_reported_cells(task)]) for task in tasks]
    return Table(_("Action plan"), _("Action plan"), columns, rows, notes, key="action-plan")


def _goal_heading(goal: GoalStated, tasks: Sequence[TaskStated]) -> str:
    return f"{goal.code} {goal.title} ({count_of_tasks(len(tasks), goal.tasks)})"


def count_of_tasks(count: int, total: int) -> str:
    """How many tasks are shown, and of how many where some are left out."""
    if count >= total:
        return ngettext("%(num)s task", "%(num)s tasks", count)
    return ngettext("%(shown)s of %(num)s task", "%(shown)s of %(num)s tasks", total, shown=count)


def _reported_cells(task: TaskStated) -> list[Value]:
    report = task.report
    texts: list[Value] = [None] * 3 if report is None else [report.text, report.next_steps, report.obstacles]
    return [*texts, len(task.moves) or None]


def printed_action_plan(statement: Statement, notes: Sequence[str] = ()) -> Table:
    """The action plan in the few columns that a sheet of paper has room for: the council's six, how the task stands,
    how far it is, and what was reported."""
    columns = [
        Column(_("No."), width=6),
        Column(_("Task"), width=26),
        Column(_("Expected result"), width=22),
        Column(_("Period"), width=12),
        Column(_("Responsible unit"), width=18),
        Column(_("Funding sources"), width=9),
        Column(_("State"), width=14),
        Column(_("Progress"), Kind.PERCENT, 9),
        Column(pgettext("column", "Report"), width=36),
    ]
    rows: list[Row] = []
    for goal in statement.plan.goals:
        tasks = list(statement.tasks_of(goal.code))
        if tasks:
            rows.append(Row([_goal_heading(goal, tasks), *[None] * 6, goal.progress], RowKind.GROUP))
            rows += [Row(_printed_cells(task)) for task in tasks]
    return Table(_("Action plan"), _("Action plan"), columns, rows, notes, key="action-plan")


def _printed_cells(task: TaskStated) -> list[Value]:
    units = [unit.name for unit in (*((task.lead,) if task.lead else ()), *task.partners)]
    return [
        task.number,
        task.title,
        task.result,
        i18n.period(task.period),
        "; ".join(units),
        ", ".join(task.sources),
        "\n".join(_states(task)),
        task.progress,
        "\n".join(_report_lines(task)),
    ]


def _states(task: TaskStated) -> Iterable[str]:
    yield _(task.execution.label)
    if task.schedule is not None:
        yield _(task.schedule.label)
    if task.outcome is not Outcome.NOT_ASSESSED:
        yield _("Result: %(outcome)s", outcome=_(task.outcome.label))


def _report_lines(task: TaskStated) -> Iterable[str]:
    """What was last reported, each part on a line of its own; that nothing was, where it should have been said."""
    report = task.report
    if report is None:
        return
    yield i18n.short_date(report.on) + (f" {report.text}" if report.text else "")
    if report.next_steps:
        yield _("Next: %(text)s", text=report.next_steps)
    if report.obstacles:
        yield _("Obstacles: %(text)s", text=report.obstacles)


# --- texts ----------------------------------------------------------------------------------------------------


def swot_table(statement: Statement, notes: Sequence[str] = ()) -> Table:
    """The analysis, field by field, with the goals and tasks that answer each entry."""
    columns = [
        Column(_("Field"), width=18),
        Column(_("Text"), width=80),
        Column(_("Answered by goals"), width=20),
        Column(_("Answered by tasks"), width=24),
    ]
    rows = [
        Row([_(entry.quadrant.label), entry.text, ", ".join(entry.goals), ", ".join(entry.tasks)])
        for entry in statement.plan.swot
    ]
    return Table(_("SWOT"), _("SWOT analysis"), columns, rows, notes, key="swot")


def terms_table(statement: Statement, notes: Sequence[str] = ()) -> Table:
    """The words explained and the abbreviations spelled out."""
    columns = [Column(_("Word"), width=24), Column(_("Meaning"), width=90), Column(_("Sort"), width=16)]
    rows = [Row([term.word, term.meaning, _(term.sort.label)]) for term in statement.plan.terms]
    return Table(_("Terms"), _("Terms and abbreviations"), columns, rows, notes, key="terms")
