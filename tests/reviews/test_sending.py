"""A unit sends its part of a review in one change; what is left out, stale or another's is refused."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from stratplan.actors import Actor
from stratplan.audit import AuditEntry
from stratplan.documents import undo
from stratplan.errors import NotVisible, RuleBroken, StaleEdit
from stratplan.goals.models import Milestone, Report, Task
from stratplan.goals.states import Execution, Outcome
from stratplan.investments.models import InvestmentLine
from stratplan.notices.review_causes import missing_units
from stratplan.reviews.closing import reopen_review
from stratplan.reviews.models import Review, Submission, SubmissionState
from stratplan.reviews.queries import Asked, tasks_of_review, units_asked, without_unit
from stratplan.reviews.sending import MoneyWords, TaskWords, give_back, send, unchanged
from tests.factories import SOMEBODY, Made, make_line, make_report, make_task
from tests.reviews.test_closing import LAST, LATER, close, fresh, opened


def words(task: Task, **changed: Any) -> TaskWords:
    return TaskWords(
        **{
            "task": task.key,
            "execution": Execution.IN_PROGRESS,
            "percent": 40,
            "text": "Noslēgti divi līgumi.",
            "next_steps": "Trešais līgums.",
            "obstacles": "Trūkst līdzekļu.",
            **changed,
        }
    )


async def sent(made: Made, review: Review, *said: TaskWords, based_on: int = 0, **more: Any) -> AuditEntry:
    snapshot = await made.snapshot()
    return await send(snapshot, review, made.unit.key, said, today=LATER, by=SOMEBODY, based_on=based_on, **more)


async def part_of(review: Review) -> Submission:
    found = await Submission.find_one({"review": review.key})
    assert found is not None
    return found


async def test_what_a_unit_sends_is_reported_as_of_the_quarters_last_day(made: Made) -> None:
    review = await opened(made)
    entry = await sent(made, review, words(made.task))
    assert entry.tag == "submission.sent"
    report = await Report.find_one({"task": made.task.key})
    assert report is not None
    assert (report.on, report.percent, report.text, report.next_steps, report.obstacles, report.review) == (
        LAST, 40, "Noslēgti divi līgumi.", "Trešais līgums.", "Trūkst līdzekļu.", review.key,
    )  # fmt: skip
    part = await part_of(review)
    assert (part.state, part.unit, part.sent_by) == (SubmissionState.SENT, made.unit.key, "somebody")
    assert [asked.is_sent for asked in units_asked(await made.snapshot(), review)] == [True]


async def test_a_part_with_a_task_left_out_is_refused_and_nothing_is_written(made: Made) -> None:
    await make_task(made.scope, made.goal, "1.2", lead=made.unit.key)
    review = await opened(made)
    with pytest.raises(RuleBroken, match=r"1\.2"):
        await sent(made, review, words(made.task))
    with pytest.raises(RuleBroken, match=r"1\.1, 1\.2|1\.2"):
        await sent(made, review, words(made.task, text=" "))
    assert await Report.find_all().count() == 0
    assert await Submission.find_all().count() == 0


async def test_no_change_is_enough(made: Made) -> None:
    review = await opened(made)
    await sent(made, review, words(made.task, text="", unchanged=True))
    report = await Report.find_one({"task": made.task.key})
    assert report is not None
    assert report.unchanged


async def test_returned_with_a_remark_it_is_corrected_not_doubled(made: Made) -> None:
    review = await opened(made)
    await sent(made, review, words(made.task))
    part = await part_of(review)
    await give_back(part, remark="Par maz.", by=SOMEBODY, based_on=part.version)
    part = await part_of(review)
    assert (part.state, part.remark) == (SubmissionState.RETURNED, "Par maz.")
    await sent(made, review, words(made.task, percent=55), based_on=part.version)
    reports = await Report.find({"task": made.task.key}).to_list()
    assert [report.percent for report in reports] == [55]
    assert (await part_of(review)).state is SubmissionState.SENT


async def added_since(made: Made, *, is_handed_over: bool) -> Task:
    """A task that the unit has to report on after it has sent its part: handed over to it, or new."""
    task = await make_task(made.scope, made.goal, "1.2", lead=None if is_handed_over else made.unit.key)
    if is_handed_over:
        await Task.hand_over([(task, task.version)], made.unit.key, by=SOMEBODY)
    return task


async def asked_now(made: Made, review: Review) -> Asked:
    (asked,) = units_asked(await made.snapshot(), review)
    return asked


@pytest.mark.parametrize("is_handed_over", [True, False])
async def test_a_part_is_not_sent_while_a_task_that_was_added_since_is_unreported(
    made: Made, *, is_handed_over: bool
) -> None:
    review = await opened(made)
    await sent(made, review, words(made.task))
    assert (await asked_now(made, review)).is_sent
    await added_since(made, is_handed_over=is_handed_over)
    asked = await asked_now(made, review)
    assert (asked.is_sent, asked.state) == (False, SubmissionState.PARTLY_SENT)
    assert asked.unreported_numbers == "1.2"
    assert missing_units(await made.snapshot(), review) == [made.unit.key]
    await close(made, review)
    closed = await Review.get(review.key)
    assert closed is not None
    assert closed.editions[0].missing == [made.unit.key]


async def test_the_rest_is_sent_alone_and_what_was_sent_before_stays_whose_it_was(made: Made) -> None:
    review = await opened(made)
    await sent(made, review, words(made.task))
    task = await added_since(made, is_handed_over=True)
    version = (await part_of(review)).version
    with pytest.raises(RuleBroken, match=r"1\.2"):
        await sent(made, review, based_on=version)
    snapshot = await made.snapshot()
    said = [words(made.task), words(task, text="Pārņemts.")]  # as the page sends it: the first as it was
    entry = await send(
        snapshot, review, made.unit.key, said, today=LATER, by=Actor("planner"), based_on=version, on_behalf=True
    )
    assert (await asked_now(made, review)).is_sent
    reports = {report.task: report async for report in Report.find({"review": review.key})}
    assert {key: report.by for key, report in reports.items()} == {made.task.key: "somebody", task.key: "planner"}
    assert {change.kind for change in entry.changes} == {"submission", "task", "report"}
    assert len(entry.changes) == 3
    third = await make_task(made.scope, made.goal, "1.3", lead=made.unit.key)
    await sent(made, review, words(third), based_on=(await part_of(review)).version)
    assert (await asked_now(made, review)).is_sent


async def test_a_report_that_is_taken_back_is_missing_in_the_part(made: Made) -> None:
    review = await opened(made)
    await sent(made, review, words(made.task))
    report = await Report.find_one({"review": review.key})
    assert report is not None
    await report.remove(by=SOMEBODY, based_on=report.version)
    assert (await asked_now(made, review)).state is SubmissionState.PARTLY_SENT


async def test_of_two_who_send_at_once_the_second_is_told(made: Made) -> None:
    review = await opened(made)
    snapshot = await made.snapshot()
    await sent(made, review, words(made.task))
    with pytest.raises(StaleEdit):
        await sent(made, review, words(made.task, percent=90))
    with pytest.raises((RuleBroken, StaleEdit)):  # who has not seen yet that the first is there
        await send(snapshot, review, made.unit.key, [words(made.task)], today=LATER, by=SOMEBODY, based_on=0)
    assert await Submission.find_all().count() == 1


async def test_sending_is_taken_back_whole(made: Made) -> None:
    review = await opened(made)
    entry = await sent(made, review, words(made.task))
    assert entry.id is not None
    await undo(entry.id, scope=made.scope, by=SOMEBODY)
    assert await Report.find({"deleted": False}).count() == 0
    assert await Submission.find({"deleted": False}).count() == 0


async def living(review: Review) -> tuple[int, int]:
    """How many parts and reports the review has."""
    of_review = {"review": review.key, "deleted": False}
    return await Submission.find(of_review).count(), await Report.find(of_review).count()


async def test_what_was_sent_for_a_closed_review_is_not_taken_back_in_any_way(made: Made) -> None:
    review = await opened(made)
    entry = await sent(made, review, words(made.task))
    assert entry.id is not None
    await close(made, review)
    part, report = await part_of(review), await Report.find_one({"review": review.key})
    assert report is not None
    with pytest.raises(RuleBroken, match="slēgts"):
        await undo(entry.id, scope=made.scope, by=SOMEBODY)
    with pytest.raises(RuleBroken, match="slēgts"):
        await report.remove(by=SOMEBODY, based_on=report.version)
    with pytest.raises(RuleBroken, match="slēgts"):
        await part.remove(by=SOMEBODY, based_on=part.version)
    assert await living(review) == (1, 1)
    await reopen_review(await fresh(review), reason="Kļūda.", by=SOMEBODY, based_on=(await fresh(review)).version)
    await undo(entry.id, scope=made.scope, by=SOMEBODY)
    assert await living(review) == (0, 0)


async def test_the_rest_that_was_sent_is_not_taken_back_after_closing_either(made: Made) -> None:
    review = await opened(made)
    await sent(made, review, words(made.task))
    task = await added_since(made, is_handed_over=False)
    entry = await sent(made, review, words(task), based_on=(await part_of(review)).version)
    assert entry.id is not None
    await close(made, review)
    with pytest.raises(RuleBroken, match="slēgts"):
        await undo(entry.id, scope=made.scope, by=SOMEBODY)
    assert await living(review) == (1, 2)


async def test_a_task_goes_with_its_reports_also_after_the_review_is_closed(made: Made) -> None:
    review = await opened(made)
    await sent(made, review, words(made.task))
    await close(made, review)
    task = await Task.get(made.task.key)
    assert task is not None
    entry = await task.remove(by=SOMEBODY, based_on=task.version)
    assert await living(review) == (1, 0)
    assert entry.id is not None
    await undo(entry.id, scope=made.scope, by=SOMEBODY)
    assert await living(review) == (1, 1)


async def test_a_review_opened_by_mistake_goes_with_what_was_sent_for_it(made: Made) -> None:
    review = await opened(made)
    await sent(made, review, words(made.task))
    await (await fresh(review)).remove(by=SOMEBODY, based_on=review.version)
    assert await Submission.find({"deleted": False}).count() == 0
    assert await Report.find({"deleted": False}).count() == 1  # it stays with its task


async def test_nothing_is_sent_for_a_closed_review(made: Made) -> None:
    review = await opened(made)
    await close(made, review)
    with pytest.raises(RuleBroken):
        await sent(made, review, words(made.task))
    assert await Report.find_all().count() == 0


async def test_milestones_are_marked_and_a_completed_task_is_whole(made: Made) -> None:
    task = await make_task(
        made.scope, made.goal, "1.2", lead=made.unit.key,
        milestones=[Milestone(key="a", title="Iepirkums"), Milestone(key="b", title="Līgums")],
    )  # fmt: skip
    review = await opened(made)
    await sent(
        made,
        review,
        words(made.task, execution=Execution.COMPLETED, outcome=Outcome.REACHED, percent=3),
        words(task, done={"a": date(2016, 9, 1)}),
    )
    changed = await Task.get(task.key)
    report = await Report.find_one({"task": made.task.key})
    assert changed is not None
    assert report is not None
    assert [one.done_on for one in changed.milestones] == [date(2016, 9, 1), None]
    assert report.percent == 100


async def made_with_milestone(made: Made, done_on: date | None = None) -> Task:
    milestones = [Milestone(key="a", title="Iepirkums", done_on=done_on)]
    return await make_task(made.scope, made.goal, "1.2", lead=made.unit.key, milestones=milestones)


async def test_a_milestone_is_done_by_the_reviews_day_and_not_later_or_on_a_day_to_come(made: Made) -> None:
    task = await made_with_milestone(made)
    review = await opened(made)
    for day, said in ((LATER + timedelta(days=1), r"15\.10\.2016"), (LATER, r"30\.09\.2016")):
        with pytest.raises(RuleBroken, match=rf"1\.2.*Iepirkums.*{said}") as refused:
            await sent(made, review, words(made.task), words(task, done={"a": day}))
        assert refused.value.field == "day-a"
    assert await Report.find_all().count() == 0
    await sent(made, review, words(made.task), words(task, done={"a": review.period.end}))
    changed = await Task.get(task.key)
    assert changed is not None
    assert changed.milestones[0].done_on == review.period.end


async def test_a_day_to_come_that_the_plan_has_already_keeps_nobody_from_sending(made: Made) -> None:
    task = await made_with_milestone(made, done_on=date(2017, 1, 1))
    review = await opened(made)
    await sent(made, review, words(made.task), words(task, done={"a": date(2017, 1, 1)}))
    assert (await part_of(review)).state is SubmissionState.SENT


@pytest.mark.parametrize("year", [2014, 2099])
async def test_money_of_a_year_that_the_plan_does_not_have_is_refused(made: Made, year: int) -> None:
    line = await make_line(made.scope, made.goal, "7.1", amount=Decimal(1000), tasks=[made.task.key])
    review = await opened(made)
    spent = MoneyWords(line.key, made.source.key, year, None, Decimal(5))
    with pytest.raises(RuleBroken, match=rf"7\.1.*{year}") as refused:
        await sent(made, review, words(made.task), money=[spent])
    assert refused.value.field == f"spent-{line.key}-{made.source.key}"
    assert await Report.find_all().count() == 0


async def test_money_is_reported_on_lines_that_pay_for_the_units_tasks_only(made: Made) -> None:
    line = await make_line(made.scope, made.goal, "1.1", amount=Decimal(1000), tasks=[made.task.key])
    other = await make_line(made.scope, made.goal, "1.2", amount=Decimal(1000))
    review = await opened(made)

    def money(key: Any) -> MoneyWords:
        return MoneyWords(key, made.source.key, 2016, Decimal(500), Decimal("120.50"))

    with pytest.raises(RuleBroken):
        await sent(made, review, words(made.task), money=[money(other.key)])
    await sent(made, review, words(made.task), money=[money(line.key)])
    kept = await InvestmentLine.get(line.key)
    assert kept is not None
    assert [(one.on, one.year, one.contracted, one.spent) for one in kept.money_reports] == [
        (LAST, 2016, Decimal(500), Decimal("120.50"))
    ]


async def test_a_review_asks_for_tasks_that_have_begun_and_were_not_done_before_it(made: Made) -> None:
    done = await make_task(made.scope, made.goal, "1.2", lead=made.unit.key)
    await make_report(done, date(2016, 6, 1), 100, execution=Execution.COMPLETED)
    now_done = await make_task(made.scope, made.goal, "1.3", lead=made.unit.key)
    await make_report(now_done, date(2016, 9, 1), 100, execution=Execution.COMPLETED)
    await make_task(made.scope, made.goal, "1.4", lead=made.unit.key, period="2017")
    await make_task(made.scope, made.goal, "1.5")
    review = await opened(made)
    snapshot = await made.snapshot()
    assert [task.number for task in tasks_of_review(snapshot, review)] == ["1.1", "1.3", "1.5"]
    assert [[task.number for task in asked.tasks] for asked in units_asked(snapshot, review)] == [["1.1", "1.3"]]
    assert [task.number for task in without_unit(snapshot, review)] == ["1.5"]


async def test_a_unit_that_is_asked_nothing_sends_nothing(made: Made) -> None:
    review = await opened(made)
    snapshot = await made.snapshot()
    with pytest.raises(NotVisible):
        await send(snapshot, review, made.goal.key, [], today=LATER, by=SOMEBODY, based_on=0)


async def test_no_change_repeats_nothing_that_was_reported_after_the_reviews_last_day(made: Made) -> None:
    await make_report(made.task, date(2016, 9, 20), 40, text="Noslēgts līgums.")
    await make_report(made.task, LATER, 90, text="Viss gandrīz gatavs.")
    review = await opened(made)
    assert unchanged(await made.snapshot(), review, made.task).text == "Noslēgts līgums."
