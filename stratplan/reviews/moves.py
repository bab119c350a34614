"""How often and by how much the deadlines of a plan's tasks were moved, read from its history."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

from beanie import PydanticObjectId

from stratplan import i18n
from stratplan.audit import AuditEntry
from stratplan.database import running_session
from stratplan.goals.models import Task
from stratplan.period import Period
from stratplan.reviews.statement import Move

Moves = Mapping[PydanticObjectId, tuple[Move, ...]]  # by the task's id, oldest first


async def deadline_moves(scope: PydanticObjectId, before: int | None = None) -> Moves:
    """The moves of every task of a plan that was moved, up to and with its revision `before` (all without one).

    One indexed read: the entries in which a period was changed. A change that was undone stands as two moves.
    """
    wanted = {"scope": scope, "changes.before.period": {"$exists": True}}
    if before is not None:
        wanted["number"] = {"$lte": before}
    found: defaultdict[PydanticObjectId, list[Move]] = defaultdict(list)
    shape = {"at": 1, "by": 1, "changes": 1}
    entries = AuditEntry.get_motor_collection().find(wanted, shape, session=running_session())
    async for raw in entries.sort("number", 1):
        for change in raw["changes"]:
            if change["kind"] != Task.kind or not change["before"] or "period" not in change["before"]:
                continue
            was, became = Period.parse(change["before"]["period"]), Period.parse(change["after"]["period"])
            if was.deadline != became.deadline:
                key = PydanticObjectId(change["document"])
                found[key].append(
                    Move(before=was.deadline, after=became.deadline, on=i18n.day_of(raw["at"]), by=raw["by"])
                )
    return {key: tuple(moves) for key, moves in found.items()}
