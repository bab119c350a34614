"""What may be put back: only what one could do today, and nobody's words but one's own."""

from __future__ import annotations

from datetime import date

import httpx
import pytest
from pymongo.errors import ServerSelectionTimeoutError

from stratplan.accounts import sessions
from stratplan.accounts.models import Account, Membership
from stratplan.audit import AuditEntry
from stratplan.discussion.models import Comment
from stratplan.errors import RuleBroken
from stratplan.frame import Frame
from stratplan.goals.models import Task
from stratplan.permissions import Role
from stratplan.plans.models import Plan
from stratplan.units.models import Unit, UnitKind
from tests.conftest import reading
from tests.factories import SOMEBODY, Made, make_account, make_report


async def undo(app: Frame, account: Account | None, entry: AuditEntry | None) -> int:
    """The status of the answer to undoing a change."""
    assert entry is not None
    async with reading(app, account) as client:
        return (await client.post(f"/plans/plans/changes/{entry.id}/undo")).status_code


async def give(account: Account, role: Role, **more: object) -> None:
    membership = await Membership.find_one({"account": account.key, "deleted": False})
    assert membership is not None
    await membership.edit({"role": role, **more}, by=SOMEBODY, based_on=membership.version)


async def plan_now(made: Made) -> Plan:
    plan = await Plan.get(made.scope)
    assert plan is not None
    return plan


async def test_who_lost_a_role_takes_back_nothing_that_it_let_them_do(app: Frame, made: Made) -> None:
    planner = await make_account(Role.PLANNER, scope=made.scope)
    await made.plan.publish([], by=planner.actor, based_on=1)
    withdrawn = await (await plan_now(made)).withdraw(by=planner.actor, based_on=2)
    edited = await made.task.edit({"title": "Citādi"}, by=planner.actor, based_on=1)
    await give(planner, Role.COUNCIL)
    assert await undo(app, planner, withdrawn) == 403
    assert await undo(app, planner, edited) == 403
    assert not (await plan_now(made)).published


async def test_a_reporter_takes_back_their_report_while_the_task_is_their_units(app: Frame, made: Made) -> None:
    head = await make_account(Role.REPORTER, scope=made.scope, units=[made.unit.key])
    await make_report(made.task, date(2016, 6, 30), 40, by=head.actor)
    entry = await AuditEntry.find({"tag": "task.reported"}).first_or_none()
    other = Unit.new(scope=made.organisation.key, name="Cita nodaļa", sort=UnitKind.DEPARTMENT)
    await other.add(by=SOMEBODY)
    await give(head, Role.REPORTER, units=[other.key])
    assert await undo(app, head, entry) == 403
    await give(head, Role.REPORTER, units=[made.unit.key])
    assert await undo(app, head, entry) == 303


async def test_a_planner_cannot_lift_the_second_factor_by_the_history(app: Frame, made: Made) -> None:
    admin = await make_account(Role.ADMIN)
    planner = await make_account(Role.PLANNER, scope=made.scope)
    await made.plan.edit({"vision": "Pirmā"}, by=planner.actor, based_on=1)
    asked = await (await plan_now(made)).edit({"asks_second_factor": True}, by=admin.actor, based_on=2)
    strong = await sessions.begin(planner.key, strong=True)
    async with reading(app, None) as client:
        signed = {"cookie": f"session={strong}"}
        assert asked is not None
        answer = await client.post(f"/plans/plans/changes/{asked.id}/undo", headers=signed)
        assert answer.status_code == 403
    await (await plan_now(made)).publish([], by=admin.actor, based_on=3)
    restored = await (await plan_now(made)).restore(1, by=planner.actor, based_on=4)
    assert restored is not None
    plan = await plan_now(made)
    assert (plan.vision, plan.asks_second_factor, plan.published) == ("", True, True)


async def test_nobody_puts_words_into_anothers_mouth(app: Frame, made: Made) -> None:
    member = await make_account(Role.COUNCIL, scope=made.scope)
    planner = await make_account(Role.PLANNER, scope=made.scope)
    comment = Comment.new(scope=made.scope, task=made.task.key, text="Pirmais teksts.", author=member.actor.id)
    await comment.add(by=member.actor)
    edited = await comment.edit({"text": "Labotais teksts."}, by=member.actor, based_on=1)
    assert await undo(app, planner, edited) == 409
    written = await Comment.get(comment.key)
    assert written is not None
    with pytest.raises(RuleBroken):
        await written.restore(1, by=planner.actor, based_on=2)
    kept = await Comment.get(comment.key)
    assert kept is not None
    assert kept.text == "Labotais teksts."
    assert await undo(app, member, edited) == 303


async def test_a_notice_tells_of_a_change_only_who_made_it(app: Frame, made: Made, stranger: httpx.AsyncClient) -> None:
    author = await make_account(Role.PLANNER, scope=made.scope)
    other = await make_account(Role.COUNCIL, scope=made.scope)
    await made.task.edit({"internal": True, "title": "Noslēpums"}, by=author.actor, based_on=1)
    entry = await AuditEntry.find({"tag": "task.edited"}).first_or_none()
    assert entry is not None
    await made.plan.publish([], by=author.actor, based_on=1)
    told = {}
    for name, account in (("author", author), ("other", other), ("stranger", None)):
        async with reading(app, account) as client:
            page = await client.get("/plans/plans/terms", headers={"cookie": f"notice={entry.id}"})
            told[name] = "Noslēpums" in page.text
    assert told == {"author": True, "other": False, "stranger": False}
    assert await Task.get(made.task.key) is not None


async def test_a_database_that_does_not_answer_is_said_in_words_also_to_who_is_signed_in(
    client: httpx.AsyncClient, made: Made, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fails(token: str) -> None:
        raise ServerSelectionTimeoutError("no server")

    monkeypatch.setattr(sessions, "find", fails)
    for address in ("/plans/plans", "/work", "/me"):
        answer = await client.get(address)
        assert answer.status_code == 503, address
        assert "x-request-id" in answer.headers
    assert (await client.get("/sign-in")).status_code == 200
