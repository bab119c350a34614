"""Who is told: the people inside a plan, their units, and what is theirs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from beanie import PydanticObjectId

from stratplan.accounts.models import Account, Membership
from stratplan.accounts.roles import rights_in, units_of
from stratplan.permissions import Permission
from stratplan.snapshot import Snapshot


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody with a role in the plan; `units` are theirs, with all that are part of them."""

    account: PydanticObjectId
    units: frozenset[PydanticObjectId]
    reads_discussion: bool


def people_of(snapshot: Snapshot) -> Mapping[PydanticObjectId, Person]:
    """Those who may sign in and see the plan as it is, unpublished."""

    def found() -> dict[PydanticObjectId, Person]:
        people = {}
        for key in {membership.account for membership in snapshot.all(Membership).values()}:
            account = snapshot.find(Account, key)
            rights = rights_in(snapshot, key)
            if account is None or account.disabled or rights is None or not rights.sees_unpublished:
                continue
            people[key] = Person(key, units_of(snapshot, key), rights.allow(Permission.DISCUSSION_READ))
        return people

    return snapshot.derive("people to be told", found)
