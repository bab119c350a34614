"""On which days units are reminded of a review and planners told, by a clock that is known."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stratplan.reviews.reminders import is_to_escalate, last_reminder_day, units_to_remind

DUE = date(2016, 10, 14)
OPENED = date(2016, 9, 30)


def after(days: int) -> date:
    return DUE + timedelta(days=days)


def test_units_that_have_not_sent_are_reminded_a_week_and_a_day_before_on_the_day_and_three_days_after() -> None:
    reminded: dict[str, date] = {}
    told = []
    for days in range(-14, 30):
        units = units_to_remind(DUE, OPENED, after(days), ["A", "B"] if days < 0 else ["A"], reminded)
        reminded |= dict.fromkeys(units, after(days))
        told += [(days, unit) for unit in units]
    assert told == [(-7, "A"), (-7, "B"), (-1, "A"), (-1, "B"), (0, "A"), (3, "A")]


@pytest.mark.parametrize(
    ("opened", "day", "last"),
    [
        (OPENED, after(-8), None),
        (OPENED, after(-7), after(-7)),
        (OPENED, after(-2), after(-7)),
        (OPENED, after(2), after(0)),
        (OPENED, after(60), after(3)),
        (after(-7), after(-6), None),  # they heard of it on that very day
        (after(-6), after(-1), after(-1)),
        (after(9), after(20), None),
    ],
)
def test_a_day_for_reminding_is_after_the_review_was_opened(opened: date, day: date, last: date | None) -> None:
    assert last_reminder_day(DUE, opened, day) == last


def test_a_day_on_which_nobody_looked_is_made_up_for_once() -> None:
    assert units_to_remind(DUE, OPENED, after(-5), ["A"], {}) == ["A"]
    assert units_to_remind(DUE, OPENED, after(-4), ["A"], {"A": after(-5)}) == []


def test_who_was_reminded_by_hand_since_the_day_is_not_reminded_again_for_it() -> None:
    assert units_to_remind(DUE, OPENED, after(-7), ["A", "B"], {"A": after(-7), "B": after(-9)}) == ["B"]


def test_a_due_date_that_is_moved_has_days_of_its_own() -> None:
    assert units_to_remind(DUE, OPENED, after(3), ["A"], {"A": after(3)}) == []
    assert units_to_remind(after(14), OPENED, after(7), ["A"], {"A": after(3)}) == ["A"]


@given(st.lists(st.integers(-20, 40), max_size=60))
def test_however_often_it_is_looked_a_unit_is_reminded_at_most_four_times_and_once_a_day(days: list[int]) -> None:
    reminded: dict[str, date] = {}
    told = []
    for one in sorted(days):
        if units_to_remind(DUE, OPENED, after(one), ["A"], reminded):
            reminded["A"] = after(one)
            told.append(one)
    assert len(told) == len(set(told)) <= 4


@pytest.mark.parametrize(
    ("opened", "day", "missing", "escalated", "is_told"),
    [
        (OPENED, 6, ["A"], None, False),
        (OPENED, 7, ["A"], None, True),
        (OPENED, 30, ["A"], None, True),
        (OPENED, 7, [], None, False),
        (OPENED, 8, ["A"], after(7), False),
        (OPENED, 30, ["A"], after(2), True),  # it was due earlier then
        (after(8), 9, ["A"], None, False),
    ],
)
def test_planners_are_told_a_week_after_the_due_date_once(
    opened: date, day: int, missing: list[str], escalated: date | None, is_told: bool
) -> None:
    assert is_to_escalate(DUE, opened, after(day), missing, escalated) is is_told
