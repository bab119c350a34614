"""Members of a plan: who sees them, and roles given, changed, taken away and given back."""

from __future__ import annotations

import re
from html import unescape

import httpx
from beanie import PydanticObjectId

from stratplan.accounts.models import Account, Membership
from stratplan.audit import AuditEntry
from stratplan.documents import SITE
from stratplan.frame import Frame
from stratplan.permissions import Role
from stratplan.units.models import Unit, UnitKind
from tests.conftest import reading
from tests.factories import SOMEBODY, Made, make_account, make_plan, make_task
from tests.html_forms import PageReader

MEMBERS = "/plans/plans/members"
ENGLISH = {"cookie": "language=en"}


async def membership_of(made: Made, account: Account) -> Membership:
    found = await Membership.find_one({"account": account.key, "scope": made.scope, "deleted": False})
    assert found is not None
    return found


async def last_entry(scope: PydanticObjectId) -> AuditEntry:
    entry = await AuditEntry.find({"scope": scope}).sort("-number").first_or_none()
    assert entry is not None
    return entry


async def test_a_plans_administrator_sees_addresses_a_planner_only_names_others_nothing(app: Frame, made: Made) -> None:
    await make_account(Role.COUNCIL, scope=made.scope, name="Vita Liepa", email="vita@example.org")
    await make_account(Role.PLANNER, name="Ilze Ozola", email="ilze@example.org")
    people = {
        role: await make_account(role, scope=made.scope, units=units)
        for role, units in ((Role.ADMIN, []), (Role.PLANNER, []), (Role.REPORTER, [made.unit.key]))
    }
    async with reading(app, people[Role.ADMIN]) as client:
        page = (await client.get(MEMBERS)).text
        assert PageReader(page).problems == []
        for shown in ("Vita Liepa", "vita@example.org", "Ilze Ozola", "ilze@example.org", "/members/new"):
            assert shown in page
        assert page.index("Vita Liepa") < page.index('id="everywhere"') < page.index("Ilze Ozola")
    async with reading(app, people[Role.PLANNER]) as client:
        page = (await client.get(MEMBERS)).text
        assert "Vita Liepa" in page
        assert "@example.org" not in page
        assert "/members/new" not in page
        assert "/edit" not in page
        assert (await client.get(f"{MEMBERS}/new")).status_code == 403
    async with reading(app, people[Role.REPORTER]) as client:
        assert (await client.get(MEMBERS)).status_code == 404
        assert MEMBERS not in (await client.get("/plans/plans")).text


async def test_a_role_is_given_by_address_or_by_name(client: httpx.AsyncClient, app: Frame, made: Made) -> None:
    head = await make_account(None, name="Vita Liepa", email="vita@example.org")
    member = await make_account(None, name="Jānis Bērziņš")
    answer = await client.post(
        MEMBERS, data={"person": " VITA@example.org", "role": "reporter", "units": str(made.unit.key)}
    )
    assert (answer.status_code, answer.headers["location"]) == (303, MEMBERS)
    given = await membership_of(made, head)
    assert (given.role, given.units) == (Role.REPORTER, [made.unit.key])
    entry = await last_entry(made.scope)
    assert entry.tag == "membership.created"
    assert "vita" not in str(entry.model_dump()).lower()
    client.cookies.set("language", "en")
    page = (await client.get(MEMBERS)).text
    assert re.search(r"data-notice.*Added: Vita Liepa", page, re.DOTALL)

    await client.post(MEMBERS, data={"person": "janis berzins", "role": "council", "units": str(made.unit.key)})
    assert (await membership_of(made, member)).units == []  # units are of heads of units alone
    async with reading(app, member) as council:
        assert (await council.get("/plans/plans/tasks/1.1")).status_code == 200


async def test_who_cannot_be_found_or_has_a_role_already_is_told_at_the_field(
    client: httpx.AsyncClient, made: Made
) -> None:
    for _ in range(2):
        await make_account(None, name="Vita Liepa")
    await make_account(Role.COUNCIL, scope=made.scope, email="ir@example.org")
    for person, sentence in (
        ("nav@example.org", "has to invite them first"),
        ("Nav Neviena", "has to invite them first"),
        ("$gt", "has to invite them first"),
        ("vita liepa", "Several people are called so"),
        ("ir@example.org", "has a role in the plan already"),
    ):
        answer = await client.post(MEMBERS, data={"person": person, "role": "council"}, headers=ENGLISH)
        assert answer.status_code == 409
        assert sentence in answer.text
        assert 'id="field-person-error"' in answer.text
        assert f'value="{person}"' in answer.text
    assert await Membership.find({"scope": made.scope, "deleted": False}).count() == 1


async def test_a_head_of_a_unit_has_a_unit_and_nobody_gets_a_role_that_is_not_given(
    client: httpx.AsyncClient, made: Made
) -> None:
    person = await make_account(None, email="vita@example.org")
    for role, units, status, field in (
        ("reporter", [], 422, "units"),
        ("reporter", ["x"], 422, "units"),
        ("reporter", [str(PydanticObjectId())], 409, "units"),
        ("public", [], 422, "role"),
        ("", [], 422, "role"),
    ):
        data = {"person": "vita@example.org", "role": role, "units": units}
        answer = await client.post(MEMBERS, data=data)
        assert answer.status_code == status, (role, units)
        assert f'id="field-{field}-error"' in answer.text, (role, units)
    assert await Membership.find({"account": person.key}).count() == 0


async def test_what_a_head_of_a_unit_may_do_changes_with_the_next_request(
    client: httpx.AsyncClient, app: Frame, made: Made
) -> None:
    other = Unit.new(scope=made.organisation.key, name="Cita nodaļa", sort=UnitKind.DEPARTMENT)
    await other.add(by=SOMEBODY)
    await make_task(made.scope, made.goal, "1.2", lead=other.key)
    head = await make_account(Role.REPORTER, scope=made.scope, units=[made.unit.key])
    membership = await membership_of(made, head)
    async with reading(app, head) as reporter:

        async def may() -> dict[str, int]:
            return {
                number: (await reporter.get(f"/plans/plans/tasks/{number}/report")).status_code
                for number in ("1.1", "1.2")
            }

        assert await may() == {"1.1": 200, "1.2": 403}
        address = f"{MEMBERS}/{membership.key}"
        data = {"role": "reporter", "units": str(other.key), "version": "1"}
        assert (await client.post(address, data=data)).status_code == 303
        assert (await last_entry(made.scope)).tag == "membership.edited"
        assert await may() == {"1.1": 403, "1.2": 200}
        assert (await client.post(address, data={"role": "planner", "version": "2"})).status_code == 303
        assert await may() == {"1.1": 200, "1.2": 200}
        assert (await membership_of(made, head)).units == []
        assert (await client.post(f"{address}/remove", data={"version": "3"})).status_code == 303
        assert await may() == {"1.1": 404, "1.2": 404}


async def test_a_role_taken_away_comes_back_by_undoing(client: httpx.AsyncClient, app: Frame, made: Made) -> None:
    member = await make_account(Role.COUNCIL, scope=made.scope, name="Vita Liepa")
    membership = await membership_of(made, member)
    asked = await client.get(f"{MEMBERS}/{membership.key}/remove", headers=ENGLISH)
    assert "Take the role away from Vita Liepa?" in asked.text
    assert (await membership_of(made, member)).version == 1
    answer = await client.post(f"{MEMBERS}/{membership.key}/remove", data={"version": "1"})
    assert answer.status_code == 303
    entry = await last_entry(made.scope)
    assert entry.tag == "membership.deleted"
    client.cookies.set("language", "en")
    page = (await client.get(MEMBERS)).text
    assert "Deleted: Vita Liepa" in page
    assert f"/changes/{entry.id}/undo" in page
    assert (await client.post(f"/plans/plans/changes/{entry.id}/undo")).status_code == 303
    async with reading(app, member) as council:
        assert (await council.get("/plans/plans")).status_code == 200


async def test_a_stale_change_of_a_role_is_compared_and_not_made(client: httpx.AsyncClient, made: Made) -> None:
    member = await make_account(Role.COUNCIL, scope=made.scope)
    membership = await membership_of(made, member)
    await membership.edit({"role": Role.PLANNER}, by=SOMEBODY, based_on=1)
    answer = await client.post(f"{MEMBERS}/{membership.key}", data={"role": "admin", "version": "1"})
    assert answer.status_code == 409
    assert "Plānotājs" in answer.text
    assert (await membership_of(made, member)).role is Role.PLANNER


async def test_roles_in_all_plans_and_in_other_plans_are_not_changed_here(app: Frame, made: Made) -> None:
    other = await make_plan("otrs")
    elsewhere = await make_account(Role.COUNCIL, scope=other.scope)
    everywhere = await make_account(Role.PLANNER)
    admin = await make_account(Role.ADMIN, scope=made.scope)
    async with reading(app, admin) as client:
        for account in (elsewhere, everywhere):
            membership = await Membership.find_one({"account": account.key})
            assert membership is not None
            address = f"{MEMBERS}/{membership.key}"
            assert (await client.get(f"{address}/edit")).status_code == 404
            assert (await client.post(address, data={"role": "council", "version": "1"})).status_code == 404
            assert (await client.post(f"{address}/remove", data={"version": "1"})).status_code == 404
    assert await Membership.find({"version": 1, "account": {"$in": [elsewhere.key, everywhere.key]}}).count() == 2


async def test_who_takes_the_role_from_themselves_is_sent_where_they_may_be(app: Frame, made: Made) -> None:
    admin = await make_account(Role.ADMIN, scope=made.scope)
    membership = await membership_of(made, admin)
    async with reading(app, admin) as client:
        assert "Šī ir jūsu loma." in (await client.get(f"{MEMBERS}/{membership.key}/remove")).text
        lowered = await client.post(f"{MEMBERS}/{membership.key}", data={"role": "council", "version": "1"})
        assert lowered.headers["location"] == "/plans/plans"
        assert (await client.get("/plans/plans")).status_code == 200
    await (await membership_of(made, admin)).edit({"role": Role.ADMIN}, by=SOMEBODY, based_on=2)
    async with reading(app, admin) as client:
        gone = await client.post(f"{MEMBERS}/{membership.key}/remove", data={"version": "3"})
        assert gone.headers["location"] == "/work"
        assert (await client.get("/work")).status_code == 200


async def test_names_are_suggested_to_those_alone_who_see_all_accounts(app: Frame, made: Made) -> None:
    await make_account(None, name="Vita Liepa")
    for scope, count in ((SITE, 1), (made.scope, 0)):
        async with reading(app, await make_account(Role.ADMIN, scope=scope)) as client:
            assert (await client.get(f"{MEMBERS}/new")).text.count('<option value="Vita Liepa">') == count


async def test_a_unit_that_somebody_heads_is_not_deleted_under_them(client: httpx.AsyncClient, made: Made) -> None:
    unit = Unit.new(scope=made.organisation.key, name="Cita nodaļa", sort=UnitKind.DEPARTMENT)
    await unit.add(by=SOMEBODY)
    await make_account(Role.REPORTER, scope=made.scope, units=[unit.key])
    answer = await client.post(f"/plans/plans/units/{unit.key}/delete", data={"version": "1"})
    assert answer.status_code == 409
    current = await Unit.get(unit.key)
    assert current is not None
    assert not current.deleted


async def test_a_plans_administrator_is_led_nowhere_that_only_administrators_of_all_plans_may_go(
    app: Frame, made: Made
) -> None:
    async with reading(app, await make_account(Role.ADMIN, scope=made.scope)) as client:
        for path in (MEMBERS, f"{MEMBERS}/new", "/work", "/plans", "/me", "/plans/plans", "/plans/plans/edit"):
            page = await client.get(path)
            assert page.status_code == 200, path
            assert "/people" not in "".join(PageReader(page.text).links), path
        for path in ("/people", "/people/new"):
            assert (await client.get(path)).status_code in (403, 404)


async def test_a_closed_account_is_told(client: httpx.AsyncClient, made: Made) -> None:
    account = await make_account(Role.REPORTER, scope=made.scope, units=[made.unit.key], name="Vita Liepa")
    await account.disable(by=SOMEBODY, based_on=1)
    page = (await client.get(MEMBERS, headers=ENGLISH)).text
    assert "account closed" in page


async def test_who_may_invite_is_offered_to_invite_whom_was_not_found(app: Frame, made: Made) -> None:
    for scope, offered in ((SITE, True), (made.scope, False)):
        async with reading(app, await make_account(Role.ADMIN, scope=scope)) as client:
            page = (await client.post(MEMBERS, data={"person": "nav@example.org", "role": "council"})).text
            link = re.search(r'href="(/people/new\?[^"]+)"', page)
            assert (link is not None) is offered
            if link:
                form = (await client.get(unescape(link[1]))).text
                assert 'value="nav@example.org"' in form
                assert f'<option value="{made.scope}" selected>' in form
