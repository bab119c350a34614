"""Which units have somebody who reports for them, and so can be told something."""

from __future__ import annotations

from beanie import PydanticObjectId

from stratplan.accounts.roles import people_in, units_of
from stratplan.snapshot import Snapshot


def headed_units(snapshot: Snapshot) -> frozenset[PydanticObjectId]:
    """The units with a head who may sign in, of their own or of a unit above."""

    def found() -> frozenset[PydanticObjectId]:
        people = [account for account, rights in people_in(snapshot).items() if rights.sees_unpublished]
        return frozenset(unit for account in people for unit in units_of(snapshot, account))

    return snapshot.derive("headed units", found)
