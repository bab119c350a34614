"""The timeline: bars over the plan's years, by goal or unit, with milestones, on the day looked at."""

from __future__ import annotations

from datetime import date

import httpx
from beanie import PydanticObjectId

from stratplan import audit
from stratplan.goals.models import Milestone
from stratplan.overview.timeline import Stretch, stretch_of
from stratplan.period import Period
from tests.factories import SOMEBODY, Made, make_report, make_task

TWO_YEARS = Stretch(date(2015, 1, 1), date(2016, 12, 31))


def test_a_stretch_shares_its_days_out_evenly() -> None:
    assert TWO_YEARS.share(date(2015, 1, 1)) == 0
    assert TWO_YEARS.share_after(date(2016, 12, 31)) == 1
    assert TWO_YEARS.share_after(date(2015, 12, 31)) == TWO_YEARS.share(date(2016, 1, 1))
    assert [text for _share, text in TWO_YEARS.ticks] == ["2015", "2016"]


def test_a_long_stretch_names_only_some_of_its_years() -> None:
    assert len(Stretch(date(1990, 1, 1), date(2100, 12, 31)).ticks) <= 14


async def test_tasks_outside_the_plans_years_are_drawn_too(made: Made) -> None:
    await make_task(made.scope, made.goal, "1.2", period=Period.parse("2019"))
    stretch = stretch_of(await made.snapshot())
    assert (stretch.first.year, stretch.last.year) == (2015, 2019)


async def test_a_bar_says_period_and_state_in_words(client: httpx.AsyncClient, made: Made) -> None:
    await make_report(made.task, date(2016, 1, 31), 10)
    page = (await client.get("/plans/plans/timeline")).text
    assert "2015.–2017." in page
    assert "<title>Atpaliek no grafika, izpilde 10\u00a0%</title>" in page
    assert 'href="/plans/plans/tasks/1.1"' in page
    before = (await client.get("/plans/plans/timeline?as_of=2015-01-15")).text
    assert "<title>Atbilst grafikam, izpilde 0\u00a0%</title>" in before
    assert 'href="/plans/plans/tasks/1.1?as_of=2015-01-15"' in before


async def test_the_day_is_a_line_only_within_the_years_drawn(client: httpx.AsyncClient, made: Made) -> None:
    within = (await client.get("/plans/plans/timeline")).text
    after = (await client.get("/plans/plans/timeline?as_of=2019-01-01")).text
    assert 'class="today"' in within
    assert 'class="today"' not in after


async def test_a_milestone_is_marked_as_done_from_its_day_on(client: httpx.AsyncClient, made: Made) -> None:
    milestone = Milestone(key="m1", title="Līgums", due=date(2016, 6, 30), done_on=date(2016, 7, 15))
    await make_task(made.scope, made.goal, "1.2", milestones=[milestone])
    assert "Starpposms: Līgums, paveikts 15.07.2016." in (await client.get("/plans/plans/timeline")).text
    earlier = (await client.get("/plans/plans/timeline?as_of=2016-07-01")).text
    assert "Starpposms: Līgums, termiņš 30.06.2016." in earlier


async def test_it_is_grouped_by_goal_or_by_unit(client: httpx.AsyncClient, made: Made) -> None:
    await make_task(made.scope, made.goal, "1.2")
    by_goal = (await client.get("/plans/plans/timeline")).text
    by_unit = (await client.get("/plans/plans/timeline?group=unit")).text
    assert ">SM1 Mērķis SM1</a>" in by_goal
    assert f'href="/plans/plans/units/{made.unit.key}">Ķekavas nodaļa</a>' in by_unit
    assert by_unit.count('<tr class="group-row">') == 2  # and the tasks that no unit leads


async def test_a_long_plan_comes_in_pages_and_no_task_is_lost(client: httpx.AsyncClient, made: Made) -> None:
    tasks = [made.task.model_copy(update={"id": PydanticObjectId(), "number": f"1.{n}"}) for n in range(2, 104)]
    await audit.record("task.imported", [audit.created(task) for task in tasks], by=SOMEBODY)
    first = (await client.get("/plans/plans/timeline")).text
    second = (await client.get("/plans/plans/timeline?page=2")).text
    assert first.count('<th scope="row">') == 100
    assert second.count('<th scope="row">') == 3
    assert "Mērķis SM1 (turpinājums)" in second
    for nonsense in ("0", "99", "-1", "x", "9999999999999999999999"):
        assert (await client.get(f"/plans/plans/timeline?page={nonsense}&group=moon")).status_code == 200


async def test_an_empty_timeline_says_what_will_be_here(client: httpx.AsyncClient, made: Made) -> None:
    await made.task.remove(by=SOMEBODY, based_on=1)
    assert "Uzdevumu vēl nav" in (await client.get("/plans/plans/timeline")).text
