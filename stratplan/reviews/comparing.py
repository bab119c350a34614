"""What differs between two statements of a plan: pure, of any two days, and only what differs.

The same things are recognised by their keys, whatever they are called on the two days. Units and sources that were only
renamed change nothing of tasks; they are told once. How differences are said in words is left to difference_words.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from functools import cached_property
from operator import attrgetter
from typing import Any, Generic, TypeVar

from stratplan.choice import Choice
from stratplan.goals.states import Execution, Outcome, Schedule
from stratplan.i18n import N_
from stratplan.reviews.statement import (
    Amounts,
    CheckStated,
    FileStated,
    GoalStated,
    LineStated,
    MilestoneStated,
    Move,
    PlanStated,
    ReportStated,
    SectionStated,
    SourceStated,
    Statement,
    SwotStated,
    TaskStated,
    TermStated,
    UnitNamed,
)
from stratplan.word_differences import Piece, around_changes, word_differences

T = TypeVar("T")
C = TypeVar("C")
K = TypeVar("K", bound=Hashable)
S = TypeVar("S", bound=Choice)

NOTHING = Decimal(0)
SUMS = ("amount", "contracted", "spent")


# --- one difference -------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class FieldChange:
    """A field of something, before and after, as statements have it; `name` is the field's."""

    name: str
    before: Any
    after: Any

    @cached_property
    def words(self) -> list[Piece]:
        """What differs between two texts, word by word, with what stands around it; empty where one is no text."""
        if not (isinstance(self.before, str) and isinstance(self.after, str)):
            return []
        return around_changes(word_differences(self.before, self.after))


@dataclass(frozen=True, slots=True)
class StateChange(Generic[S]):
    """A state before and after; None where there is no such state (the schedule of a cancelled task)."""

    before: S | None
    after: S | None


@dataclass(frozen=True, slots=True)
class ShareChange:
    """A share of one (progress) before and after, exact; None where nothing was there to have one."""

    before: Fraction | None
    after: Fraction | None

    @property
    def points(self) -> Fraction | None:
        """By how many percent points; None where one of the two is not known."""
        return None if self.before is None or self.after is None else (self.after - self.before) * 100


@dataclass(frozen=True, slots=True)
class CountChange:
    """How many, before and after; `name` says of what."""

    name: str
    before: int
    after: int

    @property
    def more(self) -> int:
        """By how many more."""
        return self.after - self.before


@dataclass(frozen=True, slots=True)
class MoneyChange:
    """EUR planned, contracted and spent before and after; `code` is a source's or a goal's, None: of no named one."""

    code: str | None
    before: Amounts
    after: Amounts
    year: int | None = None  # of a cell of a line

    @property
    def difference(self) -> Amounts:
        """By how much, EUR. What nobody stated adds nothing to a sum, so it counts as nothing beside what somebody did;
        None where nobody stated anything on either day."""
        return Amounts(**{name: _less(getattr(self.after, name), getattr(self.before, name)) for name in SUMS})


def _less(after: Decimal | None, before: Decimal | None) -> Decimal | None:
    return None if after is None and before is None else (after or NOTHING) - (before or NOTHING)


@dataclass(frozen=True, slots=True)
class DeadlineChange:
    """A deadline that is another day now. `since` are the moves that the earlier statement does not have, each with who
    and when; `times` counts all moves there ever were."""

    before: date
    after: date
    times: int
    since: tuple[Move, ...]

    @property
    def days(self) -> int:
        """By how many days: later is positive."""
        return (self.after - self.before).days


@dataclass(frozen=True, slots=True)
class Compared(Generic[T, C]):
    """Things of one kind: those that only one of the two has, in its order, and what changed in the others."""

    added: tuple[T, ...] = ()
    gone: tuple[T, ...] = ()
    changed: tuple[C, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether nothing differs."""
        return not (self.added or self.gone or self.changed)


# --- what changed in one thing --------------------------------------------------------------------------------


class Ended(Choice):
    """Why there is nothing more to do for a task."""

    COMPLETED = "completed", N_("Completed"), "success", "circle-check"
    CANCELLED = "cancelled", N_("Cancelled"), "muted", "ban"
    GONE = "gone", N_("Taken out of the plan"), "muted", "x"


ENDS = {Execution.COMPLETED: Ended.COMPLETED, Execution.CANCELLED: Ended.CANCELLED}


@dataclass(frozen=True, slots=True)
class TaskEnded:
    """A task that ended since, as it was last stated."""

    task: TaskStated
    how: Ended


@dataclass(frozen=True, slots=True)
class TaskChange:
    """What changed in a task. `said` are the texts of its last report; `reported`: it has another last report."""

    before: TaskStated
    after: TaskStated
    fields: tuple[FieldChange, ...] = ()
    deadline: DeadlineChange | None = None
    progress: ShareChange | None = None
    execution: StateChange[Execution] | None = None
    outcome: StateChange[Outcome] | None = None
    schedule: StateChange[Schedule] | None = None
    reported: bool = False
    said: tuple[FieldChange, ...] = ()
    milestones_done: tuple[MilestoneStated, ...] = ()
    files_added: tuple[FileStated, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether nothing differs."""
        states = (self.deadline, self.progress, self.execution, self.outcome, self.schedule)
        lists = (self.fields, self.said, self.milestones_done, self.files_added)
        return not self.reported and not any(lists) and all(one is None for one in states)

    @property
    def ended(self) -> Ended | None:
        """Why it ended since, if it did."""
        return None if self.execution is None else ENDS.get(self.after.execution)

    @property
    def is_newly_late(self) -> bool:
        """Whether its deadline passed, undone, since."""
        return self.schedule is not None and self.schedule.after is Schedule.OVERDUE


@dataclass(frozen=True, slots=True)
class LineChange:
    """What changed in an investment line; `sources`: its money by source over all years, `cells`: also by year."""

    before: LineStated
    after: LineStated
    fields: tuple[FieldChange, ...] = ()
    sums: MoneyChange | None = None
    sources: tuple[MoneyChange, ...] = ()
    cells: tuple[MoneyChange, ...] = ()


@dataclass(frozen=True, slots=True)
class GoalChange:
    """What changed in a goal; `counts`: its tasks and how many of them have reported."""

    before: GoalStated
    after: GoalStated
    fields: tuple[FieldChange, ...] = ()
    progress: ShareChange | None = None
    counts: tuple[CountChange, ...] = ()


@dataclass(frozen=True, slots=True)
class Change(Generic[T]):
    """What changed in something that has only fields."""

    before: T
    after: T
    fields: tuple[FieldChange, ...]


# --- the whole ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Comparison:
    """What differs between two statements. Counts and money are only there where they differ; `money` is by source,
    `goal_money` by goal, `total` of the whole plan."""

    before: Statement
    after: Statement
    fields: tuple[FieldChange, ...]
    progress: ShareChange | None
    counts: tuple[CountChange, ...]
    execution: tuple[CountChange, ...]
    outcome: tuple[CountChange, ...]
    schedule: tuple[CountChange, ...]
    goals: Compared[GoalStated, GoalChange]
    tasks: Compared[TaskStated, TaskChange]
    lines: Compared[LineStated, LineChange]
    total: MoneyChange | None
    money: tuple[MoneyChange, ...]
    goal_money: tuple[MoneyChange, ...]
    sources: Compared[SourceStated, Change[SourceStated]]
    units: tuple[Change[UnitNamed], ...]
    checks: Compared[CheckStated, Change[CheckStated]]
    swot: Compared[SwotStated, Change[SwotStated]]
    terms: Compared[TermStated, Change[TermStated]]
    sections: Compared[SectionStated, Change[SectionStated]]

    @cached_property
    def ended(self) -> tuple[TaskEnded, ...]:
        """The tasks that were completed or cancelled since, in the plan's order, then those that are gone."""
        over = [TaskEnded(change.after, change.ended) for change in self.tasks.changed if change.ended is not None]
        return (*over, *(TaskEnded(task, Ended.GONE) for task in self.tasks.gone))

    @cached_property
    def moved(self) -> tuple[TaskChange, ...]:
        """The tasks whose deadline is another day, the most postponed first."""
        found = [change for change in self.tasks.changed if change.deadline is not None]
        return tuple(sorted(found, key=lambda change: -change.deadline.days if change.deadline else 0))

    @cached_property
    def newly_late(self) -> tuple[TaskStated, ...]:
        """The tasks whose deadline passed, undone, since; the longest late first."""
        changed = [change.after for change in self.tasks.changed if change.is_newly_late]
        added = [task for task in self.tasks.added if task.schedule is Schedule.OVERDUE]
        return tuple(sorted([*changed, *added], key=lambda task: task.deadline))

    @property
    def is_empty(self) -> bool:
        """Whether nothing differs but the day."""
        several = (self.goals, self.tasks, self.lines, self.sources, self.checks, self.swot, self.terms, self.sections)
        return (
            self.progress is None
            and self.total is None
            and not any((self.fields, self.counts, self.execution, self.outcome, self.schedule))
            and not any((self.money, self.goal_money, self.units))
            and all(one.is_empty for one in several)
        )


def compare(before: Statement, after: Statement) -> Comparison:
    """What differs between two statements of one plan, `before` being the earlier."""
    old, new = before.plan, after.plan
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
        tasks=_tasks(before, after),
        lines=_compared(before.lines, after.lines, attrgetter("key"), _line),
        total=_money(None, old.total.sums, new.total.sums),
        money=tuple(_moneys(_by(old, "source"), _by(new, "source"))),
        goal_money=tuple(_moneys(_by(old, "goal_code"), _by(new, "goal_code"))),
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
    **_named("heading", "amount", "yearly", "period", "total", "parts", "stages", "note", "internal"),
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


def _tasks(before: Statement, after: Statement) -> Compared[TaskStated, TaskChange]:
    olds, news = _source_keys(before.plan), _source_keys(after.plan)

    def change(old: TaskStated, new: TaskStated) -> TaskChange | None:
        fields = _fields(old, new, _TASK_FIELDS)
        if {olds.get(code, code) for code in old.sources} != {news.get(code, code) for code in new.sources}:
            fields = (*fields, FieldChange("sources", old.sources, new.sources))
        found = _task(old, new, fields)
        return None if found.is_empty else found

    return _compared(before.tasks, after.tasks, attrgetter("key"), change)


def _source_keys(plan: PlanStated) -> Mapping[str, str]:
    return {source.code: source.key for source in plan.sources}


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


def added(one: Amounts, other: Amounts) -> Amounts:
    """Two amounts together; None only where nobody stated either."""
    return Amounts(**{name: _more(getattr(one, name), getattr(other, name)) for name in SUMS})


def _more(one: Decimal | None, other: Decimal | None) -> Decimal | None:
    return None if one is None and other is None else (one or NOTHING) + (other or NOTHING)


def _summed(pairs: Iterable[tuple[K, Amounts]]) -> Mapping[K, Amounts]:
    found: defaultdict[K, Amounts] = defaultdict(Amounts)
    for key, sums in pairs:
        found[key] = added(found[key], sums)
    return found


def _by(plan: PlanStated, axis: str) -> Mapping[str | None, Amounts]:
    return _summed((getattr(cell, axis), cell.sums) for cell in plan.money)


def _money(code: str | None, before: Amounts, after: Amounts) -> MoneyChange | None:
    return None if before == after else MoneyChange(code, before, after)


def _moneys(before: Mapping[str | None, Amounts], after: Mapping[str | None, Amounts]) -> Iterator[MoneyChange]:
    for code in {**before, **after}:
        change = _money(code, before.get(code, Amounts()), after.get(code, Amounts()))
        if change is not None:
            yield change


def _line(before: LineStated, after: LineStated) -> LineChange | None:
    old, new = (_summed((cell.source, cell.sums) for cell in line.cells) for line in (before, after))
    found = LineChange(
        before=before,
        after=after,
        fields=_fields(before, after, _LINE_FIELDS),
        sums=_money(None, before.sums, after.sums),
        sources=tuple(_moneys(old, new)),
        cells=tuple(_cells(before, after)),
    )
    return found if found.fields or found.sums or found.cells else None


def _cells(before: LineStated, after: LineStated) -> Iterator[MoneyChange]:
    olds, news = (_summed(((cell.source, cell.year), cell.sums) for cell in line.cells) for line in (before, after))
    for source, year in {**olds, **news}:
        old, new = olds.get((source, year), Amounts()), news.get((source, year), Amounts())
        if old != new:
            yield MoneyChange(source, old, new, year)


def _goal(before: GoalStated, after: GoalStated) -> GoalChange | None:
    counts = _counts(*({"tasks": goal.tasks, "reported": goal.reported} for goal in (before, after)))
    fields = _fields(before, after, _GOAL_FIELDS)
    progress = _share(before.progress, after.progress)
    return GoalChange(before, after, fields, progress, counts) if fields or progress or counts else None


def _which_check(check: CheckStated) -> Hashable:
    return check.code, check.subject, check.source, check.year
