"""One sheet of a goal or a unit is one page whatever is on it, and what does not fit is counted."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
import segno

from stratplan import i18n
from stratplan.errors import NotVisible
from stratplan.exports.typesetting import typeset
from stratplan.goals.states import Execution, Schedule
from stratplan.period import Period
from stratplan.reviews.sheets import About, Content, goal_sheet, unit_sheet
from stratplan.reviews.statement import CellStated, MilestoneStated, Statement
from tests.reading_pdf import is_accessible, read_pdf, words_of
from tests.reviews.statements import OTHER, UNIT, amounts, goal, line, report, statement, task

ADDRESS = "https://plani.example.lv/plans/plans/goals/SM1"
ABOUT = About(review="2016. gada 3. ceturksnis", with_money=True, address=ADDRESS)
LONG = "Ļoti garš nosaukums, kas turpinās un turpinās, līdz tam vairs nav gala, " * 20


def late(key: str, **values: Any) -> Any:
    return task(key, schedule=Schedule.OVERDUE, period=Period.parse("2015"), **values)


def stated(**values: Any) -> Statement:
    milestone = MilestoneStated(
        key="m", title="Līgums", due=date(2016, 11, 30), done_on=None, weight=Decimal(1), is_done=False
    )
    return statement(
        tasks=(
            task("t1", progress=Fraction(1, 2), milestones=(milestone,), report=report(text="Ceļ jumtu.")),
            late("t2", report=report(text="Darbojas.", obstacles="Trūkst saskaņojuma."), progress=Fraction(1, 4)),
            late("t3", lead=OTHER, partners=(UNIT,), has_reported=False),
            task("t4", execution=Execution.COMPLETED, schedule=Schedule.DONE, progress=Fraction(1)),
            task("t5", schedule=Schedule.BEHIND, report=report(text="Kavējas iepirkums.")),
        ),
        lines=(
            line("l1", (CellStated(source="PB", year=2016, sums=amounts(9000, 4000, 1250)),), units=(UNIT,)),
            line("l2", (CellStated(source="VB", year=2016, sums=amounts(500)),), units=(UNIT, OTHER)),
        ),
        goals=(goal(progress=Fraction(7, 20), tasks=5, reported=4, summary="Īsi par mērķi."),),
        **values,
    )


def made(content: Content) -> bytes:
    return typeset("sheet.typ", content, made_at=datetime(2016, 9, 30, tzinfo=UTC))


def rows_of(content: Content, place: int) -> list[list[str]]:
    rows: list[list[str]] = content["sections"][place]["rows"]
    return rows


async def test_what_is_late_comes_first_with_why() -> None:
    content = goal_sheet(stated(), "SM1", ABOUT)
    assert [(row[0], row[2], row[4]) for row in rows_of(content, 0)] == [
        ("1.2", "ĶN", "Trūkst saskaņojuma."),
        ("1.3", "Sociālais dienests", "Ziņojumu nav."),
        ("1.5", "ĶN", "Kavējas iepirkums."),
    ]
    assert rows_of(content, 0)[0][3] == "31.12.2015.\nkavējas 274 dienas, 25\u00a0%"


async def test_deadlines_to_come_are_of_tasks_and_milestones_that_are_not_done() -> None:
    rows = rows_of(goal_sheet(stated(), "SM1", ABOUT), 1)
    assert [(row[0], row[1]) for row in rows] == [
        ("30.11.2016.", "1.1"),
        ("31.12.2017.", "1.1"),
        ("31.12.2017.", "1.5"),
    ]
    assert rows[0][2] == "Starpposms: Līgums"


async def test_money_is_by_source_and_unknown_is_not_zero() -> None:
    content = goal_sheet(stated(), "SM1", ABOUT)
    assert rows_of(content, 2) == [
        ["PB Pašvaldības budžets", "9\u00a0000,00", "4\u00a0000,00", "1\u00a0250,00"],
        ["VB Valsts budžets", "500,00", "nav zināma", "nav zināma"],
        ["Kopā", "9\u00a0500,00", "4\u00a0000,00", "1\u00a0250,00"],
    ]
    hidden = goal_sheet(stated(), "SM1", About("", False, ADDRESS))
    assert len(hidden["sections"]) == 3
    assert "Nauda" not in words_of(made(hidden))


async def test_a_unit_has_the_tasks_that_it_leads_and_the_money_of_its_lines() -> None:
    content = unit_sheet(stated(), "u1", "", ABOUT)
    assert content["heading"] == "Ķekavas nodaļa"
    assert [figure["value"] for figure in content["figures"]] == ["4", "1", "1", "1\u00a0250,00"]
    assert [row[0] for row in rows_of(content, 0)] == ["1.2", "1.5"]
    assert content["sections"][2]["note"].startswith("1 rinda, kas kopīga")
    idle = unit_sheet(stated(), "u9", "Jauna nodaļa", ABOUT)
    assert idle["heading"] == "Jauna nodaļa"
    assert len(read_pdf(made(idle)).pages) == 1


async def test_of_what_the_statement_does_not_have_there_is_no_sheet() -> None:
    with pytest.raises(NotVisible):
        goal_sheet(stated(), "SM9", ABOUT)
    with pytest.raises(NotVisible):
        unit_sheet(stated(), "u9", "", ABOUT)


@pytest.mark.parametrize("language", i18n.LANGUAGES)
async def test_a_sheet_is_one_accessible_page_with_all_that_fits(language: str) -> None:
    with i18n.use_language(language):
        body = made(goal_sheet(stated(), "SM1", ABOUT))
    found, words = read_pdf(body), words_of(body)
    assert found.pages == [(210, 297)]
    is_accessible(found, language)
    assert found.tags["/H1"] == 1
    assert found.tags["/H2"] == 4
    for text in ("Mērķis SM1", "Īsi par mērķi.", "Trūkst saskaņojuma.", "Ceļ jumtu.", "Līgums"):
        assert text in words
    assert "see the page" not in words
    assert "skat. lapā" not in words


async def test_the_code_leads_to_the_living_page_whose_address_is_under_it() -> None:
    content = goal_sheet(stated(), "SM1", ABOUT)
    expected = segno.make(ADDRESS, error="m", micro=False).svg_inline(border=4, omitsize=False)
    assert re.findall(r' d="([^"]+)"', content["code"]) == re.findall(r' d="([^"]+)"', expected)
    body = made(content)
    assert ADDRESS in words_of(body).replace(" ", "")
    assert read_pdf(body).links == [ADDRESS]
    assert any(ADDRESS in text for text in read_pdf(body).alternatives)


async def test_what_does_not_fit_is_counted() -> None:
    tasks = (
        *(late(f"t{at}", title=LONG, report=report(text=LONG)) for at in range(1, 41)),
        *(task(f"t{at}", title=f"Gaidāmais {at}", report=None) for at in range(41, 101)),
    )
    plan = statement(tasks=tasks, goals=(goal(title=LONG, description=LONG, tasks=100),), title=LONG, organisation=LONG)
    about = About(
        "2016. gada 3. ceturksnis", True, "https://plani.example.lv/plans/" + "gara-adrese-" * 10 + "/goals/SM1"
    )
    body = made(goal_sheet(plan, "SM1", about))
    assert read_pdf(body).pages == [(210, 297)]
    words = words_of(body)
    shown = {
        section: words.partition(section)[2] for section in ("Kavējas Nr.", "Tuvākie termiņi", "Pēdējais paveiktais")
    }
    assert shown["Kavējas Nr."].count("dienas,") + int(shown["Kavējas Nr."].partition("un vēl ")[2].split(",")[0]) == 40
    waiting = shown["Tuvākie termiņi"].partition("Nauda")[0]
    assert waiting.count("Gaidāmais") + int(waiting.partition("un vēl ")[2].split(",")[0]) == 60
    assert waiting.count("Gaidāmais") >= 2


async def test_hostile_texts_and_a_plan_of_nothing_fit_on_a_page() -> None:
    bad = '#eval("1+1") \u202ex\u202c \x00' + "a" * 30_000
    plan = statement(
        tasks=tuple(late(f"t{at}", title=bad, report=report(text=bad)) for at in range(1, 9)),
        goals=(goal(title=bad, description=bad, tasks=8),),
        title=bad,
        organisation=bad,
    )
    body = made(goal_sheet(plan, "SM1", ABOUT))
    assert read_pdf(body).pages == [(210, 297)]
    assert '#eval("1+1") x' in words_of(body)
    empty = made(goal_sheet(statement(), "SM1", About("", True, ADDRESS)))
    assert read_pdf(empty).pages == [(210, 297)]
    assert "Nekas nekavējas." in words_of(empty)


async def test_the_same_statement_gives_the_same_bytes() -> None:
    assert made(goal_sheet(stated(), "SM1", ABOUT)) == made(goal_sheet(stated(), "SM1", ABOUT))
