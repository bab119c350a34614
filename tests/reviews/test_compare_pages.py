"""What changed between two reviews, or since the last one, as one page."""

from __future__ import annotations

import re
from datetime import date

import httpx
import pytest

from benchmarks.plan_generator import generate
from stratplan.frame import Frame
from stratplan.goals.models import Task
from stratplan.goals.states import Execution
from stratplan.period import Period
from stratplan.plans.models import Plan
from stratplan.reviews.closing import close_review, open_review
from stratplan.reviews.models import Decision
from stratplan.snapshot import Snapshots
from stratplan.units.models import Unit, UnitKind
from tests.conftest import reading
from tests.factories import (
    SOMEBODY,
    TODAY_IN_PLAN,
    Made,
    make_account,
    make_goal,
    make_line,
    make_report,
    make_task,
)
from tests.listening import listening
from tests.reviews.closed import closed_again, closed_review, opened_review, publish, reopened

COMPARE = "/plans/plans/reviews/compare"
SINCE = "/plans/plans/since"


def text_of(answer: httpx.Response) -> str:
    """The page's own text with common spaces."""
    assert answer.status_code == 200, answer.text
    return re.sub(r"\s+", " ", answer.text.split("<main")[1].split("</main>")[0].replace("\xa0", " "))


async def edited(task: Task, **values: object) -> Task:
    found = await Task.get(task.key)
    assert found is not None
    await found.edit(values, by=SOMEBODY, based_on=found.version)
    return found


async def test_without_a_closed_review_there_is_nothing_to_compare(client: httpx.AsyncClient, made: Made) -> None:
    for address in (COMPARE, SINCE):
        assert "Vēl nav, ar ko salīdzināt" in text_of(await client.get(address))


async def test_since_the_last_review_tells_the_most_important_first(client: httpx.AsyncClient, made: Made) -> None:
    done = await make_task(made.scope, made.goal, "1.2", title="Pabeigt māju")
    stopped = await make_task(made.scope, made.goal, "1.3", title="Atcelt sapni")
    gone = await make_task(made.scope, made.goal, "1.4", title="Dzēst kļūdu")
    late = await make_task(made.scope, made.goal, "1.5", title="Nokavēt vilcienu", period=Period.parse("2015/2016-Q3"))
    await make_report(
        made.task, date(2016, 6, 20), 20, text="Sagatavots pirmais projekts un iesniegts saskaņošanai." * 2
    )
    await closed_review(made, "2016Q2")
    await make_report(
        made.task, date(2016, 9, 20), 60, text="Sagatavots otrais projekts un iesniegts saskaņošanai." * 2
    )
    await make_report(done, date(2016, 9, 21), 100, execution=Execution.COMPLETED)
    await make_report(stopped, date(2016, 9, 21), None, execution=Execution.CANCELLED)
    await gone.remove(by=SOMEBODY, based_on=gone.version)
    await edited(made.task, period=Period.parse("2015-Q1/2018-Q1"))
    await edited(late, period=Period.parse("2015-Q1/2016-Q2"))
    await make_task(made.scope, made.goal, "1.6", title="Jauns darbs")
    page = text_of(await client.get(SINCE))
    order = ["Īsumā", "Pārcelti termiņi", "Jauni kavējumi", "Izpildītie uzdevumi", "Jauni uzdevumi"]
    order += ["Pārtrauktie uzdevumi", "Visas izmaiņas pa mērķiem"]
    places = [page.index(f">{title}") for title in order]
    assert places == sorted(places)
    for sentence in (
        "Izpildīts 1 uzdevums.",
        "Pievienots 1 uzdevums.",
        "Atcelts 1 uzdevums.",
        "Pārcelti 2 uzdevumu termiņi.",
    ):
        assert sentence in page
    assert "+90 dienas, pārcelts 1 reizi" in page
    for title in ("Pabeigt māju", "Atcelt sapni", "Dzēst kļūdu", "Nokavēt vilcienu", "Jauns darbs"):
        assert title in page
    assert "60 % (+40 procentpunkti)" in page
    assert "<ins>" in page
    assert "<del>" in page


async def test_members_are_told_who_moved_a_deadline_and_residents_only_when(
    app: Frame, stranger: httpx.AsyncClient, made: Made
) -> None:
    await publish(made)
    await closed_review(made, "2016Q2")
    account = await make_account(name="Zane Kalniņa")
    task = await Task.get(made.task.key)
    assert task is not None
    await task.edit({"period": Period.parse("2015/2018")}, by=account.actor, based_on=task.version)
    await make_report(task, date(2016, 9, 20), 60, by=account.actor)
    await closed_review(made, "2016Q3")
    async with reading(app, account) as member:
        for address in (f"{COMPARE}?from=2016Q2&to=2016Q3", f"{COMPARE}?from=2016Q2&to=today"):
            page, public = text_of(await member.get(address)), text_of(await stranger.get(address))
            assert "Zane Kalniņa" in page.partition("Pārcelti termiņi")[2]
            assert "Kad un kas" in page
            assert "Zane Kalniņa" not in public
            assert "Kad un kas" not in public
            assert "+365 dienas" in public


async def test_by_itself_it_compares_the_last_two_reviews_or_the_only_one_with_today(
    client: httpx.AsyncClient, made: Made
) -> None:
    await closed_review(made, "2016Q1")
    assert "No 31.03.2016. līdz 30.09.2016." in text_of(await client.get(COMPARE))
    await closed_review(made, "2016Q2")
    assert "No 31.03.2016. līdz 30.06.2016." in text_of(await client.get(COMPARE))
    assert "No 30.06.2016. līdz 30.09.2016." in text_of(await client.get(SINCE))
    assert "No 31.03.2016. līdz 30.06.2016." in text_of(await client.get(f"{COMPARE}?from=2016Q2&to=2016Q1"))
    assert "No 31.03.2016. līdz 30.05.2016." in text_of(await client.get(f"{SINCE}?as_of=2016-05-30"))
    assert "Vēl nav, ar ko salīdzināt" in text_of(await client.get(f"{SINCE}?as_of=2016-01-30"))


async def test_a_review_with_itself_differs_in_nothing(client: httpx.AsyncClient, made: Made) -> None:
    await closed_review(made, "2016Q2")
    assert "Nekas nav mainījies." in text_of(await client.get(f"{COMPARE}?from=2016Q2&to=2016Q2"))


@pytest.mark.parametrize(
    "query", ["from=2016Q2&to=2019Q1", "from=nav&to=today", "from=2016Q3&to=today", "from=2016Q2.2&to=today"]
)
async def test_a_review_or_edition_that_is_not_there_or_not_closed_is_not_found(
    client: httpx.AsyncClient, made: Made, query: str
) -> None:
    await opened_review(made, "2016Q3")
    await closed_review(made, "2016Q2")
    assert (await client.get(f"{COMPARE}?{query}")).status_code == 404


async def test_the_newest_edition_is_compared(client: httpx.AsyncClient, made: Made) -> None:
    await make_report(made.task, date(2016, 3, 20), 10)
    await closed_review(made, "2016Q1")
    review = await reopened(await closed_review(made, "2016Q2"))
    await make_report(made.task, date(2016, 6, 30), 33)
    await closed_again(made, review)
    assert "33 % (+23 procentpunkti)" in text_of(await client.get(f"{COMPARE}?from=2016Q1&to=2016Q2"))


async def test_an_earlier_edition_is_compared_by_its_number(client: httpx.AsyncClient, made: Made) -> None:
    review = await reopened(await closed_review(made, "2016Q2"))
    await make_report(made.task, date(2016, 6, 30), 33)
    await closed_again(made, review)
    page = await client.get(f"{COMPARE}?from=2016Q2.1&to=2016Q2")
    assert "33 % (+33 procentpunkti)" in text_of(page)
    assert '<option value="2016Q2.1" selected>2016. gada 2. ceturksnis, 1. redakcija<' in page.text.replace("\xa0", " ")


async def test_while_a_review_is_open_again_everybody_compares_the_edition_that_there_is(
    client: httpx.AsyncClient, stranger: httpx.AsyncClient, made: Made
) -> None:
    await closed_review(made, "2016Q1")
    await make_report(made.task, date(2016, 6, 30), 33)
    await reopened(await closed_review(made, "2016Q2"))
    await publish(made)
    for reader in (client, stranger):
        assert "33 % (+33 procentpunkti)" in text_of(await reader.get(f"{COMPARE}?from=2016Q1&to=2016Q2"))


async def test_goal_and_unit_narrow_the_lists_and_leave_the_figures(client: httpx.AsyncClient, made: Made) -> None:
    other = await make_goal(made.scope, "SM2", order=2)
    unit = Unit.new(scope=made.organisation.key, name="Cita nodaļa", short="CN", sort=UnitKind.DEPARTMENT)
    await unit.add(by=SOMEBODY)
    second = await make_task(made.scope, other, "2.1", title="Otrs darbs", lead=unit.key)
    await closed_review(made, "2016Q2")
    await make_report(made.task, date(2016, 9, 20), 60)
    await make_report(second, date(2016, 9, 20), 100, execution=Execution.COMPLETED)
    for query in ("goal=SM2", f"unit={unit.key}"):
        page = text_of(await client.get(f"{COMPARE}?from=2016Q2&to=today&{query}"))
        assert "Otrs darbs" in page
        assert "Uzdevums 1.1" not in page
        assert "Izpildīts 1 uzdevums." in page
    page = text_of(await client.get(f"{COMPARE}?from=2016Q2&to=today&goal=SM1"))
    assert "Otrs darbs" not in page
    assert "Uzdevums 1.1" in page
    assert "Izpildīts 1 uzdevums." in page


async def test_money_is_told_by_source_and_line_with_its_difference(client: httpx.AsyncClient, made: Made) -> None:
    line = await make_line(made.scope, made.goal, "1.1", amount=1000, title="Remonts")
    await closed_review(made, "2016Q2")
    await line.report_money(
        on=date(2016, 9, 1),
        source=made.source.key,
        year=2016,
        contracted=None,
        spent=250,
        by=SOMEBODY,
        based_on=line.version,
    )
    page = text_of(await client.get(SINCE))
    assert "Papildus izlietoti 250,00 EUR." in page
    assert "+250,00" in page.partition("Nauda pa avotiem")[2]
    assert "250,00 EUR (+250,00)" in page.split("Remonts")[1]


async def test_money_that_only_moved_to_another_year_is_told_by_year(client: httpx.AsyncClient, made: Made) -> None:
    planned = {"source": made.source.key, "year": 2015, "amount": 500}
    line = await make_line(made.scope, made.goal, "1.1", title="Remonts", amount=1000, planned=[planned])
    await closed_review(made, "2016Q2")
    await line.edit({"planned": [{**planned, "year": 2016}]}, by=SOMEBODY, based_on=line.version)
    page = (await client.get(SINCE)).text.replace("\xa0", " ").split("Remonts")[1]
    told = [" ".join(re.sub(r"<[^>]+>", " ", row).split()) for row in page.split("</tr>")[1:3]]
    assert told[0] == "PB, 2015: indikatīvā summa 500,00 EUR — (−500,00)"
    assert told[1] == "PB, 2016: indikatīvā summa — 500,00 EUR (+500,00)"


async def test_texts_of_the_plan_are_told_too(client: httpx.AsyncClient, made: Made) -> None:
    await closed_review(made, "2016Q2")
    plan = await Plan.get(made.plan.key)
    assert plan is not None
    await plan.edit({"mission": "Palīdzam visiem."}, by=SOMEBODY, based_on=plan.version)
    page = text_of(await client.get(SINCE))
    assert "Palīdzam visiem." in page


async def test_many_changes_come_in_pages(
    client: httpx.AsyncClient, made: Made, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("stratplan.reviews.compare_pages.TASKS_A_PAGE", 1)
    second = await make_task(made.scope, made.goal, "1.2")
    await closed_review(made, "2016Q2")
    for task in (made.task, second):
        await make_report(task, date(2016, 9, 20), 60, text=f"Par {task.number}.")
    first, other = [text_of(await client.get(f"{COMPARE}?from=2016Q2&to=today&page={n}")) for n in (1, 2)]
    assert ("Par 1.1." in first, "Par 1.2." in first) == (True, False)
    assert ("Par 1.1." in other, "Par 1.2." in other) == (False, True)
    assert "page=2#details" in first


async def test_the_overview_the_list_and_the_councils_work_lead_to_it(client: httpx.AsyncClient, made: Made) -> None:
    for page in ("/plans/plans", "/plans/plans/reviews"):
        assert f'href="{SINCE}"' not in (await client.get(page)).text
    await closed_review(made, "2016Q2")
    for page in ("/plans/plans", "/plans/plans/reviews"):
        assert f'href="{SINCE}"' in (await client.get(page)).text
    assert f"{SINCE}?as_of=2016-06-30" in (await client.get("/plans/plans?as_of=2016-06-30")).text
    assert "/since" not in (await client.get("/plans/plans?as_of=2016-05-30")).text


async def test_a_plan_ten_times_as_large_takes_the_same_commands(app: Frame, client: httpx.AsyncClient) -> None:
    sent: dict[tuple[str, int], int] = {}
    for size in (20, 200):
        slug = f"plan-{size}"
        await generate(slug, size)
        for text in ("2016-Q1", "2016-Q2"):
            snapshot = await Snapshots().of(slug)
            assert snapshot is not None
            review, _entry = await open_review(
                snapshot, Period.parse(text), due=TODAY_IN_PLAN, by=SOMEBODY, today=TODAY_IN_PLAN
            )
            await close_review(
                Snapshots(),
                slug,
                review,
                decision=Decision(),
                despite_missing=True,
                by=SOMEBODY,
                based_on=review.version,
                today=TODAY_IN_PLAN,
            )
        await client.get(f"/plans/{slug}")
        for path in ("/reviews/2016Q2", "/reviews/2016Q1/editions/1", "/reviews/compare", "/since", "/trends"):
            with listening() as commands:
                assert (await client.get(f"/plans/{slug}{path}")).status_code == 200, path
            sent[path, size] = len([command for command in commands if not command.startswith("getMore")])
    assert {path: sent[path, 20] for path, size in sent if size == 20} == {
        path: sent[path, 200] for path, size in sent if size == 200
    }
    assert max(sent.values()) <= 10
