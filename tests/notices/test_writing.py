"""What makes a notice, for whom, and that no cause makes two."""

from __future__ import annotations

import asyncio
from datetime import date, timedelta
from fractions import Fraction
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stratplan import audit
from stratplan.accounts.models import Membership
from stratplan.actors import COMMAND_LINE, Actor
from stratplan.discussion.models import Comment, CommentSort
from stratplan.documents import SITE, now
from stratplan.goals.models import Milestone, Task
from stratplan.goals.schedule import standing
from stratplan.goals.states import Execution, Outcome
from stratplan.mentions import token
from stratplan.notices.audience import audience_of
from stratplan.notices.cause import Cause
from stratplan.notices.causes import deadline_causes, deadline_kind
from stratplan.notices.kinds import NoticeKind, When
from stratplan.notices.models import Choices, Followed, Notice, Turn
from stratplan.notices.sentences import sentence
from stratplan.notices.writing import DEADLINES, follow_histories, write, write_deadlines
from stratplan.period import Period
from stratplan.permissions import Role
from stratplan.plans.models import Plan
from stratplan.snapshot import Snapshots
from stratplan.units.models import Unit, UnitKind
from tests.factories import SOMEBODY, TODAY_IN_PLAN, Made, make_account, make_plan, make_report, make_task
from tests.listening import listening
from tests.notices.making import due_on, edited, make_head, the_pause_is_over


async def told() -> list[tuple[str, str, str]]:
    """Every notice as (account, kind, deed), in the order in which they were written."""
    return [(str(one.account), one.kind.value, one.deed) for one in await Notice.find_all().sort("_id").to_list()]


async def follow() -> int:
    return await follow_histories(Snapshots())


async def test_a_change_is_told_to_the_responsible_unit_once_and_not_to_who_made_it(made: Made) -> None:
    await follow()
    head = await make_head(made)
    other = await make_head(made)
    await make_account(Role.PLANNER, scope=made.scope)  # has no unit
    task = await edited(made.task, title="Cits nosaukums")
    await task.edit({"title": "Trešais"}, by=head.actor, based_on=task.version)

    assert await follow() == 3
    assert await follow() == 0

    assert sorted(await told()) == sorted(
        [
            (str(head.key), "changed", "task.edited"),
            (str(other.key), "changed", "task.edited"),
            (str(other.key), "changed", "task.edited"),
        ]
    )


async def test_processes_that_follow_at_once_write_each_notice_once(made: Made) -> None:
    await follow()
    heads = [await make_head(made) for _ in range(3)]
    for number in range(10):
        await edited(made.task, title=f"Nosaukums {number}")

    await asyncio.gather(*(follow() for _ in range(6)))

    assert len(await told()) == 10 * len(heads)


async def test_what_happened_while_no_process_ran_is_told_after_it(made: Made) -> None:
    """The position is kept, and a notice that was written before a crash is not written again."""
    await follow()
    await make_head(made)
    for number in range(3):
        await edited(made.task, title=f"Nosaukums {number}")
    position = await Followed.find_one({"_id": made.scope})
    assert position is not None
    await follow()
    # A process died after it had written the notices, before it moved the position on.
    await Followed.get_motor_collection().update_one({"_id": made.scope}, {"$set": {"number": position.number}})

    assert await follow() == 0

    assert len(await told()) == 3


async def test_a_plan_that_is_older_than_notices_is_told_of_from_now_on(made: Made) -> None:
    await make_head(made)
    await edited(made.task, title="Sen mainīts")
    await Plan.get_motor_collection().update_one(
        {"_id": made.scope}, {"$set": {"created_at": now() - timedelta(days=9)}}
    )
    assert await follow() == 0
    await edited(made.task, title="Tagad mainīts")
    assert await follow() == 1


async def test_a_report_a_deletion_and_an_undone_change_are_told_and_numbers_are_not(made: Made) -> None:
    await follow()
    await make_head(made)
    await make_report(made.task, TODAY_IN_PLAN, 10)
    current = await Task.get(made.task.key)
    assert current is not None
    await Task.renumber([(current, "1.7")], by=SOMEBODY)
    current = await Task.get(made.task.key)
    assert current is not None
    await current.remove(by=SOMEBODY, based_on=current.version)

    await follow()

    assert [deed for _account, _kind, deed in await told()] == ["task.reported", "task.deleted"]


async def test_a_unit_that_loses_a_task_is_told_as_is_the_one_that_gets_it(made: Made) -> None:
    await follow()
    loses = await make_head(made)
    unit = Unit.new(scope=made.organisation.key, name="Cita nodaļa", sort=UnitKind.DEPARTMENT)
    await unit.add(by=SOMEBODY)
    below = Unit.new(scope=made.organisation.key, name="Sektors", sort=UnitKind.STRUCTURAL, parent=unit.key)
    await below.add(by=SOMEBODY)
    gets = await make_account(Role.REPORTER, scope=made.scope, units=[unit.key])
    await edited(made.task, lead=below.key)

    await follow()

    assert {account for account, _kind, _deed in await told()} == {str(loses.key), str(gets.key)}


async def test_programs_tell_nobody(made: Made) -> None:
    await follow()
    await make_head(made)
    await made.task.edit({"title": "Ielādēts"}, by=COMMAND_LINE, based_on=made.task.version)
    assert await follow() == 0


async def say(made: Made, by: Actor, text: str, sort: CommentSort = CommentSort.COMMENT) -> None:
    """Somebody says something of the task."""
    await Comment.new(scope=made.scope, task=made.task.key, text=text, sort=sort).add(by=by)


async def test_a_mention_is_told_to_who_is_named_and_a_question_to_the_unit(made: Made) -> None:
    await follow()
    head = await make_head(made)
    planner = await make_account(Role.PLANNER, scope=made.scope)
    council = await make_account(Role.COUNCIL, scope=made.scope)
    stranger = await make_account(None)
    named = f"Lūdzu, {token(planner.key)}, {token(planner.key)} un {token(stranger.key)} un {token(council.key)}"

    await say(made, council.actor, named)
    await follow()
    # Not to the stranger, who does not see the plan, not to oneself, and to the planner once.
    assert await told() == [(str(planner.key), "mentioned", "")]

    await say(made, council.actor, f"{token(head.key)}, kad?", CommentSort.QUESTION)
    await follow()
    assert (await told())[1:] == [(str(head.key), "asked", "")]


async def test_what_somebody_does_not_want_and_what_they_may_not_see_is_not_written(made: Made) -> None:
    await follow()
    admin = await make_account()
    head, gone, disabled = await make_head(made), await make_head(made), await make_head(made)
    await Choices.choose(head.key, {NoticeKind.CHANGED: When.NOT})
    membership = await Membership.find_one({"account": gone.key})
    assert membership is not None
    await membership.remove(by=COMMAND_LINE, based_on=membership.version)
    await disabled.disable(by=COMMAND_LINE, based_on=disabled.version)
    await edited(made.task, title="Cits")

    await follow()

    assert await told() == []
    assert set(audience_of(await made.snapshot())) == {admin.key, head.key}


@pytest.mark.parametrize(
    ("left", "kind"),
    [
        (31, None),
        (30, NoticeKind.DUE_30),
        (8, NoticeKind.DUE_30),
        (7, NoticeKind.DUE_7),
        (0, NoticeKind.DUE_7),
        (-1, NoticeKind.OVERDUE),
        (-30, NoticeKind.OVERDUE),
        (-31, None),
    ],
)
async def test_a_deadline_is_told_of_a_month_and_a_week_before_and_after_it(
    made: Made, left: int, kind: NoticeKind | None
) -> None:
    await make_head(made)
    await due_on(made.task, TODAY_IN_PLAN + timedelta(days=left))
    assert [one.kind for one in deadline_causes(await made.snapshot(), TODAY_IN_PLAN)] == ([kind] if kind else [])


@given(st.integers(-400, 400), st.sampled_from(Execution))
def test_of_what_is_done_or_given_up_no_deadline_is_told(left: int, execution: Execution) -> None:
    day = date(2016, 9, 30)
    last = day + timedelta(days=left)
    period = Period.parse(f"01.01.2015.–{last:%d.%m.%Y}.") if last > date(2015, 1, 1) else Period.parse("2015.")
    figures = SimpleNamespace(standing=standing(period, Fraction(0), execution, day))
    kind = deadline_kind(figures)  # type: ignore[arg-type]
    if execution in (Execution.COMPLETED, Execution.CANCELLED, Execution.SUSPENDED):
        assert kind is None
    else:
        assert (kind is None) == (not -30 <= figures.standing.days_left <= 30)


async def test_deadlines_are_told_once_and_a_moved_one_again(made: Made) -> None:
    head = await make_head(made)
    await due_on(made.task, TODAY_IN_PLAN + timedelta(days=5))
    day = TODAY_IN_PLAN

    async def look(on: date) -> int:
        return await write_deadlines(Snapshots(), "one", lambda: on)

    assert await look(day) == 1
    assert await look(day) == 0
    assert await look(day + timedelta(days=1)) == 0  # the same deadline, the same kind
    await due_on(made.task, TODAY_IN_PLAN + timedelta(days=6))
    assert await look(day + timedelta(days=2)) == 1
    assert await look(day + timedelta(days=7)) == 1
    assert [(account, kind) for account, kind, _deed in await told()] == [
        (str(head.key), "due-7"),
        (str(head.key), "due-7"),
        (str(head.key), "overdue"),
    ]


async def test_one_process_looks_for_the_days_deadlines(made: Made) -> None:
    await make_head(made)
    await due_on(made.task, TODAY_IN_PLAN + timedelta(days=5))

    written = await asyncio.gather(
        *(write_deadlines(Snapshots(), f"process {number}", lambda: TODAY_IN_PLAN) for number in range(5))
    )

    assert sorted(written) == [0, 0, 0, 0, 1]


async def test_a_plan_whose_deadlines_cannot_be_found_keeps_nobody_elses_letter(made: Made) -> None:
    other = await make_plan("otrs")
    await make_head(other)
    await due_on(other.task, TODAY_IN_PLAN + timedelta(days=5))
    await Task.get_motor_collection().update_one({"_id": made.task.key}, {"$set": {"period": "no period"}})

    assert not await Turn.is_tried(DEADLINES, TODAY_IN_PLAN.isoformat())
    with pytest.raises(ValueError):
        await write_deadlines(Snapshots(), "process", lambda: TODAY_IN_PLAN)

    assert len(await told()) == 1
    assert await Turn.is_tried(DEADLINES, TODAY_IN_PLAN.isoformat())  # which the daily letters wait for


async def test_deadlines_that_could_not_be_found_are_looked_for_again_on_the_same_day_and_told_once(
    made: Made,
) -> None:
    await make_head(made)
    await due_on(made.task, TODAY_IN_PLAN + timedelta(days=5))
    raw = await Task.get_motor_collection().find_one({"_id": made.task.key})
    assert raw is not None

    async def look(owner: str) -> int:
        return await write_deadlines(Snapshots(), owner, lambda: TODAY_IN_PLAN)

    await Task.get_motor_collection().update_one({"_id": made.task.key}, {"$set": {"period": "no period"}})
    with pytest.raises(ValueError):
        await look("process")
    await Task.get_motor_collection().update_one({"_id": made.task.key}, {"$set": {"period": raw["period"]}})
    assert await look("process") == await look("another") == 0  # not every few seconds
    await the_pause_is_over(DEADLINES)
    assert sorted(await asyncio.gather(*(look(f"process {number}") for number in range(4)))) == [0, 0, 0, 1]
    await the_pause_is_over(DEADLINES)
    assert await look("process") == 0
    assert len(await told()) == 1


async def test_a_history_that_is_no_plans_costs_no_question_until_it_changes(made: Made) -> None:
    await follow()
    heads = await audit.Head.find_all().to_list()
    assert any(head.id not in (made.scope, SITE) for head in heads)  # the organisation's
    with listening() as sent:
        await follow()
    assert not [one for one in sent if one.startswith("find plans")], sent


async def test_a_report_that_completes_a_task_ends_its_deadlines(made: Made) -> None:
    await make_head(made)
    await due_on(made.task, TODAY_IN_PLAN + timedelta(days=5))
    await make_report(made.task, TODAY_IN_PLAN, 100, execution=Execution.COMPLETED, outcome=Outcome.REACHED)
    assert deadline_causes(await made.snapshot(), TODAY_IN_PLAN) == []


async def test_nothing_is_written_to_who_has_no_part_in_the_plan(made: Made) -> None:
    stranger = await make_account(None)
    await make_task(made.scope, made.goal, "1.2")
    snapshot = await made.snapshot()
    assert await write([Cause(stranger.key, NoticeKind.CHANGED, "x", None, "x")], snapshot) == 0


async def test_a_plan_whose_history_cannot_be_read_keeps_no_other_from_being_followed(made: Made) -> None:
    other = await make_plan("otrs")
    await follow()
    await make_head(other)
    broken = {"scope": made.scope, "number": 10_000, "at": now(), "changes": "not a list"}
    await audit.AuditEntry.get_motor_collection().insert_one(broken)
    await audit.Head.get_motor_collection().update_one({"_id": made.scope}, {"$set": {"revision": 10_000}})
    await edited(other.task, title="Cits")

    with pytest.raises(ValueError):
        await follow()

    assert [deed for _account, _kind, deed in await told()] == ["task.edited"]


async def test_milestones_and_restored_versions_are_changes_of_a_task(made: Made) -> None:
    await follow()
    await make_head(made)
    current = await Task.get(made.task.key)
    assert current is not None
    await current.edit(
        {"milestones": [Milestone(key="a", title="Solis")]}, by=SOMEBODY, based_on=1, tag="milestones_set"
    )
    await follow()
    assert [deed for _account, _kind, deed in await told()] == ["task.milestones_set"]
    (notice,) = await Notice.find_all().to_list()
    assert "laboja šī uzdevuma starpposmus" in sentence(notice, await made.snapshot(), TODAY_IN_PLAN)
