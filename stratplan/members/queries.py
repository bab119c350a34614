"""What the pages of members ask: who holds which role, and who is meant by what was typed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from beanie import PydanticObjectId

from stratplan.accounts.models import Account, Membership, Profile, folded
from stratplan.alphabet import fold, sort_key
from stratplan.documents import SITE
from stratplan.errors import NotVisible, RuleBroken
from stratplan.i18n import _
from stratplan.permissions import Permission
from stratplan.snapshot import Snapshot
from stratplan.units.models import Unit
from stratplan.units.queries import unit_tree
from stratplan.view import View

NAMES_SUGGESTED = 200


@dataclass(frozen=True, slots=True)
class Member:
    """A person with a role; `email` is empty where the reader may not see it."""

    membership: Membership
    name: str
    email: str
    units: Sequence[Unit]
    is_disabled: bool
    is_me: bool


async def members_of(view: View) -> tuple[list[Member], list[Member]]:
    """Who has a role in this plan, and who has one in all plans; the strongest roles first, then by name."""
    memberships = view.snapshot.all(Membership).values()
    emails = await _emails(view, [one.account for one in memberships])
    found = sorted(
        (_member(view, one, emails) for one in memberships),
        key=lambda member: (member.membership.role.order, sort_key(member.name)),
    )
    here = [member for member in found if member.membership.scope != SITE]
    return here, [member for member in found if member.membership.scope == SITE]


async def _emails(view: View, accounts: Sequence[PydanticObjectId]) -> dict[PydanticObjectId, str]:
    """The addresses of people, for those alone who may change their roles."""
    if not view.rights.allow(Permission.MEMBERS_WRITE):
        return {}
    profiles = Profile.get_motor_collection().find({"_id": {"$in": list(accounts)}}, {"email": 1})
    return {PydanticObjectId(raw["_id"]): raw["email"] async for raw in profiles}


def _member(view: View, membership: Membership, emails: dict[PydanticObjectId, str]) -> Member:
    account = view.snapshot.find(Account, membership.account)
    named = set(membership.units)
    return Member(
        membership,
        view.name_of(str(membership.account)),
        emails.get(membership.account, ""),
        [branch.unit for branch in unit_tree(view.snapshot) if branch.unit.key in named],
        account is not None and account.disabled,
        membership.account == view.reader.account,
    )


async def find_member(view: View, key: str) -> Member:
    """The role in this plan that an address names; one in all plans is not to be changed here."""
    membership = view.get(Membership, key)
    if membership.scope != view.plan.key:
        raise NotVisible(_("There is no such page."))
    return _member(view, membership, await _emails(view, [membership.account]))


async def find_person(snapshot: Snapshot, text: str) -> PydanticObjectId:
    """The account meant by an e-mail address or by a person's whole name.

    Raises RuleBroken, for the field `person`, where that is nobody or several people.
    """
    if "@" in text:
        raw = await Profile.get_motor_collection().find_one({"email_folded": folded(text)}, {"_id": 1})
        found = [] if raw is None else [PydanticObjectId(raw["_id"])]
    else:
        found = [PydanticObjectId(key) for key, name in snapshot.names.items() if fold(name) == fold(text)]
    if len(found) > 1:
        raise RuleBroken(_("Several people are called so. Write the e-mail address."), field="person")
    if not found or snapshot.find(Account, found[0]) is None:
        raise RuleBroken(
            _("Nobody with this name or address has an account. An administrator has to invite them first."),
            field="person",
        )
    if any(one.account == found[0] and one.scope != SITE for one in snapshot.all(Membership).values()):
        raise RuleBroken(_("This person has a role in the plan already. Change it in the list."), field="person")
    return found[0]


def suggested_names(view: View) -> list[str]:
    """The names to choose from while typing; only for who may see all accounts anyway."""
    if not view.rights.allow(Permission.ACCOUNTS_READ):
        return []
    members = {str(one.account) for one in view.snapshot.all(Membership).values() if one.scope != SITE}
    names = {name for key, name in view.snapshot.names.items() if key not in members}
    return sorted(names, key=sort_key)[:NAMES_SUGGESTED]
