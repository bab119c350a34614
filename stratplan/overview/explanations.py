"""What every figure follows from, in words and tables: the formula, the inputs, what was left out.

Pure functions of a snapshot and a day, in the language in force; pages, dialogs and `stratplan figures` show the same.
Those of progress; those of schedule and money stand in schedule_explanations, money_explanations, line_explanations.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from datetime import date
from fractions import Fraction

from stratplan import i18n
from stratplan.goals.models import Goal, Task
from stratplan.goals.progress import Basis, Combined, LeftOutReason, TaskProgress
from stratplan.goals.queries import (
    goal_progress,
    goals_in_order,
    plan_progress,
    reports_of,
    task_figures,
    tasks_in_order,
    tasks_of_goal,
)
from stratplan.i18n import N_, _, pgettext
from stratplan.overview.explanation_parts import (
    NOTHING_SAID,
    PLACES,
    Column,
    Explanation,
    LeftOut,
    Said,
    Table,
    goal_figure,
    goal_page,
    lead_unit,
    of_day,
    parts_that_add_up,
    schedule_figure,
    task_figure,
    task_page,
)
from stratplan.snapshot import Snapshot

# --- combined figures --------------------------------------------------------------------------------------

Named = Mapping[Hashable, tuple[Said, str]]  # what the parts of a figure are: name with page, address of their figure

_LEFT_OUT = {
    LeftOutReason.CANCELLED: N_("Cancelled tasks do not count."),
    LeftOutReason.NO_TASKS: N_("It has no tasks that count, so it has no figure."),
    LeftOutReason.NO_WEIGHT: N_("Its weight is 0."),
}


def of_plan(snapshot: Snapshot, day: date) -> Explanation:
    """The progress of the plan, from its goals."""
    combined = plan_progress(snapshot, day)
    goals: Named = {goal.key: (goal_page(goal), goal_figure(goal)) for goal in goals_in_order(snapshot)}
    return Explanation(
        title=_("Progress of the plan"),
        value=i18n.percent(combined.value),
        path="/figures/progress",
        formula=(
            _("The progress of each goal times its weight, added up and divided by the sum of the weights."),
            *_rounding(combined.value),
        ),
        facts=(of_day(day), _reported(combined)),
        tables=_weighing(combined, pgettext("column", "Goal"), goals),
        left_out=_left_out(combined, goals),
        notes=()
        if combined.counted
        else (_("None of the plan's goals has tasks that count, so there is no figure yet."),),
        leads=(Said(_("Who has reported"), "/figures/reported"), Said(_("Action plan"), "/tasks")),
    )


def of_goal(snapshot: Snapshot, day: date, goal: Goal) -> Explanation:
    """The progress of a goal, from its tasks."""
    combined = goal_progress(snapshot, day)[goal.key]
    tasks: Named = {task.key: (task_page(task), task_figure(task)) for task in tasks_of_goal(snapshot, goal)}
    return Explanation(
        title=_("Progress of goal %(code)s", code=goal.code),
        value=i18n.percent(combined.value),
        path=goal_figure(goal),
        formula=(
            _("The progress of each task times its weight, added up and divided by the sum of the weights."),
            *_rounding(combined.value),
        ),
        facts=(of_day(day), _reported(combined)),
        tables=_weighing(combined, pgettext("column", "Task"), tasks),
        left_out=_left_out(combined, tasks),
        notes=() if combined.counted else (_("The goal has no tasks that count, so there is no figure yet."),),
        leads=(goal_page(goal), Said(_("Progress of the plan"), "/figures/progress")),
    )


def _reported(combined: Combined) -> tuple[str, str]:
    return _("Reported, of those that count"), _(
        "%(part)s of %(all)s tasks", part=combined.reported, all=combined.total
    )


def _rounding(value: Fraction | None) -> tuple[str, ...]:
    if value is None or (value * 100).denominator == 1:
        return ()
    exact, shown = i18n.percent(value, 4), i18n.percent(value)
    return (
        _("Computed exactly, rounded only for showing: %(exact)s is shown as %(shown)s.", exact=exact, shown=shown),
    )


def _weighing(combined: Combined, what: str, names: Named) -> tuple[Table, ...]:
    if not combined.counted:
        return ()
    inputs = combined.inputs
    shares = parts_that_add_up([entry.share for entry in inputs])
    products = parts_that_add_up([entry.share * (entry.part.value or 0) for entry in inputs])
    rows = []
    for entry, share, product in zip(inputs, shares, products, strict=True):
        page, figure = names[entry.part.key]
        rows.append(
            (
                page,
                Said(i18n.percent(entry.part.value, PLACES), figure),
                Said(i18n.number(entry.part.weight, 3)),
                Said(i18n.percent(share, PLACES)),
                Said(i18n.percent(product, PLACES)),
            )
        )
    return (
        Table(
            caption=_("What counts"),
            columns=(
                Column(what),
                Column(_("Progress"), numeric=True),
                Column(_("Weight"), numeric=True),
                Column(_("Share of the whole"), numeric=True),
                Column(_("Progress × share"), numeric=True),
            ),
            rows=tuple(rows),
            total=(
                Said(_("Total")),
                NOTHING_SAID,
                Said(i18n.number(combined.weight, 3)),
                Said(i18n.percent(Fraction(1), PLACES)),
                Said(i18n.percent(combined.value, PLACES)),
            ),
        ),
    )


def _left_out(combined: Combined, names: Named) -> tuple[LeftOut, ...]:
    return tuple(
        LeftOut(names[part.key][0], _(_LEFT_OUT[part.left_out])) for part in combined.left_out if part.left_out
    )


# --- a task ------------------------------------------------------------------------------------------------


def of_task(snapshot: Snapshot, day: date, task: Task) -> Explanation:
    """The progress of a task, from its milestones or reports."""
    figures = task_figures(snapshot, day)[task.key]
    progress = figures.progress
    goal = snapshot.find(Goal, task.goal)
    return Explanation(
        title=_("Progress of task %(number)s", number=task.number),
        value=i18n.percent(progress.value),
        path=task_figure(task),
        formula=(*_basis(progress), *_rounding(progress.value)),
        facts=(of_day(day), (_("Execution"), _(progress.execution.label))),
        tables=(*_milestones(progress), *_reports(snapshot, task, day, progress)),
        notes=()
        if progress.execution.is_counted
        else (_("The task is cancelled, so it does not count in the progress of its goal."),),
        leads=(
            task_page(task),
            *([] if goal is None else [Said(_("Progress of goal %(code)s", code=goal.code), goal_figure(goal))]),
            Said(_("Schedule of task %(number)s", number=task.number), schedule_figure(task)),
        ),
    )


def _basis(progress: TaskProgress) -> tuple[str, ...]:
    """The rule that the progress of a task comes from, as sentences."""
    weightless = progress.milestones and not any(entry.weight for entry in progress.milestones)
    about_milestones = (_("Its milestones all have weight 0 and do not count."),) if weightless else ()
    match progress.basis:
        case Basis.COMPLETED:
            return (_("The task is reported as completed: that is 100 percent."),)
        case Basis.MILESTONES:
            return (_("The weight of the milestones that are done, divided by the weight of all."),)
        case Basis.NOT_REPORTED:
            return (
                _("Nothing was reported up to this day: counted as 0 percent and as not reported."),
                *about_milestones,
            )
        case Basis.REPORT if progress.report_percent is None:
            return (_("No report states a percentage: counted as 0 percent."), *about_milestones)
        case Basis.REPORT if progress.percent_on != progress.report_on:
            return (
                _(
                    "The last reported percentage, of %(day)s: the later report states none.",
                    day=i18n.short_date(progress.percent_on),
                ),
                *about_milestones,
            )
    return (_("The last reported percentage, of %(day)s.", day=i18n.short_date(progress.percent_on)), *about_milestones)


def _milestones(progress: TaskProgress) -> tuple[Table, ...]:
    if not progress.milestones:
        return ()
    shares = parts_that_add_up([entry.share for entry in progress.milestones])
    counts = progress.basis is Basis.MILESTONES
    done = parts_that_add_up([entry.share if entry.done else Fraction(0) for entry in progress.milestones])
    columns = (
        Column(_("Milestone")),
        Column(_("Done on")),
        Column(_("Weight"), numeric=True),
        Column(_("Share of the whole"), numeric=True),
        *([Column(_("Counts"), numeric=True)] if counts else []),
    )
    rows = tuple(
        (
            Said(entry.title),
            Said(i18n.short_date(entry.done_on) if entry.done else _("not done")),
            Said(i18n.number(entry.weight, 3)),
            Said(i18n.percent(share, PLACES)),
            *([Said(i18n.percent(part, PLACES))] if counts else []),
        )
        for entry, share, part in zip(progress.milestones, shares, done, strict=True)
    )
    total = (
        Said(_("Total")),
        NOTHING_SAID,
        Said(i18n.number(sum(entry.weight for entry in progress.milestones), 3)),
        Said(i18n.percent(sum(shares, Fraction(0)), PLACES)),
        *([Said(i18n.percent(progress.value, PLACES))] if counts else []),
    )
    return (Table(_("Milestones"), columns, rows, total),)


def _reports(snapshot: Snapshot, task: Task, day: date, progress: TaskProgress) -> tuple[Table, ...]:
    reports = [report for report in reports_of(snapshot, task) if report.on <= day]
    if not reports:
        return ()
    rows = tuple(
        (
            Said(i18n.short_date(report.on)),
            Said(_(report.execution.label)),
            Said(i18n.percent(report.percent)),
            Said(_(report.outcome.label)),
        )
        for report in reversed(reports)
    )
    columns = (Column(_("As of")), Column(_("Execution")), Column(_("Progress"), numeric=True), Column(_("Result")))
    return (Table(_("Reports up to this day, newest first"), columns, rows),)


# --- who has reported --------------------------------------------------------------------------------------


def of_reporting(snapshot: Snapshot, day: date) -> Explanation:
    """How many tasks have reported up to the day, and which have not."""
    figures = task_figures(snapshot, day)
    tasks = tasks_in_order(snapshot)
    silent = [task for task in tasks if not figures[task.key].progress.reported]
    rows = tuple((task_page(task), lead_unit(snapshot, task), Said(i18n.period(task.period))) for task in silent)
    columns = (Column(pgettext("column", "Task")), Column(_("Responsible unit")), Column(_("Period")))
    days = [entry.last.on for entry in figures.values() if entry.last is not None]
    return Explanation(
        title=_("Who has reported"),
        value=_("%(part)s of %(all)s tasks", part=i18n.number(len(tasks) - len(silent)), all=i18n.number(len(tasks))),
        path="/figures/reported",
        formula=(_("A task has reported when it has a report, or a milestone that is done, up to this day."),),
        facts=(of_day(day), (_("Last report"), i18n.short_date(max(days, default=None)))),
        tables=(Table(_("Tasks that have not reported"), columns, rows),) if rows else (),
        notes=() if rows else ((_("Every task has reported."),) if tasks else (_("The plan has no tasks yet."),)),
        leads=(Said(_("Progress of the plan"), "/figures/progress"), Said(_("Action plan"), "/tasks")),
    )
