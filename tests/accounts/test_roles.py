"""Roles put together, and that they hold from the next request on."""

from __future__ import annotations

import httpx
import pytest

from stratplan.accounts.models import Account, Membership, Profile, Session
from stratplan.accounts.roles import rights_in, with_all_below
from stratplan.actors import pseudonym
from stratplan.audit import AuditEntry
from stratplan.documents import SITE
from stratplan.errors import RuleBroken
from stratplan.frame import Frame
from stratplan.permissions import Permission, Role
from stratplan.units.models import Unit, UnitKind
from tests.conftest import reading
from tests.factories import SOMEBODY, Made, make_account, make_task


async def membership_of(account: Account) -> Membership:
    found = await Membership.find_one({"account": account.key, "deleted": False})
    assert found is not None
    return found


def test_units_below_are_reached_however_deep_and_also_in_a_circle() -> None:
    top, middle, leaf, apart = (Unit.model_fields["id"].annotation, 1, 2, 3)
    below = {top: [middle], middle: [leaf], leaf: [top]}
    assert with_all_below([middle], below) == {top, middle, leaf}  # type: ignore[list-item,arg-type]
    assert with_all_below([apart], below) == {apart}  # type: ignore[list-item,arg-type]


async def test_a_head_of_a_unit_reports_on_tasks_of_units_below_theirs_and_on_no_others(app: Frame, made: Made) -> None:
    below = Unit.new(scope=made.organisation.key, name="Grupa", sort=UnitKind.STRUCTURAL, parent=made.unit.key)
    apart = Unit.new(scope=made.organisation.key, name="Cita nodaļa", sort=UnitKind.DEPARTMENT)
    await below.add(by=SOMEBODY)
    await apart.add(by=SOMEBODY)
    await make_task(made.scope, made.goal, "1.2", lead=below.key)
    await make_task(made.scope, made.goal, "1.3", lead=apart.key, partners=[below.key])
    await make_task(made.scope, made.goal, "1.4", lead=apart.key)
    await make_task(made.scope, made.goal, "1.5")
    head = await make_account(Role.REPORTER, scope=made.scope, units=[made.unit.key])
    async with reading(app, head) as client:
        answers = {
            number: (await client.get(f"/plans/plans/tasks/{number}/report")).status_code
            for number in ("1.1", "1.2", "1.3", "1.4", "1.5")
        }
        assert answers == {"1.1": 200, "1.2": 200, "1.3": 200, "1.4": 403, "1.5": 403}
        page = (await client.get("/plans/plans/tasks")).text
        assert "/tasks/1.2/report" in page
        assert "/tasks/1.4/report" not in page


async def test_a_role_taken_away_is_gone_with_the_next_request_and_so_is_the_page(app: Frame, made: Made) -> None:
    member = await make_account(Role.COUNCIL, scope=made.scope)
    async with reading(app, member) as client:
        assert (await client.get("/plans/plans/terms")).status_code == 200
        membership = await membership_of(member)
        await membership.remove(by=SOMEBODY, based_on=membership.version)
        assert (await client.get("/plans/plans/terms")).status_code == 404
        assert "Stratēģija 2015–2017" not in (await client.get("/plans")).text


async def test_a_role_in_one_plan_gives_nothing_of_the_site(made: Made) -> None:
    person = await make_account(Role.ADMIN, scope=made.scope)
    rights = rights_in(await made.snapshot(), person.key)
    assert rights is not None
    assert rights.allow(Permission.MEMBERS_WRITE)
    assert not rights.allow(Permission.ACCOUNTS_WRITE)


async def test_two_roles_give_what_either_gives(made: Made) -> None:
    person = await make_account(Role.COUNCIL)
    membership = Membership.new(scope=made.scope, account=person.key, role=Role.REPORTER, units=[made.unit.key])
    await membership.add(by=SOMEBODY)
    rights = rights_in(await made.snapshot(), person.key)
    assert rights is not None
    assert rights.allow(Permission.DISCUSSION_ASK)
    assert rights.allow(Permission.GOALS_REPORT, frozenset({made.unit.key}))
    assert not rights.allow(Permission.GOALS_REPORT, frozenset())


async def test_a_person_has_one_role_in_a_plan(made: Made) -> None:
    person = await make_account(Role.COUNCIL, scope=made.scope)
    with pytest.raises(RuleBroken):
        await Membership.new(scope=made.scope, account=person.key, role=Role.PLANNER).add(by=SOMEBODY)


async def test_the_last_administrator_stays(made: Made) -> None:
    only = await make_account(Role.ADMIN)
    membership = await membership_of(only)
    for change in (
        lambda: membership.remove(by=SOMEBODY, based_on=1),
        lambda: membership.edit({"role": Role.COUNCIL}, by=SOMEBODY, based_on=1),
        lambda: only.disable(by=SOMEBODY, based_on=1),
        lambda: only.erase(by=SOMEBODY),
    ):
        with pytest.raises(RuleBroken):
            await change()
    assert (await membership_of(only)).role is Role.ADMIN
    assert await Profile.get(only.key) is not None
    second = await make_account(Role.ADMIN)
    await only.disable(by=second.actor, based_on=1)


async def test_a_disabled_account_is_out_at_once(app: Frame, made: Made) -> None:
    await make_account(Role.ADMIN)
    member = await make_account(Role.COUNCIL, scope=made.scope)
    async with reading(app, member) as client:
        assert (await client.get("/plans/plans")).status_code == 200
        entry = await member.disable(by=SOMEBODY, based_on=1)
        assert entry is not None
        assert entry.tag == "account.disabled"
        assert (await client.get("/plans/plans")).status_code == 404


async def test_who_is_erased_leaves_what_they_did_under_a_pseudonym_and_no_word_of_themselves(
    client: httpx.AsyncClient, made: Made, app: Frame
) -> None:
    person = await make_account(Role.PLANNER, scope=made.scope, name="Ilze Ozola", email="ilze@example.org")
    async with reading(app, person):
        await made.task.edit({"title": "Jauns nosaukums"}, by=person.actor, based_on=1)
    assert "Ilze Ozola" in (await client.get("/plans/plans/history")).text
    entry = await person.erase(by=SOMEBODY)
    assert entry.tag == "account.deleted"
    page = (await client.get("/plans/plans/history")).text
    assert "Ilze Ozola" not in page
    assert pseudonym(person.key) in page
    assert "Jauns nosaukums" in page
    assert await Profile.get(person.key) is None
    assert await Session.find({"account": person.key}).count() == 0
    assert await Membership.find({"account": person.key, "deleted": False}).count() == 0
    told = [str(raw) async for raw in AuditEntry.get_motor_collection().find({})]
    assert [text for text in told if "Ilze" in text or "ilze@" in text] == []


async def test_two_people_cannot_have_one_address_however_it_is_written(made: Made) -> None:
    await make_account(email="Anna@Example.org")
    with pytest.raises(RuleBroken):
        await Account.register(name="Cita", email=" anna@example.ORG", by=SOMEBODY)
    assert await Account.find({"scope": SITE, "deleted": False}).count() == 1


async def test_a_new_name_is_on_every_page_at_once(client: httpx.AsyncClient, made: Made) -> None:
    person = await make_account(Role.PLANNER, name="Vecais Vārds")
    await made.task.edit({"title": "Citādi"}, by=person.actor, based_on=1)
    assert "Vecais Vārds" in (await client.get("/plans/plans/tasks/1.1")).text
    await person.describe(name="Jaunais Vārds", by=person.actor)
    page = (await client.get("/plans/plans/tasks/1.1")).text
    assert "Vecais Vārds" not in page
    assert "Jaunais Vārds" in page
