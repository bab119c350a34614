"""A unit's part of a review as one page: filled in, kept while it is typed, sent, corrected, read by the others."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from datetime import date
from decimal import Decimal
from urllib.parse import urlencode

import httpx
import pytest_asyncio

from stratplan.accounts.models import Account
from stratplan.frame import Frame
from stratplan.goals.models import Milestone, Report, Task
from stratplan.goals.states import Execution
from stratplan.investments.models import InvestmentLine, Share
from stratplan.period import Period
from stratplan.permissions import Role
from stratplan.reviews.closing import open_review
from stratplan.reviews.drafts import Draft
from stratplan.reviews.models import Review, Submission, SubmissionState
from stratplan.reviews.sending import give_back
from stratplan.units.models import Unit, UnitKind
from tests.conftest import reading
from tests.factories import SOMEBODY, Made, make_account, make_line, make_report, make_task
from tests.html_forms import PageReader, SentForm
from tests.listening import listening
from tests.reviews.test_closing import LAST, close, opened

ENGLISH = {"cookie": "language=en"}
WORDS = {"tasks-0-text": "Noslēgti divi līgumi.", "tasks-0-percent": "40"}


@pytest_asyncio.fixture
async def review(made: Made) -> Review:
    """The open review of the third quarter of 2016."""
    return await opened(made)


@pytest_asyncio.fixture
async def head(made: Made) -> Account:
    """The head of the unit."""
    return await make_account(Role.REPORTER, scope=made.scope, units=[made.unit.key], name="Ilze Kalēja")


@pytest_asyncio.fixture
async def reporter(app: Frame, head: Account) -> AsyncIterator[httpx.AsyncClient]:
    """The head of the unit, signed in."""
    async with reading(app, head) as client:
        yield client


def page_of(made: Made) -> str:
    """The unit's part."""
    return f"/plans/plans/reviews/2016Q3/units/{made.unit.key}"


async def sheet(client: httpx.AsyncClient, address: str) -> SentForm:
    """The form of the page."""
    answer = await client.get(address, headers=ENGLISH)
    assert answer.status_code == 200, answer.text
    assert PageReader(answer.text).problems == []
    form = next(form for form in PageReader(answer.text).forms if form.action.endswith("/send"))
    form.fields = [(name, value.removeprefix("\n")) for name, value in form.fields]  # as browsers read a textarea
    return form


async def put(
    client: httpx.AsyncClient, form: SentForm, values: dict[str, str], *, to: str = "send", htmx: bool = False
) -> httpx.Response:
    """Send the form, or have it kept."""
    address = form.action.removesuffix("send") + to
    headers = ENGLISH | ({"hx-request": "true"} if htmx else {})
    fields = [*[(name, value) for name, value in form.fields if name not in values], *values.items()]
    return await client.post(
        address,
        content=urlencode(fields),
        headers={**headers, "content-type": "application/x-www-form-urlencoded"},
    )


async def part_of(review: Review) -> Submission:
    found = await Submission.find_one({"review": review.key, "deleted": False})
    assert found is not None
    return found


# --- filled in -----------------------------------------------------------------------------------------------------


async def test_the_page_is_filled_in_with_what_was_last_reported(
    made: Made, review: Review, reporter: httpx.AsyncClient
) -> None:
    await make_report(made.task, date(2016, 6, 30), 25, text="Pirmais līgums.", execution=Execution.SUSPENDED)
    form = await sheet(reporter, page_of(made))
    values = dict(form.fields)
    assert (values["tasks-0-text"], values["tasks-0-percent"], values["tasks-0-execution"]) == (
        "Pirmais līgums.",
        "25",
        "suspended",
    )
    answer = await reporter.get(page_of(made), headers=ENGLISH)
    assert "0 of 1 task done" in answer.text
    assert "Last report, 30/06/2016" in answer.text or "Last report," in answer.text


async def test_money_stands_once_with_the_first_task_that_a_line_pays_for(
    made: Made, review: Review, reporter: httpx.AsyncClient
) -> None:
    second = await make_task(made.scope, made.goal, "1.2", lead=made.unit.key)
    shares = [Share(source=made.source.key, percent=Decimal(100))]
    await make_line(made.scope, made.goal, "7.1", tasks=[made.task.key, second.key], shares=shares)
    await make_line(made.scope, made.goal, "7.2", tasks=[second.key])  # has no source
    form = await sheet(reporter, page_of(made))
    assert sorted(name for name in form.kinds if name.startswith("money-")) == [
        "money-0-contracted",
        "money-0-line",
        "money-0-source",
        "money-0-spent",
    ]


async def test_others_read_what_was_sent_and_find_no_form(made: Made, review: Review, app: Frame) -> None:
    council = await make_account(Role.COUNCIL, scope=made.scope)
    async with reading(app, council) as client:
        answer = await client.get(page_of(made))
        assert answer.status_code == 200
        assert "/send" not in answer.text
        refused = await client.post(f"{page_of(made)}/drafts", data={"version": "0"})
        assert refused.status_code == 403


async def test_the_page_asks_the_database_as_often_for_twenty_tasks_as_for_one(
    made: Made, review: Review, reporter: httpx.AsyncClient
) -> None:
    counts = []
    for more in (0, 20):
        for number in range(2, 2 + more):
            await make_task(made.scope, made.goal, f"1.{number}", lead=made.unit.key)
        await reporter.get(page_of(made))
        with listening() as commands:
            await reporter.get(page_of(made))
        counts.append(len(commands))
    assert counts[0] == counts[1]


# --- kept while it is typed ------------------------------------------------------------------------------------------


async def test_what_is_typed_is_kept_for_everybody_who_reports_and_is_in_no_history(
    made: Made, review: Review, reporter: httpx.AsyncClient, client: httpx.AsyncClient
) -> None:
    before = (await made.snapshot()).revision
    form = await sheet(reporter, page_of(made))
    answer = await put(reporter, form, WORDS | {"tasks-0-percent": "četr"}, to="drafts", htmx=True)
    assert answer.status_code == 200
    assert answer.headers["hx-trigger"] == "draft-saved"
    assert "0 of 1 task done" in answer.text  # as it stands it would be refused
    assert "Ilze Kalēja" in answer.text
    assert (await made.snapshot()).revision == before
    values = dict((await sheet(client, page_of(made))).fields)
    assert (values["tasks-0-text"], values["tasks-0-percent"]) == ("Noslēgti divi līgumi.", "četr")


async def test_a_card_that_would_be_refused_does_not_count_as_filled(
    made: Made, review: Review, reporter: httpx.AsyncClient
) -> None:
    await line_with_money(made)
    form = await sheet(reporter, page_of(made))
    for values, done in (
        ({}, 1), ({"tasks-0-percent": "99,5"}, 0), ({"tasks-0-percent": "101"}, 0), ({"tasks-0-percent": "99 %"}, 1),
        ({"money-0-spent": "daudz"}, 0), ({"tasks-0-unchanged": "on", "tasks-0-percent": "99,5"}, 1),
        ({"tasks-0-unchanged": "on", "money-0-spent": "daudz"}, 0),
    ):  # fmt: skip
        assert (await put(reporter, form, WORDS | values, to="drafts")).is_redirect
        answer = await reporter.get(page_of(made), headers=ENGLISH)
        assert f"{done} of 1 task done" in answer.text, values
        assert done or (await put(reporter, form, WORDS | values)).status_code == 422, values


async def test_that_completed_means_all_of_it_is_said_before_and_after(
    made: Made, review: Review, reporter: httpx.AsyncClient
) -> None:
    latvian = {"cookie": "language=lv"}
    assert (
        "Completed means 100%, whatever else is entered." in (await reporter.get(page_of(made), headers=ENGLISH)).text
    )
    assert "„Pabeigts” nozīmē 100" in (await reporter.get(page_of(made), headers=latvian)).text
    values = WORDS | {"tasks-0-execution": "completed", "tasks-0-percent": "95"}
    assert (await put(reporter, await sheet(reporter, page_of(made)), values)).is_redirect
    for headers, said in ((ENGLISH, "Completed means 100%."), (latvian, "„Pabeigts” nozīmē 100")):
        assert said in (await reporter.get(page_of(made), headers=headers)).text


async def test_without_scripts_the_whole_page_is_kept_by_its_button(
    made: Made, review: Review, reporter: httpx.AsyncClient
) -> None:
    await make_task(made.scope, made.goal, "1.2", lead=made.unit.key)
    form = await sheet(reporter, page_of(made))
    answer = await put(reporter, form, {"tasks-1-obstacles": "Nav līdzekļu."}, to="drafts")
    assert (answer.status_code, answer.headers["location"]) == (303, page_of(made))
    drafts = await Draft.find_all().to_list()
    assert [draft.fields["obstacles"] for draft in drafts] == ["Nav līdzekļu."]  # nothing of what was not touched


async def test_amounts_that_nobody_touched_are_not_kept_as_typed(
    made: Made, review: Review, reporter: httpx.AsyncClient
) -> None:
    shares = [Share(source=made.source.key, percent=Decimal(100))]
    line = await make_line(made.scope, made.goal, "7.1", tasks=[made.task.key], shares=shares)
    await line.report_money(
        on=date(2016, 6, 30), source=made.source.key, year=2016, contracted=Decimal("341482.07"), spent=None,
        by=SOMEBODY, based_on=line.version,
    )  # fmt: skip
    form = await sheet(reporter, page_of(made))
    assert dict(form.fields)["money-0-contracted"]
    await put(reporter, form, {}, to="drafts")
    assert await Draft.find_all().count() == 0


async def test_of_two_pages_the_later_does_not_overwrite_what_it_has_not_seen(
    made: Made, review: Review, reporter: httpx.AsyncClient, client: httpx.AsyncClient
) -> None:
    theirs, mine = await sheet(client, page_of(made)), await sheet(reporter, page_of(made))
    await put(client, theirs, {"tasks-0-text": "Plānotājas teikums."}, to="drafts", htmx=True)
    answer = await put(reporter, mine, WORDS, to="drafts", htmx=True)
    assert answer.status_code == 409
    assert "Zane Kalniņa saved this task at" in answer.text
    assert "Plānotājas teikums." in answer.text
    again = await put(reporter, mine, WORDS, to="drafts", htmx=True)  # typing on does not make it seen
    assert again.status_code == 409
    plain = await put(reporter, mine, WORDS, to="drafts")
    assert plain.status_code == 409
    assert "Noslēgti divi līgumi." in plain.text
    assert "Plānotājas teikums." in plain.text
    sent = await put(reporter, mine, WORDS)
    assert sent.status_code == 409
    assert await Submission.find_all().count() == 0
    draft = await Draft.find_one()
    assert draft is not None
    assert draft.fields["text"] == "Plānotājas teikums."


async def test_who_has_seen_both_keeps_their_own_or_takes_the_other(
    made: Made, review: Review, reporter: httpx.AsyncClient, client: httpx.AsyncClient
) -> None:
    theirs, mine = await sheet(client, page_of(made)), await sheet(reporter, page_of(made))
    await put(client, theirs, {"tasks-0-text": "Plānotājas teikums."}, to="drafts", htmx=True)
    answer = await put(reporter, mine, WORDS, to="drafts", htmx=True)
    choice = re.search(r'value="(mine-0-\d+)"', answer.text)
    assert choice
    taken = await put(reporter, mine, WORDS | {"settle": choice[1].replace("mine", "theirs")}, to="drafts")
    assert taken.status_code == 303
    assert dict((await sheet(reporter, page_of(made))).fields)["tasks-0-text"] == "Plānotājas teikums."
    kept = await put(reporter, mine, WORDS | {"settle": choice[1]}, to="drafts")
    assert kept.status_code == 303
    assert dict((await sheet(reporter, page_of(made))).fields)["tasks-0-text"] == "Noslēgti divi līgumi."


async def test_one_page_saves_as_often_as_it_likes(made: Made, review: Review, reporter: httpx.AsyncClient) -> None:
    form = await sheet(reporter, page_of(made))
    for text in ("N", "No", "Noslēgts."):  # the step in the page is the old one, as of answers still on their way
        answer = await put(reporter, form, {"tasks-0-text": text}, to="drafts", htmx=True)
        assert answer.status_code == 200
    assert (await put(reporter, form, {"tasks-0-text": "Noslēgts."})).status_code == 303


async def test_text_that_cannot_be_kept_is_said_at_its_card(
    made: Made, review: Review, reporter: httpx.AsyncClient
) -> None:
    form = await sheet(reporter, page_of(made))
    for bad in ({"tasks-0-text": "a\x00b"}, {"tasks-0-text": "ā" * 30_001}, {"tasks-0-execution": '{"$gt": ""}'}):
        answer = await put(reporter, form, bad, to="drafts", htmx=True)
        assert answer.status_code == 422
        assert "Not saved" in answer.text
    for bad in ({"settle": "mine-0"}, {"tab": "x"}, {"version": "9" * 30}, {"x": "1"}, {"tasks-0-task": "x"}):
        assert (await put(reporter, form, bad, to="drafts")).status_code == 422
    assert (await reporter.post(f"{page_of(made)}/drafts", data={})).status_code == 422
    assert await Draft.find_all().count() == 0


# --- sent ------------------------------------------------------------------------------------------------------------


async def test_a_part_is_sent_as_one_change_that_its_sender_may_take_back(
    made: Made, review: Review, reporter: httpx.AsyncClient, head: Account
) -> None:
    shares = [Share(source=made.source.key, percent=Decimal(100))]
    line = await make_line(made.scope, made.goal, "7.1", tasks=[made.task.key], shares=shares)
    form = await sheet(reporter, page_of(made))
    answer = await put(reporter, form, WORDS | {"money-0-spent": "1 200,50", "tasks-0-next_steps": "Trešais."})
    assert (answer.status_code, answer.headers["location"]) == (303, page_of(made))
    report = await Report.find_one({"task": made.task.key})
    assert report is not None
    assert (report.text, report.percent, report.next_steps, report.on) == (
        "Noslēgti divi līgumi.", 40, "Trešais.", LAST,
    )  # fmt: skip
    kept = await InvestmentLine.get(line.key)
    assert kept is not None
    assert [(one.year, one.spent) for one in kept.money_reports] == [(2016, Decimal("1200.50"))]
    part = await part_of(review)
    assert (part.state, part.sent_by, part.on_behalf, part.by_link) == (
        SubmissionState.SENT, str(head.key), False, False,
    )  # fmt: skip
    cookie = f"{ENGLISH['cookie']}; notice={answer.cookies['notice']}"
    shown = await reporter.get(page_of(made), headers={"cookie": cookie})
    assert "by Ilze Kalēja" in shown.text
    undo = re.search(r'action="(/plans/plans/changes/\w+/undo)"', shown.text)
    assert undo
    assert (await reporter.post(undo[1])).status_code == 303
    assert await Report.find({"deleted": False}).count() == 0
    kept = await InvestmentLine.get(line.key)
    assert kept is not None
    assert kept.money_reports == []


async def line_with_money(made: Made) -> InvestmentLine:
    """A line that pays for the task, with 1000 EUR contracted before the quarter."""
    shares = [Share(source=made.source.key, percent=Decimal(100))]
    line = await make_line(made.scope, made.goal, "7.1", tasks=[made.task.key], shares=shares)
    await line.report_money(
        on=date(2016, 6, 30), source=made.source.key, year=2016, contracted=Decimal(1000), spent=Decimal(5),
        by=SOMEBODY, based_on=line.version,
    )  # fmt: skip
    return line


async def test_the_sums_of_a_sent_part_are_read_with_those_before(
    made: Made, review: Review, reporter: httpx.AsyncClient, app: Frame
) -> None:
    await line_with_money(made)
    await make_line(
        made.scope, made.goal, "7.2", tasks=[made.task.key], shares=[Share(source=made.source.key, percent=100)]
    )
    assert (await put(reporter, await sheet(reporter, page_of(made)), WORDS | {"money-0-spent": "1200,50"})).is_redirect
    council = await make_account(Role.COUNCIL, scope=made.scope)
    async with reading(app, council) as client:
        for language, sums, nothing in (
            ("en", ["1,000.00", "1,200.50 before: 5.00"], "No sum has been entered."),
            ("lv", ["1 000,00", "1 200,50 iepriekš: 5,00"], "Nav ievadīta neviena summa."),
        ):
            text = (await client.get(page_of(made), headers={"cookie": f"language={language}"})).text
            (row,) = re.findall(rf"<tr>(?:(?!<tr>).)*{made.source.name}</th>(.*?)</tr>", text, flags=re.DOTALL)
            cells = [" ".join(re.sub("<[^>]+>", " ", cell).split()) for cell in row.split("</td>")[:-1]]
            assert cells == sums
            assert text.count(nothing) == 1


async def test_taking_the_sending_back_brings_what_was_typed_back(
    made: Made, review: Review, reporter: httpx.AsyncClient
) -> None:
    form = await sheet(reporter, page_of(made))
    await put(reporter, form, WORDS, to="drafts", htmx=True)
    answer = await put(reporter, form, WORDS)
    entry = answer.cookies["notice"]
    corrected = await sheet(reporter, f"{page_of(made)}?correct=1")
    assert dict(corrected.fields)["tasks-0-text"] == "Noslēgti divi līgumi."
    assert (
        "saved" not in (await reporter.get(f"{page_of(made)}?correct=1", headers=ENGLISH)).text.split("review-bar")[1]
    )
    await reporter.post(f"/plans/plans/changes/{entry}/undo")
    assert dict((await sheet(reporter, page_of(made))).fields)["tasks-0-text"] == "Noslēgti divi līgumi."


async def test_no_change_is_one_click_and_reports_what_was_reported(
    made: Made, review: Review, reporter: httpx.AsyncClient
) -> None:
    await make_report(made.task, date(2016, 6, 30), 25, text="Pirmais līgums.", execution=Execution.SUSPENDED)
    form = await sheet(reporter, page_of(made))
    await put(reporter, form, {"tasks-0-unchanged": "on", "tasks-0-text": "Tas netiek sūtīts."})
    report = await Report.find_one({"review": review.key})
    assert report is not None
    assert (report.unchanged, report.text, report.percent, report.execution) == (
        True, "Pirmais līgums.", 25, Execution.SUSPENDED,
    )  # fmt: skip


async def test_what_is_missing_or_wrong_is_said_at_every_field_and_what_was_typed_is_kept(
    made: Made, review: Review, reporter: httpx.AsyncClient
) -> None:
    await make_report(made.task, date(2016, 6, 30), 25, text="Pirmais līgums.")
    await make_task(
        made.scope, made.goal, "1.2", lead=made.unit.key,
        milestones=[Milestone(key="a", title="Iepirkums"), Milestone(key="b", title="Līgums")],
    )  # fmt: skip
    form = await sheet(reporter, page_of(made))
    answer = await put(reporter, form, {"done-0-day": "2016-12-31", "tasks-1-next_steps": "Otrs solis."})
    assert answer.status_code == 422
    found = PageReader(answer.text)
    assert found.problems == []
    for name in ("tasks-0-text", "tasks-1-text", "done-0-day"):
        assert f'href="#field-{name}"' in answer.text
        assert f'id="field-{name}-error"' in answer.text
    assert "Otrs solis." in answer.text
    assert await Report.find({"review": review.key}).count() == 0
    assert dict((await sheet(reporter, page_of(made))).fields)["tasks-1-next_steps"] == "Otrs solis."


async def test_a_milestone_of_a_day_to_come_is_refused_at_its_field_beside_what_else_is_wrong(
    made: Made, review: Review, reporter: httpx.AsyncClient
) -> None:
    milestones = [Milestone(key="a", title="Iepirkums"), Milestone(key="b", title="Līgums")]
    await make_task(made.scope, made.goal, "1.2", lead=made.unit.key, milestones=milestones)
    form = await sheet(reporter, page_of(made))
    answer = await put(reporter, form, {"tasks-1-text": "Noslēgts.", "done-1-ticked": "on", "done-1-day": "2030-01-01"})
    assert answer.status_code == 422
    for name in ("tasks-0-text", "done-1-day"):
        assert f'href="#field-{name}"' in answer.text
        assert f'id="field-{name}-error"' in answer.text
    assert answer.text.count("is yet to come") == 2  # over the form, and at the field
    assert await Report.find({"review": review.key}).count() == 0


async def test_milestones_are_marked_with_their_days(made: Made, review: Review, reporter: httpx.AsyncClient) -> None:
    await make_report(made.task, date(2016, 6, 30), 25)
    task = await make_task(
        made.scope, made.goal, "1.2", lead=made.unit.key,
        milestones=[
            Milestone(key="a", title="Iepirkums", done_on=date(2016, 3, 1)),
            Milestone(key="b", title="Līgums"),
            Milestone(key="c", title="Pieņemšana"),
        ],
    )  # fmt: skip
    form = await sheet(reporter, page_of(made))
    await put(
        reporter,
        form,
        {
            "tasks-0-unchanged": "on",
            "tasks-1-text": "Noslēgts.",
            "done-1-ticked": "on",
            "done-2-ticked": "on",
            "done-2-day": "2016-09-02",
        },
    )
    changed = await Task.get(task.key)
    assert changed is not None
    assert [one.done_on for one in changed.milestones] == [date(2016, 3, 1), LAST, date(2016, 9, 2)]


@pytest_asyncio.fixture
async def late(made: Made) -> str:
    """The unit's part of the second quarter, which is reported on the last day of the third."""
    period = Period.parse("2016-Q2")
    await open_review(await made.snapshot(), period, due=date(2016, 9, 30), by=SOMEBODY, today=date(2016, 9, 30))
    return page_of(made).replace("2016Q3", "2016Q2")


async def test_what_was_done_after_the_reviews_day_is_not_done_in_it_and_stays_done(
    made: Made, late: str, reporter: httpx.AsyncClient
) -> None:
    later = date(2016, 8, 5)
    task = await make_task(
        made.scope, made.goal, "1.2", lead=made.unit.key,
        milestones=[
            Milestone(key="a", title="Iepirkums", done_on=date(2016, 3, 1)),
            Milestone(key="b", title="Līgums", done_on=later),
            Milestone(key="c", title="Pieņemšana"),
        ],
    )  # fmt: skip
    form = await sheet(reporter, late)
    values = dict(form.fields)
    assert [values.get(f"done-{place}-ticked", "") for place in range(3)] == ["on", "", ""]
    assert [values[f"done-{place}-day"] for place in range(3)] == ["2016-03-01", "", ""]
    for language, said in (
        ("en", "Done on 5 Aug 2016, after the day"),
        ("lv", "Paveikts 05.08.2016., pēc šī pārskata"),
    ):
        assert said in (await reporter.get(late, headers={"cookie": f"language={language}"})).text
    words = {"tasks-0-unchanged": "on", "tasks-1-text": "Noslēgts."}
    refused = await put(reporter, form, words | {"done-2-ticked": "on", "done-2-day": "2016-07-02"})
    assert refused.status_code == 422
    assert "this review says how things were on 30 Jun 2016." in refused.text
    assert (await put(reporter, form, words)).is_redirect
    kept = await Task.get(task.key)
    assert kept is not None
    assert [one.done_on for one in kept.milestones] == [date(2016, 3, 1), later, None]
    again = await sheet(reporter, f"{late}?correct=1")
    assert (await put(reporter, again, {"done-1-ticked": "on"})).is_redirect
    kept = await Task.get(task.key)
    assert kept is not None
    assert kept.milestones[1].done_on == date(2016, 6, 30)  # who says that it was done by then says so


async def test_a_sum_that_was_entered_after_the_reviews_day_does_not_hide_the_one_that_is_sent(
    made: Made, late: str, reporter: httpx.AsyncClient
) -> None:
    line = await InvestmentLine.get((await line_with_money(made)).key)
    assert line is not None
    await line.report_money(
        on=date(2016, 8, 5), source=made.source.key, year=2016, contracted=Decimal(3000), spent=None,
        by=SOMEBODY, based_on=line.version,
    )  # fmt: skip
    form = await sheet(reporter, late)
    assert dict(form.fields)["money-0-contracted"] == "1,000.00"
    await put(reporter, form, WORDS | {"money-0-contracted": "2000"})
    again = await sheet(reporter, f"{late}?correct=1")
    assert dict(again.fields)["money-0-contracted"] == "2,000.00"


async def test_returned_with_a_remark_it_is_filled_in_with_what_was_sent(
    made: Made, review: Review, reporter: httpx.AsyncClient
) -> None:
    await put(reporter, await sheet(reporter, page_of(made)), WORDS)
    part = await part_of(review)
    await give_back(part, remark="Trūkst summu.", by=SOMEBODY, based_on=part.version)
    answer = await reporter.get(page_of(made), headers=ENGLISH)
    assert "Trūkst summu." in answer.text
    assert "1 of 1 task done" in answer.text
    form = await sheet(reporter, page_of(made))
    assert (await put(reporter, form, {"tasks-0-percent": "45"})).status_code == 303
    reports = await Report.find({"review": review.key}).to_list()
    assert [report.percent for report in reports] == [45]


async def test_a_unit_sends_the_rest_when_a_task_was_added_since(
    made: Made, review: Review, reporter: httpx.AsyncClient, client: httpx.AsyncClient
) -> None:
    await put(reporter, await sheet(reporter, page_of(made)), WORDS)
    await make_task(made.scope, made.goal, "1.2", lead=made.unit.key)
    desk = (await client.get("/plans/plans/reviews/2016Q3", headers=ENGLISH)).text
    assert "nothing of task 1.2" in desk
    assert f'{page_of(made)}/return"' in desk
    assert "/remind" in desk
    closing = await client.get("/plans/plans/reviews/2016Q3/close", headers=ENGLISH)
    assert "nothing of task 1.2" in closing.text
    assert "Sent in part" in (await reporter.get("/work", headers=ENGLISH)).text
    answer = await reporter.get(page_of(made), headers=ENGLISH)
    assert "and says nothing of task 1.2" in answer.text
    assert "1 of 2 tasks done" in answer.text
    form = await sheet(reporter, page_of(made))
    late = await put(reporter, form, {"version": "0", "tasks-1-text": "Par vēlu."}, to="drafts", htmx=True)
    assert late.status_code == 409  # the page was opened before the part was sent
    kept = await put(reporter, form, {"tasks-1-text": "Sākts."}, to="drafts")
    assert (kept.status_code, kept.headers["location"]) == (303, page_of(made))
    assert (await put(reporter, form, {"tasks-1-text": "Sākts.", "tasks-1-percent": "5"})).status_code == 303
    assert "Sent on" in (await reporter.get(page_of(made), headers=ENGLISH)).text
    reports = await Report.find({"review": review.key}).sort("_id").to_list()
    assert [report.text for report in reports] == ["Noslēgti divi līgumi.", "Sākts."]


async def test_what_is_sent_after_the_review_was_closed_is_given_back(
    made: Made, review: Review, reporter: httpx.AsyncClient
) -> None:
    await make_report(made.task, date(2016, 6, 30), 20, text="Jau ziņots.", next_steps="Tālāk.")
    form = await sheet(reporter, page_of(made))
    await close(made, review)
    answer = await put(reporter, form, WORDS)
    assert answer.status_code == 409
    typed = answer.text.partition("What you typed")[2].partition("</section>")[0]
    assert "Noslēgti divi līgumi." in typed
    assert "Tālāk." not in typed
    assert ">What you typed<" not in (await reporter.get(page_of(made), headers=ENGLISH)).text


async def test_sent_by_one_it_is_not_sent_again_by_a_page_that_was_opened_before(
    made: Made, review: Review, reporter: httpx.AsyncClient, client: httpx.AsyncClient
) -> None:
    mine, theirs = await sheet(reporter, page_of(made)), await sheet(client, page_of(made))
    await put(reporter, mine, WORDS)
    late = await put(client, theirs, {"tasks-0-text": "Par vēlu."})
    assert late.status_code == 409
    assert "Par vēlu." in late.text
    assert (await put(client, theirs, {"tasks-0-text": "Par vēlu."}, to="drafts", htmx=True)).status_code == 409
    reports = await Report.find({"review": review.key}).to_list()
    assert [report.text for report in reports] == ["Noslēgti divi līgumi."]
    assert await Draft.find({"fields.text": "Par vēlu."}).count() == 0


async def test_the_planner_reports_for_a_unit_and_it_is_said(
    made: Made, review: Review, client: httpx.AsyncClient, reporter: httpx.AsyncClient
) -> None:
    answer = await client.get(page_of(made), headers=ENGLISH)
    assert "You report for Ķekavas nodaļa." in answer.text
    assert "You report for" not in (await reporter.get(page_of(made), headers=ENGLISH)).text
    await put(client, await sheet(client, page_of(made)), WORDS)
    assert (await part_of(review)).on_behalf
    assert "The planner reported for the unit." in (await reporter.get(page_of(made), headers=ENGLISH)).text


async def test_it_is_said_also_where_the_planner_sends_from_the_page_of_a_past_day(
    made: Made, review: Review, client: httpx.AsyncClient, reporter: httpx.AsyncClient
) -> None:
    form = await sheet(client, page_of(made))
    assert (await put(client, form, WORDS, to="send?as_of=2016-03-01")).status_code == 303
    assert (await part_of(review)).on_behalf
    assert "The planner reported for the unit." in (await reporter.get(page_of(made), headers=ENGLISH)).text


async def test_once_it_is_sent_it_says_how_much_was_reported_and_the_planner_may_return_it(
    made: Made, review: Review, reporter: httpx.AsyncClient, app: Frame
) -> None:
    desk = "/plans/plans/reviews/2016Q3"
    latvian = {"cookie": "language=lv"}
    assert "1 task to report on" in (await reporter.get(desk, headers=ENGLISH)).text
    await put(reporter, await sheet(reporter, page_of(made)), WORDS)
    for page, english, here in (
        (desk, "1 task reported on", "ziņots par 1 uzdevumu"),
        (page_of(made), "Reported on 1 task.", "Ziņots par 1 uzdevumu."),
    ):
        for headers, said in ((ENGLISH, english), (latvian, here)):
            text = (await reporter.get(page, headers=headers)).text
            assert said in text
            assert "to report on" not in text
            assert "jāziņo par" not in text
    giving_back = f'href="{page_of(made)}/return"'
    assert giving_back not in (await reporter.get(page_of(made))).text
    async with reading(app, await make_account(Role.PLANNER, scope=made.scope)) as planner:
        assert giving_back in (await planner.get(page_of(made))).text
        assert (await planner.get(f"{page_of(made)}/return")).status_code == 200
        await close(made, review)
        assert giving_back not in (await planner.get(page_of(made))).text


async def test_another_units_head_reports_nothing_here(made: Made, review: Review, app: Frame) -> None:
    other = Unit.new(scope=made.unit.scope, name="Cita nodaļa", short="CN", sort=UnitKind.DEPARTMENT)
    await other.add(by=SOMEBODY)
    stranger = await make_account(Role.REPORTER, scope=made.scope, units=[other.key])
    foreign = await make_task(made.scope, made.goal, "1.9", lead=other.key)
    async with reading(app, stranger) as client:
        for to in ("drafts", "send"):
            assert (await client.post(f"{page_of(made)}/{to}", data={"version": "0"})).status_code == 403
        own = f"/plans/plans/reviews/2016Q3/units/{other.key}"
        form = await sheet(client, own)
        assert dict(form.fields)["tasks-0-task"] == str(foreign.key)
        tried = await put(client, form, {"tasks-0-task": str(made.task.key), "tasks-0-text": "Cits."})
        assert tried.status_code == 422
        kept = await put(client, form, {"tasks-0-task": str(made.task.key), "tasks-0-text": "Cits."}, to="drafts")
        assert kept.status_code == 303
    assert await Draft.find_all().count() == 0
    assert await Report.find_all().count() == 0


async def test_residents_find_no_part_of_a_unit(made: Made, review: Review, stranger: httpx.AsyncClient) -> None:
    plan = made.plan
    await plan.publish([], by=SOMEBODY, based_on=plan.version)
    answer = await stranger.get(page_of(made))
    assert answer.status_code == 404
    assert made.task.title not in answer.text
