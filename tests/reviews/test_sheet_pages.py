"""The sheets as files: who may have them, of which day or review, and where their code leads."""

from __future__ import annotations

from datetime import date

import httpx
import pytest

from stratplan.plans.models import Plan, PublicPart
from tests.factories import SOMEBODY, Made, make_line, make_report
from tests.reading_pdf import is_accessible, read_pdf, words_of
from tests.reviews.closed import closed_review, opened_review, publish

GOAL = "/plans/plans/goals/SM1/sheet.pdf"


async def test_a_goal_and_a_unit_have_a_sheet_that_their_pages_link_to(client: httpx.AsyncClient, made: Made) -> None:
    await make_report(made.task, date(2016, 9, 20), 40, text="Ceļ jumtu.")
    unit = f"/plans/plans/units/{made.unit.key}"
    for page, address in (("/plans/plans/goals/SM1", GOAL), (unit, f"{unit}/sheet.pdf")):
        assert f'href="{address}"' in (await client.get(page)).text
        answer = await client.get(address)
        assert answer.status_code == 200
        assert answer.headers["content-type"] == "application/pdf"
        assert answer.headers["content-disposition"].startswith('attachment; filename="plans-')
        assert answer.headers["cache-control"] == "no-store"
        found = read_pdf(answer.content)
        is_accessible(found, "lv")
        assert len(found.pages) == 1
        assert found.links == [f"http://127.0.0.1:8000{page}"]
        assert "Ceļ jumtu." in words_of(answer.content)


async def test_a_sheet_is_of_the_day_or_the_review_that_is_asked_for(client: httpx.AsyncClient, made: Made) -> None:
    await make_report(made.task, date(2016, 9, 20), 40)
    await closed_review(made, "2016Q3")
    await make_report(made.task, date(2016, 9, 29), 90)
    day = words_of((await client.get(f"{GOAL}?as_of=2016-09-25")).content)
    assert "Stāvoklis uz 25.09.2016." in day
    assert "40 %" in day
    assert "90 %" in words_of((await client.get(f"{GOAL}?as_of=2016-09-30")).content)
    review = await client.get(f"{GOAL}?review=2016Q3")
    assert "2016. gada 3. ceturksnis · Stāvoklis uz 30.09.2016." in words_of(review.content)
    assert "40 %" in words_of(review.content)
    assert "90 %" not in words_of(review.content)
    assert review.content == (await client.get(f"{GOAL}?review=2016Q3")).content
    english = words_of((await client.get(f"{GOAL}?review=2016Q3&lang=en")).content)
    assert "Q3 2016 · As of 30 Sep 2016" in english
    assert (await client.get(f"{GOAL}?review=2015Q1")).status_code == 404
    assert (await client.get("/plans/plans/goals/SM9/sheet.pdf")).status_code == 404
    assert (await client.get("/plans/plans/units/none/sheet.pdf")).status_code == 404


async def test_a_sheet_of_an_open_review_says_that_its_figures_still_change(
    client: httpx.AsyncClient, made: Made
) -> None:
    await opened_review(made, "2016Q3")
    words = words_of((await client.get(f"{GOAL}?review=2016Q3")).content)
    assert "2016. gada 3. ceturksnis, atvērts: skaitļi vēl mainās" in words


@pytest.mark.parametrize("review", ["", "?review=2016Q3"])
async def test_residents_get_a_sheet_of_what_is_published(stranger: httpx.AsyncClient, made: Made, review: str) -> None:
    await make_report(made.task, date(2016, 9, 20), 40, text="Iekšēja piezīme.")
    await make_line(made.scope, made.goal, "1.1", amount=1000, tasks=[made.task.key])
    await publish(made, *PublicPart)
    await closed_review(made, "2016Q3")
    shown = words_of((await stranger.get(GOAL + review)).content)
    assert "1 000,00" in shown
    assert "Iekšēja piezīme." in shown
    await publish(made, PublicPart.REVIEWS)
    shown = words_of((await stranger.get(GOAL + review)).content)
    assert "1 000,00" not in shown
    assert "Nauda" not in shown
    assert "Iekšēja piezīme." not in shown
    await publish(made, PublicPart.SWOT)
    assert (await stranger.get(GOAL + review)).status_code == (404 if review else 200)
    plan = await Plan.get(made.plan.key)
    assert plan is not None
    await plan.withdraw(by=SOMEBODY, based_on=plan.version)
    assert (await stranger.get(GOAL + review)).status_code == 404
