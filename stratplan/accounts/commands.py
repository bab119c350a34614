"""What the command line does to accounts: the same verbs that the pages call, by e-mail address."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from beanie import PydanticObjectId
from pydantic import TypeAdapter, ValidationError

from stratplan.accounts import proofs
from stratplan.accounts.models import Account, Email, Profile, folded
from stratplan.accounts.own_data import own_data
from stratplan.accounts.people import STATES, people
from stratplan.actors import COMMAND_LINE
from stratplan.documents import SITE, Line
from stratplan.errors import RuleBroken, StratplanError
from stratplan.i18n import _
from stratplan.permissions import Role
from stratplan.plans.models import Plan
from stratplan.units.models import Unit


async def _account(email: str) -> Account:
    profile = await Profile.find_one({"email_folded": folded(email)})
    account = None if profile is None else await Account.get(profile.id)
    if account is None:
        raise StratplanError(_("Nobody has the e-mail address %(email)s. See: stratplan user list", email=email))
    return account


async def _scope(plan: str | None) -> tuple[PydanticObjectId, PydanticObjectId | None]:
    """The scope that a role is given in, and the organisation whose units it may name."""
    if plan is None:
        return SITE, None
    found = await Plan.find_one({"slug": plan, "deleted": False})
    if found is None:
        raise StratplanError(_("There is no plan “%(plan)s”.", plan=plan))
    return found.key, found.organisation


async def _units(
    names: Sequence[str], organisation: PydanticObjectId | None, role: Role | None
) -> list[PydanticObjectId]:
    """The units named, as a person in that role has them."""
    if role is Role.REPORTER and organisation is not None and not names:
        raise StratplanError(_("Name the units on whose tasks this person reports: --unit, once for each."))
    if names and organisation is None:
        raise StratplanError(_("Units belong to an organisation: name one of its plans with --plan."))
    found = []
    for name in names:
        unit = await Unit.find_one({"scope": organisation, "deleted": False, "$or": [{"short": name}, {"name": name}]})
        if unit is None:
            raise StratplanError(_("There is no unit “%(unit)s” in the plan's organisation.", unit=name))
        found.append(unit.key)
    return found


def _role(name: str | None) -> Role | None:
    return next((role for role in Role if role.value == name), None)


async def add(email: str, name: str, role: str | None, plan: str | None, units: Sequence[str]) -> str:
    """Make an account, and return the token of its invitation."""
    try:
        TypeAdapter(Email).validate_python(email)
        TypeAdapter(Line).validate_python(name)
    except ValidationError:
        raise StratplanError(_("“%(email)s” is not an e-mail address, or the name is empty.", email=email)) from None
    scope, organisation = await _scope(plan)
    given = _role(role)
    _account_made, token = await proofs.invite(
        name=name,
        email=email,
        role=given,
        scope=scope,
        units=await _units(units, organisation, given),
        by=COMMAND_LINE,
    )
    return token


async def listed() -> list[str]:
    """Everybody, one line each: e-mail, name, state and roles, with tabs between."""
    return [
        "\t".join(
            [
                person.email,
                person.name,
                _(STATES[person.state]),
                "; ".join(f"{_(role.label)}: {title or _('all plans')}" for role, title in person.roles),
            ]
        )
        for person in await people()
    ]


async def give_role(email: str, role: str, plan: str | None, units: Sequence[str]) -> str:
    """Give a role in a plan or in all, or take it away; what was done, as a sentence."""
    account = await _account(email)
    scope, organisation = await _scope(plan)
    given = _role(role)
    entry = await proofs.set_role(
        account.key, given, scope=scope, units=await _units(units, organisation, given), by=COMMAND_LINE
    )
    where = _("all plans") if plan is None else plan
    if entry is None:
        return _("Nothing was changed: this is already so.")
    if given is None:
        return _("%(email)s has no role any more in: %(where)s.", email=email, where=where)
    return _("%(email)s now has the role “%(role)s” in: %(where)s.", email=email, role=_(given.label), where=where)


async def close(email: str, *, again: bool) -> str:
    """Let somebody in no more, or again; what was done, as a sentence."""
    account = await _account(email)
    if again:
        await account.enable(by=COMMAND_LINE, based_on=account.version)
        return _("%(email)s may sign in again.", email=email)
    await account.disable(by=COMMAND_LINE, based_on=account.version)
    return _("%(email)s may sign in no more, and is signed out everywhere.", email=email)


async def export(email: str) -> dict[str, Any]:
    """All that is kept about somebody, ready for JSON."""
    return await own_data(await _account(email))


async def delete(email: str) -> str:
    """Forget somebody: what they did stays, under a pseudonym; what was done, as a sentence."""
    account = await _account(email)
    await account.erase(by=COMMAND_LINE)
    return _(
        "Everything about %(email)s has been removed. What was done stays in the history without a name.", email=email
    )


async def reset(email: str, *, second_factor: bool) -> str:
    """The token of a new link; with it, if asked, the second factor is switched off."""
    account = await _account(email)
    if account.disabled:
        raise RuleBroken(_("The account is closed. Open it first."))
    if second_factor:
        await proofs.switch_off(account.key, by=COMMAND_LINE)
    return await proofs.make_link(account.key, by=COMMAND_LINE)
