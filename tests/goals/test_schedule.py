"""How a task stands against its period on a day (domain.md, State of a task)."""

from __future__ import annotations

from datetime import date, timedelta
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stratplan.goals.schedule import BEHIND_BY, schedule, standing
from stratplan.goals.states import Execution, Schedule
from stratplan.period import Period

YEAR = Period.parse("2015")
HUNDRED_DAYS = Period(date(2015, 1, 1), date(2015, 4, 10), Period.parse("2015-01-01").precision)
days = st.dates(date(2014, 6, 1), date(2016, 6, 1))
shares = st.fractions(0, 1, max_denominator=100)


@pytest.mark.parametrize("execution", [Execution.SUSPENDED, Execution.CANCELLED])
@given(day=days, progress=shares)
def test_a_suspended_or_cancelled_task_has_no_schedule(execution: Execution, day: date, progress: Fraction) -> None:
    assert schedule(YEAR, progress, execution, day) is None


@given(day=days)
def test_a_completed_task_is_done_whenever_it_is_looked_at(day: date) -> None:
    assert schedule(YEAR, Fraction(1), Execution.COMPLETED, day) is Schedule.DONE


@given(progress=shares)
def test_a_task_is_overdue_from_the_day_after_its_deadline_however_far_it_is(progress: Fraction) -> None:
    after = date(2016, 1, 1)
    assert schedule(YEAR, progress, Execution.IN_PROGRESS, after) is Schedule.OVERDUE
    assert schedule(YEAR, progress, Execution.IN_PROGRESS, YEAR.deadline) is not Schedule.OVERDUE


def test_a_task_is_not_due_before_its_period_begins() -> None:
    assert schedule(YEAR, Fraction(0), Execution.NOT_STARTED, date(2014, 12, 31)) is Schedule.NOT_DUE
    assert schedule(YEAR, Fraction(0), Execution.NOT_STARTED, date(2015, 1, 1)) is Schedule.ON_TRACK


@pytest.mark.parametrize(
    ("percent", "expected"), [(36, Schedule.ON_TRACK), (35, Schedule.BEHIND), (0, Schedule.BEHIND)]
)
def test_a_task_is_behind_at_15_percentage_points_under_the_elapsed_share(percent: int, expected: Schedule) -> None:
    half_way = HUNDRED_DAYS.start + timedelta(days=49)
    assert HUNDRED_DAYS.elapsed_share(half_way) == Fraction(1, 2)
    assert schedule(HUNDRED_DAYS, Fraction(percent, 100), Execution.IN_PROGRESS, half_way) is expected


@given(day=days, progress=shares, more=shares)
def test_more_progress_never_makes_a_schedule_worse(day: date, progress: Fraction, more: Fraction) -> None:
    less, further = sorted([progress, more])
    before = schedule(YEAR, less, Execution.IN_PROGRESS, day)
    after = schedule(YEAR, further, Execution.IN_PROGRESS, day)
    assert before is after or (before, after) == (Schedule.BEHIND, Schedule.ON_TRACK)


@given(day=days, progress=shares)
def test_a_standing_explains_its_schedule(day: date, progress: Fraction) -> None:
    seen = standing(YEAR, progress, Execution.IN_PROGRESS, day)
    assert seen.schedule is schedule(YEAR, progress, Execution.IN_PROGRESS, day)
    assert (seen.schedule is Schedule.OVERDUE) == (seen.days_left < 0)
    if seen.schedule is Schedule.BEHIND:
        assert seen.gap >= BEHIND_BY
