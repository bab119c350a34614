"""What changed between two statements as one table, for documents: what, before, after, by how much.

Pure; in the language in force. Persons are not named in documents.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

from stratplan import i18n
from stratplan.choice import Choice
from stratplan.exports.tables import Cell, Column, Kind, Row, RowKind, Table, Value
from stratplan.goals.models import Goal, Report, Task
from stratplan.goals.progress import percent
from stratplan.goals.states import Execution, Outcome, Schedule
from stratplan.i18n import N_, _, ngettext
from stratplan.investments.breakdown import Measure
from stratplan.investments.models import InvestmentLine
from stratplan.period import Period
from stratplan.plans.models import Plan
from stratplan.reviews.comparison import (
    Compared,
    Comparison,
    CountChange,
    Ended,
    FieldChange,
    GoalChange,
    LineChange,
    MoneyChange,
    ShareChange,
    StateChange,
    TaskChange,
)
from stratplan.reviews.money_tables import source_name
from stratplan.reviews.statement import MilestoneStated, PartStated, StageStated, TaskStated, UnitNamed
from stratplan.swot.models import SwotEntry

Cells = Sequence[Value | Cell]

_LABELS = {
    **Plan.labels,
    **SwotEntry.labels,
    **Goal.labels,
    **InvestmentLine.labels,
    **Report.labels,
    **Task.labels,
    "goal_code": Goal.noun,
    "units": N_("Responsible units"),
    "total": N_("Over the plan's years, EUR"),
    "parts": N_("Shares by source"),
    "organisation": N_("Organisation"),
    "meaning": N_("Meaning"),
    "name": N_("Name"),
    "short": N_("Short name"),
    "funding": N_("Whose money"),
}
_COUNTS = {
    "goals": N_("Goals"),
    "tasks": N_("Tasks"),
    "reported": N_("Tasks reported on"),
    "lines": N_("Investment lines"),
}


def changes_table(comparison: Comparison, notes: Sequence[str] = ()) -> Table:
    """Every difference on a row of its own, under headings: figures, goals, tasks, money, texts."""
    columns = [
        Column(_("No."), width=10),
        Column(_("Name"), width=36),
        Column(_("What changed"), width=22),
        Column(_("Before"), width=36),
        Column(_("After"), width=36),
        Column(_("Difference"), width=18),
        Column(_("When"), width=14),
    ]
    rows: list[Row] = []
    for heading, found in _groups(comparison):
        own = list(found)
        if own:
            rows.append(Row([heading], RowKind.GROUP))
            rows += [Row(cells) for cells in own]
    if not rows:
        rows.append(Row([None, _("Nothing has changed.")]))
    between = _(
        "From %(before)s to %(after)s",
        before=i18n.short_date(comparison.before.day),
        after=i18n.short_date(comparison.after.day),
    )
    return Table(_("Changes"), _("Changes since the last review"), columns, rows, [*notes, between], key="changes")


def _groups(comparison: Comparison) -> Iterator[tuple[str, Iterable[Cells]]]:
    yield _("Figures"), _figures(comparison)
    yield _("Goals"), _several(comparison.goals, lambda goal: (goal.code, goal.title), _goal_changes)
    yield _("Tasks"), _several(comparison.tasks, lambda task: (task.number, task.title), _task_changes)
    yield (
        _("Investment plan"),
        _several(comparison.lines, lambda line: (line.number, line.title), _line_changes),
    )
    yield (
        _("Funding sources"),
        _several(comparison.sources, lambda source: (source.code, source.name), _fields_of_change),
    )
    yield _("Units"), _renamed(comparison)
    yield _("SWOT"), _several(comparison.swot, lambda entry: (_(entry.quadrant.label), entry.text), _fields_of_change)
    yield (
        _("Terms and abbreviations"),
        _several(comparison.terms, lambda term: (_(term.sort.label), term.word), _fields_of_change),
    )
    yield _("Texts"), _texts(comparison)


def _several(
    compared: Compared[Any, Any], named: Callable[[Any], tuple[str, str]], changes: Callable[[Any], Iterable[Cells]]
) -> Iterator[Cells]:
    """What came, what went, and what changed, each row beginning with the number and the name."""
    for one in compared.added:
        yield [*named(one), _("Added"), None, *_arrived(one)]
    for one in compared.gone:
        yield [*named(one), _("Taken out")]
    for change in compared.changed:
        for cells in changes(change):
            yield [*named(change.after), *cells]


def _arrived(one: object) -> Cells:
    """Of a task that came, its period: what was promised with it."""
    return [i18n.period(one.period)] if isinstance(one, TaskStated) else []


# --- figures --------------------------------------------------------------------------------------------------


def _figures(comparison: Comparison) -> Iterator[Cells]:
    if comparison.progress is not None:
        yield [None, _("The whole plan"), *_share(comparison.progress)]
    for count in comparison.counts:
        yield [None, _(_COUNTS[count.name]), *_count(count)]
    axes: tuple[tuple[type[Choice], tuple[CountChange, ...]], ...] = (
        (Execution, comparison.execution),
        (Schedule, comparison.schedule),
        (Outcome, comparison.outcome),
    )
    for states, counts in axes:
        labels = {state.value: state.label for state in states}
        for count in counts:
            yield [None, _(labels.get(count.name, N_("Suspended or cancelled"))), *_count(count)]
    if comparison.total is not None:
        yield from ([None, _("The whole plan"), *cells] for cells in _money(comparison.total))
    for change in comparison.money:
        yield from ([None, source_name(change.code), *cells] for cells in _money(change))


def _share(change: ShareChange) -> Cells:
    return [_("Progress"), _percent(change.before), _percent(change.after), _points(change)]


def _points(change: ShareChange) -> Value | Cell:
    """The difference as a number, so that it can be reckoned with."""
    points = printed_points(change)
    if points is None:
        return None
    if points == 0:
        return _("as before")
    unit = ngettext("percentage point", "percentage points", abs(points))
    return Cell(points, Kind.WHOLE, f"\N{NO-BREAK SPACE}{unit}")


def _percent(share: Fraction | None) -> Value | Cell:
    return None if share is None else Cell(share, Kind.PERCENT)


def _sign(number: Fraction | Decimal | int) -> str:
    return "+" if number > 0 else "\u2212" if number < 0 else ""


def _count(change: CountChange) -> Cells:
    return [
        _("Number of tasks") if change.name not in _COUNTS else _("Number"),
        Cell(change.before, Kind.WHOLE),
        Cell(change.after, Kind.WHOLE),
        Cell(change.more, Kind.WHOLE),
    ]


def _money(change: MoneyChange) -> Iterator[Cells]:
    for measure in Measure:
        before, after = getattr(change.before, measure.value), getattr(change.after, measure.value)
        if before != after:
            difference = getattr(change.difference, measure.value)
            yield [f"{_(measure.label)}, EUR", _eur(before), _eur(after), _eur(difference)]


def source_and_year(change: MoneyChange) -> str:
    """What money of one source in one year is called."""
    return source_name(change.code) if change.year is None else f"{source_name(change.code)}, {change.year}"


def _eur(amount: Decimal | None) -> Value | Cell:
    return None if amount is None else Cell(amount, Kind.MONEY)


# --- goals, tasks, lines --------------------------------------------------------------------------------------


def _goal_changes(change: GoalChange) -> Iterator[Cells]:
    if change.progress is not None:
        yield _share(change.progress)
    yield from _fields(change.fields)


def _task_changes(change: TaskChange) -> Iterator[Cells]:
    if change.ended is not None:
        ends = {Ended.COMPLETED: _("The task was completed"), Ended.CANCELLED: _("The task was cancelled")}
        yield [ends[change.ended], *_states(change.execution)]
    elif change.execution is not None:
        yield [_("Execution"), *_states(change.execution)]
    if change.schedule is not None:
        yield [_("Schedule"), *_states(change.schedule)]
    if change.outcome is not None:
        yield [_("Result"), *_states(change.outcome)]
    if change.progress is not None:
        yield _share(change.progress)
    if change.deadline is not None:
        yield _deadline(change)
    yield from _fields(change.fields)
    yield from _fields(change.said)
    for milestone in change.milestones_done:
        yield [_("Milestone done"), None, milestone.title, None, _day(milestone.done_on)]
    for file in change.files_added:
        yield [_("Evidence added"), None, file.description or file.name]


def _states(change: StateChange[Any] | None) -> Cells:
    if change is None:
        return []
    return [None if state is None else _(state.label) for state in (change.before, change.after)]


def _deadline(change: TaskChange) -> Cells:
    moved = change.deadline
    if moved is None:
        return []
    times = ngettext("moved %(num)s time", "moved %(num)s times", moved.times) if moved.times else ""
    by = f"{_sign(moved.days)}{i18n.days(abs(moved.days))}"
    return [
        _("Deadline"),
        Cell(moved.before, Kind.DAY),
        Cell(moved.after, Kind.DAY),
        f"{by}, {times}" if times else by,
        ", ".join(i18n.short_date(move.on) for move in moved.since),
    ]


def _day(day: date | None) -> Value | Cell:
    return None if day is None else Cell(day, Kind.DAY)


def _line_changes(change: LineChange) -> Iterator[Cells]:
    if change.sums is not None:
        yield from _money(change.sums)
    for cell in change.between_years:
        for name, *values in _money(cell):
            yield [f"{source_and_year(cell)}: {name}", *values]
    yield from _fields(field for field in change.fields if field.name != "total")


def _fields_of_change(change: Any) -> Iterator[Cells]:
    yield from _fields(change.fields)


def _fields(fields: Iterable[FieldChange]) -> Iterator[Cells]:
    for field in fields:
        yield [_(_LABELS[field.name]), _value(field.name, field.before), _value(field.name, field.after)]


def _value(name: str, value: Any) -> Value | Cell:
    """A field as a person reads it."""
    match value:
        case None | "":
            return None
        case bool():
            return _("yes") if value else _("no")
        case Choice():
            return _(value.label)
        case Period():
            return i18n.period(value)
        case date():
            return Cell(value, Kind.DAY)
        case Decimal():
            return Cell(value, Kind.NUMBER if name == "weight" else Kind.MONEY)
        case tuple():
            return "; ".join(_item(one) for one in value)
        case UnitNamed():
            return value.name
        case int():
            return Cell(value, Kind.WHOLE)
        case _:
            return str(value)


def _item(one: object) -> str:
    match one:
        case UnitNamed():
            return one.name
        case MilestoneStated():
            return one.title if one.due is None else f"{one.title} ({i18n.short_date(one.due)})"
        case StageStated():
            return one.title if one.period is None else f"{one.title} ({i18n.period(one.period)})"
        case PartStated():
            share = i18n.percent(one.percent, 2) if one.percent is not None else i18n.money(one.amount)
            return f"{source_name(one.source)} {share}"
        case _:
            return str(one)


# --- texts ----------------------------------------------------------------------------------------------------


def _renamed(comparison: Comparison) -> Iterator[Cells]:
    for change in comparison.units:
        for cells in _fields(change.fields):
            yield [None, change.after.name, *cells]


def _texts(comparison: Comparison) -> Iterator[Cells]:
    for cells in _fields(comparison.fields):
        yield [None, _("The plan"), *cells]
    yield from _several(comparison.sections, lambda section: ("", section.title), _fields_of_change)


# --- for pages, which say the same in another shape ----------------------------------------------------------


def label_of(field: FieldChange) -> str:
    """What a person calls the field."""
    return _(_LABELS[field.name])


def value_said(field: FieldChange, value: Any) -> Value | Cell:
    """What the field was, or is, as a person reads it."""
    return _value(field.name, value)


def printed_points(change: ShareChange) -> int | None:
    """By how many percentage points the two shares differ as they are printed, in whole percent: 0 where a reader sees
    the same number twice, whatever was rounded off. None where one of the two is not known."""
    if change.before is None or change.after is None:
        return None
    return percent(change.after) - percent(change.before)


def points_said(change: ShareChange) -> str:
    """By how many percentage points, with a sign, or that it is as before; empty where one of the two is not known."""
    points = printed_points(change)
    if points is None:
        return ""
    if points == 0:
        return _("as before")
    return more_said(points, ngettext("%(num)s percentage point", "%(num)s percentage points", abs(points)))


def more_said(number: Fraction | Decimal | int, written: str) -> str:
    """A difference as it is written, with its sign before it."""
    return f"{_sign(number)}{written}"
