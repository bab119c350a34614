"""Tasks that reviews keep tripping over, and their hand-over to another unit."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from itertools import pairwise
from typing import Any

import httpx
import pytest
from beanie import PydanticObjectId

from stratplan.audit import AuditEntry
from stratplan.errors import StaleEdit
from stratplan.frame import Frame
from stratplan.goals.models import Task
from stratplan.goals.states import Execution
from stratplan.period import Period
from stratplan.permissions import Role
from stratplan.reviews.closing import close_review, open_review
from stratplan.reviews.models import Decision, Review, Submission
from stratplan.reviews.moves import deadline_moves
from stratplan.reviews.problem_pages import ROWS_ON_A_PAGE
from stratplan.reviews.problems import Problem, days_late, late_units, postponements, problem_tasks, times_late
from stratplan.reviews.sending import TaskWords, give_back, send
from stratplan.reviews.statement import Move
from stratplan.snapshot import Snapshots
from stratplan.units.models import Unit, UnitKind
from tests.conftest import reading
from tests.factories import SOMEBODY, TODAY_IN_PLAN, Made, make_account, make_report, make_task

PAGE = "/plans/plans/reviews/problems"


@pytest.fixture
async def other(made: Made) -> Unit:
    """A second unit."""
    unit = Unit.new(scope=made.organisation.key, name="Aprūpes centrs", sort=UnitKind.STRUCTURAL)
    await unit.add(by=SOMEBODY)
    return unit


async def current(task: Task) -> Task:
    found = await Task.get(task.key)
    assert found is not None
    return found


async def problems(made: Made, day: date = TODAY_IN_PLAN) -> dict[str, tuple[Problem, ...]]:
    found = problem_tasks(await made.snapshot(), day, await deadline_moves(made.scope))
    return {one.task.number: one.problems for one in found}


async def reviewed(
    made: Made, period: str, *, due: date, sent: date | None = None, closed: date | None = None
) -> Review:
    """A review of which the one unit's part was sent on a day, or not at all, and that was closed on a day, or not."""
    review, _entry = await open_review(
        await made.snapshot(), Period.parse(period), due=due, by=SOMEBODY, today=TODAY_IN_PLAN
    )
    if sent is not None:
        words = [TaskWords(made.task.key, Execution.IN_PROGRESS, percent=10, text="Iesākts.")]
        await send(await made.snapshot(), review, made.unit.key, words, today=sent, by=SOMEBODY, based_on=0)
        at = datetime(sent.year, sent.month, sent.day, 9, tzinfo=UTC)
        moment = {"sent_at": at, "first_sent_at": at}
        await Submission.get_motor_collection().update_one({"review": review.key}, {"$set": moment})
    if closed is not None:
        by: Any = {"by": SOMEBODY, "based_on": review.version, "today": TODAY_IN_PLAN, "decision": Decision()}
        await close_review(Snapshots(), made.plan.slug, review, **by, despite_missing=True)
        moment = {"editions.0.closed_at": datetime(closed.year, closed.month, closed.day, 9, tzinfo=UTC)}
        await Review.get_motor_collection().update_one({"_id": review.key}, {"$set": moment})
    return review


async def test_a_task_that_has_begun_and_was_never_reported_is_a_problem_and_one_to_come_is_none(made: Made) -> None:
    await make_task(made.scope, made.goal, "1.2", period=Period.parse("2017."), lead=made.unit.key)
    assert await problems(made) == {"1.1": (Problem.NEVER_REPORTED,)}
    await make_report(made.task, date(2016, 9, 1), 10)
    assert await problems(made) == {}


async def test_a_task_without_a_unit_is_a_problem_until_it_is_completed(made: Made) -> None:
    task = await make_task(made.scope, made.goal, "1.2", lead=None)
    await make_report(made.task, date(2016, 9, 1), 10)
    await make_report(task, date(2016, 9, 1), 10)
    assert await problems(made) == {"1.2": (Problem.NO_UNIT,)}
    await make_report(task, date(2016, 9, 2), 100, execution=Execution.COMPLETED)
    assert await problems(made) == {}


async def test_a_unit_is_late_that_sends_after_the_due_date_or_not_at_all(made: Made) -> None:
    due = date(2016, 4, 14)
    late = await reviewed(made, "2016-Q1", due=due, sent=date(2016, 4, 15))
    in_time = await reviewed(made, "2015-Q4", due=due, sent=due)
    never = await reviewed(made, "2015-Q3", due=due, closed=date(2016, 4, 15))
    early = await reviewed(made, "2015-Q2", due=due, closed=due)  # closed before the unit could be late
    waiting = await reviewed(made, "2016-Q2", due=TODAY_IN_PLAN)
    snapshot = await made.snapshot()
    found = {
        one.code: bool(late_units(snapshot, snapshot.all(Review)[one.key], TODAY_IN_PLAN))
        for one in (late, in_time, never, early, waiting)
    }
    assert found == {"2016Q1": True, "2015Q4": False, "2015Q3": True, "2015Q2": False, "2016Q2": False}
    assert times_late(snapshot, TODAY_IN_PLAN) == {made.unit.key: 2}
    assert times_late(snapshot, date(2016, 10, 1)) == {made.unit.key: 3}


async def sends(made: Made, review: Review, on: date) -> Submission:
    """The unit's part, sent (again) on a day."""
    there = await Submission.find_one({"review": review.key, "deleted": False})
    words = [TaskWords(made.task.key, Execution.IN_PROGRESS, percent=10, text=f"Teikts {on}.")]
    at = datetime(on.year, on.month, on.day, 9, tzinfo=UTC)
    based_on = 0 if there is None else there.version
    snapshot = await made.snapshot()
    await send(snapshot, review, made.unit.key, words, today=on, by=SOMEBODY, based_on=based_on, at=at)
    found = await Submission.find_one({"review": review.key, "deleted": False})
    assert found is not None
    return found


@pytest.mark.parametrize("is_from_before", [True, False])
async def test_a_unit_that_sent_in_time_is_not_late_because_its_part_was_returned(
    made: Made, *, is_from_before: bool
) -> None:
    review = await reviewed(made, "2016-Q1", due=date(2016, 4, 14))
    part = await sends(made, review, date(2016, 4, 10))
    if is_from_before:  # sent before it was kept when that was for the first time
        await Submission.get_motor_collection().update_one({"_id": part.key}, {"$unset": {"first_sent_at": ""}})
    await give_back(part, remark="Par maz.", by=SOMEBODY, based_on=part.version)
    returned = await made.snapshot()
    assert late_units(returned, returned.all(Review)[review.key], date(2016, 4, 16)) == set()
    part = await sends(made, review, date(2016, 4, 17))
    assert part.sent_at == datetime(2016, 4, 17, 9, tzinfo=UTC)
    again = await made.snapshot()
    assert late_units(again, again.all(Review)[review.key], date(2016, 4, 20)) == set()
    assert days_late(review, again.all(Submission)[part.key], date(2016, 4, 20)) == 0


async def test_a_unit_that_sent_late_stays_late_when_it_sends_again(made: Made) -> None:
    review = await reviewed(made, "2016-Q1", due=date(2016, 4, 14))
    part = await sends(made, review, date(2016, 4, 16))
    await give_back(part, remark="Par maz.", by=SOMEBODY, based_on=part.version)
    part = await sends(made, review, date(2016, 4, 30))
    assert days_late(review, part, TODAY_IN_PLAN) == 2


async def test_a_task_that_was_added_after_a_unit_sent_makes_it_missing_and_not_late(made: Made) -> None:
    review = await reviewed(made, "2016-Q1", due=date(2016, 4, 14))
    await sends(made, review, date(2016, 4, 10))
    await make_task(made.scope, made.goal, "1.2", lead=made.unit.key)
    at: Any = {"by": SOMEBODY, "based_on": review.version, "today": TODAY_IN_PLAN, "decision": Decision()}
    await close_review(Snapshots(), made.plan.slug, review, **at, despite_missing=True)
    snapshot = await made.snapshot()
    closed = snapshot.all(Review)[review.key]
    assert closed.editions[0].missing == [made.unit.key]
    assert late_units(snapshot, closed, TODAY_IN_PLAN) == set()


async def test_tasks_of_a_unit_that_was_late_twice_are_problems(made: Made) -> None:
    due = date(2016, 4, 14)
    await reviewed(made, "2016-Q1", due=due, sent=date(2016, 5, 1))
    assert await problems(made) == {}
    await reviewed(made, "2016-Q2", due=date(2016, 7, 14))
    assert await problems(made) == {"1.1": (Problem.LATE_TWICE,)}


async def test_a_deadline_that_was_put_off_three_times_is_a_problem(made: Made) -> None:
    await make_report(made.task, date(2016, 9, 1), 10)
    for period in ("2015.–2018.", "2015.–2019.", "2015.–2018.", "2015.–2020."):
        task = await current(made.task)
        await task.edit({"period": Period.parse(period)}, by=SOMEBODY, based_on=task.version)
        assert await problems(made) == {}
    task = await current(made.task)
    await task.edit({"period": Period.parse("2015.–2021.")}, by=SOMEBODY, based_on=task.version)
    assert await problems(made) == {"1.1": (Problem.POSTPONED,)}


def test_a_postponement_that_was_taken_back_does_not_count() -> None:
    first, second, third = date(2016, 1, 1), date(2016, 2, 1), date(2016, 3, 1)
    on = date(2016, 1, 1)

    def moved(*days: date) -> list[Move]:
        return [Move(before=one, after=other, on=on, by="x") for one, other in pairwise(days)]

    assert postponements(moved(first, second, third)) == 2
    assert postponements(moved(first, second, first)) == 0
    assert postponements(moved(first, second, first, second)) == 1
    assert postponements(moved(second, first, third)) == 1
    assert postponements([]) == 0


async def test_tasks_are_handed_over_in_one_change_and_a_partner_becomes_the_leader(made: Made, other: Unit) -> None:
    task = await make_task(made.scope, made.goal, "1.2", lead=made.unit.key, partners=[other.key])
    entry = await Task.hand_over([(made.task, 1), (task, 1)], other.key, by=SOMEBODY)
    assert entry is not None
    assert (entry.tag, len(entry.changes)) == ("task.handed_over", 2)
    found = await current(task)
    assert (found.lead, found.partners) == (other.key, [])
    assert (await current(made.task)).lead == other.key
    assert await Task.hand_over([(found, 2)], other.key, by=SOMEBODY) is None


async def test_a_hand_over_hears_who_changed_the_unit_meanwhile_and_not_who_changed_the_title(
    made: Made, other: Unit
) -> None:
    await made.task.edit({"title": "Cits"}, by=SOMEBODY, based_on=1)
    await Task.hand_over([(await current(made.task), 1)], other.key, by=SOMEBODY)
    with pytest.raises(StaleEdit):
        await Task.hand_over([(await current(made.task), 2)], made.unit.key, by=SOMEBODY)


async def test_the_page_lists_problems_by_kind_and_hands_over_several_with_the_way_back(
    client: httpx.AsyncClient, made: Made, other: Unit
) -> None:
    task = await make_task(made.scope, made.goal, "1.2", lead=None, title="Bez izpildītāja")
    page = (await client.get(PAGE)).text
    assert 'value="' + f"{made.task.key}.1" in page
    alone = (await client.get(PAGE, params={"problem": "no-unit"})).text
    assert "Bez izpildītāja" in alone
    assert f"{made.task.key}.1" not in alone
    form = {"unit": str(other.key), "problem": "never", "tasks": [f"{made.task.key}.1", f"{task.key}.1"]}
    answer = await client.post(f"{PAGE}/hand-over", data=form)
    assert (answer.status_code, answer.headers["location"]) == (303, f"{PAGE}?problem=never")
    assert {(await current(one)).lead for one in (made.task, task)} == {other.key}
    client.cookies.update(answer.cookies)
    page = (await client.get(PAGE)).text
    undo = re.search(r'action="([^"]*/undo)"', page)
    assert undo
    await client.post(undo[1])
    assert [(await current(one)).lead for one in (made.task, task)] == [made.unit.key, None]


async def test_a_partner_takes_over_with_one_click(client: httpx.AsyncClient, made: Made, other: Unit) -> None:
    task = await make_task(made.scope, made.goal, "1.2", lead=made.unit.key, partners=[other.key])
    page = (await client.get(PAGE)).text
    button = re.search(rf'<form class="action"[^>]*hand-over">(?:(?!</form>).)*{task.key}\.1(?:(?!</form>).)*', page)
    assert button
    assert f'value="{other.key}"' in button[0]


@pytest.mark.parametrize(
    ("form", "status"),
    [
        ({"tasks": []}, 422),
        ({"unit": ""}, 422),
        ({"unit": str(PydanticObjectId())}, 422),
        ({"tasks": ["x"]}, 422),
        ({"tasks": [f"{PydanticObjectId()}.1"]}, 404),
    ],
)
async def test_a_hand_over_that_says_too_little_changes_nothing(
    client: httpx.AsyncClient, made: Made, other: Unit, form: dict[str, Any], status: int
) -> None:
    before = await AuditEntry.find_all().count()
    usual: dict[str, Any] = {"unit": str(other.key), "tasks": [f"{made.task.key}.1"]}
    assert (await client.post(f"{PAGE}/hand-over", data=usual | form)).status_code == status
    assert await AuditEntry.find_all().count() == before


async def test_of_two_who_hand_over_at_once_the_second_is_told(
    client: httpx.AsyncClient, made: Made, other: Unit
) -> None:
    form = {"unit": str(other.key), "tasks": [f"{made.task.key}.1"]}
    assert (await client.post(f"{PAGE}/hand-over", data=form)).status_code == 303
    third = Unit.new(scope=made.organisation.key, name="Trešā", sort=UnitKind.STRUCTURAL)
    await third.add(by=SOMEBODY)
    answer = await client.post(f"{PAGE}/hand-over", data=form | {"unit": str(third.key)})
    assert answer.status_code == 409
    assert "tikko" in answer.text
    assert (await current(made.task)).lead == other.key


async def test_a_long_list_has_pages_and_is_for_who_keeps_the_plan(
    app: Frame, client: httpx.AsyncClient, made: Made
) -> None:
    for number in range(2, ROWS_ON_A_PAGE + 3):
        await make_task(made.scope, made.goal, f"1.{number}", lead=None)
    first = (await client.get(PAGE)).text
    assert first.count('name="tasks" value=') == ROWS_ON_A_PAGE
    last = (await client.get(PAGE, params={"page": "2"})).text
    assert last.count('name="tasks" value=') == 2
    for strange in ("0", "99", "x", "-1", "²"):
        assert (await client.get(PAGE, params={"page": strange})).status_code == 200
    async with reading(app, await make_account(Role.COUNCIL, scope=made.scope)) as council:
        assert (await council.get(PAGE)).status_code == 403
