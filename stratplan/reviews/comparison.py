"""What differs between two statements of a plan, as it is told: only what differs, each with what it was and became.

Pure. How it is found is in comparing; how it is said in words in difference_words.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from functools import cached_property
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
        """By how many percentage points; None where one of the two is not known."""
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
    """EUR planned, contracted and spent before and after; `code` is the source's, None: of no named one."""

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
    """What changed in an investment line; `sources`: its money by source over all years, `cells`: by year too."""

    before: LineStated
    after: LineStated
    fields: tuple[FieldChange, ...] = ()
    sums: MoneyChange | None = None
    sources: tuple[MoneyChange, ...] = ()
    cells: tuple[MoneyChange, ...] = ()

    @property
    def between_years(self) -> tuple[MoneyChange, ...]:
        """What only moved between years: the cells of sources whose money is the same over all years."""
        told = {one.code for one in self.sources}
        return tuple(one for one in self.cells if one.code not in told)


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
    `total` of the whole plan."""

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
            and not any((self.money, self.units))
            and all(one.is_empty for one in several)
        )
