"""The planner's pages of reviews: the list, opening, the desk, closing and opening again."""

from __future__ import annotations

import re
from datetime import date

import httpx
import pytest

from stratplan.accounts.models import Account
from stratplan.audit import AuditEntry
from stratplan.frame import Frame
from stratplan.goals.models import Task
from stratplan.goals.states import Execution
from stratplan.period import Period
from stratplan.permissions import Role
from stratplan.plans.models import Plan, PublicPart
from stratplan.reviews.closing import close_review, open_review
from stratplan.reviews.models import Decision, Review, Submission, SubmissionState
from stratplan.reviews.opening import next_term, offered_terms, usual_due
from stratplan.reviews.sending import TaskWords, send
from stratplan.reviews.terms import code_of
from stratplan.snapshot import Snapshots
from stratplan.units.models import Unit, UnitKind
from tests.conftest import reading
from tests.factories import SOMEBODY, TODAY_IN_PLAN, Made, make_account, make_report, make_task

LIST = "/plans/plans/reviews"
CODE = "2016Q2"
PAGE = f"{LIST}/{CODE}"


async def the_review() -> Review:
    found = await Review.find_one({"deleted": False})
    assert found is not None
    return found


async def last_entry() -> AuditEntry:
    found = await AuditEntry.find_all().sort("-at", "-number").first_or_none()
    assert found is not None
    return found


async def opened(client: httpx.AsyncClient, **form: str) -> Review:
    answer = await client.post(LIST, data={"term": CODE, **form})
    assert answer.status_code == 303, answer.text
    return await the_review()


async def sent(made: Made, review: Review, by: Account | None = None) -> Submission:
    """The one unit's part, sent in."""
    await send(
        await made.snapshot(),
        review,
        made.unit.key,
        [TaskWords(made.task.key, Execution.IN_PROGRESS, percent=30, text="Iesākts.")],
        today=TODAY_IN_PLAN,
        by=SOMEBODY if by is None else by.actor,
        based_on=0,
    )
    found = await Submission.find_one({"review": review.key})
    assert found is not None
    return found


async def closed(made: Made, review: Review) -> None:
    current = await Review.get(review.key)
    assert current is not None
    await close_review(
        Snapshots(),
        made.plan.slug,
        current,
        decision=Decision(number="388", day=date(2016, 7, 28)),
        despite_missing=True,
        by=SOMEBODY,
        based_on=current.version,
        today=TODAY_IN_PLAN,
    )


async def test_without_reviews_the_list_says_so_and_offers_to_open_one(client: httpx.AsyncClient, made: Made) -> None:
    page = (await client.get(LIST)).text
    assert "Pārskatu vēl nav" in page
    assert f'href="{LIST}/new"' in page


async def test_the_list_has_open_reviews_with_who_sent_and_closed_ones_with_their_decision(
    client: httpx.AsyncClient, made: Made
) -> None:
    await make_report(made.task, date(2016, 6, 28), 40)
    review = await opened(client)
    assert "iesniegusi 0 no 1" in (await client.get(LIST)).text.replace("\xa0", " ")
    await sent(made, review)
    assert "iesniegusi 1 no 1" in (await client.get(LIST)).text.replace("\xa0", " ")
    await closed(made, review)
    page = (await client.get(LIST)).text
    assert "Nr. 388, 28.07.2016." in page
    assert re.search(r"<progress[^>]*value=\"30\"", page)
    assert "iesnieg" not in page.split('id="closed-reviews"')[1]


async def test_residents_see_closed_reviews_alone_where_the_plan_publishes_them(
    app: Frame, client: httpx.AsyncClient, made: Made
) -> None:
    plan = await Plan.get(made.plan.key)
    assert plan is not None
    await plan.publish([PublicPart.REVIEWS], by=SOMEBODY, based_on=plan.version)
    review = await opened(client, note="Tikai pašu lietošanai")
    async with reading(app, None) as resident:
        page = await resident.get(LIST)
        assert page.status_code == 200
        assert CODE not in page.text
        assert (await resident.get(PAGE)).status_code == 404
        await closed(made, review)
        assert CODE in (await resident.get(LIST)).text
        shown = await resident.get(PAGE)
        assert shown.status_code == 200
        assert "Tikai pašu" not in shown.text
        assert "reopen" not in shown.text
        current = await Plan.get(made.plan.key)
        assert current is not None
        await current.publish([], by=SOMEBODY, based_on=current.version)
        assert (await resident.get(LIST)).status_code == 404


async def test_the_quarter_that_has_just_ended_is_offered_first_and_what_has_a_review_not_at_all(
    client: httpx.AsyncClient, made: Made
) -> None:
    page = (await client.get(f"{LIST}/new")).text
    assert re.search(r'<option value="2016Q2" selected>2016.\s?gada 2.\s?ceturksnis', page)
    assert 'value="2016-10-14"' in page  # two weeks from the day, 30.09.2016: the quarter's own two weeks are past
    assert 'value="2016Q3"' in page
    assert 'value="2016Q4"' not in page
    assert 'value="2015"' in page
    await opened(client)
    page = (await client.get(f"{LIST}/new")).text
    assert 'value="2016Q2"' not in page
    assert re.search(r'<option value="2016Q1" selected', page)


@pytest.mark.parametrize(
    ("today", "term", "due"),
    [
        (date(2015, 1, 10), "2015Q1", date(2015, 4, 14)),
        (date(2016, 10, 3), "2016Q3", date(2016, 10, 14)),
        (date(2025, 5, 1), "2017Q4", date(2025, 5, 15)),
        (date(2014, 12, 31), None, None),
    ],
)
async def test_the_next_term_is_the_last_quarter_that_ended(
    made: Made, today: date, term: str | None, due: date | None
) -> None:
    found = next_term(offered_terms(await made.snapshot(), today), today)
    assert (found and code_of(found)) == term
    assert (found and usual_due(found, today)) == due


async def test_opening_records_the_review_and_leads_to_its_desk_with_the_way_back(
    client: httpx.AsyncClient, made: Made
) -> None:
    answer = await client.post(LIST, data={"term": CODE, "due": "15.10.2016.", "note": "Īsi, lūdzu."})
    assert (answer.status_code, answer.headers["location"]) == (303, PAGE)
    review = await the_review()
    assert (review.period, review.due, review.note) == (Period.parse("2016-Q2"), date(2016, 10, 15), "Īsi, lūdzu.")
    assert (await last_entry()).tag == "review.created"
    client.cookies.update(answer.cookies)
    desk = (await client.get(PAGE)).text
    assert "Īsi, lūdzu." in desk
    assert "15.10.2016." in desk
    undo = re.search(r'action="([^"]*/undo)"', desk)
    assert undo
    await client.post(undo[1])
    assert await Review.find({"deleted": False}).count() == 0


async def test_a_second_review_of_the_quarter_and_a_strange_term_are_refused_at_the_field(
    client: httpx.AsyncClient, made: Made
) -> None:
    await opened(client)
    for term, status in ((CODE, 409), ("2017Q4", 409), ("2016M5", 422), ("", 422)):
        answer = await client.post(LIST, data={"term": term, "note": "Paliek"})
        assert answer.status_code == status, term
        assert "field-term-error" in answer.text
        assert "Paliek" in answer.text
    answer = await client.post(LIST, data={"term": "2016Q1", "due": "2015-12-01"})
    assert answer.status_code == 409
    assert "field-due-error" in answer.text
    assert await Review.find_all().count() == 1


async def test_the_due_date_and_the_note_are_changed_and_a_closed_review_stays(
    client: httpx.AsyncClient, made: Made
) -> None:
    review = await opened(client)
    form = {"version": "1", "due": "2016-10-20", "note": "Vēl nedēļa."}
    assert (await client.post(PAGE, data=form)).status_code == 303
    current = await the_review()
    assert (current.due, current.note) == (date(2016, 10, 20), "Vēl nedēļa.")
    assert (await last_entry()).tag == "review.edited"
    early = await client.post(PAGE, data={**form, "version": "2", "due": "2016-01-01"})
    assert early.status_code == 409
    assert "field-due-error" in early.text
    await closed(made, review)
    assert (await client.post(PAGE, data={**form, "version": "3", "note": "Cits"})).status_code == 409
    assert (await the_review()).note == "Vēl nedēļa."


async def test_a_review_opened_by_mistake_is_deleted_and_the_notice_brings_it_back(
    client: httpx.AsyncClient, made: Made
) -> None:
    await opened(client)
    answer = await client.post(f"{PAGE}/delete", data={"version": "1"})
    assert (answer.status_code, answer.headers["location"]) == (303, LIST)
    client.cookies.update(answer.cookies)
    page = (await client.get(LIST)).text
    undo = re.search(r'action="([^"]*/undo)"', page)
    assert undo
    assert (await client.get(PAGE)).status_code == 404
    await client.post(undo[1])
    assert (await client.get(PAGE)).status_code == 200


async def test_the_desk_says_who_has_sent_when_by_whom_and_for_whom(
    app: Frame, client: httpx.AsyncClient, made: Made
) -> None:
    planner = await make_account(Role.PLANNER, scope=made.scope, name="Zane Plāne")
    review = await opened(client, due="2016-10-14")
    page = (await client.get(PAGE)).text
    assert "Nav iesniegts" in page
    assert "0 no 1" in page
    submission = await sent(made, review, planner)
    await Submission.get_motor_collection().update_one({"_id": submission.key}, {"$set": {"on_behalf": True}})
    await made.unit.edit({"short": "ĶN2"}, by=SOMEBODY, based_on=1)  # something is read afresh
    async with reading(app, planner) as other:
        page = (await other.get(PAGE)).text
    assert "Zane Plāne" in page
    assert "1 no 1" in page


async def test_figures_with_gaps_and_what_is_overdue_are_listed(client: httpx.AsyncClient, made: Made) -> None:
    late = await make_task(
        made.scope, made.goal, "1.2", period=Period.parse("2015."), lead=made.unit.key, title="Šūpoles"
    )
    await make_task(made.scope, made.goal, "1.3", lead=None, title="Bez izpildītāja")
    await make_report(late, date(2016, 4, 8), 55)
    await opened(client)
    page = (await client.get(PAGE)).text
    overdue = page.split('id="overdue"')[1].split("</section>")[0]
    assert "1.2 Šūpoles" in overdue
    gaps = page.split('id="gaps"')[1].split("</section>")[0]
    assert "Nav ziņots: 2" in re.sub(r"[^<>]*: 2</a>", "Nav ziņots: 2", gaps)
    assert "1.3 Bez izpildītāja" in gaps
    assert "schedule=overdue&amp;as_of=2016-06-30" in page


async def test_a_unit_that_nobody_heads_is_not_reminded_and_is_once_somebody_does(
    client: httpx.AsyncClient, made: Made
) -> None:
    other = Unit.new(scope=made.unit.scope, name="Cita nodaļa", short="CN", sort=UnitKind.DEPARTMENT)
    await other.add(by=SOMEBODY)
    await make_task(made.scope, made.goal, "1.2", lead=other.key)
    await make_account(Role.REPORTER, scope=made.scope, units=[made.unit.key])
    await opened(client)
    page = (await client.get(PAGE)).text
    assert page.count(f'action="{PAGE}/remind"') == 2  # the unit with a head, and all
    assert (await client.post(f"{PAGE}/remind", data={"unit": str(other.key)})).status_code == 409
    assert (await client.post(f"{PAGE}/remind")).status_code == 303
    assert (await the_review()).reminders[-1].units == [made.unit.key]
    for language, said, row in (
        ("en", "1 unit has been reminded today. 1 unit has nobody to remind.", "nobody reports for it"),
        ("lv", "Šodien atgādināts 1 struktūrvienībai. 1 struktūrvienībai nav, kam atgādināt.", "neviens par to neziņo"),
    ):
        page = (await client.get(PAGE, headers={"cookie": f"language={language}"})).text
        assert said in " ".join(re.sub("<[^>]+>", " ", page).split())
        of_unit = page.split(f'id="unit-{other.key}"')[1].split("</tr>")[0]
        assert row in of_unit
        assert 'href="/plans/plans/members"' in of_unit
        assert row not in page.split(f'id="unit-{made.unit.key}"')[1].split("</tr>")[0]
    await make_account(Role.REPORTER, scope=made.scope, units=[other.key])
    assert (await client.get(PAGE)).text.count(f'action="{PAGE}/remind"') == 2  # it alone, and all
    assert (await client.post(f"{PAGE}/remind", data={"unit": str(other.key)})).status_code == 303


async def test_a_unit_is_reminded_once_a_day_and_the_desk_says_when(client: httpx.AsyncClient, made: Made) -> None:
    await make_account(Role.REPORTER, scope=made.scope, units=[made.unit.key])
    review = await opened(client)
    page = (await client.get(PAGE)).text
    assert page.count(f'action="{PAGE}/remind"') == 2  # this unit, and all
    answer = await client.post(f"{PAGE}/remind", data={"unit": str(made.unit.key)})
    assert (answer.status_code, answer.headers["location"]) == (303, PAGE)
    entry = await last_entry()
    assert entry.tag == "review.reminded"
    current = await the_review()
    assert [(one.day, one.units) for one in current.reminders] == [(TODAY_IN_PLAN, [made.unit.key])]
    client.cookies.update(answer.cookies)
    page = (await client.get(PAGE)).text
    assert f'action="{PAGE}/remind"' not in page
    assert "šodien" in page.split('id="units"')[1].split("</section>")[0]
    assert "/undo" not in page  # what people were told is not taken back
    again = await client.post(f"{PAGE}/remind")  # from a page that was opened before
    assert again.status_code == 409
    assert "reizi dienā" in again.text
    assert (await client.post(f"/plans/plans/changes/{entry.id}/undo")).status_code == 409
    await sent(made, review)
    assert (await client.post(f"{PAGE}/remind")).status_code == 409


async def test_a_page_opened_before_another_was_reminded_reminds_the_others_only(
    client: httpx.AsyncClient, made: Made
) -> None:
    other = Unit.new(scope=made.organisation.key, name="Aprūpes centrs", sort=UnitKind.STRUCTURAL)
    await other.add(by=SOMEBODY)
    await make_task(made.scope, made.goal, "1.2", lead=other.key)
    await make_account(Role.REPORTER, scope=made.scope, units=[made.unit.key, other.key])
    await opened(client)
    assert (await client.post(f"{PAGE}/remind", data={"unit": str(made.unit.key)})).status_code == 303
    assert (await client.post(f"{PAGE}/remind")).status_code == 303
    assert [one.units for one in (await the_review()).reminders] == [[made.unit.key], [other.key]]


async def test_a_part_is_returned_with_a_remark_and_not_without(client: httpx.AsyncClient, made: Made) -> None:
    review = await opened(client)
    address = f"{PAGE}/units/{made.unit.key}/return"
    assert (await client.get(address)).status_code == 404
    submission = await sent(made, review)
    assert (await client.get(address)).status_code == 200
    empty = await client.post(address, data={"version": str(submission.version), "remark": " "})
    assert empty.status_code == 409
    assert "field-remark-error" in empty.text
    stale = await client.post(address, data={"version": "7", "remark": "Skaitļi."})
    assert stale.status_code == 409
    done = await client.post(address, data={"version": str(submission.version), "remark": "Pārbaudiet skaitļus."})
    assert (done.status_code, done.headers["location"]) == (303, PAGE)
    found = await Submission.get(submission.key)
    assert found is not None
    assert (found.state, found.remark) == (SubmissionState.RETURNED, "Pārbaudiet skaitļus.")
    assert (await last_entry()).tag == "submission.returned"
    assert "Pārbaudiet skaitļus." in (await client.get(PAGE)).text


async def test_closing_asks_about_units_that_have_not_sent_and_keeps_the_decision(
    client: httpx.AsyncClient, made: Made
) -> None:
    await opened(client)
    page = (await client.get(f"{PAGE}/close")).text
    assert "Ķekavas nodaļa" in page
    assert "1 uzdevums" in page
    form = {"version": "1", "decision_number": "388", "decision_date": "28.07.2016."}
    unconfirmed = await client.post(f"{PAGE}/close", data=form)
    assert unconfirmed.status_code == 422
    assert "field-confirmed" in unconfirmed.text
    assert (await the_review()).is_open
    answer = await client.post(f"{PAGE}/close", data={**form, "confirmed": "1"})
    assert (answer.status_code, answer.headers["location"]) == (303, PAGE)
    edition = (await the_review()).edition
    assert edition is not None
    assert (edition.decision_number, edition.decision_date) == ("388", date(2016, 7, 28))
    assert edition.missing == [made.unit.key]
    assert (await last_entry()).tag == "review.closed"
    client.cookies.update(answer.cookies)
    page = (await client.get(PAGE)).text
    assert "388" in page
    assert "/undo" not in page  # it is opened again instead
    assert (await client.get(f"{PAGE}/close")).status_code == 409
    assert (await client.post(f"{PAGE}/close", data={**form, "version": "2", "confirmed": "1"})).status_code == 409


@pytest.mark.parametrize(
    ("number", "day", "field"),
    [
        ("388", "", "decision_date"),
        ("", "28.07.2016.", "decision_number"),
        ("388", "31.12.2015.", "decision_date"),
        ("3" * 51, "28.07.2016.", "decision_number"),
    ],
)
async def test_a_decision_that_cannot_be_one_is_refused_at_its_field(
    client: httpx.AsyncClient, made: Made, number: str, day: str, field: str
) -> None:
    await opened(client)
    form = {"version": "1", "confirmed": "1", "decision_number": number, "decision_date": day}
    answer = await client.post(f"{PAGE}/close", data=form)
    assert answer.status_code == 422
    assert f'href="#field-{field}"' in answer.text
    assert (await the_review()).is_open


async def test_closing_again_offers_the_decision_that_there_was(client: httpx.AsyncClient, made: Made) -> None:
    review = await opened(client)
    await closed(made, review)
    await client.post(f"{PAGE}/reopen", data={"version": "2", "reason": "Kļūda."})
    page = (await client.get(f"{PAGE}/close")).text
    assert 'value="388"' in page
    assert re.search(r'name="decision_date"[^>]*value="28\.07\.2016\."|value="2016-07-28"', page)


async def test_when_all_have_sent_nothing_is_to_be_confirmed(client: httpx.AsyncClient, made: Made) -> None:
    review = await opened(client)
    await sent(made, review)
    assert (await client.post(f"{PAGE}/close", data={"version": "1"})).status_code == 303
    edition = (await the_review()).edition
    assert edition is not None
    assert edition.missing == []


async def test_an_administrator_opens_a_review_again_with_a_reason(
    app: Frame, client: httpx.AsyncClient, made: Made
) -> None:
    review = await opened(client)
    assert (await client.get(f"{PAGE}/reopen")).status_code == 404
    await closed(made, review)
    form = {"version": "2", "reason": "Kļūda skaitļos."}
    async with reading(app, await make_account(Role.PLANNER, scope=made.scope)) as planner:
        assert (await planner.post(f"{PAGE}/reopen", data=form)).status_code == 403
        assert f"{PAGE}/reopen" not in (await planner.get(PAGE)).text
    assert f"{PAGE}/reopen" in (await client.get(PAGE)).text
    without = await client.post(f"{PAGE}/reopen", data={"version": "2"})
    assert without.status_code == 409
    assert "field-reason-error" in without.text
    assert (await client.post(f"{PAGE}/reopen", data=form)).status_code == 303
    current = await the_review()
    assert current.is_open
    assert [one.reason for one in current.editions] == ["Kļūda skaitļos."]
    assert (await last_entry()).tag == "review.reopened"
    desk = (await client.get(PAGE)).text
    assert "Kļūda skaitļos." in desk
    assert f"{PAGE}/delete" not in desk
    assert (await client.post(f"{PAGE}/delete", data={"version": "3"})).status_code == 409


async def test_members_who_only_read_get_the_desk_without_its_tools_and_a_head_is_led_to_their_part(
    app: Frame, client: httpx.AsyncClient, made: Made
) -> None:
    other = Unit.new(scope=made.organisation.key, name="Aprūpes centrs", sort=UnitKind.STRUCTURAL)
    await other.add(by=SOMEBODY)
    await make_task(made.scope, made.goal, "1.2", lead=other.key)
    await opened(client)
    head = await make_account(Role.REPORTER, scope=made.scope, units=[made.unit.key])
    for account in (head, await make_account(Role.COUNCIL, scope=made.scope)):
        async with reading(app, account) as reader:
            page = (await reader.get(PAGE)).text
            assert "/remind" not in page
            assert f"{PAGE}/close" not in page
            assert "Aprūpes centrs" in page
            assert (f"{PAGE}/units/{made.unit.key}" in page) == (account is head)
            assert f"{PAGE}/units/{other.key}" not in page
            assert ("Jūsu struktūrvienība" in page) == (account is head)


async def test_the_desk_says_in_short_what_changed_since_the_review_before(
    client: httpx.AsyncClient, made: Made
) -> None:
    late = await make_task(made.scope, made.goal, "1.2", period=Period.parse("2015-Q1/2016-Q2"), lead=made.unit.key)
    done = await make_task(made.scope, made.goal, "1.3", lead=made.unit.key)
    await make_report(made.task, date(2016, 3, 1), 10)
    before, _entry = await open_review(
        await made.snapshot(), Period.parse("2016-Q1"), due=date(2016, 4, 14), by=SOMEBODY, today=date(2016, 3, 31)
    )
    page = (await opened(client) and await client.get(PAGE)).text
    assert 'id="changes"' not in page  # nothing is closed yet
    await closed(made, before)
    current = await Task.get(late.key)
    assert current is not None
    await current.edit({"period": Period.parse("01.01.2015.–10.07.2016.")}, by=SOMEBODY, based_on=current.version)
    await make_report(done, date(2016, 5, 2), 100, execution=Execution.COMPLETED)
    await make_task(made.scope, made.goal, "1.4", title="Jauns")
    page = (await client.get(PAGE)).text.replace("\xa0", " ")
    changes = page.split('id="changes"')[1].split("</section>")[0]
    assert "2016. gada 1. ceturksnis" in changes
    assert re.search(r"\b3 % → 28 %", changes)
    assert re.search(r"Pārcelti termiņi: 1</h3>.*1\.2 Uzdevums 1\.2</a>.*par 10 dienām vēlāk", changes, re.DOTALL)
    assert re.search(r"atceltie uzdevumi: 1</h3>.*1\.3 Uzdevums 1\.3", changes, re.DOTALL)
    assert re.search(r"Jauni uzdevumi: 1</h3>.*1\.4 Jauns", changes, re.DOTALL)


async def test_the_history_tells_a_closing_in_words_and_not_by_what_is_stored(
    client: httpx.AsyncClient, made: Made
) -> None:
    review = await opened(client)
    await closed(made, review)
    page = (await client.get("/plans/plans/history")).text.replace("\xa0", " ")
    assert "Slēgts: 2016. gada 2. ceturksnis" in page
    edition = (await the_review()).edition
    assert edition is not None
    about = (await client.get(f"/plans/plans/history/review/{review.key}")).text.replace("\xa0", " ")
    for told in ("Redakcijas: 1", "Lēmuma numurs: 388", "Lēmuma datums: 28.07.2016.", "nav iesniegušas: ĶN"):
        assert told in about
    for stored in (edition.digest, str(made.unit.key)):
        assert stored not in re.sub(r'(href|id|data-[a-z]+)="[^"]*"', "", about)
