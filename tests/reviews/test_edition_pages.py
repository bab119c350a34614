"""A closed review as a page: what was frozen, to whom, and never anything newer."""

from __future__ import annotations

from datetime import date

import httpx
import pytest

from stratplan.documents import LivingDocument
from stratplan.goals.models import Goal, Task
from stratplan.goals.states import Execution, Outcome
from stratplan.investments.models import InvestmentLine
from stratplan.period import Period
from stratplan.plans.models import Plan, PublicPart
from stratplan.reviews.formats import Format
from stratplan.swot.models import SwotEntry
from tests.factories import SOMEBODY, Made, make_goal, make_line, make_report, make_swot, make_task
from tests.listening import listening
from tests.reviews.closed import closed_again, closed_review, publish, reopened

REVIEWS = "/plans/plans/reviews"
PAGE = f"{REVIEWS}/2016Q2"


async def filled(made: Made) -> None:
    """A second goal with a late task, money, an analysis and reports, beside what every plan of a test has."""
    other = await make_goal(made.scope, "SM2", order=2)
    late = await make_task(made.scope, other, "2.1", title="Atvērt klubu", period=Period.parse("2015"))
    await make_report(made.task, date(2016, 6, 20), 40, text="Noslēgts līgums.", obstacles="Trūkst vietas.")
    await make_report(late, date(2016, 6, 21), 10)
    await make_line(made.scope, made.goal, "1.1", title="Remonts", amount=341482, tasks=[made.task.key])
    await make_swot(made.scope, "Maz darbinieku", goals=[made.goal.key])


async def test_the_page_of_a_closed_review_says_what_was_frozen(client: httpx.AsyncClient, made: Made) -> None:
    await filled(made)
    await closed_review(made, "2016Q2", number="388", day=date(2016, 7, 28))
    page = (await client.get(PAGE)).text.replace("\xa0", " ")
    assert "<h1>2016. gada 2. ceturksnis</h1>" in page
    assert "Nr. 388, 28.07.2016." in page
    assert "30.06.2016." in page
    for text in ("Noslēgts līgums.", "Trūkst vietas.", "341 482,00", "Maz darbinieku", "Atvērt klubu"):
        assert text in page
    assert "kavējums: 182 dienas" in page


async def test_the_page_reads_the_same_when_the_plan_has_changed(client: httpx.AsyncClient, made: Made) -> None:
    await filled(made)
    await closed_review(made, "2016Q2")
    before = (await client.get(PAGE)).text
    task = await Task.get(made.task.key)
    assert task is not None
    await task.edit({"title": "Pavisam cits uzdevums"}, by=SOMEBODY, based_on=task.version)
    await make_report(task, date(2016, 6, 30), 99, text="Vēlāk ziņots.")
    after = (await client.get(PAGE)).text
    assert "Pavisam cits uzdevums" not in after
    assert "Vēlāk ziņots." not in after
    assert content(before) == content(after)


def content(page: str) -> str:
    """What the page says, without the revision that it was made at."""
    return page.split("<h1>")[1].split("</main>")[0]


async def test_a_number_leads_to_the_same_task_as_it_is_called_now_and_to_none_that_is_gone(
    client: httpx.AsyncClient, made: Made
) -> None:
    gone = await make_task(made.scope, made.goal, "1.2")
    await closed_review(made, "2016Q2")
    task = await Task.get(made.task.key)
    assert task is not None
    await task.edit({"number": "1.9"}, by=SOMEBODY, based_on=task.version)
    await gone.remove(by=SOMEBODY, based_on=gone.version)
    page = (await client.get(PAGE)).text
    assert '<a href="/plans/plans/tasks/1.9">1.1</a>' in page
    assert "/tasks/1.2" not in page
    assert "Uzdevums 1.2" in page


async def test_editions_stay_and_lead_to_one_another(client: httpx.AsyncClient, made: Made) -> None:
    await make_report(made.task, date(2016, 6, 20), 40, text="Pirmais ziņojums.")
    review = await reopened(await closed_review(made, "2016Q2"), "Kļūda skaitļos.")
    await make_report(made.task, date(2016, 6, 30), 45, text="Otrais ziņojums.")
    await closed_again(made, review)
    first = (await client.get(f"{PAGE}/editions/1")).text
    second = (await client.get(f"{PAGE}/editions/2")).text
    assert "Pirmais ziņojums." in first
    assert "Otrais ziņojums." not in first
    assert "Otrais ziņojums." in second
    assert content((await client.get(PAGE)).text) == content(second)
    assert f'href="{PAGE}/editions/2"' in first
    assert f'href="{PAGE}/editions/1"' in second
    assert "Kļūda skaitļos." in first
    assert "Kļūda skaitļos." not in second
    assert (await client.get(f"{PAGE}/editions/3")).status_code == 404
    assert (await client.get(f"{PAGE}/editions/0")).status_code == 404


@pytest.mark.parametrize("kind", [Format.JSON, Format.XLSX, Format.DOCX, Format.PDF])
async def test_an_edition_and_its_documents_stay_as_they_are_when_the_review_before_is_opened_and_closed_again(
    client: httpx.AsyncClient, made: Made, kind: Format
) -> None:
    await make_report(made.task, date(2016, 3, 20), 10)
    first = await closed_review(made, "2016Q1")
    await make_report(made.task, date(2016, 6, 20), 40)
    await closed_review(made, "2016Q2")

    async def told() -> tuple[str, bytes]:
        page = (await client.get(f"{PAGE}/editions/1")).text
        return content(page), (await client.get(f"{PAGE}/editions/1/documents/{kind.value}")).content

    before = await told()
    assert "10\u00a0%" in before[0].split('id="since"')[1]
    again = await reopened(first)
    assert await told() == before
    await make_report(made.task, date(2016, 3, 30), 30)
    await closed_again(made, again)
    after = await told()
    assert after[0].replace("from=2016Q1.1&amp;", "from=2016Q1&amp;") == before[0]  # the way to the same edition
    assert after[1] == before[1]


async def test_an_open_review_leads_to_the_edition_that_stays(client: httpx.AsyncClient, made: Made) -> None:
    await reopened(await closed_review(made, "2016Q2"))
    for path in (REVIEWS, PAGE):
        assert f'href="{PAGE}/editions/1"' in (await client.get(path)).text


async def test_residents_are_not_told_why_a_review_was_opened_again(
    stranger: httpx.AsyncClient, client: httpx.AsyncClient, made: Made
) -> None:
    await publish(made)
    review = await reopened(await closed_review(made, "2016Q2"), "Kļūda skaitļos.")
    await closed_again(made, review)
    page = await stranger.get(f"{PAGE}/editions/1")
    assert page.status_code == 200
    assert "Kļūda skaitļos." not in page.text
    assert f'href="{PAGE}/editions/2"' in page.text


async def test_while_a_review_is_open_again_residents_read_the_edition_that_there_is(
    stranger: httpx.AsyncClient, client: httpx.AsyncClient, made: Made
) -> None:
    await publish(made)
    review = await closed_review(made, "2016Q2")
    before = content((await stranger.get(PAGE)).text)
    await reopened(review, "Kļūda skaitļos.")
    page = await stranger.get(PAGE)
    assert page.status_code == 200
    assert content(page.text) == before
    assert "2016Q2" in (await stranger.get("/plans/plans/reviews")).text
    assert (await stranger.get(f"{PAGE}/units/{made.unit.key}")).status_code == 404


async def test_members_are_told_which_units_had_not_sent(
    stranger: httpx.AsyncClient, client: httpx.AsyncClient, made: Made
) -> None:
    await publish(made)
    await closed_review(made, "2016Q2")
    await made.unit.edit({"name": "Rīgas nodaļa"}, by=SOMEBODY, based_on=1)
    fact = "Nebija iesniegušas savu daļu</dt><dd>Ķekavas nodaļa<"
    assert fact in (await client.get(PAGE)).text
    assert "Nebija iesniegušas" not in (await stranger.get(PAGE)).text


@pytest.mark.parametrize(
    ("kind", "wanted", "secret"),
    [
        (Task, {"number": "2.1"}, "Atvērt klubu"),
        (Goal, {"code": "SM2"}, "Mērķis SM2"),
        (InvestmentLine, {"number": "1.1"}, "341 482,00"),
        (SwotEntry, {}, "Maz darbinieku"),
    ],
)
async def test_what_is_made_internal_later_is_gone_from_old_reviews_for_residents_at_once(
    stranger: httpx.AsyncClient,
    client: httpx.AsyncClient,
    made: Made,
    kind: type[LivingDocument],
    wanted: dict[str, str],
    secret: str,
) -> None:
    await filled(made)
    await publish(made)
    await closed_review(made, "2016Q2")
    addresses = (PAGE, f"{PAGE}/editions/1")
    for address in addresses:
        assert secret in (await stranger.get(address)).text.replace("\xa0", " ")
    found = await kind.find_one({"scope": made.scope, **wanted})
    assert found is not None
    await found.edit({"internal": True}, by=SOMEBODY, based_on=found.version)
    for address in addresses:
        assert secret not in (await stranger.get(address)).text.replace("\xa0", " ")
        assert secret in (await client.get(address)).text.replace("\xa0", " ")


async def test_what_was_internal_when_it_was_deleted_does_not_come_back(
    stranger: httpx.AsyncClient, made: Made
) -> None:
    await filled(made)
    await publish(made)
    await closed_review(made, "2016Q2")
    entry = await SwotEntry.find_one({"scope": made.scope})
    assert entry is not None
    await entry.edit({"internal": True}, by=SOMEBODY, based_on=entry.version)
    internal = await SwotEntry.get(entry.key)
    assert internal is not None
    await internal.remove(by=SOMEBODY, based_on=internal.version)
    assert "Maz darbinieku" not in (await stranger.get(PAGE)).text


@pytest.mark.parametrize(
    ("part", "secret"),
    [
        (PublicPart.FUNDING, "341 482,00"),
        (PublicPart.SWOT, "Maz darbinieku"),
        (PublicPart.REPORTS, "Noslēgts līgums."),
    ],
)
async def test_a_part_that_is_withdrawn_is_gone_from_old_reviews_at_once(
    stranger: httpx.AsyncClient, made: Made, part: PublicPart, secret: str
) -> None:
    await filled(made)
    await publish(made)
    await closed_review(made, "2016Q2")
    assert secret in (await stranger.get(PAGE)).text.replace("\xa0", " ")
    await publish(made, *(other for other in PublicPart if other is not part))
    assert secret not in (await stranger.get(PAGE)).text.replace("\xa0", " ")


async def test_without_reviews_published_or_the_plan_itself_residents_find_none(
    stranger: httpx.AsyncClient, made: Made
) -> None:
    await publish(made, PublicPart.FUNDING)
    await closed_review(made, "2016Q2")
    paths = [PAGE, f"{PAGE}/editions/1", f"{REVIEWS}/compare", "/plans/plans/since", "/plans/plans/trends"]
    assert {(await stranger.get(path)).status_code for path in paths} == {404}
    await publish(made)
    assert {(await stranger.get(path)).status_code for path in paths} == {200}
    plan = await Plan.get(made.plan.key)
    assert plan is not None
    await plan.withdraw(by=SOMEBODY, based_on=plan.version)
    assert {(await stranger.get(path)).status_code for path in paths} == {404}


async def test_an_edition_is_read_once_and_then_kept(client: httpx.AsyncClient, made: Made) -> None:
    await filled(made)
    await closed_review(made, "2016Q2")
    address = f"{PAGE}/editions/1"
    etag = (await client.get(address)).headers["etag"]
    with listening() as sent:
        answer = await client.get(address, headers={"if-none-match": etag})
    assert answer.status_code == 304
    assert sent == ["find sessions", "find heads"]
    await make_task(made.scope, made.goal, "1.7")
    with listening() as sent:
        assert (await client.get(address)).status_code == 200
    assert not [command for command in sent if "frozen" in command]


async def test_a_long_action_plan_comes_in_pages(
    client: httpx.AsyncClient, made: Made, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("stratplan.reviews.edition_pages.TASKS_A_PAGE", 2)
    for number in ("1.2", "1.3"):
        await make_task(made.scope, made.goal, number)
    await closed_review(made, "2016Q2")
    first, second = [(await client.get(f"{PAGE}/editions/1?page={n}")).text for n in (1, 2)]
    assert ("Uzdevums 1.2" in first, "Uzdevums 1.3" in first) == (True, False)
    assert ("Uzdevums 1.2" in second, "Uzdevums 1.3" in second) == (False, True)
    assert "2 no 3 uzdevumiem" in first


async def test_an_empty_plan_has_a_page_too(client: httpx.AsyncClient, made: Made) -> None:
    await made.task.remove(by=SOMEBODY, based_on=made.task.version)
    await closed_review(made, "2016Q2")
    page = (await client.get(PAGE)).text
    assert "Uzdevumu nebija." in page


async def test_what_people_typed_stands_in_the_page_as_text(client: httpx.AsyncClient, made: Made) -> None:
    await make_report(
        made.task,
        date(2016, 6, 20),
        100,
        execution=Execution.COMPLETED,
        outcome=Outcome.REACHED,
        text="<script>alert(1)</script>",
    )
    await closed_review(made, "2016Q2")
    page = (await client.get(PAGE)).text
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert" in page
