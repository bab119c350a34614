"""A plan as it stood on a day, flat and self-contained: what a closed review keeps, what is compared, what documents
are made of.

Nothing here leads to a living document: names are written out, `key`s only tell which task of one statement is which
of another. Amounts are EUR; shares of one (progress, elapsed time) are exact fractions. Code that reads old statements
must understand them for as long as there are any: fields are added with a default, and none is taken away.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from decimal import Decimal
from fractions import Fraction
from functools import cached_property
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, PlainSerializer

from stratplan.goals.progress import percent as whole_percent
from stratplan.goals.states import Execution, Outcome, Schedule
from stratplan.period import Period
from stratplan.plans.models import FundingKind, PlanState, TermKind
from stratplan.swot.models import Quadrant

Share = Annotated[
    Fraction,
    BeforeValidator(lambda value: Fraction(value) if isinstance(value, str) else value),
    PlainSerializer(str, return_type=str),
]


_NOT_TOLD: set[str] = set()


class Stated(BaseModel):
    """A piece of a statement; what a newer program wrote beside is left alone."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    def model_post_init(self, _context: object) -> None:
        """Forget which fields were given: nobody asks, and in tens of thousands of pieces it is a third of all."""
        object.__setattr__(self, "__pydantic_fields_set__", _NOT_TOLD)


# --- a task ---------------------------------------------------------------------------------------------------


class UnitNamed(Stated):
    """A unit as it was called."""

    key: str
    name: str
    short: str = ""


class MilestoneStated(Stated):
    """A milestone, and whether it was done by the day."""

    key: str
    title: str
    due: date | None
    done_on: date | None
    weight: Decimal
    is_done: bool


class Move(Stated):
    """A deadline that was moved: from when to when, on which day, by whom (an account's id)."""

    before: date
    after: date
    on: date
    by: str

    @property
    def days(self) -> int:
        """By how many days: later is positive."""
        return (self.after - self.before).days


def nameless(moves: Iterable[Move]) -> tuple[Move, ...]:
    """The moves as residents are told of them: when a deadline was moved, not by whom."""
    return tuple(move.model_copy(update={"by": ""}) for move in moves)


class ReportStated(Stated):
    """The last report up to the day; `by` is an account's id. `is_of_period`: made in or for the review's period."""

    key: str
    on: date
    execution: Execution
    outcome: Outcome
    percent: int | None
    text: str = ""
    next_steps: str = ""
    obstacles: str = ""
    unchanged: bool = False
    illustrative: bool = False
    by: str = ""
    is_of_period: bool = False


class FileStated(Stated):
    """A file that shows what was done, as it was called; `key` is its document's."""

    key: str
    name: str
    description: str = ""
    size: int
    sha256: str


class TaskStated(Stated):
    """A task on the day: what was promised, how far it was, what was last reported."""

    key: str
    number: str
    title: str
    result: str = ""
    goal: str
    goal_code: str
    goal_title: str
    period: Period
    lead: UnitNamed | None = None
    partners: tuple[UnitNamed, ...] = ()
    sources: tuple[str, ...] = ()
    lines: tuple[str, ...] = ()
    weight: Decimal
    internal: bool = False
    execution: Execution
    outcome: Outcome
    schedule: Schedule | None
    progress: Share
    basis: str
    has_reported: bool
    days_left: int
    elapsed: Share
    milestones: tuple[MilestoneStated, ...] = ()
    report: ReportStated | None = None
    moves: tuple[Move, ...] = ()
    files: tuple[FileStated, ...] = ()

    @property
    def deadline(self) -> date:
        """The last day of its period."""
        return self.period.deadline

    @property
    def percent(self) -> int:
        """Its progress in whole percent, rounded half up for showing."""
        return whole_percent(self.progress)

    @property
    def responsible(self) -> frozenset[str]:
        """The keys of the units that lead it or take part in it."""
        return frozenset(unit.key for unit in (*((self.lead,) if self.lead else ()), *self.partners))


# --- money ----------------------------------------------------------------------------------------------------


def sum_of(values: Iterable[Decimal | None]) -> Decimal | None:
    """The sum of what is stated; None where nothing is."""
    stated = [value for value in values if value is not None]
    return sum(stated, Decimal(0)) if stated else None


class Amounts(Stated):
    """EUR planned (indicative), contracted and spent; None where nobody stated anything."""

    amount: Decimal | None = None
    contracted: Decimal | None = None
    spent: Decimal | None = None

    @classmethod
    def together(cls, found: Iterable[Amounts]) -> Amounts:
        """Amounts added up, each by itself."""
        all_of_them = list(found)
        return cls(
            amount=sum_of(one.amount for one in all_of_them),
            contracted=sum_of(one.contracted for one in all_of_them),
            spent=sum_of(one.spent for one in all_of_them),
        )

    @property
    def is_empty(self) -> bool:
        """Whether nothing is stated."""
        return self.amount is None and self.contracted is None and self.spent is None


class PartStated(Stated):
    """What one source pays of a line, as the council's table has it; `source` None: nobody is named for it."""

    source: str | None
    funding: FundingKind | None
    percent: Decimal | None
    amount: Decimal | None
    inferred: bool = False


class CellStated(Stated):
    """The money of a line from one source in one year; either is None where it is not stated."""

    source: str | None
    year: int | None
    sums: Amounts


class StageStated(Stated):
    """A step in which a line is carried out."""

    title: str
    period: Period | None
    amount: Decimal | None
    done_on: date | None


class LineStated(Stated):
    """A line of the investment plan on the day. `amount` is of one year where the line is yearly; `total` over the
    plan's years, None where it is not known and of headings. `sums` of a heading are those of the lines under it."""

    key: str
    number: str
    title: str
    goal: str
    goal_code: str
    tasks: tuple[str, ...] = ()
    units: tuple[UnitNamed, ...] = ()
    heading: bool = False
    depth: int = 0
    amount: Decimal | None
    yearly: bool = False
    period: Period | None = None
    total: Decimal | None
    sums: Amounts
    parts: tuple[PartStated, ...] = ()
    cells: tuple[CellStated, ...] = ()
    stages: tuple[StageStated, ...] = ()
    note: str = ""
    internal: bool = False


class SumStated(Stated):
    """What lines add up to, of a goal (its code) or of the whole plan (None), by source as the council's table has it.
    `left_out` are the numbers of lines without an amount."""

    goal_code: str | None
    parts: tuple[PartStated, ...] = ()
    sums: Amounts
    left_out: tuple[str, ...] = ()


class MoneyStated(Stated):
    """Money of one goal, source and year together; None where it is not stated."""

    goal_code: str | None
    source: str | None
    year: int | None
    sums: Amounts


class UnitMoney(Stated):
    """Money of the lines whose tasks these units lead; none: of lines without a task."""

    units: tuple[UnitNamed, ...]
    sums: Amounts


class CheckStated(Stated):
    """A check of the investment plan that fails: its code, what it is about, its amounts (EUR) and percents."""

    code: str
    subject: str
    source: str | None = None
    year: int | None = None
    amounts: Mapping[str, Decimal | None] = {}
    percents: Mapping[str, Decimal] = {}


# --- the plan -------------------------------------------------------------------------------------------------


class GoalStated(Stated):
    """A goal with its progress over its tasks, None where it has none that count."""

    key: str
    code: str
    title: str
    description: str = ""
    summary: str = ""
    weight: Decimal
    internal: bool = False
    progress: Share | None
    reported: int
    tasks: int


class SourceStated(Stated):
    """A funding source as it was called."""

    key: str
    code: str
    name: str
    funding: FundingKind


class SwotStated(Stated):
    """One statement of the analysis, with the codes and numbers of what answers it."""

    key: str
    quadrant: Quadrant
    text: str
    goals: tuple[str, ...] = ()
    tasks: tuple[str, ...] = ()
    internal: bool = False


class TermStated(Stated):
    """A word explained or an abbreviation spelled out."""

    word: str
    meaning: str
    sort: TermKind


class SectionStated(Stated):
    """A chapter of the plan's text."""

    key: str = ""
    title: str
    text: str
    internal: bool = False


class Counts(Stated):
    """How many tasks stand how; `schedule` has "none" for suspended and cancelled ones."""

    execution: Mapping[str, int]
    outcome: Mapping[str, int]
    schedule: Mapping[str, int]
    reported: int
    last_report: date | None

    @classmethod
    def of(
        cls,
        standings: Iterable[tuple[Execution, Outcome, Schedule | None]],
        *,
        reported: int,
        last_report: date | None,
    ) -> Counts:
        """The counts of tasks by how each stands."""
        execution: Counter[Execution] = Counter()
        outcome: Counter[Outcome] = Counter()
        schedule: Counter[Schedule | None] = Counter()
        for one in standings:
            execution[one[0]] += 1
            outcome[one[1]] += 1
            schedule[one[2]] += 1
        return cls(
            execution={state.value: execution[state] for state in Execution},
            outcome={state.value: outcome[state] for state in Outcome},
            schedule={**{state.value: schedule[state] for state in Schedule}, "none": schedule[None]},
            reported=reported,
            last_report=last_report,
        )


class PlanStated(Stated):
    """The plan's texts and figures on the day. `sections` and the like are in the document's order."""

    slug: str
    title: str
    organisation: str
    first_year: int
    last_year: int
    state: PlanState
    decision_number: str = ""
    decision_date: date | None = None
    mission: str = ""
    vision: str = ""
    summary: str = ""
    day: date
    period: Period | None = None
    progress: Share | None
    counts: Counts
    goals: tuple[GoalStated, ...] = ()
    sources: tuple[SourceStated, ...] = ()
    columns: tuple[FundingKind | None, ...] = ()
    sums: tuple[SumStated, ...] = ()
    money: tuple[MoneyStated, ...] = ()
    unit_money: tuple[UnitMoney, ...] = ()
    checks: tuple[CheckStated, ...] = ()
    swot: tuple[SwotStated, ...] = ()
    terms: tuple[TermStated, ...] = ()
    sections: tuple[SectionStated, ...] = ()
    illustrative: bool = False
    public_parts: tuple[str, ...] = ()

    @property
    def total(self) -> SumStated:
        """The sums of the whole plan."""
        return next((one for one in self.sums if one.goal_code is None), SumStated(goal_code=None, sums=Amounts()))

    @property
    def years(self) -> range:
        """The plan's years, first to last."""
        return range(self.first_year, self.last_year + 1)


class Statement(Stated):
    """The whole of it: the plan, its tasks goal by goal, its investment lines in the council's order."""

    plan: PlanStated
    tasks: tuple[TaskStated, ...] = ()
    lines: tuple[LineStated, ...] = ()

    @property
    def day(self) -> date:
        """The day as of which everything is."""
        return self.plan.day

    @cached_property
    def task_by_key(self) -> Mapping[str, TaskStated]:
        """The tasks by their key."""
        return {task.key: task for task in self.tasks}

    @cached_property
    def counts_by_goal(self) -> Mapping[str, tuple[int, int]]:
        """How many tasks each goal (by its code) has, and how many of them have reported: cancelled ones too, which
        the progress of the goal leaves out."""
        found = dict.fromkeys((goal.code for goal in self.plan.goals), (0, 0))
        for task in self.tasks:
            tasks, reported = found.get(task.goal_code, (0, 0))
            found[task.goal_code] = tasks + 1, reported + task.has_reported
        return found

    def tasks_of(self, goal_code: str) -> Iterator[TaskStated]:
        """The tasks of a goal, in order."""
        return (task for task in self.tasks if task.goal_code == goal_code)

    def lines_of(self, goal_code: str) -> Iterator[LineStated]:
        """The investment lines of a goal, in order."""
        return (line for line in self.lines if line.goal_code == goal_code)
