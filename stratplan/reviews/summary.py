"""A statement in brief: its figures, how many tasks stand how, progress by goal, money; in sentences and in tables that
charts are drawn of. Always of the whole plan, whatever filters the rows of a document were chosen with."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from stratplan import i18n
from stratplan.alphabet import sort_key
from stratplan.choice import Choice
from stratplan.exports.tables import Cell, Chart, ChartKind, Column, Kind, Row, RowKind, Table, Value
from stratplan.goals.states import Execution, Outcome, Schedule
from stratplan.i18n import _, ngettext
from stratplan.reviews.models import Edition
from stratplan.reviews.money_tables import NAMES, NUMBERS, money_by_source, money_by_year
from stratplan.reviews.statement import Statement


def summary_tables(statement: Statement) -> list[Table]:
    """The tables of the summary, each drawn as a chart but the first; those that would be empty are left out."""
    name = _("Summary")
    counts = statement.plan.counts
    tables = [
        _figures(statement, name),
        _by_goal(statement, name),
        _states(name, "execution", _("Tasks by execution"), Execution, counts.execution),
        _states(name, "schedule", _("Tasks by schedule"), Schedule, counts.schedule),
        _states(name, "outcome", _("Tasks by result"), Outcome, counts.outcome),
        money_by_source(statement, name),
        money_by_year(statement, name),
    ]
    return [table for table in tables if not table.is_empty]


def _figures(statement: Statement, name: str) -> Table:
    plan = statement.plan
    total = len(statement.tasks)
    rows: list[tuple[str, Value | Cell]] = [
        (_("Progress of the plan"), None if plan.progress is None else Cell(plan.progress, Kind.PERCENT)),
        (_("Goals"), Cell(len(plan.goals), Kind.WHOLE)),
        (_("Tasks"), Cell(total, Kind.WHOLE)),
        (_("Tasks completed"), Cell(plan.counts.execution.get(Execution.COMPLETED, 0), Kind.WHOLE)),
        (_("Tasks overdue"), Cell(plan.counts.schedule.get(Schedule.OVERDUE, 0), Kind.WHOLE)),
        (_("Tasks reported on"), Cell(plan.counts.reported, Kind.WHOLE)),
        *_reported_in_review(statement),
        (_("Last report"), None if plan.counts.last_report is None else Cell(plan.counts.last_report, Kind.DAY)),
        (_("Planned over the plan's years, EUR"), Cell(plan.total.sums.amount, Kind.MONEY)),
        (_("Contracted, EUR"), Cell(plan.total.sums.contracted, Kind.MONEY)),
        (_("Spent, EUR"), Cell(plan.total.sums.spent, Kind.MONEY)),
    ]
    return Table(
        name,
        _("The plan in figures"),
        [Column(_("Figure"), width=NAMES), Column(_("Value"), Kind.NUMBER, NUMBERS)],
        [Row([label, value]) for label, value in rows],
        key="figures",
    )


def _reported_in_review(statement: Statement) -> Iterable[tuple[str, Cell]]:
    if statement.plan.period is not None:
        count = sum(task.report is not None and task.report.is_of_period for task in statement.tasks)
        yield _("of them in the review's period"), Cell(count, Kind.WHOLE)


def _by_goal(statement: Statement, name: str) -> Table:
    goals = statement.plan.goals
    counts = statement.counts_by_goal
    rows = [Row([goal.title, goal.code, goal.progress, *counts[goal.code]]) for goal in goals]
    total = Row(
        [
            _("Total"),
            None,
            statement.plan.progress,
            sum(tasks for tasks, _reported in counts.values()),
            sum(reported for _tasks, reported in counts.values()),
        ],
        RowKind.TOTAL,
    )
    words = "; ".join(f"{goal.code}: {i18n.percent(goal.progress)}" for goal in goals if goal.progress is not None)
    return Table(
        name,
        _("Progress by goal"),
        [
            Column(_("Name"), width=NAMES),
            Column(_("Goal"), width=NUMBERS),
            Column(_("Progress"), Kind.PERCENT, NUMBERS),
            Column(_("Tasks"), Kind.WHOLE, NUMBERS),
            Column(_("Reported on"), Kind.WHOLE, NUMBERS),
        ],
        [*rows, total] if rows else [],
        key="progress",
        chart=Chart(_("Progress by goal"), words, ChartKind.BARS, 1, (2,)),
    )


def _states(name: str, key: str, title: str, states: type[Choice], counts: Mapping[str, int]) -> Table:
    named = [(_(state.label), counts.get(state.value, 0)) for state in states]
    if counts.get("none"):
        named.append((_("Suspended or cancelled"), counts["none"]))
    rows = [Row([label, count]) for label, count in named]
    total = sum(count for _label, count in named)
    return Table(
        name,
        title,
        [Column(_("State"), width=NAMES), Column(_("Tasks"), Kind.WHOLE, NUMBERS)],
        [*rows, Row([_("Total"), total], RowKind.TOTAL)] if total else [],
        key=key,
        chart=Chart(title, "; ".join(f"{label}: {count}" for label, count in named), ChartKind.BARS, 0, (1,)),
    )


def missing_units(edition: Edition, statement: Statement) -> list[str]:
    """The units that had not sent their parts when an edition was closed, as they were called then."""
    names = {task.lead.key: task.lead.name for task in statement.tasks if task.lead is not None}
    return sorted((names[str(key)] for key in edition.missing if str(key) in names), key=sort_key)


def summary_sentences(statement: Statement) -> list[str]:
    """What a council member should know first: progress, tasks, what is late, money; one sentence each."""
    return list(_sentences(statement))


def _sentences(statement: Statement) -> Iterable[str]:
    plan, total = statement.plan, len(statement.tasks)
    if not total:
        yield _("The plan has no tasks yet.")
    if plan.progress is not None:
        yield _(
            "As of %(day)s the plan is carried out by %(progress)s.",
            day=i18n.short_date(statement.day),
            progress=i18n.percent(plan.progress),
        )
    if total:
        yield ngettext(
            "Of %(num)s task %(completed)s is completed and %(overdue)s overdue.",
            "Of %(num)s tasks %(completed)s are completed and %(overdue)s overdue.",
            total,
            completed=plan.counts.execution.get(Execution.COMPLETED, 0),
            overdue=plan.counts.schedule.get(Schedule.OVERDUE, 0),
        )
        if silent := total - plan.counts.reported:
            yield ngettext(
                "Nothing was ever reported on %(num)s task.", "Nothing was ever reported on %(num)s tasks.", silent
            )
    sums = plan.total.sums
    if sums.amount is not None:
        yield _("%(amount)s is planned for investments.", amount=i18n.money(sums.amount))
    if sums.contracted is not None or sums.spent is not None:
        yield _(
            "Contracted: %(contracted)s; spent: %(spent)s.",
            contracted=_("not known") if sums.contracted is None else i18n.money(sums.contracted),
            spent=_("not known") if sums.spent is None else i18n.money(sums.spent),
        )
    if left_out := len(plan.total.left_out):
        yield ngettext(
            "%(num)s line without an amount is left out of the sums.",
            "%(num)s lines without an amount are left out of the sums.",
            left_out,
        )
