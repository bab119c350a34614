"""Snapshots: never older than an acknowledged write, brought up to date by what changed alone, never mixed."""

from __future__ import annotations

from datetime import timedelta

import pytest

from stratplan import snapshot as snapshots_module
from stratplan.documents import undo
from stratplan.goals import queries
from stratplan.goals.models import Task
from stratplan.snapshot import Snapshots
from tests.factories import SOMEBODY, TODAY_IN_PLAN, Made, make_plan, make_report, make_task


async def test_a_snapshot_follows_every_kind_of_change(made: Made) -> None:
    snapshots = Snapshots()
    first = await snapshots.of(made.plan.slug)
    assert first is not None
    other = await make_task(made.scope, made.goal, "1.2")
    second = await snapshots.of(made.plan.slug)
    assert second is not None
    assert set(second.all(Task)) == {made.task.key, other.key}
    assert set(first.all(Task)) == {made.task.key}, "a snapshot never changes"
    entry = await other.remove(by=SOMEBODY, based_on=1)
    third = await snapshots.of(made.plan.slug)
    assert third is not None
    assert set(third.all(Task)) == {made.task.key}
    assert entry.id is not None
    await undo(entry.id, scope=made.scope, by=SOMEBODY)
    fourth = await snapshots.of(made.plan.slug)
    assert fourth is not None
    assert set(fourth.all(Task)) == {made.task.key, other.key}
    whole = await Snapshots().of(made.plan.slug)
    assert whole is not None
    assert {key: dict(task) for key, task in fourth.all(Task).items()} == {
        key: dict(task) for key, task in whole.all(Task).items()
    }


async def test_a_change_of_the_organisation_reaches_the_plan(made: Made) -> None:
    snapshots = Snapshots()
    await snapshots.of(made.plan.slug)
    await made.unit.edit({"name": "Rīgas nodaļa"}, by=SOMEBODY, based_on=1)
    after = await snapshots.of(made.plan.slug)
    assert after is not None
    unit = after.find(type(made.unit), made.unit.key)
    assert unit is not None
    assert unit.name == "Rīgas nodaļa"


async def test_only_what_changed_is_computed_anew(made: Made) -> None:
    snapshots = Snapshots()
    other = await make_task(made.scope, made.goal, "1.2")
    first = await snapshots.of(made.plan.slug)
    assert first is not None
    before = dict(queries.task_figures(first, TODAY_IN_PLAN))
    await make_report(made.task, TODAY_IN_PLAN, 40)
    second = await snapshots.of(made.plan.slug)
    assert second is not None
    after = queries.task_figures(second, TODAY_IN_PLAN)
    assert after[other.key] is before[other.key]
    assert after[made.task.key].progress.value * 100 == 40


async def test_a_slug_that_was_changed_leads_to_the_plan_and_the_old_one_nowhere(made: Made) -> None:
    snapshots = Snapshots()
    await snapshots.of(made.plan.slug)
    await made.plan.edit({"slug": "jauns"}, by=SOMEBODY, based_on=1)
    assert await snapshots.of("jauns") is not None
    assert await snapshots.of(made.plan.slug) is None


async def test_a_deleted_plan_is_gone_at_once(made: Made) -> None:
    snapshots = Snapshots()
    await snapshots.of(made.plan.slug)
    await made.plan.edit({"deleted": True}, by=SOMEBODY, based_on=1)
    assert await snapshots.of(made.plan.slug) is None


async def test_far_behind_the_plan_is_read_whole_again(made: Made, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(snapshots_module, "ENTRIES_WORTH_FOLLOWING", 1)
    snapshots = Snapshots()
    await snapshots.of(made.plan.slug)
    await make_task(made.scope, made.goal, "1.2")
    await make_task(made.scope, made.goal, "1.3")
    after = await snapshots.of(made.plan.slug)
    assert after is not None
    assert len(after.all(Task)) == 3


async def test_any_number_of_days_asked_for_is_held_within_bounds(made: Made) -> None:
    snapshot = await made.snapshot()
    today = queries.task_figures(snapshot, TODAY_IN_PLAN)[made.task.key]
    for days in range(300):
        queries.plan_progress(snapshot, TODAY_IN_PLAN - timedelta(days))
        assert queries.task_figures(snapshot, TODAY_IN_PLAN)[made.task.key] is today
    assert len(snapshot._each) <= snapshots_module.EACH_HELD


async def test_an_address_that_passed_to_another_plan_leads_there_at_once(made: Made) -> None:
    snapshots = Snapshots()
    assert await snapshots.of("plans")
    await made.plan.remove(by=SOMEBODY, based_on=1)
    other = await make_plan("plans")
    found = await snapshots.of("plans")
    assert found is not None
    assert found.plan.key == other.plan.key


async def test_what_little_changed_under_is_made_from_what_was_there(made: Made) -> None:
    snapshot = await made.snapshot()

    def longer(before: str, result: list[str]) -> list[str]:
        return [*result, f"after {before}"]

    assert snapshot.same("words", "one", lambda: ["one"], adapt=longer) == ["one"]
    assert snapshot.same("words", "one", lambda: ["never asked"], adapt=longer) == ["one"]
    assert snapshot.same("words", "two", lambda: ["never asked"], adapt=longer) == ["one", "after one"]
    assert snapshot.same("words", "three", lambda: ["all anew"]) == ["all anew"]
