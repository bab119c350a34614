"""What a head of a unit has to report this quarter: the tasks of their units, those still to be reported on first."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from beanie import PydanticObjectId

from stratplan.goals.models import Task
from stratplan.goals.queries import TaskFigures, task_figures, tasks_in_order
from stratplan.goals.states import Execution, Schedule
from stratplan.numbering import number_key
from stratplan.period import Period
from stratplan.snapshot import Snapshot

OVER = (Execution.COMPLETED, Execution.CANCELLED)


@dataclass(frozen=True, slots=True)
class QuarterTasks:
    """The tasks of some units in one quarter: still to be reported on, reported on since it began, done with."""

    to_report: list[TaskFigures]
    reported: list[TaskFigures]
    over: list[TaskFigures]


def quarter_tasks(snapshot: Snapshot, units: frozenset[PydanticObjectId], day: date) -> QuarterTasks:
    """The tasks that one of `units` leads or takes part in and that are of the day's quarter: their periods have a day
    in it, or they are overdue. The latest come first. Sorted out once for each revision, day and set of units."""
    return snapshot.derive(("quarter tasks", units, day), lambda: _sorted_out(snapshot, units, day))


def _sorted_out(snapshot: Snapshot, units: frozenset[PydanticObjectId], day: date) -> QuarterTasks:
    quarter = Period.quarter_of(day)
    figures = task_figures(snapshot, day)
    to_report: list[TaskFigures] = []
    reported: list[TaskFigures] = []
    over: list[TaskFigures] = []
    for task in tasks_in_order(snapshot):
        if task.responsible.isdisjoint(units):
            continue
        entry = figures[task.key]
        if entry.execution in OVER:
            if task.period.overlaps(quarter):
                over.append(entry)
        elif task.period.overlaps(quarter) or entry.schedule is Schedule.OVERDUE:
            (reported if _is_reported(entry, quarter) else to_report).append(entry)
    return QuarterTasks(sorted(to_report, key=_urgency), sorted(reported, key=_urgency), over)


def _is_reported(entry: TaskFigures, quarter: Period) -> bool:
    return entry.last is not None and entry.last.on >= quarter.start


def _urgency(entry: TaskFigures) -> tuple[object, ...]:
    late = (Schedule.OVERDUE, Schedule.BEHIND)
    place = late.index(entry.schedule) if entry.schedule in late else len(late)
    return place, entry.standing.deadline, number_key(entry.task.number)


def units_with_tasks(tasks: Iterable[Task], units: frozenset[PydanticObjectId]) -> frozenset[PydanticObjectId]:
    """Those of `units` that lead one of the tasks or take part in it."""
    return frozenset[PydanticObjectId]().union(*(task.responsible for task in tasks)) & units
