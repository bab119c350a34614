"""A review is closed whole or stays open, and what was closed never changes."""

from __future__ import annotations

import asyncio
from datetime import date
from typing import Any

import pytest
from pymongo.errors import PyMongoError

from stratplan import audit_check
from stratplan.audit import AuditEntry
from stratplan.documents import undo
from stratplan.errors import RuleBroken, StaleEdit
from stratplan.goals.models import Task
from stratplan.goals.states import Execution
from stratplan.period import Period
from stratplan.plans.models import Plan
from stratplan.reviews import closing, frozen
from stratplan.reviews.closing import close_review, open_review, reopen_review
from stratplan.reviews.frozen import KINDS, Audience, FrozenTask, digest_kept, statement_of_edition
from stratplan.reviews.models import Decision, Review, ReviewState
from stratplan.reviews.moves import deadline_moves
from stratplan.reviews.stating import statement_of
from stratplan.snapshot import Snapshots
from tests.factories import SOMEBODY, Made, make_line, make_report, make_task

QUARTER = Period.parse("2016-Q3")
LAST = date(2016, 9, 30)
LATER = date(2016, 10, 14)


async def opened(made: Made) -> Review:
    review, _entry = await open_review(
        await made.snapshot(), QUARTER, due=LATER, by=SOMEBODY, today=LATER, note="Īsi, lūdzu."
    )
    return review


async def fresh(review: Review) -> Review:
    found = await Review.get(review.key)
    assert found is not None
    return found


async def close(made: Made, review: Review, **decision: Any) -> AuditEntry:
    current = await fresh(review)
    return await close_review(
        Snapshots(),
        made.plan.slug,
        current,
        decision=Decision(**decision),
        despite_missing=True,
        by=SOMEBODY,
        based_on=current.version,
        today=LATER,
    )


async def counts() -> list[int]:
    return [await kind.get_motor_collection().count_documents({}) for kind in KINDS]


async def test_a_closed_review_says_what_the_plan_was_on_its_last_day(made: Made) -> None:
    await make_report(made.task, date(2016, 9, 28), 40)
    await make_report(made.task, date(2016, 10, 3), 90)
    await make_line(made.scope, made.goal, "1.1", amount=1000, tasks=[made.task.key])
    review = await opened(made)
    entry = await close(made, review, number="388", day=date(2016, 10, 27))
    assert entry.tag == "review.closed"
    closed = await fresh(review)
    edition = closed.edition
    assert edition is not None
    assert (closed.state, edition.number, edition.day) == (ReviewState.CLOSED, 1, LAST)
    assert (edition.decision_number, edition.decision_date) == ("388", date(2016, 10, 27))
    kept = await statement_of_edition(review.key, 1, Audience.MEMBERS)
    snapshot = await made.snapshot()
    assert kept == statement_of(snapshot, LAST, await deadline_moves(made.scope), closed)
    assert [task.percent for task in kept.tasks] == [40]
    assert kept.plan.total.sums.amount == 1000
    assert (edition.tasks, edition.lines) == (1, 1)


async def test_a_closed_review_reads_the_same_when_everything_else_has_changed(made: Made) -> None:
    await make_report(made.task, date(2016, 9, 28), 40)
    review = await opened(made)
    await close(made, review)
    before = await statement_of_edition(review.key, 1, Audience.MEMBERS)
    task = await Task.get(made.task.key)
    assert task is not None
    await task.edit({"title": "Cits", "period": Period.parse("2018")}, by=SOMEBODY, based_on=task.version)
    await made.unit.edit({"name": "Cita nodaļa"}, by=SOMEBODY, based_on=1)
    await make_report(task, date(2016, 9, 29), 77)
    plan = await Plan.get(made.plan.key)
    assert plan is not None
    await plan.remove(by=SOMEBODY, based_on=plan.version)
    assert await statement_of_edition(review.key, 1, Audience.MEMBERS) == before
    assert (await fresh(review)).editions[0].digest == await digest_kept(review.key, 1)


async def test_residents_are_kept_what_they_saw(made: Made) -> None:
    await make_task(made.scope, made.goal, "1.2", internal=True)
    await make_report(made.task, date(2016, 9, 28), 40, text="Iekšēja piezīme.")
    review = await opened(made)
    await close(made, review)
    public = await statement_of_edition(review.key, 1, Audience.RESIDENTS)
    members = await statement_of_edition(review.key, 1, Audience.MEMBERS)
    assert [task.number for task in members.tasks] == ["1.1", "1.2"]
    assert [task.number for task in public.tasks] == ["1.1"]
    assert members.tasks[0].report is not None
    assert public.tasks[0].report is not None
    assert members.tasks[0].report.text == "Iekšēja piezīme."
    assert public.tasks[0].report.text == ""


async def test_reopened_and_closed_again_it_has_a_second_edition_and_the_first_stays(made: Made) -> None:
    await make_report(made.task, date(2016, 9, 28), 40)
    review = await opened(made)
    await close(made, review)
    closed = await fresh(review)
    with pytest.raises(RuleBroken, match="kāpēc"):
        await reopen_review(closed, reason=" ", by=SOMEBODY, based_on=closed.version)
    await reopen_review(closed, reason="Kļūda skaitļos.", by=SOMEBODY, based_on=closed.version)
    await make_report(made.task, date(2016, 9, 30), 45)
    await close(made, review)
    current = await fresh(review)
    assert [(one.number, one.reason) for one in current.editions] == [(1, "Kļūda skaitļos."), (2, "")]
    first = await statement_of_edition(review.key, 1, Audience.MEMBERS)
    second = await statement_of_edition(review.key, 2, Audience.MEMBERS)
    assert (first.tasks[0].percent, second.tasks[0].percent) == (40, 45)


async def test_a_deadline_that_was_moved_is_told_with_days_and_who(made: Made) -> None:
    await made.task.edit({"period": Period.parse("2015.–2016.")}, by=SOMEBODY, based_on=1)
    task = await Task.get(made.task.key)
    assert task is not None
    await task.edit({"period": Period.parse("01.01.2015.–31.01.2017.")}, by=SOMEBODY, based_on=2)
    review = await opened(made)
    await close(made, review)
    kept = await statement_of_edition(review.key, 1, Audience.MEMBERS)
    assert [(move.days, move.by) for move in kept.tasks[0].moves] == [(-365, "somebody"), (31, "somebody")]
    public = await statement_of_edition(review.key, 1, Audience.RESIDENTS)
    assert [(move.days, move.by) for move in public.tasks[0].moves] == [(-365, ""), (31, "")]


@pytest.mark.parametrize("step", ["digest", "first insert", "second insert", "third insert", "after the last"])
async def test_a_close_that_breaks_off_leaves_the_review_open_and_nothing_frozen(
    made: Made, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    await make_line(made.scope, made.goal, "1.1", amount=1000)
    review = await opened(made)
    written = 0
    write = frozen.write

    async def breaks(bodies: frozen.Bodies, session: Any) -> None:
        nonlocal written
        for kind in KINDS:
            written += 1
            if step == f"{('first', 'second', 'third')[written - 1]} insert":
                raise PyMongoError("the power went")
            await write({kind: bodies[kind]}, session)
        if step == "after the last":
            raise PyMongoError("the power went")

    if step == "digest":

        def fails(bodies: frozen.Bodies) -> str:
            raise PyMongoError("the power went")

        monkeypatch.setattr(closing.frozen, "digest_of", fails)
    else:
        monkeypatch.setattr(closing.frozen, "write", breaks)
    with pytest.raises(PyMongoError):
        await close(made, review)
    assert (await fresh(review)).is_open
    assert await counts() == [0, 0, 0]
    monkeypatch.undo()
    await close(made, review)
    assert await counts() == [2, 2, 1]  # residents do not see the money


async def test_what_changes_while_a_review_is_closed_is_in_it_or_comes_after_it(
    made: Made, monkeypatch: pytest.MonkeyPatch
) -> None:
    review = await opened(made)
    stated = closing._stated
    times = 0

    async def interrupted(*given: Any) -> Any:
        nonlocal times
        times += 1
        found = await stated(*given)
        if times == 1:
            await make_report(made.task, date(2016, 9, 30), 66)
        return found

    monkeypatch.setattr(closing, "_stated", interrupted)
    await close(made, review)
    assert times == 2
    kept = await statement_of_edition(review.key, 1, Audience.MEMBERS)
    assert kept.tasks[0].percent == 66


async def test_two_who_close_at_once_make_one_edition(made: Made) -> None:
    review = await opened(made)
    outcomes = await asyncio.gather(close(made, review), close(made, review), return_exceptions=True)
    assert sum(isinstance(one, AuditEntry) for one in outcomes) == 1
    assert sum(isinstance(one, RuleBroken | StaleEdit) for one in outcomes) == 1
    assert len((await fresh(review)).editions) == 1
    assert await counts() == [2, 2, 0]


async def test_closing_is_not_undone_but_the_review_opened_again(made: Made) -> None:
    review = await opened(made)
    entry = await close(made, review)
    assert entry.id is not None
    with pytest.raises(RuleBroken):
        await undo(entry.id, scope=made.scope, by=SOMEBODY)
    closed = await fresh(review)
    with pytest.raises(RuleBroken):
        await closed.remove(by=SOMEBODY, based_on=closed.version)


async def test_the_check_of_the_history_finds_a_frozen_figure_that_was_changed(made: Made) -> None:
    await make_report(made.task, date(2016, 9, 28), 40)
    review = await opened(made)
    await close(made, review)
    assert (await audit_check.check(made.plan.slug)).fits
    await FrozenTask.get_motor_collection().update_one({"audience": "members"}, {"$set": {"stated.progress": "9/10"}})
    findings = (await audit_check.check(made.plan.slug)).findings
    assert [finding.fault for finding in findings] == [audit_check.Fault.DIFFERENT]
    assert "2016Q3" in str(findings[0])


@pytest.mark.parametrize(
    ("period", "due", "field"),
    [
        ("2017-Q1", date(2017, 4, 10), "period"),
        ("2016-02", date(2016, 3, 10), "period"),
        ("2014-Q4", date(2015, 1, 10), "period"),
        ("2016-Q3", date(2016, 6, 10), "due"),
    ],
)
async def test_a_review_is_of_a_term_that_has_begun_in_the_plans_years(
    made: Made, period: str, due: date, field: str
) -> None:
    with pytest.raises(RuleBroken) as broken:
        await open_review(await made.snapshot(), Period.parse(period), due=due, by=SOMEBODY, today=LATER)
    assert broken.value.field == field
    assert await Review.find_all().count() == 0


async def test_there_is_one_review_of_a_quarter(made: Made) -> None:
    await opened(made)
    with pytest.raises(RuleBroken) as broken:
        await open_review(await made.snapshot(), Period.parse("2016-07/2016-09"), due=LATER, by=SOMEBODY, today=LATER)
    assert broken.value.field == "period"


async def test_cancelled_tasks_and_hidden_goals_are_counted_as_on_the_pages(made: Made) -> None:
    other = await make_task(made.scope, made.goal, "1.2")
    await make_report(other, date(2016, 9, 1), 0, execution=Execution.CANCELLED)
    await make_report(made.task, date(2016, 9, 1), 50)
    review = await opened(made)
    await close(made, review)
    kept = await statement_of_edition(review.key, 1, Audience.MEMBERS)
    assert kept.plan.progress is not None
    assert float(kept.plan.progress) == 0.5
    assert kept.plan.counts.execution["cancelled"] == 1
    assert kept.plan.counts.schedule["none"] == 1
