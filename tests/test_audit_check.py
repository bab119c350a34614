"""The check of the history names what was done to the database behind its back, and nothing where nothing was."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from benchmarks.plan_generator import generate
from stratplan.audit import AuditEntry, Head, chained_hash
from stratplan.audit_check import DOCUMENTS_NAMED, Fault, Finding, check
from stratplan.database import Database
from stratplan.documents import undo
from stratplan.errors import NotVisible
from stratplan.goals.models import Goal, Task
from stratplan.units.models import Unit
from tests.factories import SOMEBODY, TODAY_IN_PLAN, Made, make_account, make_line, make_plan, make_report, make_swot


def entries() -> Any:
    return AuditEntry.get_motor_collection()


def heads() -> Any:
    return Head.get_motor_collection()


async def entry(made: Made, number: int) -> dict[str, Any]:
    found: dict[str, Any] = await entries().find_one({"scope": made.scope, "number": number})
    return found


async def finding() -> Finding:
    outcome = await check()
    assert len(outcome.findings) == 1, outcome.lines()
    return outcome.findings[0]


async def test_what_was_written_through_the_door_fits(made: Made) -> None:
    await make_report(made.task, TODAY_IN_PLAN, 30)
    await make_line(made.scope, made.goal)
    swot = await make_swot(made.scope)
    edited = await made.goal.edit({"title": "Jauns"}, by=SOMEBODY, based_on=1)
    assert edited is not None
    assert edited.id is not None
    await undo(edited.id, scope=made.scope, by=SOMEBODY)
    await swot.remove(by=SOMEBODY, based_on=1)
    person = await make_account()
    await person.describe(by=person.actor, name="Cita")
    await make_account(scope=made.scope)
    outcome = await check()
    assert outcome.findings == []
    assert (outcome.chains, outcome.entries, outcome.documents) == (3, await entries().count_documents({}), 13)


async def test_a_large_plan_fits_too(db: Database) -> None:
    await generate("liels", 50)
    assert (await check()).findings == []


async def change_a_field(made: Made) -> None:
    await entries().update_one({"scope": made.scope, "number": 2}, {"$set": {"changes.0.after.name": "Cits"}})


async def give_it_to_another(made: Made) -> None:
    await entries().update_one({"scope": made.scope, "number": 2}, {"$set": {"by": "cits"}})


async def put_in_what_is_never_written(made: Made) -> None:
    await entries().update_one({"scope": made.scope, "number": 2}, {"$set": {"changes.0.after.name": b"\x00"}})


async def change_and_forge_the_hash(made: Made) -> None:
    forged = await entry(made, 2) | {"tag": "source.edited"}
    await entries().replace_one({"_id": forged["_id"]}, forged | {"hash": chained_hash(forged)})


async def change_the_last_and_forge_its_hash(made: Made) -> None:
    forged = await entry(made, 4) | {"tag": "task.edited"}
    await entries().replace_one({"_id": forged["_id"]}, forged | {"hash": chained_hash(forged)})


async def delete_one_in_the_middle(made: Made) -> None:
    await entries().delete_one({"scope": made.scope, "number": 2})


async def delete_the_first(made: Made) -> None:
    await entries().delete_one({"scope": made.scope, "number": 1})


async def delete_the_last(made: Made) -> None:
    await entries().delete_one({"scope": made.scope, "number": 4})


async def swap_two(made: Made) -> None:
    second, third = await entry(made, 2), await entry(made, 3)
    await entries().delete_many({"_id": {"$in": [second["_id"], third["_id"]]}})
    await entries().insert_many([second | {"number": 3}, third | {"number": 2}])


async def write_one_over(made: Made) -> None:
    third = await entry(made, 3)
    await entries().update_one({"_id": third["_id"]}, {"$set": {"number": "3"}})


async def turn_the_head_back(made: Made) -> None:
    await heads().update_one({"_id": made.scope}, {"$set": {"revision": 3}})


async def forge_the_head(made: Made) -> None:
    await heads().update_one({"_id": made.scope}, {"$set": {"hash": "f" * 64}})


async def take_the_head_away(made: Made) -> None:
    await heads().delete_one({"_id": made.scope})


@pytest.mark.parametrize(
    ("tamper", "fault", "number"),
    [
        (give_it_to_another, Fault.CONTENT, 2),
        (change_and_forge_the_hash, Fault.ORDER, 3),
        (change_the_last_and_forge_its_hash, Fault.HEAD_HASH, 4),
        (swap_two, Fault.CONTENT, 2),
        (turn_the_head_back, Fault.HEAD_BEHIND, 3),
        (forge_the_head, Fault.HEAD_HASH, 4),
        (take_the_head_away, Fault.NO_HEAD, None),
    ],
)
async def test_what_is_done_to_a_chain_is_named(
    made: Made, tamper: Callable[[Made], Awaitable[None]], fault: Fault, number: int | None
) -> None:
    await tamper(made)
    found = await finding()
    assert (found.scope, found.fault, found.about.get("number")) == (made.scope, fault, number)
    assert made.plan.title in str(found)


@pytest.mark.parametrize(
    ("tamper", "fault", "number"),
    [
        (change_a_field, Fault.CONTENT, 2),
        (put_in_what_is_never_written, Fault.CONTENT, 2),
        (delete_one_in_the_middle, Fault.MISSING, 2),
        (delete_the_first, Fault.MISSING, 1),
        (delete_the_last, Fault.LAST_MISSING, 4),
    ],
)
async def test_what_changes_the_story_of_a_document_is_named_at_the_document_too(
    made: Made, tamper: Callable[[Made], Awaitable[None]], fault: Fault, number: int
) -> None:
    await tamper(made)
    first, *others = (await check()).findings
    assert (first.scope, first.fault, first.about["number"]) == (made.scope, fault, number)
    assert [one.fault for one in others] in ([Fault.DIFFERENT], [Fault.UNKNOWN])


async def test_a_number_that_is_none_is_named(made: Made) -> None:
    await write_one_over(made)
    assert (await check()).findings[0].fault is Fault.MISSING


async def test_only_the_first_entry_of_a_chain_is_named(made: Made) -> None:
    for number in (2, 3, 4):
        await entries().update_one({"scope": made.scope, "number": number}, {"$set": {"by": "cits"}})
    assert (await finding()).about["number"] == 2


async def test_each_broken_chain_is_named(made: Made) -> None:
    other = await make_plan("otrs", title="Otrs plāns")
    for plan in (made, other):
        await give_it_to_another(plan)
    assert {found.scope for found in (await check()).findings} == {made.scope, other.scope}
    assert {found.scope for found in (await check("otrs")).findings} == {other.scope}
    with pytest.raises(NotVisible):
        await check("nav")


async def test_a_document_that_was_changed_behind_the_history_is_named_with_its_fields(made: Made) -> None:
    await Task.get_motor_collection().update_one(
        {"_id": made.task.key}, {"$set": {"title": "Cits", "weight": "2", "version": 5}}
    )
    found = await finding()
    assert (found.fault, found.about["key"]) == (Fault.DIFFERENT, made.task.key)
    assert set(found.about["fields"].split(", ")) == {"Nosaukums", "Svars", "versijas numurs"}
    assert made.task.caption in str(found)


async def test_a_document_taken_away_put_in_or_deleted_behind_the_history_is_named(made: Made) -> None:
    await Unit.get_motor_collection().delete_one({"_id": made.unit.key})
    assert (await finding()).fault is Fault.LOST
    unit = made.unit.model_copy()
    await Unit.get_motor_collection().insert_one(
        {
            "_id": unit.key,
            **{name: value for name, value in unit.model_dump().items() if name not in ("id", "revision_id")},
        }
    )
    await Goal.get_motor_collection().update_one({"_id": made.goal.key}, {"$set": {"deleted": True}})
    faults = {found.about["key"]: found.fault for found in (await check()).findings}
    assert faults[made.goal.key] is Fault.DIFFERENT
    smuggled = made.goal.model_copy(update={"id": made.organisation.key})
    await Goal.get_motor_collection().insert_one(
        {"_id": smuggled.key, "scope": made.scope, "version": 1, "deleted": False, "title": "Ievests"}
    )
    assert {found.fault for found in (await check()).findings} >= {Fault.UNKNOWN}


async def test_many_documents_that_differ_are_counted_after_the_first(made: Made) -> None:
    for number in range(DOCUMENTS_NAMED + 5):
        await make_swot(made.scope, text=f"Ieraksts {number}")
    await made.plan.get_motor_collection().database["swot"].update_many({}, {"$set": {"text": "Cits"}})
    outcome = await check()
    assert [found.fault for found in outcome.findings] == [*[Fault.DIFFERENT] * DOCUMENTS_NAMED, Fault.MORE]
    assert outcome.findings[-1].about["number"] == 5
