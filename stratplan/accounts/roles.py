"""What a reader may do: the roles they hold, in a plan and in all plans, put together."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

from beanie import PydanticObjectId

from stratplan.accounts.models import Account, Membership
from stratplan.documents import SITE
from stratplan.permissions import NONE, Held, Rights, Role, published, together
from stratplan.snapshot import Snapshot
from stratplan.units.models import Unit


def rights_in(snapshot: Snapshot, account: PydanticObjectId | None) -> Rights | None:
    """What the account (None: nobody signed in) may do in this plan; None where they may not even know of it."""
    rights = None if account is None else people_in(snapshot).get(account)
    if rights is None and snapshot.plan.published:
        return published(snapshot.plan.public_parts)
    return rights


def people_in(snapshot: Snapshot) -> Mapping[PydanticObjectId, Rights]:
    """Those who have a role in the plan and may sign in, with what they may do there."""

    def put_together() -> dict[PydanticObjectId, Rights]:
        below = _below(snapshot)
        return {
            account: together(
                [Held(one.role, with_all_below(one.units, below), one.scope == SITE) for one in memberships]
            )
            for account, memberships in _memberships(snapshot).items()
            if (person := snapshot.find(Account, account)) is not None and not person.disabled
        }

    return snapshot.derive("rights by account", put_together)


def _memberships(snapshot: Snapshot) -> dict[PydanticObjectId, list[Membership]]:
    def grouped() -> dict[PydanticObjectId, list[Membership]]:
        held: defaultdict[PydanticObjectId, list[Membership]] = defaultdict(list)
        for membership in snapshot.all(Membership).values():
            held[membership.account].append(membership)
        return dict(held)

    return snapshot.derive("memberships by account", grouped)


def roles_of(snapshot: Snapshot, account: PydanticObjectId) -> frozenset[Role]:
    """Every role that the account holds in this plan, by itself or in all plans: `Rights` is named for one."""
    return frozenset(one.role for one in _memberships(snapshot).get(account, ()))


def units_of(snapshot: Snapshot, account: PydanticObjectId) -> frozenset[PydanticObjectId]:
    """The units that the account reports for: those named in its role as their head, and all below them."""
    named = [unit for one in _memberships(snapshot).get(account, ()) if one.role is Role.REPORTER for unit in one.units]
    return with_all_below(named, _below(snapshot))


def _below(snapshot: Snapshot) -> dict[PydanticObjectId, list[PydanticObjectId]]:
    below: defaultdict[PydanticObjectId, list[PydanticObjectId]] = defaultdict(list)
    for unit in snapshot.all(Unit).values():
        if unit.parent is not None:
            below[unit.parent].append(unit.key)
    return below


def with_all_below(
    units: Iterable[PydanticObjectId], below: dict[PydanticObjectId, list[PydanticObjectId]]
) -> frozenset[PydanticObjectId]:
    """The units and all those that are part of them, however deep."""
    reached: set[PydanticObjectId] = set()
    waiting = list(units)
    while waiting:
        unit = waiting.pop()
        if unit not in reached:
            reached.add(unit)
            waiting += below.get(unit, [])
    return frozenset(reached)


async def rights_of_site(account: PydanticObjectId | None) -> Rights:
    """What the account may do outside of plans: by its role in all of them."""
    if account is None:
        return NONE
    raw = await Membership.get_motor_collection().find_one({"scope": SITE, "account": account, "deleted": False})
    if raw is None:
        return NONE
    able = {"_id": account, "disabled": False, "deleted": False}
    if await Account.get_motor_collection().find_one(able, {"_id": 1}) is None:
        return NONE
    return together([Held(Membership.model_validate(raw).role, of_site=True)])


async def plans_of(account: PydanticObjectId) -> set[PydanticObjectId]:
    """The plans that the account has a role in by itself; the site's id among them means every plan."""
    found = Membership.get_motor_collection().find({"account": account, "deleted": False}, {"scope": 1})
    return {PydanticObjectId(raw["scope"]) async for raw in found}
