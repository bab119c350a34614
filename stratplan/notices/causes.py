"""What makes a notice, and for whom: rules without a database, over a plan as it is and what happened to it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from typing import Any

from beanie import PydanticObjectId

from stratplan.actors import PROGRAMS
from stratplan.audit import AuditEntry, Change
from stratplan.goals.models import Task
from stratplan.goals.queries import TaskFigures, task_figures
from stratplan.goals.states import Schedule
from stratplan.mentions import mentioned
from stratplan.notices.audience import Person, audience_of
from stratplan.notices.cause import Cause
from stratplan.notices.kinds import NoticeKind
from stratplan.notices.review_causes import OF_REVIEWS, review_causes
from stratplan.snapshot import Snapshot

# A task that was overdue long before anybody was told of such things is no news.
OVERDUE_IS_NEWS_FOR = 30  # days

# What counts as a change of somebody's task; numbers and order are only where it stands.
CHANGES = frozenset(
    {
        "task.created",
        "task.edited",
        "task.moved",
        "task.deleted",
        "task.restored",
        "task.milestones_set",
        "task.handed_over",
        "task.reported",
        "report.edited",
        "report.deleted",
        "report.restored",
        "change.undone",
    }
)


def causes_of(entry: AuditEntry, snapshot: Snapshot, tasks: Mapping[PydanticObjectId, Task]) -> list[Cause]:
    """Whom a recorded change is told to: never to who made it, and of one change nobody is told twice.

    `tasks` are those that it names, also when they are deleted by now.
    """
    if entry.tag == "comment.created":
        found = _said(entry, snapshot, tasks)
    elif entry.tag in CHANGES and entry.by not in PROGRAMS:
        found = _changed(entry, snapshot, tasks)
    elif entry.tag in OF_REVIEWS:
        found = review_causes(entry, snapshot)
    else:
        return []
    first: dict[tuple[PydanticObjectId, str], Cause] = {}
    for cause in found:
        if str(cause.account) != entry.by:
            first.setdefault((cause.account, cause.key), cause)
    return list(first.values())


def tasks_named(entries: Iterable[AuditEntry]) -> set[PydanticObjectId]:
    """The tasks that changes are about."""
    return {task for entry in entries for change in entry.changes if (task := _task_of(change)) is not None}


def _task_of(change: Change) -> PydanticObjectId | None:
    if change.kind == Task.kind:
        return change.document
    task = {**(change.before or {}), **change.after}.get("task") if change.kind == "comment" else None
    return None if task is None else PydanticObjectId(task)


def _said(entry: AuditEntry, snapshot: Snapshot, tasks: Mapping[PydanticObjectId, Task]) -> Iterator[Cause]:
    people = audience_of(snapshot)
    for change in entry.changes:
        task = tasks.get(_task_of(change) or entry.scope)
        if change.kind != "comment" or change.before is not None or task is None:
            continue
        said: dict[str, Any] = change.after
        told: list[tuple[NoticeKind, Person]] = []
        if said.get("sort") == "question":
            told += [(NoticeKind.ASKED, one) for one in people.values() if not one.units.isdisjoint(task.responsible)]
        told += [(NoticeKind.MENTIONED, people[key]) for key in mentioned(str(said.get("text", ""))) if key in people]
        for kind, person in told:
            if person.reads_discussion:
                yield Cause(
                    person.account, kind, f"entry:{entry.id}:{task.key}", task.key, task.caption, by=entry.by,
                    entry=entry.id,
                )  # fmt: skip


def _changed(entry: AuditEntry, snapshot: Snapshot, tasks: Mapping[PydanticObjectId, Task]) -> Iterator[Cause]:
    people = audience_of(snapshot)
    for change in entry.changes:
        task = tasks.get(change.document)
        if change.kind != Task.kind or task is None:
            continue
        responsible = task.responsible | _responsible_before(change)
        for person in people.values():
            if not person.units.isdisjoint(responsible):
                yield Cause(
                    person.account, NoticeKind.CHANGED, f"entry:{entry.id}:{task.key}", task.key, change.caption,
                    deed=entry.tag, by=entry.by, entry=entry.id,
                )  # fmt: skip


def _responsible_before(change: Change) -> frozenset[PydanticObjectId]:
    """The units that a change takes a task away from: they are told too."""
    before = change.before or {}
    return frozenset(key for key in [before.get("lead"), *(before.get("partners") or [])] if key is not None)


def deadline_kind(figures: TaskFigures) -> NoticeKind | None:
    """What there is to say of a task's deadline on the day of its figures; nothing when it is done or given up.

    A day on which nobody looked is made up for: 5 days before, whoever was not told yet is told that it is a week.
    """
    standing = figures.standing
    if standing.schedule in (None, Schedule.DONE):
        return None
    left = standing.days_left
    if left < 0:
        return NoticeKind.OVERDUE if -left <= OVERDUE_IS_NEWS_FOR else None
    if left <= 7:
        return NoticeKind.DUE_7
    return NoticeKind.DUE_30 if left <= 30 else None


def deadline_causes(snapshot: Snapshot, day: date) -> list[Cause]:
    """Whom the deadlines of a plan are told to on a day; a deadline that was moved is a new one."""
    people = [person for person in audience_of(snapshot).values() if person.units]
    found = []
    for figures in task_figures(snapshot, day).values() if people else ():
        kind = deadline_kind(figures)
        if kind is None:
            continue
        task, deadline = figures.task, figures.standing.deadline.isoformat()
        for person in people:
            if not person.units.isdisjoint(task.responsible):
                key = f"{kind.value}:{task.key}:{deadline}"
                found.append(Cause(person.account, kind, key, task.key, task.caption, deadline=deadline))
    return found
