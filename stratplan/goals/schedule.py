"""How a task stands against its period on a day (domain.md, State of a task)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from stratplan.goals.states import Execution, Schedule
from stratplan.period import Period

BEHIND_BY = Fraction(15, 100)


@dataclass(frozen=True, slots=True)
class Standing:
    """A schedule with what it follows from; `elapsed`, `progress` and `gap` are shares of one.

    `days_left` counts from the day to the deadline: 0 on the last day, negative after it.
    """

    schedule: Schedule | None
    deadline: date
    days_left: int
    elapsed: Fraction
    progress: Fraction

    @property
    def gap(self) -> Fraction:
        """How far progress is under the elapsed share; negative when it is ahead."""
        return self.elapsed - self.progress


def schedule(period: Period, progress: Fraction, execution: Execution, day: date) -> Schedule | None:
    """The schedule on the day, None for suspended and cancelled tasks.

    A task is still on time on its deadline. It is behind when its progress (0 to 1) is `BEHIND_BY` or more
    under the elapsed share of its period's days.
    """
    if execution in (Execution.SUSPENDED, Execution.CANCELLED):
        return None
    if execution is Execution.COMPLETED:
        return Schedule.DONE
    if day > period.deadline:
        return Schedule.OVERDUE
    if day < period.start:
        return Schedule.NOT_DUE
    if period.elapsed_share(day) - progress >= BEHIND_BY:
        return Schedule.BEHIND
    return Schedule.ON_TRACK


def standing(period: Period, progress: Fraction, execution: Execution, day: date) -> Standing:
    """The schedule on the day, with what explains it."""
    return Standing(
        schedule=schedule(period, progress, execution, day),
        deadline=period.deadline,
        days_left=(period.deadline - day).days,
        elapsed=period.elapsed_share(day),
        progress=progress,
    )
