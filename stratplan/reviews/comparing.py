"""Finding what differs between two statements of a plan: pure, of any two days.

The same things are recognised by their keys, whatever they are called on the two days. Units and sources that were only
renamed change nothing of tasks; they are told once.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from fractions import Fraction
from operator import attrgetter
from typing import Any, TypeVar

from stratplan.choice import Choice
from stratplan.reviews.comparison import (
    Change,
    Compared,
    Comparison,
    CountChange,
    DeadlineChange,
    FieldChange,
    GoalChange,
    LineChange,
    MoneyChange,
    ShareChange,
    StateChange,
    TaskChange,
)
from stratplan.reviews.statement import (
    Amounts,
    CellStated,
    CheckStated,
    GoalStated,
    LineStated,
    MoneyStated,
    PartStated,
    PlanStated,
    ReportStated,
    Statement,
    TaskStated,
    UnitNamed,
)

T = TypeVar("T")
C = TypeVar("C")
K = TypeVar("K", bound=Hashable)
S = TypeVar("S", bound=Choice)


def compare(before: Statement, after: Statement) -> Comparison:
    """What differs between two statements of one plan, `before` being the earlier."""
    old, new = before.plan, after.plan
    sources = _Sources(old, new)
    return Comparison(
        before=before,
        after=after,
        fields=_fields(old, new, _PLAN_FIELDS),
        progress=_share(old.progress, new.progress),
        counts=_counts(_figures(before), _figures(after)),
        execution=_counts(old.counts.execution, new.counts.execution),
        outcome=_counts(old.counts.outcome, new.counts.outcome),
        schedule=_counts(old.counts.schedule, new.counts.schedule),
        goals=_compared(old.goals, new.goals, attrgetter("key"), _goal),
        tasks=_tasks(before, after, sources),
        lines=_compared(before.lines, after.lines, attrgetter("key"), lambda one, other: _line(one, other, sources)),
        total=_money(None, old.total.sums, new.total.sums),
        money=tuple(_by_source(old.money, new.money, sources)),
        sources=_compared(old.sources, new.sources, attrgetter("key"), _changes(_SOURCE_FIELDS)),
        units=_renamed(before, after),
        checks=_compared(old.checks, new.checks, _which_check, _changes(_CHECK_FIELDS)),
        swot=_compared(old.swot, new.swot, attrgetter("key"), _changes(_SWOT_FIELDS)),
        terms=_compared(old.terms, new.terms, lambda term: (term.sort, term.word), _changes(_TERM_FIELDS)),
        sections=_compared(old.sections, new.sections, lambda one: one.key or one.title, _changes(_SECTION_FIELDS)),
    )


# --- how: fields and lists ------------------------------------------------------------------------------------

Fields = Mapping[str, Callable[[Any], object]]  # of a kind: by name, what tells whether two are the same


def _named(*names: str) -> Fields:
    return {name: attrgetter(name) for name in names}


def _keys(units: Iterable[UnitNamed]) -> frozenset[str]:
    return frozenset(unit.key for unit in units)


_PLAN_FIELDS = _named(
    "title",
    "organisation",
    "state",
    "decision_number",
    "decision_date",
    "first_year",
    "last_year",
    "mission",
    "vision",
    "summary",
)
_TASK_FIELDS: Fields = {
    **_named("number", "title", "result"),
    "goal_code": attrgetter("goal"),
    "lead": lambda task: task.lead and task.lead.key,
    "partners": lambda task: _keys(task.partners),
    "milestones": lambda task: tuple((one.key, one.title, one.due, one.weight) for one in task.milestones),
    **_named("weight", "internal"),
}
_LINE_FIELDS: Fields = {
    **_named("number", "title"),
    "goal_code": attrgetter("goal"),
    **_named("tasks"),
    "units": lambda line: _keys(line.units),
    **_named("heading", "amount", "yearly", "period", "total", "stages", "note", "internal"),
}
_GOAL_FIELDS = _named("code", "title", "description", "summary", "weight", "internal")
_SOURCE_FIELDS = _named("code", "name", "funding")
_SWOT_FIELDS = _named("quadrant", "text", "goals", "tasks", "internal")
_TERM_FIELDS = _named("meaning")
_SECTION_FIELDS = _named("title", "text", "internal")
_CHECK_FIELDS = _named("amounts", "percents")
_REPORT_FIELDS = _named("text", "next_steps", "obstacles")


def _fields(before: T, after: T, fields: Fields) -> tuple[FieldChange, ...]:
    return tuple(
        FieldChange(name, getattr(before, name), getattr(after, name))
        for name, sameness in fields.items()
        if sameness(before) != sameness(after)
    )


def _compared(
    before: Sequence[T], after: Sequence[T], key: Callable[[T], Hashable], change: Callable[[T, T], C | None]
) -> Compared[T, C]:
    olds, news = _by_key(before, key), _by_key(after, key)
    found = (change(olds[which], one) for which, one in news.items() if which in olds and olds[which] != one)
    return Compared(
        added=tuple(one for which, one in news.items() if which not in olds),
        gone=tuple(one for which, one in olds.items() if which not in news),
        changed=tuple(one for one in found if one is not None),
    )


def _by_key(things: Iterable[T], key: Callable[[T], Hashable]) -> Mapping[Hashable, T]:
    """The things by their keys; of several with one key the first is its first, the second its second."""
    found: dict[Hashable, T] = {}
    seen: Counter[Hashable] = Counter()
    for one in things:
        which = key(one)
        found[which, seen[which]] = one
        seen[which] += 1
    return found


def _changes(fields: Fields) -> Callable[[T, T], Change[T] | None]:
    def change(before: T, after: T) -> Change[T] | None:
        found = _fields(before, after, fields)
        return Change(before, after, found) if found else None

    return change


def _share(before: Fraction | None, after: Fraction | None) -> ShareChange | None:
    return None if before == after else ShareChange(before, after)


def _state(before: S | None, after: S | None) -> StateChange[S] | None:
    return None if before is after else StateChange(before, after)


def _counts(before: Mapping[str, int], after: Mapping[str, int]) -> tuple[CountChange, ...]:
    return tuple(
        CountChange(name, before.get(name, 0), after.get(name, 0))
        for name in {**after, **before}
        if before.get(name, 0) != after.get(name, 0)
    )


def _figures(statement: Statement) -> Mapping[str, int]:
    return {
        "goals": len(statement.plan.goals),
        "tasks": len(statement.tasks),
        "reported": statement.plan.counts.reported,
        "lines": sum(not line.heading for line in statement.lines),
    }


# --- how: tasks -----------------------------------------------------------------------------------------------


def _tasks(before: Statement, after: Statement, sources: _Sources) -> Compared[TaskStated, TaskChange]:
    def change(old: TaskStated, new: TaskStated) -> TaskChange | None:
        fields = _fields(old, new, _TASK_FIELDS)
        if {sources.before(code) for code in old.sources} != {sources.after(code) for code in new.sources}:
            fields = (*fields, FieldChange("sources", old.sources, new.sources))
        found = _task(old, new, fields)
        return None if found.is_empty else found

    return _compared(before.tasks, after.tasks, attrgetter("key"), change)


def _task(before: TaskStated, after: TaskStated, fields: tuple[FieldChange, ...]) -> TaskChange:
    return TaskChange(
        before=before,
        after=after,
        fields=(*fields, *_begun(before, after)),
        deadline=_deadline(before, after),
        progress=_share(before.progress, after.progress),
        execution=_state(before.execution, after.execution),
        outcome=_state(before.outcome, after.outcome),
        schedule=_state(before.schedule, after.schedule),
        reported=_report_key(before.report) != _report_key(after.report),
        said=_said(before.report, after.report),
        milestones_done=_new((one for one in before.milestones if one.is_done), after.milestones, "is_done"),
        files_added=_new(before.files, after.files),
    )


def _begun(before: TaskStated, after: TaskStated) -> Iterator[FieldChange]:
    """The period where it begins on another day: when it only ends on another, the deadline says so."""
    if before.period.start != after.period.start:
        yield FieldChange("period", before.period, after.period)


def _deadline(before: TaskStated, after: TaskStated) -> DeadlineChange | None:
    if before.deadline == after.deadline:
        return None
    since = after.moves[len(before.moves) :]
    return DeadlineChange(before.deadline, after.deadline, times=len(after.moves), since=since)


def _report_key(report: ReportStated | None) -> str | None:
    return None if report is None else report.key


def _said(before: ReportStated | None, after: ReportStated | None) -> tuple[FieldChange, ...]:
    found = []
    for name in _REPORT_FIELDS:
        old, new = getattr(before, name, ""), getattr(after, name, "")
        if old != new:
            found.append(FieldChange(name, old, new))
    return tuple(found)


def _new(before: Iterable[Any], after: Iterable[Any], wanted: str = "") -> tuple[Any, ...]:
    """What `after` has and `before` has not, by key; only what is `wanted`, where that names a property."""
    known = {one.key for one in before}
    return tuple(one for one in after if one.key not in known and (not wanted or getattr(one, wanted)))


def _renamed(before: Statement, after: Statement) -> tuple[Change[UnitNamed], ...]:
    olds, news = _units(before), _units(after)
    change = _changes(_named("name", "short"))
    found = (change(olds[key], unit) for key, unit in news.items() if key in olds)
    return tuple(one for one in found if one is not None)


def _units(statement: Statement) -> Mapping[str, UnitNamed]:
    found: dict[str, UnitNamed] = {}
    for task in statement.tasks:
        found |= {unit.key: unit for unit in (*((task.lead,) if task.lead else ()), *task.partners)}
    for line in statement.lines:
        found |= {unit.key: unit for unit in line.units}
    return found


# --- how: money -----------------------------------------------------------------------------------------------


class _Sources:
    """The funding sources of two statements: money is of the source with that key, whatever its code on the two days.
    A code that no source has stands for itself; none, for money that nobody is named for."""

    def __init__(self, before: PlanStated, after: PlanStated) -> None:
        self._befores = {source.code: source.key for source in before.sources}
        self._afters = {source.code: source.key for source in after.sources}
        self._codes = {source.key: source.code for source in (*before.sources, *after.sources)}

    def before(self, code: str | None) -> str | None:
        """The key of the source that had this code."""
        return None if code is None else self._befores.get(code, code)

    def after(self, code: str | None) -> str | None:
        """The key of the source that has this code."""
        return None if code is None else self._afters.get(code, code)

    def code(self, key: str | None) -> str | None:
        """What the source with this key is called, or was called last."""
        return None if key is None else self._codes.get(key, key)


def _summed(pairs: Iterable[tuple[K, Amounts]]) -> Mapping[K, Amounts]:
    found: defaultdict[K, Amounts] = defaultdict(Amounts)
    for key, sums in pairs:
        found[key] = Amounts.together((found[key], sums))
    return found


def _money(code: str | None, before: Amounts, after: Amounts) -> MoneyChange | None:
    return None if before == after else MoneyChange(code, before, after)


Cells = Sequence[MoneyStated] | Sequence[CellStated]


def _by_source(before: Cells, after: Cells, sources: _Sources) -> Iterator[MoneyChange]:
    olds = _summed((sources.before(cell.source), cell.sums) for cell in before)
    news = _summed((sources.after(cell.source), cell.sums) for cell in after)
    for key in {**olds, **news}:
        change = _money(sources.code(key), olds.get(key, Amounts()), news.get(key, Amounts()))
        if change is not None:
            yield change


def _by_year(before: Cells, after: Cells, sources: _Sources) -> Iterator[MoneyChange]:
    olds = _summed(((sources.before(cell.source), cell.year), cell.sums) for cell in before)
    news = _summed(((sources.after(cell.source), cell.year), cell.sums) for cell in after)
    for key, year in {**olds, **news}:
        old, new = olds.get((key, year), Amounts()), news.get((key, year), Amounts())
        if old != new:
            yield MoneyChange(sources.code(key), old, new, year)


def _line(before: LineStated, after: LineStated, sources: _Sources) -> LineChange | None:
    fields = _fields(before, after, _LINE_FIELDS)
    if _parts(before, sources.before) != _parts(after, sources.after):
        fields = (*fields, FieldChange("parts", before.parts, after.parts))
    found = LineChange(
        before=before,
        after=after,
        fields=fields,
        sums=_money(None, before.sums, after.sums),
        sources=tuple(_by_source(before.cells, after.cells, sources)),
        cells=tuple(_by_year(before.cells, after.cells, sources)),
    )
    return found if found.fields or found.sums or found.cells else None


def _parts(line: LineStated, key: Callable[[str | None], str | None]) -> list[PartStated]:
    return [part.model_copy(update={"source": key(part.source)}) for part in line.parts]


def _goal(before: GoalStated, after: GoalStated) -> GoalChange | None:
    counts = _counts(*({"tasks": goal.tasks, "reported": goal.reported} for goal in (before, after)))
    fields = _fields(before, after, _GOAL_FIELDS)
    progress = _share(before.progress, after.progress)
    return GoalChange(before, after, fields, progress, counts) if fields or progress or counts else None


def _which_check(check: CheckStated) -> Hashable:
    return check.code, check.subject, check.source, check.year
