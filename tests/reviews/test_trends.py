"""Trends over the closed reviews: the figures that reviews froze, and how they are drawn."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

import httpx
from hypothesis import given, settings
from hypothesis import strategies as st

from stratplan.goals.models import Task
from stratplan.goals.states import Execution
from stratplan.investments.models import InvestmentLine
from stratplan.period import Period
from stratplan.plans.models import PublicPart
from stratplan.reviews.frozen import Audience, statement_of_edition
from stratplan.reviews.published import Public
from stratplan.reviews.queries import closed_reviews
from stratplan.reviews.trend_pages import reviews_of_trend, short_name
from stratplan.reviews.trends import Standing, TrendLine, TrendPlan, TrendTask, of_goals, of_money, of_plan, of_units
from tests.factories import SOMEBODY, Made, make_goal, make_line, make_report, make_task
from tests.reviews.closed import closed_review, publish
from tests.reviews.statements import DAY, OTHER, SOURCES, UNIT, amounts, goal, line, task
from tests.reviews.test_comparing import cell

PAGE = "/plans/plans/trends"


def standing(*tasks: Any, lines: tuple[Any, ...] = (), goals: tuple[Any, ...] = (goal(),)) -> Standing:
    """A review at which the plan had these tasks and lines."""
    return Standing(
        "2016Q3",
        TrendPlan(day=DAY, goals=goals, sources=SOURCES),
        tuple(TrendTask.model_validate(one.model_dump()) for one in tasks),
        tuple(TrendLine.model_validate(one.model_dump()) for one in lines),
    )


# --- figures --------------------------------------------------------------------------------------------------


def test_reported_and_planned_are_weighted_alike_and_cancelled_tasks_left_out() -> None:
    found = of_plan(
        [
            standing(
                task("t1", progress=Fraction(1, 2), elapsed=Fraction(1), weight=Decimal(3)),
                task("t2", progress=Fraction(0), elapsed=Fraction(1, 2)),
                task("t3", progress=Fraction(1), elapsed=Fraction(0), execution=Execution.CANCELLED),
            )
        ]
    )
    assert [(point.reported, point.planned) for point in found.points] == [(Fraction(3, 8), Fraction(7, 8))]


def test_a_goal_or_unit_without_a_task_has_no_point_then() -> None:
    both = (goal(), goal("g2", "SM2"))
    before = standing(task("t1"), goals=both)
    after = standing(task("t1"), task("t2", goal="g2", lead=OTHER), goals=both)
    goals = {series.name.split(" ")[0]: series for series in of_goals([before, after])}
    assert [point.reported for point in goals["SM2"].points] == [None, Fraction(0)]
    units = {series.name: series for series in of_units([before, after])}
    assert [point.planned for point in units[OTHER.name].points] == [None, Fraction(1, 2)]
    assert set(units) == {UNIT.name, OTHER.name}


def test_goals_and_units_are_the_same_after_they_were_renamed() -> None:
    later = standing(task(lead=UNIT.model_copy(update={"name": "Rīgas nodaļa"})), goals=(goal(title="Cits"),))
    (found,) = of_goals([standing(task()), later])
    assert (found.name, len(found.points)) == ("SM1 Cits", 2)
    assert [series.name for series in of_units([standing(task()), later])] == ["Rīgas nodaļa"]


def test_money_is_by_source_over_all_years_without_headings() -> None:
    first = standing(
        lines=(
            line(
                "l1",
                (cell("PB", 10, 5, year=2015), cell("PB", 10, None, 2)),
            ),
        )
    )
    second = standing(lines=(line("l1", (cell("VB", 7),)), line("l2", (cell("VB", 100),), heading=True)))
    found = {series.code: series.sums for series in of_money([first, second])}
    assert found == {"PB": (amounts(20, 5, 2), amounts()), "VB": (amounts(), amounts(7))}


def test_money_of_a_renamed_source_is_one_series_under_its_last_code() -> None:
    first = standing(lines=(line("l1", (cell("PB", 10),)),))
    renamed = SOURCES[0].model_copy(update={"code": "PAB"})
    second = standing(lines=(line("l1", (cell("PAB", 12),)),))
    second = replace(second, plan=second.plan.model_copy(update={"sources": (renamed, SOURCES[1])}))
    assert [(one.code, one.sums) for one in of_money([first, second])] == [("PAB", (amounts(10), amounts(12)))]


def test_what_is_not_public_now_is_in_no_point() -> None:
    whole = standing(
        task("t1", progress=Fraction(1)), task("t2", progress=Fraction(0)), lines=(line("l1", (cell("PB", 1),)),)
    )
    seen = whole.published(Public(frozenset({PublicPart.FUNDING}), frozenset({"t2"})))
    assert [point.reported for point in of_plan([seen]).points] == [1]
    assert whole.published(Public(frozenset(), frozenset())).lines == ()
    assert of_goals([whole.published(Public(frozenset(), frozenset({"g1"})))]) == []


shares = st.fractions(0, 1, max_denominator=20)


@settings(deadline=None)
@given(st.lists(st.tuples(shares, shares, st.integers(1, 5)), min_size=1, max_size=5))
def test_a_point_lies_between_the_least_and_the_most_of_its_tasks(values: list[tuple[Fraction, Fraction, int]]) -> None:
    tasks = [
        task(f"t{at}", progress=done, elapsed=passed, weight=Decimal(weight))
        for at, (done, passed, weight) in enumerate(values)
    ]
    (point,) = of_plan([standing(*tasks)]).points
    assert point.reported is not None
    assert point.planned is not None
    assert min(one.progress for one in tasks) <= point.reported <= max(one.progress for one in tasks)
    assert min(one.elapsed for one in tasks) <= point.planned <= max(one.elapsed for one in tasks)


# --- the page -------------------------------------------------------------------------------------------------


async def three_quarters(made: Made) -> None:
    other = await make_goal(made.scope, "SM2", order=2, weight=Decimal(3))
    second = await make_task(made.scope, other, "2.1", period=Period.parse("2016"))
    money = await make_line(made.scope, made.goal, "1.1", amount=5000)
    for code, day, share in (("2016Q1", 20, 10), ("2016Q2", 21, 35), ("2016Q3", 22, 64)):
        on = date(2016, 3 * int(code[-1]), day)
        await make_report(made.task, on, share)
        await make_report(second, on, share // 2)
        current = await InvestmentLine.get(money.key)
        assert current is not None
        await current.report_money(
            on=on,
            source=made.source.key,
            year=2016,
            contracted=None,
            spent=Decimal(share * 10),
            by=SOMEBODY,
            based_on=current.version,
        )
        await closed_review(made, code)


async def test_the_points_are_the_progress_that_reviews_froze(client: httpx.AsyncClient, made: Made) -> None:
    await three_quarters(made)
    page = (await client.get(PAGE)).text.replace("\xa0", " ")
    rows = re.findall(r'<th scope="row">2016\. gada (\d)\. ceturksnis</th><td[^>]*>([^<]*)</td>', page)
    snapshot = await made.snapshot()
    for review, _edition in reviews_of_trend(closed_reviews(snapshot)):
        kept = await statement_of_edition(review.key, 1, Audience.MEMBERS)
        assert kept.plan.progress is not None
        shown = f"{int(kept.plan.progress * 100 + Fraction(1, 2))} %"
        assert rows[int(review.code[-1]) - 1] == (review.code[-1], shown)


async def test_each_chart_has_its_table_and_says_what_it_shows(client: httpx.AsyncClient, made: Made) -> None:
    await three_quarters(made)
    page = (await client.get(PAGE)).text
    charts = re.findall(r'<svg class="chart-svg.*?</svg>', page, re.DOTALL)
    assert len(charts) == len(re.findall('<details class="disclosure chart-table"', page))
    assert all("<title>" in chart and "<desc>" in chart for chart in charts)
    assert "640,00" in page
    for name in ("Viss plāns", "SM1 Mērķis SM1", "SM2 Mērķis SM2", "Ķekavas nodaļa"):
        assert name in page


async def test_with_fewer_than_two_closed_reviews_there_is_no_trend(client: httpx.AsyncClient, made: Made) -> None:
    assert "Tendenču vēl nav" in (await client.get(PAGE)).text
    await closed_review(made, "2016Q2")
    page = (await client.get(PAGE)).text
    assert "pagaidām slēgts viens" in page
    assert '<svg class="chart-svg' not in page


async def test_residents_see_no_money_that_is_not_public_and_no_goal_that_is_internal_now(
    stranger: httpx.AsyncClient, made: Made
) -> None:
    await publish(made)
    await three_quarters(made)
    assert "640,00" in (await stranger.get(PAGE)).text
    await publish(made, PublicPart.REVIEWS)
    assert "640,00" not in (await stranger.get(PAGE)).text
    found = await Task.get(made.task.key)
    assert found is not None
    await found.edit({"internal": True}, by=SOMEBODY, based_on=found.version)
    page = (await stranger.get(PAGE)).text
    assert "64 %" not in page.replace("\xa0", " ")
    assert "32 %" in page.replace("\xa0", " ")


async def test_of_reviews_that_end_on_one_day_the_shortest_is_drawn(made: Made) -> None:
    for code in ("2016H1", "2016Q2", "2015", "2016Q1"):
        await closed_review(made, code)
    found = [review for review, _edition in reviews_of_trend(closed_reviews(await made.snapshot()))]
    assert [review.code for review in found] == ["2015", "2016Q1", "2016Q2"]
    assert [short_name(one, before) for one, before in zip(found, [None, *found], strict=False)] == [
        "2015",
        "2016 I",
        "II",
    ]
