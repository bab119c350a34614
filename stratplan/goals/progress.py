"""Progress of a task, a goal and a plan, exact, each with what it was made from (domain.md, Progress).

Knows no documents: milestones and reports are read by their attributes, goals and tasks are weighted parts.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from math import lcm
from typing import Protocol, TypeVar

from stratplan.goals.states import Execution

NOTHING = Fraction(0)
WHOLE = Fraction(1)


class MilestoneFacts(Protocol):
    """What is read of a milestone."""

    @property
    def title(self) -> str: ...
    @property
    def done_on(self) -> date | None: ...
    @property
    def weight(self) -> Decimal: ...


class ReportFacts(Protocol):
    """What is read of a report on a task."""

    @property
    def on(self) -> date: ...
    @property
    def percent(self) -> int | None: ...
    @property
    def execution(self) -> Execution: ...


Reported = TypeVar("Reported", bound=ReportFacts)


def last_report(reports: Iterable[Reported], day: date) -> Reported | None:
    """The latest report up to and on the day; of several for one day, the one that comes last."""
    return _latest(report for report in reports if report.on <= day)


def last_stated(reports: Iterable[Reported], day: date) -> Reported | None:
    """The latest report up to and on the day that states a percentage."""
    return _latest(report for report in reports if report.on <= day and report.percent is not None)


def _latest(reports: Iterable[Reported]) -> Reported | None:
    latest: Reported | None = None
    for report in reports:
        if latest is None or report.on >= latest.on:
            latest = report
    return latest


# --- a task ------------------------------------------------------------------------------------------------


class Basis(StrEnum):
    """What the progress of a task was taken from."""

    COMPLETED = "completed"
    MILESTONES = "milestones"
    REPORT = "report"
    NOT_REPORTED = "not_reported"


@dataclass(frozen=True, slots=True)
class MilestoneInput:
    """A milestone as it counted: its share of the task, 0 to 1, and whether it was done."""

    title: str
    weight: Decimal
    share: Fraction
    done: bool
    done_on: date | None


@dataclass(frozen=True, slots=True)
class TaskProgress:
    """The progress of a task on a day, `value` from 0 to 1, and what it follows from."""

    value: Fraction
    basis: Basis
    reported: bool
    execution: Execution
    report_on: date | None = None
    report_percent: int | None = None
    percent_on: date | None = None
    milestones: tuple[MilestoneInput, ...] = ()


def task_progress(
    milestones: Sequence[MilestoneFacts],
    last: ReportFacts | None,
    day: date,
    stated: ReportFacts | None = None,
) -> TaskProgress:
    """The progress of a task on the day (domain.md, Progress).

    `last` is the last report up to the day; `stated` the last one with a percentage, where `last` has none.
    Completed is 1. With milestones: the weight of those done by the day out of the weight of all; a milestone
    of weight 0 does not count, and when none counts it is as if there were none. Else the last percentage
    reported, 0 when there was none. A task has reported when it has a report or a milestone done.

    Raises ValueError for a negative weight, a percentage outside 0 to 100, a report later than the day.
    """
    if (last is not None and last.on > day) or (stated is not None and stated.on > day):
        raise ValueError("A report after the day says nothing of it.")
    execution = Execution.NOT_STARTED if last is None else last.execution
    inputs = _milestone_inputs(milestones, day) if milestones else ()
    source = last if last is not None and last.percent is not None else stated
    percent = None if source is None else source.percent
    if percent is not None and not 0 <= percent <= 100:
        raise ValueError("A percentage lies between 0 and 100.")

    if execution is Execution.COMPLETED:
        value, basis = WHOLE, Basis.COMPLETED
    elif any(entry.weight for entry in inputs):
        value, basis = sum((entry.share for entry in inputs if entry.done), NOTHING), Basis.MILESTONES
    elif last is not None:
        value, basis = Fraction(percent or 0, 100), Basis.REPORT
    else:
        value, basis = NOTHING, Basis.NOT_REPORTED
    return TaskProgress(
        value=value,
        basis=basis,
        reported=last is not None or any(entry.done for entry in inputs),
        execution=execution,
        report_on=None if last is None else last.on,
        report_percent=percent,
        percent_on=None if source is None or percent is None else source.on,
        milestones=inputs,
    )


def _milestone_inputs(milestones: Sequence[MilestoneFacts], day: date) -> tuple[MilestoneInput, ...]:
    for milestone in milestones:
        _check_weight(milestone.weight)
    total = sum((Fraction(milestone.weight) for milestone in milestones), NOTHING)
    return tuple(
        MilestoneInput(
            title=milestone.title,
            weight=milestone.weight,
            share=Fraction(milestone.weight) / total if total else NOTHING,
            done=milestone.done_on is not None and milestone.done_on <= day,
            done_on=milestone.done_on,
        )
        for milestone in milestones
    )


# --- a goal, a plan ----------------------------------------------------------------------------------------


class LeftOutReason(StrEnum):
    """Why a part does not count in a figure."""

    CANCELLED = "cancelled"
    NO_TASKS = "no_tasks"
    NO_WEIGHT = "no_weight"


@dataclass(frozen=True, slots=True)
class Weighted:
    """A part of a combined figure: a task of a goal, or a goal of a plan.

    `value` is None where the part has no figure; `reported` of `total` tasks have reported. `left_out` says
    why the part does not count, None when it does.
    """

    key: Hashable
    weight: Decimal
    value: Fraction | None
    reported: int
    total: int
    left_out: LeftOutReason | None = None

    @classmethod
    def of_task(cls, key: Hashable, weight: Decimal, progress: TaskProgress) -> Weighted:
        """A task as a part of its goal; a cancelled one is left out."""
        cancelled = None if progress.execution.is_counted else LeftOutReason.CANCELLED
        return cls(key, weight, progress.value, int(progress.reported), 1, cancelled)

    @classmethod
    def of_goal(cls, key: Hashable, weight: Decimal, progress: Combined) -> Weighted:
        """A goal as a part of its plan; one without a figure is left out."""
        empty = LeftOutReason.NO_TASKS if progress.value is None else None
        return cls(key, weight, progress.value, progress.reported, progress.total, empty)


@dataclass(frozen=True, slots=True)
class Input:
    """A part that counted, with its normalised share of the figure; the shares of all add up to 1."""

    part: Weighted
    share: Fraction


@dataclass(frozen=True, slots=True)
class Combined:
    """A weighted mean of parts: `value` from 0 to 1, None when no part counts (a dash, never 0 %).

    `counted` and `left_out` are the parts in the order given. `reported` of `total` tasks among the counted
    parts have reported.
    """

    value: Fraction | None
    counted: tuple[Weighted, ...]
    left_out: tuple[Weighted, ...]
    reported: int
    total: int

    @property
    def weight(self) -> Decimal:
        """The weights of the counted parts, added up."""
        return sum((part.weight for part in self.counted), Decimal(0))

    @property
    def inputs(self) -> tuple[Input, ...]:
        """The counted parts with their shares; made when asked for, since most figures are never opened."""
        whole = _sum(Fraction(part.weight) for part in self.counted)
        return tuple(Input(part, Fraction(part.weight) / whole) for part in self.counted)


def combine(parts: Sequence[Weighted]) -> Combined:
    """Σ(weight × value) / Σ weight over tasks of a goal, or goals of a plan (domain.md, Progress).

    Parts with a reason of their own and parts without a value are left out; so are those of weight 0, which
    are listed but say nothing: when all weights are 0 there is no figure. Raises ValueError for a negative
    weight.
    """
    counted: list[Weighted] = []
    left_out: list[Weighted] = []
    # Whole numbers by weight and denominator: thousands of parts then need only a handful of fraction sums.
    sums: defaultdict[tuple[Decimal, int], int] = defaultdict(int)
    weights: defaultdict[Decimal, int] = defaultdict(int)
    reported = total = 0
    for part in parts:
        value = part.value
        if part.left_out is not None:
            left_out.append(part)
        elif value is None:
            left_out.append(replace(part, left_out=LeftOutReason.NO_TASKS))
        elif not part.weight:
            left_out.append(replace(part, left_out=LeftOutReason.NO_WEIGHT))
        else:
            counted.append(part)
            sums[part.weight, value.denominator] += value.numerator
            weights[part.weight] += 1
            reported += part.reported
            total += part.total
    for weight in weights:
        _check_weight(weight)
    value = None
    if counted:
        whole = _sum(Fraction(weight) * times for weight, times in weights.items())
        weighted = (Fraction(weight) * Fraction(amount, below) for (weight, below), amount in sums.items())
        value = _sum(weighted) / whole
    return Combined(value, tuple(counted), tuple(left_out), reported, total)


def percent(value: Fraction) -> int:
    """Whole percent, rounded half up: for showing only, sums are kept exact."""
    return (200 * value.numerator + value.denominator) // (2 * value.denominator)


def _sum(fractions: Iterable[Fraction]) -> Fraction:
    """The exact sum, over one common denominator."""
    terms = list(fractions)
    below = lcm(*(term.denominator for term in terms))
    return Fraction(sum(term.numerator * (below // term.denominator) for term in terms), below)


def _check_weight(weight: Decimal) -> None:
    if not weight.is_finite() or weight < 0:
        raise ValueError("A weight is a number from 0 up.")
