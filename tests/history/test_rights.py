"""Who sees and puts back what in the history: what a plan says is for all who read it, roles for those who give
them."""

from __future__ import annotations

import httpx
import pytest
from beanie import PydanticObjectId

from stratplan.accounts.models import Membership
from stratplan.documents import SITE
from stratplan.errors import RuleBroken
from stratplan.frame import Frame
from stratplan.permissions import Role
from tests.conftest import reading
from tests.factories import SOMEBODY, Made, make_account

PAGE = "/plans/plans/history"


async def demoted(made: Made) -> Membership:
    """A membership of the plan that was an administrator's and is a council member's now."""
    person = await make_account(Role.ADMIN, scope=made.scope, name="Ilze")
    found = await Membership.find_one({"account": person.key})
    assert found is not None
    await found.edit({"role": Role.COUNCIL}, by=SOMEBODY, based_on=1)
    current = await Membership.get(found.key)
    assert current is not None
    return current


async def role_now(membership: Membership) -> Role:
    found = await Membership.get(membership.key)
    assert found is not None
    return found.role


def restoring(key: PydanticObjectId) -> str:
    return f"{PAGE}/membership/{key}/versions/1/restore"


async def last_undo(admin: httpx.AsyncClient) -> str:
    """The address that undoes the newest change of a role."""
    text = (await admin.get(PAGE, params={"kind": "membership"})).text
    return text.split('action="/plans/plans/changes/')[1].split('"')[0]


async def test_who_does_not_read_roles_sees_nothing_of_them_in_the_history(app: Frame, made: Made) -> None:
    membership = await demoted(made)
    async with reading(app, await make_account(Role.COUNCIL, scope=made.scope)) as council:
        for path in ("", "?kind=membership", ".csv", "?q=persona", f"?by={SOMEBODY.id}"):
            answer = await council.get(PAGE + path)
            assert answer.status_code == 200
            assert membership.caption not in answer.text
            assert '<option value="membership"' not in answer.text
        assert (await council.get(f"{PAGE}/membership/{membership.key}")).status_code == 404
        assert made.goal.caption in (await council.get(PAGE)).text


async def test_who_reads_roles_and_does_not_give_them_puts_none_back(
    app: Frame, client: httpx.AsyncClient, made: Made
) -> None:
    membership = await demoted(made)
    undo = await last_undo(client)
    async with reading(app, await make_account(Role.PLANNER, scope=made.scope)) as planner:
        text = (await planner.get(f"{PAGE}/membership/{membership.key}")).text
        assert membership.caption in text
        assert "/undo" not in text
        assert "/restore" not in (await planner.get(f"{PAGE}/membership/{membership.key}/versions/1")).text
        assert (await planner.get(restoring(membership.key))).status_code == 403
        assert (await planner.post(restoring(membership.key), data={"version": "2"})).status_code == 403
        assert (await planner.post(f"/plans/plans/changes/{undo}")).status_code == 403
    assert await role_now(membership) is Role.COUNCIL
    async with reading(app, await make_account(Role.ADMIN, scope=made.scope)) as admin:
        assert (await admin.post(restoring(membership.key), data={"version": "2"})).status_code == 303
    assert await role_now(membership) is Role.ADMIN


async def test_who_may_not_undo_restores_nothing(app: Frame, made: Made) -> None:
    await made.goal.edit({"title": "Otrais"}, by=SOMEBODY, based_on=1)
    version = f"{PAGE}/goal/{made.goal.key}/versions/1"
    async with reading(app, await make_account(Role.REPORTER, scope=made.scope, units=[made.unit.key])) as reporter:
        assert "/restore" not in (await reporter.get(version)).text
        assert (await reporter.post(f"{version}/restore", data={"version": "2"})).status_code == 403


async def test_what_belongs_to_all_plans_is_not_in_the_history_of_one(client: httpx.AsyncClient, made: Made) -> None:
    person = await make_account(Role.ADMIN)
    membership = await Membership.find_one({"account": person.key})
    assert membership is not None
    for path in (f"account/{person.key}", f"membership/{membership.key}"):
        assert (await client.get(f"{PAGE}/{path}")).status_code == 404


async def test_restoring_a_role_leaves_an_administrator_too(made: Made) -> None:
    person = await make_account(Role.PLANNER)
    membership = await Membership.find_one({"account": person.key, "scope": SITE})
    assert membership is not None
    await membership.edit({"role": Role.ADMIN}, by=SOMEBODY, based_on=1)
    current = await Membership.get(membership.key)
    assert current is not None
    with pytest.raises(RuleBroken):
        await current.restore(1, by=SOMEBODY, based_on=2)
    assert await role_now(membership) is Role.ADMIN
