"""Progress of tasks, goals and plans, and its laws (domain.md, Progress)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stratplan.goals.progress import (
    Basis,
    LeftOutReason,
    TaskProgress,
    Weighted,
    combine,
    last_report,
    last_stated,
    percent,
    task_progress,
)
from stratplan.goals.states import Execution

DAY = date(2016, 9, 30)


@dataclass(frozen=True)
class Milestone:
    done_on: date | None = None
    weight: Decimal = Decimal(1)
    title: str = "Step"


@dataclass(frozen=True)
class Report:
    percent: int | None = None
    execution: Execution = Execution.IN_PROGRESS
    on: date = DAY


def part(value: Fraction | None, weight: Decimal | int = 1, left_out: LeftOutReason | None = None) -> Weighted:
    return Weighted("1.1", Decimal(weight), value, reported=1, total=1, left_out=left_out)


weights = st.decimals(0, 1000, places=3)
positive = st.decimals("0.001", 1000, places=3)
shares = st.fractions(0, 1, max_denominator=100)
parts = st.builds(part, shares, positive)

# --- a task --------------------------------------------------------------------------------------------------


def test_a_task_never_reported_on_is_at_0_and_says_so() -> None:
    progress = task_progress([], None, DAY)
    assert (progress.value, progress.basis, progress.reported) == (0, Basis.NOT_REPORTED, False)


def test_without_milestones_the_last_reported_percentage_counts() -> None:
    progress = task_progress([], Report(40), DAY)
    assert (progress.value, progress.basis, progress.reported) == (Fraction(2, 5), Basis.REPORT, True)
    assert (progress.report_percent, progress.report_on) == (40, DAY)


def test_a_report_without_a_percentage_leaves_the_one_stated_before() -> None:
    earlier = Report(40, on=date(2016, 6, 30))
    progress = task_progress([], Report(None), DAY, stated=earlier)
    assert (progress.value, progress.percent_on, progress.report_on) == (Fraction(2, 5), earlier.on, DAY)


def test_a_reported_task_with_no_percentage_at_all_is_at_0_but_has_reported() -> None:
    progress = task_progress([], Report(None), DAY)
    assert (progress.value, progress.basis, progress.reported) == (0, Basis.REPORT, True)
    assert progress.report_percent is None


def test_with_milestones_their_weights_count_and_the_reported_percentage_does_not() -> None:
    steps = [Milestone(date(2016, 3, 1), Decimal(2)), Milestone(None, Decimal("0.5")), Milestone(DAY, Decimal("0.5"))]
    progress = task_progress(steps, Report(10), DAY)
    assert (progress.value, progress.basis) == (Fraction(5, 6), Basis.MILESTONES)
    assert [step.share for step in progress.milestones] == [Fraction(2, 3), Fraction(1, 6), Fraction(1, 6)]


def test_a_milestone_done_later_is_not_done_on_the_day() -> None:
    steps = [Milestone(date(2016, 10, 1))]
    assert task_progress(steps, None, DAY).value == 0
    assert not task_progress(steps, None, DAY).reported
    assert task_progress(steps, None, date(2016, 10, 1)).value == 1
    assert task_progress(steps, None, date(2016, 10, 1)).reported


def test_milestones_of_no_weight_do_not_count() -> None:
    counted = task_progress([Milestone(DAY, Decimal(0)), Milestone(None)], None, DAY)
    assert (counted.value, counted.basis) == (0, Basis.MILESTONES)
    none_counts = task_progress([Milestone(DAY, Decimal(0))], Report(30), DAY)
    assert (none_counts.value, none_counts.basis) == (Fraction(3, 10), Basis.REPORT)


def test_a_completed_task_is_at_100_whatever_else_is_known() -> None:
    progress = task_progress([Milestone(None)], Report(20, Execution.COMPLETED), DAY)
    assert (progress.value, progress.basis) == (1, Basis.COMPLETED)


@given(st.lists(st.builds(Milestone, st.none() | st.just(DAY), weights), max_size=8))
def test_milestones_give_a_share_between_0_and_1_and_all_done_is_1(steps: list[Milestone]) -> None:
    progress = task_progress(steps, None, DAY)
    assert 0 <= progress.value <= 1
    if progress.basis is Basis.MILESTONES:
        assert sum(step.share for step in progress.milestones) == 1
        assert (progress.value == 1) == all(step.done_on for step in steps if step.weight)


@pytest.mark.parametrize(
    ("steps", "last"),
    [
        ([], Report(101)),
        ([], Report(-1)),
        ([], Report(10, on=date(2016, 10, 1))),
        ([Milestone(None, Decimal(-1))], None),
        ([Milestone(None, Decimal("NaN"))], None),
    ],
)
def test_impossible_inputs_are_refused(steps: list[Milestone], last: Report | None) -> None:
    with pytest.raises(ValueError):
        task_progress(steps, last, DAY)


def test_the_last_report_is_the_latest_up_to_the_day_and_of_one_day_the_later_entered() -> None:
    early, first, second = Report(10, on=date(2016, 3, 31)), Report(20), Report(None)
    late = Report(90, on=date(2016, 12, 31))
    assert last_report([late, first, early, second], DAY) is second
    assert last_stated([late, first, early, second], DAY) is first
    assert last_report([late], DAY) is None


# --- a goal, a plan ------------------------------------------------------------------------------------------


def test_a_goal_is_the_weighted_mean_of_its_tasks() -> None:
    goal = combine([part(Fraction(1), 3), part(Fraction(1, 2), 1), part(Fraction(0), 1)])
    assert goal.value == Fraction(7, 10)
    assert [entry.share for entry in goal.inputs] == [Fraction(3, 5), Fraction(1, 5), Fraction(1, 5)]


def test_no_tasks_give_no_figure_and_never_0() -> None:
    assert combine([]).value is None


def test_cancelled_tasks_are_left_out_and_named() -> None:
    cancelled = Weighted.of_task("1.2", Decimal(1), task_progress([], Report(0, Execution.CANCELLED), DAY))
    unreported = Weighted.of_task("1.3", Decimal(1), task_progress([], None, DAY))
    goal = combine([Weighted.of_task("1.1", Decimal(1), task_progress([], Report(50), DAY)), cancelled, unreported])
    assert goal.value == Fraction(1, 4)
    assert [(left.key, left.left_out) for left in goal.left_out] == [("1.2", LeftOutReason.CANCELLED)]
    assert (goal.reported, goal.total) == (1, 2)


def test_a_plan_leaves_out_goals_that_have_no_figure_and_counts_reports_through() -> None:
    first = combine([part(Fraction(1)), part(Fraction(0))])
    second = combine([part(None, 1, LeftOutReason.CANCELLED)])
    plan = combine([Weighted.of_goal("SM1", Decimal(1), first), Weighted.of_goal("SM2", Decimal(5), second)])
    assert plan.value == Fraction(1, 2)
    assert [(left.key, left.left_out) for left in plan.left_out] == [("SM2", LeftOutReason.NO_TASKS)]
    assert (plan.reported, plan.total) == (2, 2)


def test_when_every_weight_is_0_there_is_no_figure() -> None:
    goal = combine([part(Fraction(1), 0)])
    assert goal.value is None
    assert [left.left_out for left in goal.left_out] == [LeftOutReason.NO_WEIGHT]


@pytest.mark.parametrize("weight", [Decimal(-1), Decimal("NaN"), Decimal("Infinity")])
def test_impossible_weights_are_refused(weight: Decimal) -> None:
    with pytest.raises(ValueError, match="weight"):
        combine([part(Fraction(1), weight)])


@given(st.lists(parts, min_size=1))
def test_a_combined_figure_is_exactly_the_sum_of_its_shares_and_lies_among_its_parts(counted: list[Weighted]) -> None:
    combined = combine(counted)
    assert combined.value is not None
    assert sum(entry.share for entry in combined.inputs) == 1
    assert sum(entry.share * (entry.part.value or 0) for entry in combined.inputs) == combined.value
    values = [entry.value or Fraction(0) for entry in counted]
    assert min(values) <= combined.value <= max(values)


@given(st.lists(parts, min_size=1), positive)
def test_only_the_proportions_of_weights_matter(counted: list[Weighted], factor: Decimal) -> None:
    scaled = [part(entry.value, entry.weight * factor) for entry in counted]
    assert combine(scaled).value == combine(counted).value


@given(st.lists(parts), st.randoms())
def test_the_order_of_parts_does_not_matter(counted: list[Weighted], random: object) -> None:
    shuffled = list(counted)
    random.shuffle(shuffled)  # type: ignore[attr-defined]  # hypothesis gives a random.Random
    assert combine(shuffled).value == combine(counted).value


@given(st.lists(parts), st.lists(st.builds(part, shares, st.just(0))))
def test_parts_of_no_weight_change_nothing(counted: list[Weighted], idle: list[Weighted]) -> None:
    assert combine([*counted, *idle]).value == combine(counted).value


@given(shares)
def test_percent_is_rounded_half_up(share: Fraction) -> None:
    assert abs(share * 100 - percent(share)) <= Fraction(1, 2)
    assert percent(Fraction(1, 200)) == 1
    assert percent(Fraction(99, 200)) == 50
    assert percent(Fraction(1)) == 100


def test_a_task_keeps_its_explanation() -> None:
    assert task_progress([], Report(40), DAY) == TaskProgress(
        value=Fraction(2, 5),
        basis=Basis.REPORT,
        reported=True,
        execution=Execution.IN_PROGRESS,
        report_on=DAY,
        report_percent=40,
        percent_on=DAY,
    )
