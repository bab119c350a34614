"""What residents see of a plan: a snapshot of its own, in which nothing tells of what is not public."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from stratplan.documents import LivingDocument
from stratplan.goals.models import Goal, Report, Task
from stratplan.goals.queries import plan_progress
from stratplan.investments.models import InvestmentLine
from stratplan.investments.queries import money_of
from stratplan.plans.models import Plan, PublicPart
from stratplan.snapshot import Snapshot, Snapshots
from stratplan.swot.models import SwotEntry
from tests.factories import (
    SOMEBODY,
    TODAY_IN_PLAN,
    Made,
    make_account,
    make_goal,
    make_line,
    make_report,
    make_swot,
    make_task,
)


async def publish(made: Made, *parts: PublicPart) -> None:
    plan = await Plan.get(made.scope)
    assert plan is not None
    await plan.publish(parts, by=SOMEBODY, based_on=plan.version)


async def hide(document: LivingDocument, *, internal: bool = True) -> None:
    current = await type(document).get(document.key)
    assert current is not None
    await current.edit({"internal": internal}, by=SOMEBODY, based_on=current.version)


async def whole(made: Made) -> Snapshot:
    """The public snapshot made from nothing, for comparison with one that followed."""
    return (await made.snapshot()).public


def same(one: Snapshot, other: Snapshot) -> bool:
    return all(
        {key: dict(document) for key, document in one.all(kind).items()}
        == {key: dict(document) for key, document in other.all(kind).items()}
        for kind in LivingDocument.kinds.values()
    )


async def test_publishing_and_withdrawing_are_recorded_and_remember_the_parts(made: Made) -> None:
    entry = await made.plan.publish([PublicPart.SWOT, PublicPart.REPORTS], by=SOMEBODY, based_on=1)
    assert entry is not None
    plan = await Plan.get(made.scope)
    assert plan is not None
    assert (entry.tag, plan.published) == ("plan.published", True)
    assert plan.public_parts == [PublicPart.REPORTS, PublicPart.SWOT]
    withdrawn = await plan.withdraw(by=SOMEBODY, based_on=plan.version)
    after = await Plan.get(made.scope)
    assert withdrawn is not None
    assert after is not None
    assert (withdrawn.tag, after.published, len(after.public_parts)) == ("plan.withdrawn", False, 2)


@pytest.mark.parametrize(("parts", "kind"), [((PublicPart.FUNDING,), InvestmentLine), ((PublicPart.SWOT,), SwotEntry)])
async def test_a_part_is_public_only_where_the_plan_publishes_it(
    made: Made, parts: tuple[PublicPart, ...], kind: type[LivingDocument]
) -> None:
    await make_line(made.scope, made.goal)
    await make_swot(made.scope)
    await publish(made)
    assert len((await whole(made)).all(kind)) == 0
    await publish(made, *parts)
    assert len((await whole(made)).all(kind)) == 1


async def test_progress_is_public_and_what_units_wrote_only_where_it_is_published(made: Made) -> None:
    await make_report(made.task, date(2016, 6, 30), 40, text="Iepirkums kavējas.")
    await publish(made)
    shown = await whole(made)
    assert [(report.percent, report.text) for report in shown.all(Report).values()] == [(40, "")]
    assert plan_progress(shown, TODAY_IN_PLAN).value == plan_progress(await made.snapshot(), TODAY_IN_PLAN).value
    await publish(made, PublicPart.REPORTS)
    assert [report.text for report in (await whole(made)).all(Report).values()] == ["Iepirkums kavējas."]


async def test_an_internal_goal_takes_its_tasks_reports_and_lines_along_and_links_to_it_are_cut(made: Made) -> None:
    secret = await make_goal(made.scope, "SM2")
    task = await make_task(made.scope, secret, "2.1")
    await make_report(task, date(2016, 6, 30), 100)
    await make_line(made.scope, secret, "2.1", amount=Decimal(500))
    await make_line(made.scope, made.goal, "1.1", amount=Decimal(300), tasks=[made.task.key, task.key])
    await make_swot(made.scope, goals=[made.goal.key, secret.key], tasks=[task.key])
    await publish(made, *PublicPart)
    await hide(secret)
    shown = await whole(made)
    assert set(shown.all(Goal)) == {made.goal.key}
    assert set(shown.all(Task)) == {made.task.key}
    assert len(shown.all(Report)) == 0
    (line,) = shown.all(InvestmentLine).values()
    assert line.tasks == [made.task.key]
    (entry,) = shown.all(SwotEntry).values()
    assert (entry.goals, entry.tasks) == ([made.goal.key], [])
    assert money_of(shown, TODAY_IN_PLAN).total.amount == Decimal(300)
    assert plan_progress(shown, TODAY_IN_PLAN).value == 0


async def test_a_public_snapshot_follows_every_change_and_equals_one_made_from_nothing(made: Made) -> None:
    await publish(made, *PublicPart)
    snapshots = Snapshots()

    async def following() -> Snapshot:
        found = await snapshots.of(made.plan.slug)
        assert found is not None
        return found.public

    first = await following()
    plan_progress(first, TODAY_IN_PLAN)
    other = await make_task(made.scope, made.goal, "1.2", lead=made.unit.key)
    await make_report(other, date(2016, 6, 30), 80)
    assert same(await following(), await whole(made))
    await hide(other)
    assert same(await following(), await whole(made))
    assert set((await following()).all(Task)) == {made.task.key}
    assert set(first.all(Task)) == {made.task.key}, "a snapshot never changes"
    await hide(other, internal=False)
    await make_line(made.scope, made.goal, amount=Decimal(10), tasks=[other.key])
    assert same(await following(), await whole(made))
    assert (
        plan_progress(await following(), TODAY_IN_PLAN).value == plan_progress(await whole(made), TODAY_IN_PLAN).value
    )
    await publish(made)
    assert same(await following(), await whole(made))
    assert len((await following()).all(InvestmentLine)) == 0


async def test_residents_are_told_no_names_of_people(made: Made) -> None:
    person = await make_account(name="Zane Kalniņa")
    await publish(made, *PublicPart)
    snapshot = await made.snapshot()
    assert snapshot.name_of(str(person.key)) == "Zane Kalniņa"
    assert "Zane" not in snapshot.public.name_of(str(person.key))


def test_a_new_kind_of_document_is_closed_until_it_says_otherwise() -> None:
    closed = {name for name, kind in LivingDocument.kinds.items() if kind.public is LivingDocument.public}
    assert {"account", "membership"} <= closed
    assert closed & {"plan", "goal", "task", "report", "line", "swot", "section", "term", "source", "unit"} == set()
