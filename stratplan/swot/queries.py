"""What pages and exports ask of the SWOT: its matrix in order, what answers an entry, what nothing answers yet."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from beanie import PydanticObjectId

from stratplan.goals.models import Goal, Task
from stratplan.goals.queries import goals_in_order, tasks_in_order
from stratplan.snapshot import Snapshot
from stratplan.swot.models import Quadrant, SwotEntry


def entries_in_order(snapshot: Snapshot) -> Mapping[Quadrant, list[SwotEntry]]:
    """The entries of each quadrant in their order; every quadrant is there."""

    def ordered() -> dict[Quadrant, list[SwotEntry]]:
        matrix: dict[Quadrant, list[SwotEntry]] = {quadrant: [] for quadrant in Quadrant}
        entries = snapshot.all(SwotEntry).values()
        for entry in sorted(entries, key=lambda entry: (entry.order, entry.created_at, str(entry.key))):
            matrix[entry.quadrant].append(entry)
        return matrix

    return snapshot.derive("swot in order", ordered)


def unanswered(snapshot: Snapshot) -> list[SwotEntry]:
    """The weaknesses and threats that no goal and no task answers, in the matrix's order."""
    return snapshot.derive(
        "swot unanswered",
        lambda: [
            entry
            for quadrant, entries in entries_in_order(snapshot).items()
            for entry in entries
            if quadrant.wants_answer and not entry.is_answered
        ],
    )


def entries_answered_by(
    snapshot: Snapshot, keys: Collection[PydanticObjectId]
) -> list[tuple[Quadrant, list[SwotEntry]]]:
    """The entries that one of these goals and tasks answers, by quadrant, in the matrix's order."""
    asked = set(keys)
    groups = [
        (quadrant, [entry for entry in entries if not asked.isdisjoint((*entry.goals, *entry.tasks))])
        for quadrant, entries in entries_in_order(snapshot).items()
    ]
    return [(quadrant, found) for quadrant, found in groups if found]


def goals_that_answer(snapshot: Snapshot, entry: SwotEntry) -> list[Goal]:
    """The goals that answer an entry, in the plan's order."""
    chosen = set(entry.goals)
    return [goal for goal in goals_in_order(snapshot) if goal.key in chosen] if chosen else []


def tasks_that_answer(snapshot: Snapshot, entry: SwotEntry) -> list[Task]:
    """The tasks that answer an entry, in the plan's order."""
    places = snapshot.derive(
        "task places", lambda: {task.key: place for place, task in enumerate(tasks_in_order(snapshot))}
    )
    found = [task for key in entry.tasks if (task := snapshot.find(Task, key)) is not None]
    return sorted(found, key=lambda task: places[task.key])
