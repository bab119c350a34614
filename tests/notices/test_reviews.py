"""What of reviews is told to whom: units when one is opened, due or returned, planners when units are late."""

from __future__ import annotations

import asyncio
import re
from datetime import UTC, date, datetime, timedelta

import httpx
import pytest

from stratplan.accounts.models import Account, Profile
from stratplan.audit import AuditEntry
from stratplan.documents import now
from stratplan.goals.models import Task
from stratplan.goals.states import Execution
from stratplan.i18n import use_language
from stratplan.notices.models import Notice, Turn
from stratplan.notices.review_reminders import REVIEWS, remind_of_reviews
from stratplan.notices.sentences import caption_of, path_of, sentence
from stratplan.notices.writing import follow_histories
from stratplan.period import Period
from stratplan.permissions import Role
from stratplan.plans.models import Plan
from stratplan.reviews.closing import close_review, open_review
from stratplan.reviews.links import ReviewLink
from stratplan.reviews.models import Decision, Review, Submission
from stratplan.reviews.sending import TaskWords, give_back, send
from stratplan.settings import Settings
from stratplan.snapshot import Snapshots
from stratplan.units.models import Unit, UnitKind
from tests.factories import SOMEBODY, Made, make_account, make_task
from tests.letters import letterbox
from tests.notices.making import make_head, outbox, the_pause_is_over

DUE = date(2016, 10, 14)


async def follow() -> int:
    return await follow_histories(Snapshots())


async def told() -> list[tuple[str, str]]:
    """Every notice as (account, what was done)."""
    return [(str(one.account), one.deed) for one in await Notice.find_all().sort("_id").to_list()]


async def opened(made: Made, *, on: date = date(2016, 10, 1), due: date = DUE) -> Review:
    review, _entry = await open_review(
        await made.snapshot(), Period.parse("2016-Q3"), due=due, by=SOMEBODY, today=date(2016, 10, 1)
    )
    moment = datetime(on.year, on.month, on.day, 9, tzinfo=UTC)
    await Review.get_motor_collection().update_one({"_id": review.key}, {"$set": {"opened_at": moment}})
    return review


async def fresh(review: Review) -> Review:
    found = await Review.get(review.key)
    assert found is not None
    return found


async def send_part(made: Made, review: Review) -> Submission:
    words = [TaskWords(made.task.key, Execution.IN_PROGRESS, percent=10, text="Iesākts.")]
    await send(await made.snapshot(), review, made.unit.key, words, today=DUE, by=SOMEBODY, based_on=0)
    found = await Submission.find_one({"review": review.key})
    assert found is not None
    return found


async def look(day: date, *, hour: int = 12, owner: str = "one") -> int:
    """One round of a process's job on a day."""
    moment = datetime(day.year, day.month, day.day, hour, tzinfo=UTC)
    return await remind_of_reviews(Snapshots(), owner, lambda: day, lambda: moment)


async def said(notice: Notice, made: Made, day: date) -> str:
    with use_language("lv"):
        return sentence(notice, await made.snapshot(), day).replace("\xa0", " ")


@pytest.fixture
async def heads(made: Made) -> tuple[Account, Account]:
    """The head of the unit that leads the task, and of one that leads another."""
    await follow()
    other = Unit.new(scope=made.organisation.key, name="Aprūpes centrs", sort=UnitKind.STRUCTURAL)
    await other.add(by=SOMEBODY)
    await make_task(made.scope, made.goal, "1.2", lead=other.key)
    head = await make_head(made)
    return head, await make_account(Role.REPORTER, scope=made.scope, units=[other.key])


async def clear() -> None:
    await follow()
    await Notice.get_motor_collection().delete_many({})


async def test_when_a_review_is_opened_the_heads_of_units_with_tasks_in_it_are_told_once(
    made: Made, heads: tuple[Account, Account]
) -> None:
    await clear()
    idle = Unit.new(scope=made.organisation.key, name="Bez uzdevumiem", sort=UnitKind.STRUCTURAL)
    await idle.add(by=SOMEBODY)
    await make_account(Role.REPORTER, scope=made.scope, units=[idle.key])
    await make_account(Role.COUNCIL, scope=made.scope)
    await opened(made)
    await asyncio.gather(*(follow() for _ in range(4)))
    assert sorted(await told()) == sorted((str(one.key), "review.created") for one in heads)
    notice = await Notice.find_one({"account": heads[0].key})
    assert notice is not None
    snapshot = await made.snapshot()
    assert path_of(notice, snapshot) == "/plans/plans/reviews/2016Q3"
    with use_language("lv"):
        assert caption_of(notice, snapshot).replace("\xa0", " ") == "Pārskats: 2016. gada 3. ceturksnis"
    assert await said(notice, made, date(2016, 10, 7)) == (
        "Persona MEBODY atvēra izpildes pārskatu. Iesniegt līdz 14.10.2016., pēc 7 dienām."
    )


async def test_of_a_review_that_was_closed_meanwhile_nobody_is_told(made: Made, heads: tuple[Account, Account]) -> None:
    await clear()
    review = await opened(made)
    current = await fresh(review)
    await close_review(
        Snapshots(),
        made.plan.slug,
        current,
        decision=Decision(),
        despite_missing=True,
        by=SOMEBODY,
        based_on=current.version,
        today=date(2016, 10, 1),
    )
    await follow()
    assert await told() == []


async def test_a_reminder_goes_to_the_units_that_it_names_and_a_returned_part_to_its_own(
    made: Made, heads: tuple[Account, Account]
) -> None:
    review = await opened(made)
    await clear()
    await (await fresh(review)).remind([made.unit.key], by=SOMEBODY, today=DUE)
    await follow()
    assert await told() == [(str(heads[0].key), "review.reminded")]
    notice = await Notice.find_one({"deed": "review.reminded"})
    assert notice is not None
    assert await said(notice, made, DUE + timedelta(days=1)) == (
        "Jūsu struktūrvienība vēl nav iesniegusi savu daļu. Iesniegšanas termiņš bija 14.10.2016."
    )
    submission = await send_part(made, review)
    await clear()
    await give_back(submission, remark="Skaitļi.", by=SOMEBODY, based_on=submission.version)
    await follow()
    assert await told() == [(str(heads[0].key), "submission.returned")]


async def test_the_job_reminds_on_its_days_alone_and_tells_the_planners_at_last(
    made: Made, heads: tuple[Account, Account]
) -> None:
    planner = await make_account(Role.PLANNER, scope=made.scope)
    review = await opened(made)
    await send_part(made, review)
    await clear()
    done = {days: await look(DUE + timedelta(days=days)) for days in range(-10, 12)}
    assert {days for days, count in done.items() if count} == {-7, -1, 0, 3, 7}
    await follow()
    assert await told() == [(str(heads[1].key), "review.reminded")] * 4 + [(str(planner.key), "review.escalated")]
    notice = await Notice.find_one({"deed": "review.escalated"})
    assert notice is not None
    assert await said(notice, made, DUE) == "Nav iesniegusi 1 struktūrvienība: Aprūpes centrs."
    entries = await AuditEntry.find({"tag": "review.reminded"}).to_list()
    assert {entry.by for entry in entries} == {"reminders"}


async def test_a_unit_that_nobody_heads_is_not_marked_as_reminded_by_the_job(made: Made) -> None:
    review = await opened(made)
    assert await look(DUE - timedelta(days=7)) == 0
    assert (await fresh(review)).reminders == []
    await make_account(Role.REPORTER, scope=made.scope, units=[made.unit.key])
    assert await look(DUE - timedelta(days=6)) == 1


async def test_a_day_is_gone_through_once_by_one_process_and_not_in_the_night(
    made: Made, heads: tuple[Account, Account]
) -> None:
    await opened(made)
    day = DUE - timedelta(days=7)
    assert await look(day, hour=2) == 0  # five in the morning by the clock
    done = await asyncio.gather(*(look(day, owner=f"process {number}") for number in range(5)))
    assert sorted(done) == [0, 0, 0, 0, 1]
    assert await look(day) == 0


async def test_a_day_that_broke_off_reminds_nobody_twice(made: Made, heads: tuple[Account, Account]) -> None:
    review = await opened(made)
    day = DUE - timedelta(days=7)
    assert await look(day) == 1
    await Turn.get_motor_collection().delete_many({})  # the process died before it could say that it was done
    assert await look(day) == 0
    assert len((await fresh(review)).reminders) == 1


async def test_a_day_on_which_a_plan_failed_is_gone_through_again_after_a_pause(
    made: Made, heads: tuple[Account, Account]
) -> None:
    review = await opened(made)
    day = DUE - timedelta(days=7)
    tasks = Task.get_motor_collection()
    raw = await tasks.find_one({"_id": made.task.key})
    assert raw is not None
    await tasks.update_one({"_id": made.task.key}, {"$set": {"period": "no period"}})
    with pytest.raises(ValueError):
        await look(day)
    await tasks.update_one({"_id": made.task.key}, {"$set": {"period": raw["period"]}})
    assert await look(day) == await look(day, owner="another") == 0  # not every few seconds
    await the_pause_is_over(REVIEWS)
    assert sorted(await asyncio.gather(*(look(day, owner=f"process {number}") for number in range(4)))) == [0, 0, 0, 1]
    await the_pause_is_over(REVIEWS)
    assert await look(day) == 0
    assert len((await fresh(review)).reminders) == 1


async def test_a_deleted_plan_or_a_closed_review_reminds_nobody(made: Made, heads: tuple[Account, Account]) -> None:
    review = await opened(made)
    current = await fresh(review)
    await current.remove(by=SOMEBODY, based_on=current.version)
    assert await look(DUE) == 0


async def test_a_reminder_is_not_mailed_to_whose_unit_has_sent_meanwhile(
    made: Made, heads: tuple[Account, Account], settings: Settings
) -> None:
    await clear()
    review = await opened(made)
    await follow()
    await send_part(made, review)
    with letterbox() as box:
        await outbox(box, settings, now() + timedelta(hours=1)).tend()
    other = await Profile.get(heads[1].key)
    assert other is not None
    assert box.recipients == [other.email]
    assert "Pārskats:" in str(box.letters[0]["Subject"])
    assert "/plans/plans/reviews/2016Q3" in box.letters[0].get_content()


async def test_a_task_that_is_handed_over_is_told_to_both_units(made: Made, heads: tuple[Account, Account]) -> None:
    await clear()
    other = await Unit.find_one({"name": "Aprūpes centrs"})
    task = await Task.get(made.task.key)
    assert other is not None
    assert task is not None
    await Task.hand_over([(task, task.version)], other.key, by=SOMEBODY)
    await follow()
    assert sorted(await told()) == sorted((str(one.key), "task.handed_over") for one in heads)


async def test_a_letter_has_the_signed_link_to_the_part_of_whom_it_is_written_to(
    made: Made, heads: tuple[Account, Account], settings: Settings, stranger: httpx.AsyncClient
) -> None:
    await clear()
    await opened(made)
    await follow()
    with letterbox() as box:
        await outbox(box, settings, now() + timedelta(hours=1)).tend()
    for head in heads:
        profile = await Profile.get(head.key)
        assert profile is not None
        text = box.to(profile.email)[0].get_content()
        (path,) = re.findall(r"https://plani\.example\.lv(/r/[\w-]{59})(?![\w-])", text)
        link = await ReviewLink.find_one({"account": head.key})
        assert link is not None
        shown = await stranger.get(path)
        assert shown.status_code == 200
        assert f"Struktūrvienība: {link.name}" in shown.text


async def test_no_letter_has_a_link_to_a_plan_that_asks_for_a_second_factor(
    made: Made, heads: tuple[Account, Account], settings: Settings
) -> None:
    await clear()
    await opened(made)
    await follow()
    plan = await Plan.get(made.plan.key)
    assert plan is not None
    await plan.edit({"asks_second_factor": True}, by=SOMEBODY, based_on=plan.version)
    with letterbox() as box:
        await outbox(box, settings, now() + timedelta(hours=1)).tend()
    assert len(box.letters) == 2
    assert [letter for letter in box.letters if "/r/" in letter.get_content()] == []
    assert await ReviewLink.find_all().count() == 0
