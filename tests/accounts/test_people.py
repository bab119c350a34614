"""The administrators' pages of people, and the same from the command line."""

from __future__ import annotations

import hashlib
import json
import re

import httpx
import pytest
from beanie import PydanticObjectId

from stratplan.accounts import commands, passwords, proofs, totp
from stratplan.accounts.models import Account, Membership, Profile
from stratplan.accounts.passwords import Password
from stratplan.actors import COMMAND_LINE
from stratplan.audit import AuditEntry
from stratplan.audit_check import check
from stratplan.database import Database
from stratplan.documents import SITE
from stratplan.errors import StratplanError
from stratplan.frame import Frame
from stratplan.permissions import Role
from stratplan.units.models import Unit, UnitKind
from tests.accounts.acting import EMAIL, OTHER_PASSWORD, PASSWORD, browser, make_anna, sign_in, tags
from tests.accounts.test_sign_in import with_second_factor
from tests.factories import Made, make_plan

CHOSEN = {"password": OTHER_PASSWORD, "again": OTHER_PASSWORD}


async def account_with(email: str) -> Account:
    profile = await Profile.find_one({"email_folded": email})
    assert profile is not None
    account = await Account.get(profile.id)
    assert account is not None
    return account


def link_in(page: httpx.Response) -> str:
    """The path of the one-time link that a page shows; empty if none."""
    found = re.search(r"http://127\.0\.0\.1:8000(/links/[\w-]+)", page.text)
    return found[1] if found else ""


async def test_a_person_is_invited_and_the_link_is_shown_once(
    client: httpx.AsyncClient, app: Frame, made: Made
) -> None:
    assert made.unit.name in (await client.get("/people/new")).text
    form = {
        "name": "Anna Liepa",
        "email": EMAIL,
        "role": "reporter",
        "plan": str(made.plan.key),
        "units": str(made.unit.key),
    }
    answer = await client.post("/people", data=form)
    assert answer.status_code == 303
    account = await account_with(EMAIL)
    assert answer.headers["location"] == f"/people/{account.key}"
    page = await client.get(answer.headers["location"])
    link = link_in(page)
    assert link
    assert link_in(await client.get(answer.headers["location"])) == ""
    membership = await Membership.find_one({"account": account.key, "deleted": False})
    assert membership is not None
    assert (membership.scope, membership.role, membership.units) == (made.plan.key, Role.REPORTER, [made.unit.key])
    async with browser(app) as one:
        assert (await one.post(link, data={"name": "Anna Liepa", **CHOSEN})).status_code == 303
        assert (await one.get("/plans/plans")).status_code == 200
    entries = await AuditEntry.find_all().to_list()
    assert not any("Anna" in str(entry) or EMAIL in str(entry) for entry in entries), "no personal data in the history"


async def test_units_are_chosen_as_the_tree_they_are_and_a_head_of_none_is_refused_at_the_field(
    client: httpx.AsyncClient, made: Made
) -> None:
    child = Unit.new(
        scope=made.organisation.key, name="Aprūpes sektors", sort=UnitKind.STRUCTURAL, parent=made.unit.key
    )
    await child.add(by=COMMAND_LINE)
    page = (await client.get("/people/new")).text
    members = (await client.get("/plans/plans/members/new")).text
    tree = re.compile(r'<div class="form-check tree-depth-.*?</div>', re.DOTALL)
    assert [line.split("tree-depth-")[1][0] for line in tree.findall(page)] == ["0", "1"]
    assert tree.findall(page) == tree.findall(members)
    assert made.organisation.name not in page.split('id="field-units"')[1], "there is only one"
    await make_plan("citi")
    assert (await client.get("/people/new")).text.count(f">{made.organisation.name}</p>") == 2
    form = {"name": "Anna Liepa", "email": EMAIL, "role": "reporter", "plan": str(made.plan.key)}
    answer = await client.post("/people", data=form)
    assert answer.status_code == 409
    assert 'id="field-units-error"' in answer.text
    assert await Profile.find({"email_folded": EMAIL}).count() == 0


async def test_an_address_is_invited_once(client: httpx.AsyncClient) -> None:
    form = {"name": "Anna Liepa", "email": EMAIL, "role": "", "plan": str(SITE)}
    assert (await client.post("/people", data=form)).status_code == 303
    again = await client.post("/people", data=form | {"email": EMAIL.upper()})
    assert again.status_code == 409
    assert await Profile.find({"email_folded": EMAIL}).count() == 1
    for wrong in ({"email": "no"}, {"name": ""}, {"role": "public"}, {"plan": "$gt"}, {"role": '{"$gt": ""}'}):
        assert (await client.post("/people", data=form | {"email": "x@example.org"} | wrong)).status_code == 422, wrong
    strange = form | {"email": "x@example.org", "role": "planner", "plan": str(PydanticObjectId())}
    assert (await client.post("/people", data=strange)).status_code == 409
    assert await Profile.find({"email_folded": "x@example.org"}).count() == 0


async def test_the_list_is_filtered(client: httpx.AsyncClient) -> None:
    await make_anna(Role.PLANNER)
    await proofs.invite(
        name="Jānis Ozols",
        email="janis@example.org",
        role=Role.COUNCIL,
        by=(await make_anna(None, email="z@example.org")).actor,
    )
    for query, expected in (
        ("", {"Anna", "Jānis"}),
        ("?q=ozols", {"Jānis"}),
        ("?q=ANNA%40example.org", {"Anna"}),
        ("?role=council", {"Jānis"}),
        ("?state=invited&q=j", {"Jānis"}),
        ("?state=active&role=planner", {"Anna"}),
        ("?q=nobody", set()),
    ):
        page = (await client.get(f"/people{query}")).text
        assert {name for name in ("Anna", "Jānis") if f">{name} " in page} == expected, query


async def test_an_account_is_closed_and_opened(client: httpx.AsyncClient, app: Frame) -> None:
    account = await make_anna()
    async with browser(app) as one:
        await sign_in(one)
        deeds = f"/people/{account.key}/deeds"
        assert (await client.post(deeds, data={"do": "disable", "version": account.version})).status_code == 303
        assert (await one.get("/me")).status_code == 303
        assert (await sign_in(one)).status_code == 422
        stale = await client.post(deeds, data={"do": "enable", "version": account.version})
        assert stale.status_code == 409
        current = await account_with(EMAIL)
        assert (await client.post(deeds, data={"do": "link", "version": current.version})).status_code == 409
        assert (await client.post(deeds, data={"do": "enable", "version": current.version})).status_code == 303
        assert (await sign_in(one)).status_code == 303
    assert (await tags())[-2:] == ["account.disabled", "account.enabled"]


async def test_a_lost_second_factor_is_switched_off_and_a_forgotten_password_reset(
    client: httpx.AsyncClient, app: Frame
) -> None:
    account = await make_anna()
    await with_second_factor(app, account)
    deeds = f"/people/{account.key}/deeds"
    assert (await client.post(deeds, data={"do": "second-factor-off", "version": account.version})).status_code == 303
    assert not await totp.is_on(account.key)
    answer = await client.post(deeds, data={"do": "link", "version": account.version})
    link = link_in(await client.get(answer.headers["location"]))
    async with browser(app) as one:
        assert (await one.post(link, data=CHOSEN)).status_code == 303
        assert (await one.get("/me")).status_code == 200
    assert (await tags())[-3:] == ["account.second_factor_off", "account.link_made", "account.password_changed"]


async def test_the_role_in_all_plans_is_given_and_taken_but_an_administrator_remains(client: httpx.AsyncClient) -> None:
    account = await make_anna(None)
    address = f"/people/{account.key}/role"
    for version, role in enumerate(("planner", "admin", "")):
        assert (await client.post(address, data={"role": role, "version": version})).status_code == 303
        held = await Membership.find_one({"account": account.key, "deleted": False})
        assert (held.role.value if held else "") == role
    only = await Membership.find_one({"scope": SITE, "role": "admin", "deleted": False})
    assert only is not None
    answer = await client.post(f"/people/{only.account}/role", data={"role": "", "version": only.version})
    assert answer.status_code == 409
    assert (await client.post(address, data={"role": "public", "version": 0})).status_code == 422


async def test_what_somebody_else_changed_meanwhile_is_not_overwritten(client: httpx.AsyncClient) -> None:
    account = await make_anna(None)
    address = f"/people/{account.key}"

    def versions_in(page: httpx.Response) -> list[str]:
        forms = re.findall(
            rf'action="{address}(?:/role)?">\s*<input type="hidden" name="version" value="(\d+)"', page.text
        )
        return [str(version) for version in forms]

    seen, none_held = versions_in(await client.get(address))
    assert none_held == "0"
    await proofs.set_role(account.key, Role.COUNCIL, by=COMMAND_LINE)
    await account.describe(by=COMMAND_LINE, name="Anna Kalna")
    before = await tags()
    for there, form in (
        ("/role", {"role": "admin", "version": none_held}),
        ("/role", {"role": "", "version": "7"}),
        ("", {"name": "Anna Liepa", "email": "other@example.org", "version": seen}),
    ):
        answer = await client.post(address + there, data=form)
        assert answer.status_code == 409, form
        assert "ir mainījusi cita persona" in answer.text
        assert versions_in(answer) == [str((await account_with(EMAIL)).version), "1"], "the page is as it is now"
    assert await tags() == before
    await proofs.set_role(account.key, None, by=COMMAND_LINE)
    assert (await client.post(f"{address}/role", data={"role": "admin", "version": "1"})).status_code == 409
    current = (await account_with(EMAIL)).version
    form = {"name": "Anna Liepa", "email": "other@example.org", "version": current}
    assert (await client.post(address, data=form)).status_code == 303
    assert (await account_with("other@example.org")).key == account.key


async def test_a_person_is_removed_with_all_that_proves_who_they_are(client: httpx.AsyncClient, app: Frame) -> None:
    account = await make_anna()
    await with_second_factor(app, account)
    async with browser(app) as one:
        await sign_in(one)
    deed = {"do": "erase", "version": account.version}
    assert (await client.post(f"/people/{account.key}/deeds", data=deed)).headers["location"] == "/people"
    assert await Profile.get(account.key) is None
    assert await Password.get(account.key) is None
    for collection in await Password.get_settings().motor_db.list_collection_names():  # type: ignore[union-attr]
        if collection not in ("audit", "accounts", "memberships", "heads"):
            kept = Password.get_settings().motor_db[collection]  # type: ignore[index]
            assert await kept.count_documents({"$or": [{"_id": account.key}, {"account": account.key}]}) == 0, (
                collection
            )


async def test_only_who_administers_all_plans_sees_people(app: Frame, made: Made) -> None:
    account = await make_anna(Role.ADMIN, scope=made.plan.key)
    async with browser(app) as one:
        await sign_in(one)
        for address in ("/people", "/people/new", f"/people/{account.key}"):
            assert (await one.get(address)).status_code in (403, 404)
        assert (await one.post("/people", data={"name": "x", "email": "x@example.org"})).status_code == 403


# ---- The command line


async def test_the_command_line_does_the_same(db: Database, made: Made) -> None:
    token = await commands.add("Janis@example.org", "Jānis Ozols", "reporter", "plans", [made.unit.short])
    assert token
    assert any(line.startswith("Janis@example.org\tJānis Ozols\t") for line in await commands.listed())
    account = await account_with("janis@example.org")
    held = await Membership.find_one({"account": account.key, "deleted": False})
    assert held is not None
    assert held.units == [made.unit.key]
    give = commands.give_role
    assert await give("janis@example.org", "none", "plans", []) == "janis@example.org vairs nav lomas (plans)."
    assert await give("janis@example.org", "none", "plans", []) == "Nekas netika mainīts: tā tas jau ir."
    sentence = "janis@example.org tagad ir loma „Administrators” (visi plāni)."
    assert await give("janis@example.org", "admin", None, []) == sentence
    await commands.add("second@example.org", "Otrs Cilvēks", "admin", None, [])
    assert "vairs nevar pieslēgties" in await commands.close("JANIS@example.org", again=False)
    assert (await account_with("janis@example.org")).disabled
    with pytest.raises(StratplanError):
        await commands.reset("janis@example.org", second_factor=False)
    assert "atkal var pieslēgties" in await commands.close("janis@example.org", again=True)
    assert await commands.reset("janis@example.org", second_factor=True) != token
    assert not await passwords.has_one(account.key)
    assert all(entry.by == "command-line" for entry in await AuditEntry.find({"scope": SITE}).to_list())


async def test_a_persons_own_data_is_whole_and_has_no_proofs(app: Frame, made: Made) -> None:
    account = await make_anna()
    secret, codes = await with_second_factor(app, account)
    async with browser(app) as one:
        await sign_in(one)
        await one.post("/sign-in/code", data={"code": codes[0]})
        await one.post("/me", data={"name": "Anna Liepa", "language": "lv"})
        token = one.cookies["session"]
    kept = await Password.get(account.key)
    assert kept is not None
    told = await commands.export(EMAIL.upper())
    text = json.dumps(told)
    assert told["profiles"][0]["email"] == EMAIL
    assert told["roles"] == [{"role": "planner", "in": str(SITE), "units": []}]
    assert told["sessions"][0]["address"] == "127.0.0.1"
    assert [one["tag"] for one in told["changes_made"]] == ["account.described"]
    digest = hashlib.sha256(token.encode()).hexdigest()
    for proof in (kept.hash, secret, codes[1], totp.hashed(codes[1]), token, digest):
        assert proof not in text


async def test_a_person_is_forgotten_and_the_history_stays_whole(db: Database, made: Made) -> None:
    await make_anna(Role.ADMIN, email="admin@example.org")
    account = await make_anna()
    await account.describe(by=account.actor, name="Anna Kalna")
    assert EMAIL in await commands.delete(EMAIL)
    assert not any(EMAIL in line for line in await commands.listed())
    assert await AuditEntry.find({"by": str(account.key)}).count() == 1
    assert (await check(None)).fits
    with pytest.raises(StratplanError):
        await commands.export(EMAIL)


@pytest.mark.parametrize(
    "work",
    [
        lambda: commands.add("not an address", "Name", None, None, []),
        lambda: commands.add("x@example.org", "", None, None, []),
        lambda: commands.add("x@example.org", "Name", "planner", "no-such-plan", []),
        lambda: commands.add("x@example.org", "Name", "reporter", "plans", ["no such unit"]),
        lambda: commands.add("x@example.org", "Name", "reporter", None, ["ĶN"]),
        lambda: commands.add("x@example.org", "Name", "reporter", "plans", []),
        lambda: commands.reset("nobody@example.org", second_factor=False),
        lambda: commands.close("nobody@example.org", again=False),
        lambda: commands.give_role("nobody@example.org", "admin", None, []),
    ],
)
async def test_what_cannot_be_done_is_a_sentence(db: Database, made: Made, work: object) -> None:
    with pytest.raises(StratplanError) as told:
        await work()  # type: ignore[operator]
    assert str(told.value)
    assert await Profile.find({"email_folded": "x@example.org"}).count() == 0


async def test_a_reporter_without_units_is_refused_with_the_option_that_names_them(db: Database, made: Made) -> None:
    with pytest.raises(StratplanError, match="--unit"):
        await commands.add("x@example.org", "Name", "reporter", "plans", [])
    await make_anna()
    with pytest.raises(StratplanError, match="--unit"):
        await commands.give_role(EMAIL, "reporter", "plans", [])


def test_the_passwords_of_these_tests_are_good_ones() -> None:
    for password in (PASSWORD, OTHER_PASSWORD):
        passwords.check(password, of=[EMAIL, "Anna Liepa"])
