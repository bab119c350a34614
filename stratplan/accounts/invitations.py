"""Inviting: the form for one more person, and the links that it and lost passwords are answered with."""

from __future__ import annotations

from collections import defaultdict
from typing import Annotated, Any

from beanie import PydanticObjectId
from litestar import get, post
from litestar.response import Response
from litestar_htmx import HTMXRequest
from pydantic import BeforeValidator

from stratplan.accounts import proofs
from stratplan.accounts.answering import account_page, go, show_once
from stratplan.accounts.letters import address_of, send_link
from stratplan.accounts.models import Email, Profile
from stratplan.accounts.one_time import Purpose
from stratplan.alphabet import sort_key
from stratplan.documents import SITE, Line
from stratplan.errors import RuleBroken
from stratplan.forms import Form, FormModel
from stratplan.i18n import N_, _
from stratplan.permissions import GIVEN_ROLES, Permission, Role
from stratplan.plans.models import Organisation, Plan
from stratplan.units.models import Unit
from stratplan.units.queries import Branch, tree_of
from stratplan.web import read_form, reader_of, site_of


def _given_role(value: object) -> Role | None:
    if value in (None, ""):
        return None
    role = next((role for role in GIVEN_ROLES if value in (role, role.value)), None)
    if role is None:
        raise ValueError(N_("Choose one from the list."))
    return role


def _reference(value: object) -> object:
    if isinstance(value, str) and not PydanticObjectId.is_valid(value):
        raise ValueError(N_("Choose one from the list."))
    return PydanticObjectId(value) if isinstance(value, str) else value


GivenRole = Annotated[Role | None, BeforeValidator(_given_role)]
PlanOrAll = Annotated[PydanticObjectId, BeforeValidator(_reference)]
ChosenUnit = Annotated[PydanticObjectId, BeforeValidator(_reference)]


class Invitation(FormModel):
    """Who is invited, to which plan (or to all), as what."""

    name: Line
    email: Email
    role: GivenRole = None
    plan: PlanOrAll = SITE
    units: list[ChosenUnit] = []


@get("/people/new", permission=Permission.ACCOUNTS_WRITE)
async def new_person(request: HTMXRequest) -> Response[Any]:
    """The form for one more person, with the `email` and the `plan` that its address names."""
    asked = {name: [request.query_params[name]] for name in ("email", "plan") if request.query_params.get(name)}
    return await _invitation_page(request, Form(Invitation, {"role": [""], **asked}))


async def _invitation_page(request: HTMXRequest, form: Form[Invitation], *, status: int = 200) -> Response[Any]:
    plans = await Plan.find({"deleted": False}).to_list()
    plans.sort(key=lambda plan: (-plan.last_year, sort_key(plan.title)))
    context = {
        "form": form,
        "roles": GIVEN_ROLES,
        "plans": plans,
        "trees": await _unit_trees(),
        "today": site_of(request).today(),
        "all_plans": str(SITE),
    }
    return await account_page(request, "accounts/invite.html", context, status=status)


async def _unit_trees() -> list[tuple[str | None, list[Branch]]]:
    """The units of each organisation that has some, as a tree; under its name where there are several."""
    units: defaultdict[PydanticObjectId, list[Unit]] = defaultdict(list)
    for unit in await Unit.find({"deleted": False}).to_list():
        units[unit.scope].append(unit)
    found = await Organisation.find({"_id": {"$in": list(units)}}).to_list()
    found.sort(key=lambda organisation: sort_key(organisation.name))
    return [(one.name if len(found) > 1 else None, tree_of(units[one.key])) for one in found]


@post("/people", permission=Permission.ACCOUNTS_WRITE)
async def create_person(request: HTMXRequest) -> Response[Any]:
    """Invite somebody; the link is shown once, and sent where letters are."""
    form = await read_form(request, Invitation)
    if form.data is None:
        return await _invitation_page(request, form, status=422)
    asked = form.data
    try:
        if asked.role is None and asked.units:
            raise RuleBroken(_("Units are for a role."), field="role")
        account, token = await proofs.invite(
            name=asked.name,
            email=asked.email,
            role=asked.role,
            scope=asked.plan,
            units=asked.units if asked.role is Role.REPORTER else [],
            by=reader_of(request).actor,
        )
    except RuleBroken as broken:
        form.refuse(broken)
        return await _invitation_page(request, form, status=409)
    return await with_link(request, account.key, token, Purpose.INVITATION, "invited")


async def with_link(
    request: HTMXRequest, account: PydanticObjectId, token: str, purpose: Purpose, done: str
) -> Response[Any]:
    """The answer after a link was made: it is sent where letters are, and shown once on the person's page."""
    profile = await Profile.get(account)
    mailed = profile is not None and send_link(request, profile, token, purpose)
    response = go(request, f"/people/{account}", done)
    shown = {"link": address_of(request, token), "lasts": purpose.lasts, "mailed": mailed}
    show_once(request, response, shown)
    return response


handlers = [new_person, create_person]
