"""What pages, exports and commands ask of goals and tasks: their order, their reports, their figures on a day."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import TypeVar

from beanie import PydanticObjectId

from stratplan.errors import NotVisible
from stratplan.goals.models import Goal, Report, Task
from stratplan.goals.progress import Combined, TaskProgress, Weighted, combine, last_report, last_stated, task_progress
from stratplan.goals.schedule import Standing, standing
from stratplan.goals.states import Execution, Outcome, Reporting, Schedule
from stratplan.i18n import _
from stratplan.numbering import number_key
from stratplan.snapshot import Snapshot

D = TypeVar("D", Goal, Task)


@dataclass(frozen=True, slots=True)
class TaskFigures:
    """A task on a day: its progress, how it stands against its period, and the last report up to then."""

    task: Task
    progress: TaskProgress
    standing: Standing
    last: Report | None

    @property
    def execution(self) -> Execution:
        """How far the work is, as last reported."""
        return self.progress.execution

    @property
    def outcome(self) -> Outcome:
        """Whether the result was reached, as last reported."""
        return Outcome.NOT_ASSESSED if self.last is None else self.last.outcome

    @property
    def schedule(self) -> Schedule | None:
        """On time or not; None for suspended and cancelled tasks."""
        return self.standing.schedule

    @property
    def reporting(self) -> Reporting:
        """Whether there is a report; before its period begins, a task has nothing to say."""
        if self.progress.reported:
            return Reporting.REPORTED
        return Reporting.TO_COME if self.schedule is Schedule.NOT_DUE else Reporting.MISSING


def goals_in_order(snapshot: Snapshot) -> list[Goal]:
    """The plan's goals as they stand in the document."""
    return snapshot.derive(
        "goals in order",
        lambda: sorted(snapshot.all(Goal).values(), key=lambda goal: (goal.order, number_key(goal.code))),
    )


def tasks_in_order(snapshot: Snapshot) -> list[Task]:
    """The plan's tasks goal by goal, each goal's by number (domain.md, Structure)."""
    living = snapshot.all(Task)
    return snapshot.derive(
        "tasks in order", lambda: [living[key] for keys in _grouped(snapshot).values() for key in keys]
    )


def tasks_by_goal(snapshot: Snapshot) -> Mapping[PydanticObjectId, list[Task]]:
    """The tasks of each goal, in their order; goals without tasks have an empty list."""
    living = snapshot.all(Task)
    return snapshot.derive(
        "tasks by goal", lambda: {goal: [living[key] for key in keys] for goal, keys in _grouped(snapshot).items()}
    )


def tasks_of_goal(snapshot: Snapshot, goal: Goal) -> list[Task]:
    """The tasks of one goal, in their order."""
    living = snapshot.all(Task)
    return [living[key] for key in _grouped(snapshot).get(goal.key, ())]


def _grouped(snapshot: Snapshot) -> Mapping[PydanticObjectId, list[PydanticObjectId]]:
    """The ids of each goal's tasks in order; carried until a task is added, moved, renumbered or deleted."""

    def carried() -> dict[PydanticObjectId, list[PydanticObjectId]]:
        goals = tuple(goal.key for goal in goals_in_order(snapshot))
        living = snapshot.all(Task)
        stands = snapshot.each("place", Task, lambda task: (task.goal, number_key(task.number)))

        def grouped() -> dict[PydanticObjectId, list[PydanticObjectId]]:
            groups: dict[PydanticObjectId, list[PydanticObjectId]] = {goal: [] for goal in goals}
            for key in sorted(living, key=lambda key: stands[key][1]):
                groups.setdefault(stands[key][0], []).append(key)
            return groups

        inputs = (goals, tuple(living), tuple(stands.values()))
        return snapshot.same("tasks by goal", inputs, grouped)

    return snapshot.derive("ids by goal", carried)


def tasks_by_unit(snapshot: Snapshot) -> Mapping[PydanticObjectId, list[Task]]:
    """The tasks that each unit leads or takes part in, in the plan's order."""

    def grouped() -> dict[PydanticObjectId, list[Task]]:
        groups: defaultdict[PydanticObjectId, list[Task]] = defaultdict(list)
        for task in tasks_in_order(snapshot):
            for unit in dict.fromkeys([task.lead, *task.partners]):
                if unit is not None:
                    groups[unit].append(task)
        return dict(groups)

    return snapshot.derive("tasks by unit", grouped)


def find_goal(snapshot: Snapshot, code: str) -> Goal:
    """The goal of that code, or of that id: addresses from before a code was changed still lead somewhere."""
    by_code = snapshot.derive("goals by code", lambda: {goal.code: goal for goal in snapshot.all(Goal).values()})
    found = by_code.get(code) or _by_id(snapshot, Goal, code)
    if found is None:
        raise NotVisible(_("There is no such goal."))
    return found


def find_task(snapshot: Snapshot, number: str) -> Task:
    """The task of that number, or of that id."""
    by_number = snapshot.derive("tasks by number", lambda: {task.number: task for task in snapshot.all(Task).values()})
    found = by_number.get(number) or _by_id(snapshot, Task, number)
    if found is None:
        raise NotVisible(_("There is no such task."))
    return found


def _by_id(snapshot: Snapshot, kind: type[D], text: str) -> D | None:
    return snapshot.find(kind, PydanticObjectId(text)) if PydanticObjectId.is_valid(text) else None


def reports_of(snapshot: Snapshot, task: Task) -> list[Report]:
    """The task's reports, oldest first; of several for one day, in the order in which they were made."""
    return sorted(
        snapshot.belonging_to(task, Report), key=lambda report: (report.on, report.created_at, str(report.key))
    )


def task_figures(snapshot: Snapshot, day: date) -> Mapping[PydanticObjectId, TaskFigures]:
    """Every task's figures on the day; those of tasks that a change left alone are carried over."""

    def compute(task: Task) -> TaskFigures:
        reports = reports_of(snapshot, task)
        last = last_report(reports, day)
        progress = task_progress(task.milestones, last, day, last_stated(reports, day))
        return TaskFigures(task, progress, standing(task.period, progress.value, progress.execution, day), last)

    return snapshot.each(("task figures", day), Task, compute)


def goal_progress(snapshot: Snapshot, day: date) -> Mapping[PydanticObjectId, Combined]:
    """The progress of each goal on the day, over its tasks (domain.md, Progress)."""

    def combined() -> dict[PydanticObjectId, Combined]:
        figures = task_figures(snapshot, day)
        weighted = snapshot.each(
            ("weighted", day), Task, lambda task: Weighted.of_task(task.key, task.weight, figures[task.key].progress)
        )
        progress = {}
        for goal, keys in _grouped(snapshot).items():
            parts = tuple(weighted[key] for key in keys)
            progress[goal] = snapshot.same(("goal progress", day, goal), parts, partial(combine, parts))
        return progress

    return snapshot.derive(("goal progress", day), combined)


def plan_progress(snapshot: Snapshot, day: date) -> Combined:
    """The progress of the plan on the day, over its goals."""
    by_goal = goal_progress(snapshot, day)
    return snapshot.derive(
        ("plan progress", day),
        lambda: combine(
            [Weighted.of_goal(goal.key, goal.weight, by_goal[goal.key]) for goal in goals_in_order(snapshot)]
        ),
    )
