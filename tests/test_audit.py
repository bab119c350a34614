"""Changes: the document, its audit entry, the chain, what is refused and what undoing does."""

from __future__ import annotations

import asyncio

import pytest
from beanie import PydanticObjectId

from stratplan import audit
from stratplan.audit import AuditEntry, Head
from stratplan.database import Database
from stratplan.documents import undo
from stratplan.errors import RuleBroken, StaleEdit
from stratplan.goals.models import Goal, Report, Task
from stratplan.goals.states import Execution, Outcome
from stratplan.plans.models import FundingSource
from stratplan.swot.models import SwotEntry
from stratplan.units.models import Unit, UnitKind
from tests.factories import SOMEBODY, TODAY_IN_PLAN, Made, make_goal, make_plan, make_report, make_swot, make_task


async def entries_of(scope: PydanticObjectId) -> list[AuditEntry]:
    return await AuditEntry.find({"scope": scope}).sort("number").to_list()


async def again(document: Task) -> Task:
    found = await Task.get(document.key)
    assert found is not None
    return found


async def test_an_edit_leaves_the_state_one_entry_and_a_moved_head(made: Made) -> None:
    before = len(await entries_of(made.scope))
    entry = await made.task.edit({"title": "Jauns nosaukums"}, by=SOMEBODY, based_on=1)
    task = await again(made.task)
    assert (task.title, task.version) == ("Jauns nosaukums", 2)
    assert task.worded_at is not None
    assert entry is not None
    entries = await entries_of(made.scope)
    assert len(entries) == before + 1
    assert entries[-1].tag == "task.edited"
    assert entries[-1].changes[0].before == {"title": "Uzdevums 1.1"}
    assert entries[-1].changes[0].after == {"title": "Jauns nosaukums"}
    head = await Head.get(made.scope)
    assert head is not None
    assert (head.revision, head.hash) == (entries[-1].number, entries[-1].hash)


async def test_the_chain_hashes_what_is_stored(made: Made) -> None:
    await make_report(made.task, TODAY_IN_PLAN, 40)
    previous = audit.GENESIS
    number = 0
    async for raw in AuditEntry.get_motor_collection().find({"scope": made.scope}).sort("number", 1):
        number += 1
        assert raw["number"] == number
        assert raw["previous"] == previous
        assert raw["hash"] == audit.chained_hash(raw)
        previous = raw["hash"]
    assert number >= 4


async def test_an_edit_that_changes_nothing_writes_nothing(made: Made) -> None:
    before = len(await entries_of(made.scope))
    assert await made.task.edit({"title": made.task.title}, by=SOMEBODY, based_on=1) is None
    assert len(await entries_of(made.scope)) == before


async def test_an_edit_based_on_an_older_version_is_refused_with_both_versions(made: Made) -> None:
    await made.task.edit({"title": "Pirmā"}, by=SOMEBODY, based_on=1)
    current = await again(made.task)
    with pytest.raises(StaleEdit) as refused:
        await current.edit({"title": "Otrā"}, by=SOMEBODY, based_on=1)
    assert refused.value.current.caption == "1.1 Pirmā"
    assert refused.value.mine == {"title": "Otrā"}
    assert (await again(made.task)).title == "Pirmā"


async def test_two_writers_who_read_the_same_version_do_not_both_win(made: Made) -> None:
    mine, yours = await again(made.task), await again(made.task)
    outcomes = await asyncio.gather(
        mine.edit({"title": "Mans"}, by=SOMEBODY, based_on=1),
        yours.edit({"title": "Tavs"}, by=SOMEBODY, based_on=1),
        return_exceptions=True,
    )
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["AuditEntry", "StaleEdit"]
    assert len([e for e in await entries_of(made.scope) if e.tag == "task.edited"]) == 1


async def test_a_report_in_between_does_not_make_an_edit_of_the_texts_stale(made: Made) -> None:
    await make_report(made.task, TODAY_IN_PLAN, 40)
    task = await again(made.task)
    assert await task.edit({"title": "Precizēts"}, by=SOMEBODY, based_on=1) is not None
    assert (await again(made.task)).title == "Precizēts"


async def test_many_changes_at_once_lose_none_and_number_them_without_gaps(made: Made) -> None:
    before = len(await entries_of(made.scope))
    await asyncio.gather(*(make_swot(made.scope, text=f"Ieraksts {n}") for n in range(30)))
    entries = await entries_of(made.scope)
    assert [entry.number for entry in entries] == list(range(1, before + 31))
    assert await SwotEntry.find({"scope": made.scope}).count() == 30


async def test_a_taken_number_is_refused_and_nothing_is_written(made: Made) -> None:
    before = len(await entries_of(made.scope))
    with pytest.raises(RuleBroken) as refused:
        await make_task(made.scope, made.goal, "1.1")
    assert refused.value.field == "number"
    assert await Task.find({"scope": made.scope}).count() == 1
    assert len(await entries_of(made.scope)) == before


async def test_numbers_are_swapped_in_one_change(made: Made) -> None:
    other = await make_task(made.scope, made.goal, "1.2")
    await Task.renumber([(made.task, "1.2"), (other, "1.1")], by=SOMEBODY)
    assert ((await again(made.task)).number, (await again(other)).number) == ("1.2", "1.1")


async def test_a_reference_to_what_is_gone_is_refused(made: Made) -> None:
    goal = await make_goal(made.scope, "SM2")
    await goal.remove(by=SOMEBODY, based_on=1)
    with pytest.raises(RuleBroken) as refused:
        await made.task.move(goal.key, "2.1", by=SOMEBODY, based_on=1)
    assert refused.value.field == "goal"


async def test_a_reference_into_another_plan_is_refused_and_to_a_unit_of_its_organisation_is_not(made: Made) -> None:
    other = await make_plan("other")
    before = await entries_of(made.scope)
    for values in ({"goal": other.goal.key}, {"lead": other.unit.key}, {"sources": [other.source.key]}):
        with pytest.raises(RuleBroken):
            await made.task.edit(values, by=SOMEBODY, based_on=1)
    assert await entries_of(made.scope) == before
    assert await made.task.edit({"partners": [made.unit.key]}, by=SOMEBODY, based_on=1)


@pytest.mark.parametrize("kind", [Goal, Unit, FundingSource])
async def test_what_is_in_use_is_not_deleted_and_the_refusal_names_where(
    made: Made, kind: type[Goal] | type[Unit] | type[FundingSource]
) -> None:
    document = {Goal: made.goal, Unit: made.unit, FundingSource: made.source}[kind]
    with pytest.raises(RuleBroken, match=r"1\.1 Uzdevums"):
        await document.remove(by=SOMEBODY, based_on=1)


async def test_deleting_a_task_unlinks_and_takes_its_reports_and_undoing_brings_all_back(made: Made) -> None:
    swot = await make_swot(made.scope, tasks=[made.task.key])
    report = await make_report(made.task, TODAY_IN_PLAN, 40)
    task = await again(made.task)
    entry = await task.remove(by=SOMEBODY, based_on=task.version)

    async def state() -> tuple[bool, bool, list[PydanticObjectId]]:
        kept = await SwotEntry.get(swot.key)
        reported = await Report.get(report.key)
        assert kept is not None
        assert reported is not None
        return (await again(made.task)).deleted, reported.deleted, kept.tasks

    assert await state() == (True, True, [])
    assert entry.id is not None
    undone = await undo(entry.id, scope=made.scope, by=SOMEBODY)
    assert await state() == (False, False, [made.task.key])
    assert (undone.tag, undone.undoes) == ("change.undone", entry.id)


async def test_a_change_that_others_built_on_is_not_undone(made: Made) -> None:
    entry = await made.task.edit({"title": "Pirmā"}, by=SOMEBODY, based_on=1)
    await (await again(made.task)).edit({"title": "Otrā"}, by=SOMEBODY, based_on=2)
    assert entry is not None
    assert entry.id is not None
    with pytest.raises(RuleBroken):
        await undo(entry.id, scope=made.scope, by=SOMEBODY)
    assert (await again(made.task)).title == "Otrā"


async def test_undoing_the_making_of_something_deletes_it(made: Made, db: Database) -> None:
    swot = SwotEntry.new(scope=made.scope, quadrant="threat", text="Draudi", order=1)
    entry = await swot.add(by=SOMEBODY)
    assert entry.id is not None
    await undo(entry.id, scope=made.scope, by=SOMEBODY)
    gone = await SwotEntry.get(swot.key)
    assert gone is not None
    assert gone.deleted


async def test_a_percentage_is_refused_where_milestones_count(made: Made) -> None:
    await made.task.edit(
        {"milestones": [{"key": "a", "title": "Projekts"}, {"key": "b", "title": "Būvdarbi"}]},
        by=SOMEBODY,
        based_on=1,
    )
    with pytest.raises(RuleBroken) as refused:
        await make_report(made.task, TODAY_IN_PLAN, 40)
    assert refused.value.field == "percent"
    task = await again(made.task)
    await task.report(
        on=TODAY_IN_PLAN,
        execution=Execution.IN_PROGRESS,
        outcome=Outcome.NOT_ASSESSED,
        text="",
        done={"a": TODAY_IN_PLAN},
        by=SOMEBODY,
        based_on=task.version,
    )
    assert [milestone.done_on for milestone in (await again(made.task)).milestones] == [TODAY_IN_PLAN, None]


async def test_a_unit_is_not_deleted_while_a_task_of_a_plan_takes_it(made: Made) -> None:
    """The two are changes of two scopes: of the organisation, and of the plan."""
    for turn in range(5):
        unit = Unit.new(scope=made.organisation.key, name=f"Nodaļa {turn}", sort=UnitKind.DEPARTMENT)
        await unit.add(by=SOMEBODY)
        task = await again(made.task)
        outcomes = await asyncio.gather(
            unit.remove(by=SOMEBODY, based_on=1),
            task.edit({"lead": unit.key}, by=SOMEBODY, based_on=task.version),
            return_exceptions=True,
        )
        assert [type(outcome) for outcome in outcomes].count(RuleBroken) == 1
        left = await Unit.get(unit.key)
        assert left is not None
        assert left.deleted == ((await again(task)).lead != unit.key)


async def test_of_those_who_undo_one_change_at_once_all_but_one_are_told(made: Made) -> None:
    entry = await made.task.edit({"title": "Jauns nosaukums"}, by=SOMEBODY, based_on=1)
    assert entry is not None
    undoing = (undo(PydanticObjectId(entry.id), scope=made.scope, by=SOMEBODY) for _ in range(4))
    outcomes = await asyncio.gather(*undoing, return_exceptions=True)
    assert [type(outcome) for outcome in outcomes].count(RuleBroken) == 3
    assert (await again(made.task)).title == "Uzdevums 1.1"


async def test_what_is_named_twice_is_kept_once(made: Made) -> None:
    task = await make_task(made.scope, made.goal, "3.3", sources=[made.source.key] * 2, partners=[made.unit.key] * 2)
    assert (task.sources, task.partners) == ([made.source.key], [made.unit.key])
