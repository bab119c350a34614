"""Who is told: the people inside a plan, their units, and what is theirs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from beanie import PydanticObjectId

from stratplan.accounts.roles import people_in, units_of
from stratplan.permissions import Permission
from stratplan.snapshot import Snapshot


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody with a role in the plan; `units` are theirs, with all that are part of them."""

    account: PydanticObjectId
    units: frozenset[PydanticObjectId]
    reads_discussion: bool


def audience_of(snapshot: Snapshot) -> Mapping[PydanticObjectId, Person]:
    """Those who may sign in and see the plan as it is, unpublished."""

    def found() -> dict[PydanticObjectId, Person]:
        return {
            key: Person(key, units_of(snapshot, key), rights.allow(Permission.DISCUSSION_READ))
            for key, rights in people_in(snapshot).items()
            if rights.sees_unpublished
        }

    return snapshot.derive("people to be told", found)
