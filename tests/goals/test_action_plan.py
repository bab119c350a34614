"""The action plan: its rows, filters, counts and groups, and its files, which say the same."""

from __future__ import annotations

import csv
import io
import re
from datetime import date, datetime
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest
from openpyxl import load_workbook

from stratplan.exports.downloads import XLSX
from stratplan.goals.action_plan import ROWS_ON_A_PAGE, action_plan, read_selection
from stratplan.goals.models import Task
from stratplan.goals.states import Execution
from stratplan.goals.task_sets import Facet
from stratplan.i18n import period, use_language
from stratplan.period import Period
from stratplan.plans.models import FundingKind, FundingSource
from stratplan.units.models import Unit, UnitKind
from tests.factories import SOMEBODY, TODAY_IN_PLAN, Made, make_goal, make_report, make_task

PAGE = "/plans/plans/tasks"


@pytest.fixture
async def plan(made: Made) -> Made:
    """Two goals, four tasks: 1.1 (made), 1.2 late and reported, 2.1 of another unit, 2.10 cancelled and paid by VB."""
    other = Unit.new(scope=made.organisation.key, name="Aprūpes centrs", sort=UnitKind.STRUCTURAL)
    await other.add(by=SOMEBODY)
    state = FundingSource.new(scope=made.scope, code="VB", name="Valsts budžets", funding=FundingKind.STATE, order=2)
    await state.add(by=SOMEBODY)
    late = await make_task(
        made.scope, made.goal, "1.2", title="Šūpoles", period=Period.parse("2015."), lead=made.unit.key
    )
    await make_report(late, date(2016, 4, 8), 55)
    second = await make_goal(made.scope, "SM2", order=2)
    await make_task(made.scope, second, "2.10", sources=[state.key], period=Period.parse("2017."), lead=None)
    await make_task(made.scope, second, "2.1", lead=other.key, partners=[made.unit.key], sources=[made.source.key])
    cancelled = await Task.find_one({"number": "2.10"})
    assert cancelled is not None
    await make_report(cancelled, date(2016, 1, 1), 10, execution=Execution.CANCELLED)
    return made


async def shown(made: Made, day: date = TODAY_IN_PLAN, **asked: str) -> Any:
    snapshot = await made.snapshot()
    return action_plan(snapshot, day, read_selection(snapshot, day, asked))


def numbers(plan: Any) -> list[str]:
    return [row.task.number for group in plan.groups for row in group.rows]


async def test_tasks_stand_in_the_documents_order_under_their_goals(plan: Made) -> None:
    found = await shown(plan)
    assert [(group.heading, group.count, group.total) for group in found.groups] == [
        ("SM1 Mērķis SM1", 2, 2),
        ("SM2 Mērķis SM2", 2, 2),
    ]
    assert numbers(found) == ["1.1", "1.2", "2.1", "2.10"]


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ({"goal": "SM2"}, ["2.1", "2.10"]),
        ({"year": "2015"}, ["1.1", "1.2", "2.1"]),
        ({"source": "VB"}, ["2.10"]),
        ({"execution": "in_progress"}, ["1.2"]),
        ({"execution": "cancelled"}, ["2.10"]),
        ({"schedule": "overdue"}, ["1.2"]),
        ({"outcome": "not_assessed", "goal": "SM1"}, ["1.1", "1.2"]),
        ({"q": "supoles"}, ["1.2"]),
        ({"q": "ŠŪPOLES kekavas"}, ["1.2"]),
        ({"q": "uzdevums kekavas", "goal": "SM2"}, ["2.1"]),
        ({"q": "2.1"}, ["2.1", "2.10"]),
        ({"q": "nav tāda"}, []),
        ({"goal": "SM9", "year": "x", "execution": "$ne", "page": "-1", "group": "'"}, ["1.1", "1.2", "2.1", "2.10"]),
    ],
)
async def test_filters_combine_and_ignore_what_the_plan_does_not_have(
    plan: Made, asked: dict[str, str], expected: list[str]
) -> None:
    assert numbers(await shown(plan, **asked)) == expected


async def test_a_unit_is_found_whether_it_leads_or_takes_part(plan: Made) -> None:
    assert numbers(await shown(plan, unit=str(plan.unit.key))) == ["1.1", "1.2", "2.1"]


async def test_each_option_says_how_many_tasks_it_would_leave(plan: Made) -> None:
    found = await shown(plan, goal="SM2", execution="cancelled")
    counts = {one.facet: {option.value: option.count for option in one.options} for one in found.filters}
    assert counts[Facet.GOAL] == {"SM1": 0, "SM2": 1}
    assert counts[Facet.EXECUTION]["not_started"] == 1
    assert counts[Facet.SOURCE] == {"PB": 0, "VB": 1}
    for one in found.filters:
        for option in one.options:
            chosen = {"goal": "SM2", "execution": "cancelled", one.facet.value: option.value}
            assert (await shown(plan, **chosen)).count == option.count, chosen


async def test_groups_by_unit_and_deadline_hold_each_task_once(plan: Made) -> None:
    by_unit = await shown(plan, group="unit")
    assert [group.heading for group in by_unit.groups] == [
        "Aprūpes centrs",
        "Ķekavas nodaļa",
        "Bez atbildīgā izpildītāja",
    ]
    by_year = await shown(plan, group="year")
    assert [group.heading for group in by_year.groups] == ["Termiņš 2015. gadā", "Termiņš 2017. gadā"]
    assert sorted(numbers(by_unit)) == sorted(numbers(by_year)) == sorted(numbers(await shown(plan)))


async def test_states_are_those_of_the_day_that_is_asked_for(plan: Made) -> None:
    before = await shown(plan, day=date(2015, 12, 31), schedule="overdue")
    assert numbers(before) == []
    row = (await shown(plan, day=date(2016, 4, 7), q="1.2")).groups[0].rows[0]
    assert (row.percent, row.last) == (0, None)
    row = (await shown(plan, day=date(2016, 4, 8), q="1.2")).groups[0].rows[0]
    assert (row.percent, row.last.on) == (55, date(2016, 4, 8))


async def test_long_plans_come_page_by_page_with_their_headings(plan: Made) -> None:
    for place in range(2, ROWS_ON_A_PAGE + 3):
        await make_task(plan.scope, plan.goal, f"1.{place + 1}")
    first, second = await shown(plan), await shown(plan, page="2")
    assert (first.count, first.pages) == (ROWS_ON_A_PAGE + 5, 2)
    assert len(numbers(first)) == ROWS_ON_A_PAGE
    assert [(group.heading, group.continued, len(group.rows)) for group in second.groups] == [
        ("SM1 Mērķis SM1", True, 3),
        ("SM2 Mērķis SM2", False, 2),
    ]
    assert numbers(await shown(plan, page="99")) == numbers(second)
    everything = numbers(first) + numbers(second)
    snapshot = await plan.snapshot()
    whole = action_plan(snapshot, TODAY_IN_PLAN, read_selection(snapshot, TODAY_IN_PLAN, {}), paged=False)
    assert numbers(whole) == everything


async def test_a_goal_without_tasks_is_shown_but_not_among_filtered_rows(plan: Made) -> None:
    await make_goal(plan.scope, "SM3", order=3)
    assert [group.total for group in (await shown(plan)).groups] == [2, 2, 0]
    assert len((await shown(plan, year="2016")).groups) == 2


async def test_the_page_shows_rows_counts_chips_and_explanations(client: httpx.AsyncClient, plan: Made) -> None:
    page = (await client.get(f"{PAGE}?goal=SM1&q=supoles&as_of=2016-04-30")).text
    assert "1 no 4 uzdevumiem" in page
    assert "Šūpoles" in page
    assert "Uzdevums 2.1<" not in page
    assert 'href="/plans/plans/tasks?as_of=2016-04-30&amp;q=supoles"' in page, "the chip that removes the goal"
    assert 'href="/plans/plans/figures/progress/tasks/1.2?as_of=2016-04-30"' in page
    assert "ziņots 08.04.2016." in page
    assert 'name="as_of" value="2016-04-30"' in page
    assert "/tasks.xlsx?as_of=2016-04-30&amp;goal=SM1&amp;q=supoles" in page


async def test_htmx_gets_the_table_alone_and_boosted_links_the_page(client: httpx.AsyncClient, plan: Made) -> None:
    fragment = await client.get(PAGE, params={"goal": "SM2"}, headers={"HX-Request": "true"})
    assert fragment.text.lstrip().startswith('<div id="action-plan" ')
    boosted = await client.get(PAGE, headers={"HX-Request": "true", "HX-Boosted": "true"})
    assert boosted.text.startswith("<!doctype html>")


async def test_empty_lists_say_what_to_do(client: httpx.AsyncClient, made: Made) -> None:
    assert "Notīrīt filtrus" in (await client.get(f"{PAGE}?q=zzz")).text
    await made.task.remove(by=SOMEBODY, based_on=1)
    assert "/plans/plans/tasks/new?goal=SM1" in (await client.get(PAGE)).text
    await made.goal.remove(by=SOMEBODY, based_on=1)
    assert "/plans/plans/goals/new" in (await client.get(PAGE)).text


async def test_a_row_says_that_its_text_is_newer_than_the_day(client: httpx.AsyncClient, plan: Made) -> None:
    assert "Teksts mainīts" not in (await client.get(f"{PAGE}?as_of=2016-01-01")).text
    await plan.task.edit({"title": "Jauns nosaukums"}, by=SOMEBODY, based_on=1)
    page = (await client.get(f"{PAGE}?as_of=2016-01-01")).text
    assert page.count("Teksts mainīts") == 1


# --- files -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("asked", [{}, {"goal": "SM2"}, {"group": "unit", "as_of": "2016-01-15"}, {"q": "supoles"}])
@pytest.mark.parametrize("language", ["lv", "en"])
async def test_files_hold_the_rows_order_groups_and_figures_of_the_page(
    client: httpx.AsyncClient, plan: Made, asked: dict[str, str], language: str
) -> None:
    day = date.fromisoformat(asked.get("as_of", TODAY_IN_PLAN.isoformat()))
    client.cookies.set("language", language)
    query = f"?{urlencode(asked)}" if asked else ""
    with use_language(language):
        page = await shown(plan, day, **asked)
        expected: list[Any] = []
        for group in page.groups:
            expected.append((group.heading, None if group.percent is None else group.percent / 100))
            expected += [
                (
                    row.task.number,
                    row.task.title,
                    row.task.result or None,
                    period(row.task.period),
                    row.task.period.start,
                    row.task.period.deadline,
                    row.lead.name if row.lead else None,
                    "; ".join(unit.name for unit in row.partners) or None,
                    ", ".join(source.code for source in row.sources) or None,
                    row.percent,
                    row.last.on if row.last else None,
                )
                for row in group.rows
            ]
    body = (await client.get(f"{PAGE}.xlsx{query}")).content
    sheet = load_workbook(io.BytesIO(body)).worksheets[0]
    heading = next(row for row in range(1, 20) if sheet.cell(row, 2).value in ("Uzdevums", "Task"))
    found: list[Any] = []
    for row in sheet.iter_rows(min_row=heading + 1):
        cells = [cell.value.date() if isinstance(cell.value, datetime) else cell.value for cell in row]
        if cells[1] is None:
            found.append((re.sub(r" \([^()]*\)$", "", cells[0]), None if cells[12] is None else round(cells[12], 2)))
        else:
            assert row[12].number_format == "0%"
            found.append((*cells[:9], round(cells[12] * 100), cells[13]))
    assert found == expected
    text = (await client.get(f"{PAGE}.csv{query}")).content.decode("utf-8-sig")
    lines = list(csv.reader(io.StringIO(text, newline=""), delimiter=";" if language == "lv" else ","))[1:]
    assert [line[0] for line in lines if line[1]] == [row[0] for row in expected if len(row) > 2]
    assert [line[12] for line in lines if line[1]] == [f"{row[9]}%" for row in expected if len(row) > 2]
    assert [line[5] for line in lines if line[1]] == [row[5].isoformat() for row in expected if len(row) > 2]


async def test_files_are_attachments_that_nothing_keeps_or_runs(client: httpx.AsyncClient, made: Made) -> None:
    for ending, media_type in (("xlsx", XLSX), ("csv", "text/csv; charset=utf-8")):
        headers = (await client.get(f"{PAGE}.{ending}?as_of=2016-01-15")).headers
        assert headers["content-disposition"] == f'attachment; filename="plans-tasks-2016-01-15.{ending}"'
        assert headers["content-type"] == media_type
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["cache-control"] == "no-store"
        assert "default-src 'none'" in headers["content-security-policy"]


async def test_a_file_says_its_day_its_filters_and_that_progress_is_made_up(
    client: httpx.AsyncClient, made: Made
) -> None:
    await make_report(made.task, date(2016, 1, 1), 10, illustrative=True)
    sheet = load_workbook(
        io.BytesIO((await client.get(f"{PAGE}.xlsx?as_of=2016-01-15&goal=SM1&group=year")).content)
    ).worksheets[0]
    notes = " ".join(str(sheet.cell(row, 1).value) for row in range(1, 8))
    assert "Stāvoklis uz 15.01.2016." in notes
    assert "Mērķis: SM1 Mērķis SM1" in notes
    assert "demonstrācijas dati" in notes
