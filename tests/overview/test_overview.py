"""The plan at a glance: what is late and why, and every number on the way to where it comes from."""

from __future__ import annotations

import html
import re
from datetime import date
from decimal import Decimal
from urllib.parse import parse_qsl, urlsplit

import httpx

from stratplan.goals.action_plan import action_plan, read_selection
from stratplan.goals.models import Goal, Task
from stratplan.goals.states import Execution
from stratplan.investments.models import Share
from stratplan.overview.figures import figures
from stratplan.overview.overview import execution_segments, schedule_segments, tally
from stratplan.period import Period
from stratplan.snapshot import Snapshot, Snapshots
from stratplan.units.models import Unit, UnitKind
from tests.factories import SOMEBODY, TODAY_IN_PLAN, Made, make_goal, make_line, make_plan, make_report, make_task

OVERVIEW = "/plans/daugavpils-2015-2017"


def _main(page: str) -> str:
    return page.partition("<main")[2].partition("</main>")[0]


def _text(markup: str) -> str:
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", markup)).split())


async def test_what_is_late_is_named_with_its_unit_and_its_last_word(
    daugavpils: Snapshot, client: httpx.AsyncClient
) -> None:
    main = _main((await client.get(OVERVIEW)).text)
    late = main.partition('id="late"')[2].partition("</section>")[0]

    numbers = re.findall(r'<span class="number">([\d.]+)</span>', late)
    assert numbers == ["1.2", "2.9", "2.7", "2.1", "3.2"]  # overdue first, then by how far behind
    assert "Nokavēts par 274 dienām" in late
    assert "Atpaliek par 38 procentpunktiem" in late
    assert "Informācijas un projektu nodaļa" in late
    assert "Drošības saskaņojums saņemts, pieslēgumu pārbauda testa vidē." in late


async def test_funding_is_the_known_answer_and_an_earlier_day_shows_what_was_known_then(
    daugavpils: Snapshot, client: httpx.AsyncClient
) -> None:
    funding = _text(_main((await client.get(OVERVIEW)).text).partition('id="funding"')[2])
    then = _main((await client.get(OVERVIEW, params={"as_of": "2015-01-31"})).text)

    for shown in ("457 493,84", "20 744,46", "587 759,70", "1 065 998,00", "1 rinda bez summas"):
        assert shown in funding
    assert "0 no 18" in _text(then)
    assert "as_of=2015-01-31" in then


async def test_every_figure_leads_to_an_explanation_with_the_same_number(
    daugavpils: Snapshot, client: httpx.AsyncClient
) -> None:
    main = _main((await client.get(OVERVIEW)).text)
    links = re.findall(r'<a class="[^"]*" href="([^"]+)" data-dialog>(.*?)</a>', main, re.DOTALL)
    links += re.findall(r'<a href="([^"]+)" class="figure" data-dialog>(.*?)</a>', main, re.DOTALL)
    assert len(links) > 30

    for href, markup in links:
        shown = _text(markup.partition('<span class="visually-hidden">')[0])
        answer = await client.get(html.unescape(href), headers={"hx-request": "true"})
        assert answer.status_code == 200, href
        number = re.search(r"\d[\d\s]*(?:,\d+)?", shown)
        assert (number[0].strip() if number else shown) in _text(answer.text), (shown, href)


async def test_the_counts_by_state_are_those_of_the_filtered_action_plan(daugavpils_read: Snapshot) -> None:
    counted = tally(daugavpils_read, TODAY_IN_PLAN)
    segments = execution_segments(counted) + schedule_segments(counted)

    assert sum(segment.count for segment in execution_segments(counted)) == counted.tasks == 18
    assert sum(segment.count for segment in schedule_segments(counted)) == counted.tasks
    for segment in segments:
        asked = dict(parse_qsl(urlsplit(segment.path).query))
        found = action_plan(daugavpils_read, TODAY_IN_PLAN, read_selection(daugavpils_read, TODAY_IN_PLAN, asked))
        assert found.count == segment.count, segment.path


async def test_a_plan_without_tasks_says_what_to_do_first_and_leads_there(
    made: Made, client: httpx.AsyncClient
) -> None:
    await made.task.remove(by=SOMEBODY, based_on=made.task.version)

    main = _main((await client.get("/plans/plans")).text)
    steps = re.findall(r'<a href="([^"]+)"', main.partition('id="steps"')[2].partition("</section>")[0])

    assert len(steps) == 7
    assert main.count('class="step-done"') == 3  # a goal, a unit and a source are there
    assert "0\u00a0%" not in main
    for href in steps:
        assert (await client.get(html.unescape(href))).status_code == 200, href


async def test_a_plan_whose_years_are_over_offers_the_ends_of_its_quarters(
    client: httpx.AsyncClient, db: object
) -> None:
    await make_plan("old", first_year=2012, last_year=2014)

    main = _main((await client.get("/plans/old")).text)

    assert "31.12.2014." in main
    assert 'href="/plans/old?as_of=2014-12-31"' in main


async def test_a_plan_to_come_says_so(client: httpx.AsyncClient, db: object) -> None:
    await make_plan("later", first_year=2018, last_year=2020)

    assert "01.01.2018." in _main((await client.get("/plans/later")).text)


async def test_long_lists_stay_short_and_lead_to_the_rest(made: Made, client: httpx.AsyncClient) -> None:
    for place in range(2, 14):
        await make_task(made.scope, made.goal, f"1.{place}", period=Period.parse("2015"))

    main = _main((await client.get("/plans/plans")).text)
    late = main.partition('id="late"')[2].partition("</section>")[0]

    assert late.count('class="task-name"') == 8
    assert 'href="/plans/plans/tasks?schedule=overdue"' in late
    assert "(12)" in late


async def test_a_report_changes_the_overview_at_once(made: Made, client: httpx.AsyncClient) -> None:
    before = (await client.get("/plans/plans")).text
    await make_report(made.task, date(2016, 9, 30), 90, execution=Execution.IN_PROGRESS)

    after = (await client.get("/plans/plans")).text

    assert "90\u00a0%" in _main(after)
    assert "90\u00a0%" not in _main(before)


async def test_figures_carried_over_changes_are_those_of_a_plan_read_afresh(made: Made) -> None:
    reader = Snapshots()
    other = await make_goal(made.scope, "SM2", order=2)
    unit = Unit.new(scope=made.organisation.key, name="Cita nodaļa", sort=UnitKind.DEPARTMENT)
    await unit.add(by=SOMEBODY)
    line = await make_line(
        made.scope,
        made.goal,
        amount=Decimal("100.10"),
        tasks=[made.task.key],
        shares=[Share(source=made.source.key, percent=Decimal(100))],
    )
    second = await make_task(made.scope, other, "2.1", weight=Decimal(2))

    async def agrees(step: str) -> None:
        carried, fresh = await reader.of("plans"), await made.snapshot()
        assert carried is not None
        for day in (TODAY_IN_PLAN, date(2017, 12, 31)):
            assert figures(carried, day) == figures(fresh, day), step
            assert tally(carried, day) == tally(fresh, day), step

    async def now(task: Task) -> Task:
        found = await Task.get(task.key)
        assert found is not None
        return found

    await agrees("at first")
    await make_report(made.task, date(2016, 6, 30), 40)
    await agrees("reported")
    task = await now(made.task)
    await task.edit({"lead": unit.key, "sources": []}, by=SOMEBODY, based_on=task.version)
    await agrees("led by another unit")
    task = await now(made.task)
    await task.move(other.key, "2.10", by=SOMEBODY, based_on=task.version)
    await agrees("moved")
    await Task.renumber([(await now(second), "2.20")], by=SOMEBODY)
    await agrees("renumbered")
    await line.edit({"amount": Decimal("7.07")}, by=SOMEBODY, based_on=1)
    await agrees("amount changed")
    await Goal.arrange([other, made.goal], by=SOMEBODY)
    await agrees("goals in another order")
    await made.plan.edit({"last_year": 2018}, by=SOMEBODY, based_on=1)
    await agrees("a year more")
    second = await now(second)
    await second.remove(by=SOMEBODY, based_on=second.version)
    await agrees("deleted")
