"""The administrators' pages of people: who has an account, who is invited, what they may do; links for those who need
one."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

from beanie import PydanticObjectId
from litestar import get, post
from litestar.response import Response
from litestar_htmx import HTMXRequest
from pydantic import Field

from stratplan.accounts import invitations, one_time, passwords, proofs, totp
from stratplan.accounts.answering import account_page, go
from stratplan.accounts.invitations import GivenRole, with_link
from stratplan.accounts.models import Account, Email, Membership, Profile
from stratplan.accounts.one_time import Purpose
from stratplan.accounts.totp import SecondFactor
from stratplan.alphabet import sort_key
from stratplan.documents import SITE, Line
from stratplan.errors import NotVisible, RuleBroken, StaleEdit
from stratplan.forms import Form, FormModel, Versioned
from stratplan.i18n import N_, _
from stratplan.permissions import GIVEN_ROLES, Permission, Role
from stratplan.plans.models import Plan
from stratplan.web import read_form, reader_of

STATES = {"active": N_("Can sign in"), "invited": N_("Invited"), "closed": N_("Closed")}
SHOWN = 500


class PersonEdit(Versioned):
    """Name and e-mail address, set by an administrator."""

    name: Line
    email: Email


class RoleInAll(FormModel):
    """The role that a person has in all plans, if one; `version` is that of the role held when the form was filled."""

    role: GivenRole = None
    version: Annotated[int, Field(ge=0, le=2**31)]  # 0: none was held


class Deed(Versioned):
    """What is done to an account, as it was seen."""

    do: Literal["disable", "enable", "link", "second-factor-off", "erase"]


@dataclass(slots=True)
class Person:
    """A row of the list: who somebody is, and what they may do where."""

    account: Account
    name: str
    email: str
    state: str
    has_second_factor: bool
    roles: list[tuple[Role, str]] = field(default_factory=list)  # with the plan's title, empty for all plans
    role_version: int = 0  # of the role in all plans; 0 where there is none


async def waiting() -> int:
    """How many people were invited and have not come in yet."""
    return sum(person.state == "invited" for person in await people())


async def people(*, only: PydanticObjectId | None = None) -> list[Person]:
    """Everybody with an account, by name; each collection is read once."""
    found = await Account.find({"deleted": False, **({"_id": only} if only else {})}).to_list()
    keys = [account.key for account in found]
    profiles = {profile.id: profile for profile in await Profile.find({"_id": {"$in": keys}}).to_list()}
    able = await proofs.able_to_sign_in(keys)
    with_factor = {
        raw["_id"]
        async for raw in SecondFactor.get_motor_collection().find(
            {"_id": {"$in": keys}, "sealed": {"$ne": None}}, {"_id": 1}
        )
    }
    titles = {plan.key: plan.title for plan in await Plan.find({"deleted": False}).to_list()}
    roles: defaultdict[PydanticObjectId, list[tuple[Role, str]]] = defaultdict(list)
    versions: dict[PydanticObjectId, int] = {}
    for membership in await Membership.find({"account": {"$in": keys}, "deleted": False}).to_list():
        if membership.scope == SITE:
            roles[membership.account].append((membership.role, ""))
            versions[membership.account] = membership.version
        elif membership.scope in titles:
            roles[membership.account].append((membership.role, titles[membership.scope]))
    rows = []
    for account in found:
        profile = profiles.get(account.key)
        if profile is not None:
            state = "closed" if account.disabled else "active" if account.key in able else "invited"
            held = sorted(roles[account.key], key=lambda one: (one[1] != "", sort_key(one[1])))
            has_factor, version = account.key in with_factor, versions.get(account.key, 0)
            rows.append(Person(account, profile.name, profile.email, state, has_factor, held, version))
    return sorted(rows, key=lambda person: sort_key(person.name))


async def _person(key: str) -> Person:
    found = await people(only=PydanticObjectId(key)) if PydanticObjectId.is_valid(key) else []
    if not found:
        raise NotVisible(_("There is no such page."))
    return found[0]


@get("/people", permission=Permission.ACCOUNTS_READ)
async def list_people(request: HTMXRequest) -> Response[Any]:
    """Everybody, or those that `q` (in name or address), `role` and `state` leave."""
    wanted = {name: request.query_params.get(name, "") for name in ("q", "role", "state")}
    everybody = await people()
    rows = [
        person
        for person in everybody
        if (not wanted["q"].strip() or _has(person, wanted["q"].strip().casefold()))
        and (not wanted["role"] or any(role.value == wanted["role"] for role, _title in person.roles))
        and (not wanted["state"] or person.state == wanted["state"])
    ]
    context = {
        "people": rows[:SHOWN],
        "found": len(rows),
        "total": len(everybody),
        "wanted": wanted,
        "roles": GIVEN_ROLES,
        "states": STATES,
    }
    return await account_page(request, "accounts/people.html", context)


def _has(person: Person, text: str) -> bool:
    return text in person.name.casefold() or text in person.email.casefold()


# ---- One person


@get("/people/{account:str}", permission=Permission.ACCOUNTS_READ)
async def show_person(request: HTMXRequest, account: str) -> Response[Any]:
    """One person, and what an administrator can do for them."""
    person = await _person(account)
    return await _person_page(request, person, _form_of(person))


def _form_of(person: Person) -> Form[PersonEdit]:
    values = {"name": person.name, "email": person.email, "version": person.account.version}
    return Form.filled(PersonEdit, values)


async def _person_page(
    request: HTMXRequest, person: Person, form: Form[PersonEdit], *, refusal: str = "", status: int = 200
) -> Response[Any]:
    in_all = next((role.value for role, title in person.roles if not title), "")
    context = {
        "person": person,
        "form": form,
        "role_form": Form.filled(RoleInAll, {"role": in_all, "version": person.role_version}),
        "roles": GIVEN_ROLES,
        "states": STATES,
        "is_self": reader_of(request).account == person.account.key,
        "refusal": refusal,
        "has_link": await one_time.is_out(person.account.key, Purpose.INVITATION, Purpose.RESET),
    }
    return await account_page(request, "accounts/person.html", context, status=status)


@post("/people/{account:str}", permission=Permission.ACCOUNTS_WRITE)
async def update_person(request: HTMXRequest, account: str) -> Response[Any]:
    """Change somebody's name or e-mail address."""
    person = await _person(account)
    form = await read_form(request, PersonEdit)
    if form.data is None:
        return await _person_page(request, person, form, status=422)
    try:
        await person.account.describe(
            by=reader_of(request).actor, based_on=form.data.version, name=form.data.name, email=form.data.email
        )
    except StaleEdit:
        return await _changed_meanwhile(request, account)
    except RuleBroken as broken:
        form.refuse(broken)
        return await _person_page(request, person, form, status=409)
    return go(request, f"/people/{account}", "described")


@post("/people/{account:str}/role", permission=Permission.ACCOUNTS_WRITE)
async def give_role(request: HTMXRequest, account: str) -> Response[Any]:
    """Give somebody a role in all plans, another one, or none."""
    person = await _person(account)
    form = await read_form(request, RoleInAll)
    if form.data is None:
        return await _refused(request, person, _("Choose one from the list."), status=422)
    try:
        await proofs.set_role(
            person.account.key, form.data.role, by=reader_of(request).actor, based_on=form.data.version
        )
    except StaleEdit:
        return await _changed_meanwhile(request, account)
    except RuleBroken as broken:
        return await _refused(request, await _person(account), str(broken))
    return go(request, f"/people/{account}", "role-given")


@post("/people/{account:str}/deeds", permission=Permission.ACCOUNTS_WRITE)
async def do_to_person(request: HTMXRequest, account: str) -> Response[Any]:
    """Close or open an account, make a new link, take away a lost second factor, or remove the person."""
    person = await _person(account)
    form = await read_form(request, Deed)
    if form.data is None:
        return await _refused(request, person, _("The request was not understood."), status=422)
    by, key = reader_of(request).actor, person.account.key
    here = f"/people/{key}"
    try:
        match form.data.do:
            case "link":
                purpose = Purpose.RESET if await passwords.has_one(key) else Purpose.INVITATION
                return await with_link(request, key, await proofs.make_link(key, by=by), purpose, "link-made")
            case "disable":
                await person.account.disable(by=by, based_on=form.data.version)
                return go(request, here, "disabled")
            case "enable":
                await person.account.enable(by=by, based_on=form.data.version)
                return go(request, here, "enabled")
            case "second-factor-off":
                if await totp.is_on(key):
                    await proofs.switch_off(key, by=by)
                return go(request, here, "second-factor-off")
            case "erase":
                await person.account.erase(by=by)
                return go(request, "/people", "erased")
    except StaleEdit:
        return await _changed_meanwhile(request, account)
    except RuleBroken as broken:
        return await _refused(request, person, str(broken))


async def _refused(request: HTMXRequest, person: Person, sentence: str, *, status: int = 409) -> Response[Any]:
    return await _person_page(request, person, _form_of(person), refusal=sentence, status=status)


async def _changed_meanwhile(request: HTMXRequest, account: str) -> Response[Any]:
    return await _refused(request, await _person(account), _("Someone else has changed this account meanwhile."))


handlers = [list_people, *invitations.handlers, show_person, update_person, give_role, do_to_person]
