"""Who is told: the people inside a plan, their units, and what is theirs."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

from beanie import PydanticObjectId

from stratplan.accounts.models import Account, Membership
from stratplan.accounts.roles import rights_in, with_all_below
from stratplan.permissions import Permission
from stratplan.snapshot import Snapshot
from stratplan.units.models import Unit


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody with a role in the plan; `units` are theirs, with all that are part of them."""

    account: PydanticObjectId
    units: frozenset[PydanticObjectId]
    reads_discussion: bool


def people_of(snapshot: Snapshot) -> Mapping[PydanticObjectId, Person]:
    """Those who may sign in and see the plan as it is, unpublished."""

    def found() -> dict[PydanticObjectId, Person]:
        named: defaultdict[PydanticObjectId, list[PydanticObjectId]] = defaultdict(list)
        for membership in snapshot.all(Membership).values():
            named[membership.account] += membership.units
        below: defaultdict[PydanticObjectId, list[PydanticObjectId]] = defaultdict(list)
        for unit in snapshot.all(Unit).values():
            if unit.parent is not None:
                below[unit.parent].append(unit.key)
        people = {}
        for key, units in named.items():
            account = snapshot.find(Account, key)
            rights = rights_in(snapshot, key)
            if account is None or account.disabled or rights is None or not rights.sees_unpublished:
                continue
            reads = rights.allow(Permission.DISCUSSION_READ)
            people[key] = Person(key, with_all_below(units, below), reads)
        return people

    return snapshot.derive("people to be told", found)


def units_of(snapshot: Snapshot, account: PydanticObjectId) -> frozenset[PydanticObjectId]:
    """The units of one person, with all that are part of them; none for who is not inside the plan."""
    person = people_of(snapshot).get(account)
    return frozenset() if person is None else person.units
