"""A person's calendar feed: its secret address, and the deadlines in it (RFC 5545, all-day events)."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import ClassVar

from beanie import Document, PydanticObjectId
from icalendar import Calendar, Event
from pymongo import ASCENDING, IndexModel

from stratplan.accounts.models import OF_A_PERSON
from stratplan.accounts.tokens import digest
from stratplan.documents import now
from stratplan.goals.models import Goal, Milestone, Task
from stratplan.goals.queries import TaskFigures, task_figures, tasks_in_order
from stratplan.goals.states import Execution
from stratplan.i18n import _
from stratplan.notices.audience import audience_of
from stratplan.snapshot import Snapshot
from stratplan.units.models import Unit

ASKED_AGAIN_AFTER = "PT6H"


class CalendarFeed(Document):
    """That a person has a feed: `_id` is the account, `secret` the SHA-256 of what its address has.

    `whole` are the plans of which everything is in it, not only what is the person's own.
    """

    secret: str
    whole: list[PydanticObjectId] = []
    strong: bool = (
        False  # whether its address was made after a second factor: only then plans that ask for it are in it
    )
    made_at: datetime

    class Settings:
        name = "calendar_feeds"
        indexes: ClassVar = [IndexModel([("secret", ASCENDING)], unique=True)]

    @classmethod
    async def renew(cls, account: PydanticObjectId, *, is_strong: bool = False) -> str:
        """Give the feed a new secret, which is returned and kept nowhere; the old address leads nowhere from now on."""
        secret = secrets.token_urlsafe(32)
        await cls.get_motor_collection().update_one(
            {"_id": account},
            {
                "$set": {"secret": digest(secret), "strong": is_strong, "made_at": now()},
                "$setOnInsert": {"whole": []},
            },
            upsert=True,
        )
        return secret

    @classmethod
    async def withdraw(cls, account: PydanticObjectId) -> None:
        """End the feed."""
        await cls.get_motor_collection().delete_one({"_id": account})

    @classmethod
    async def of_secret(cls, secret: str) -> CalendarFeed | None:
        """The feed of an address, or None."""
        return await cls.find_one({"secret": digest(secret)}) if len(secret) <= 100 else None

    async def include_whole(self, plans: Sequence[PydanticObjectId]) -> None:
        """Have everything of these plans in it."""
        await type(self).get_motor_collection().update_one({"_id": self.id}, {"$set": {"whole": list(plans)}})


OF_A_PERSON.append(CalendarFeed)


@dataclass(frozen=True, slots=True)
class Part:
    """What one plan puts into a feed: these tasks, with their figures of the day."""

    snapshot: Snapshot
    tasks: list[TaskFigures]


def part_of(snapshot: Snapshot, feed: CalendarFeed, day: date) -> Part | None:
    """What of the plan the feed's owner has in it now; None where they are not inside the plan, or it asks for more."""
    assert feed.id is not None
    if not snapshot.plan.is_open_to(is_strong=feed.strong):
        return None
    person = audience_of(snapshot).get(feed.id)
    if person is None:
        return None
    is_whole = snapshot.plan.key in feed.whole
    figures = task_figures(snapshot, day)
    tasks = [
        figures[task.key]
        for task in tasks_in_order(snapshot)
        if is_whole or not person.units.isdisjoint(task.responsible)
    ]
    return Part(snapshot, tasks)


def calendar_text(parts: Sequence[Part], base: str) -> bytes:
    """The feed in the language in force. What is done or given up is not in it any more.

    The same as long as nothing changes: its moments are those of the documents, not of the request.
    """
    calendar = Calendar()
    calendar.add("prodid", "-//stratplan//deadlines//LV")
    calendar.add("version", "2.0")
    calendar.add("calscale", "GREGORIAN")
    calendar.add("method", "PUBLISH")
    calendar.add("x-wr-calname", _("Deadlines of the plans"))
    calendar.add("x-published-ttl", ASKED_AGAIN_AFTER)
    calendar.add("refresh-interval", timedelta(hours=6), parameters={"VALUE": "DURATION"})
    for part in parts:
        for figures in part.tasks:
            for event in _events(part.snapshot, figures.task, figures, base):
                calendar.add_component(event)
    text: bytes = calendar.to_ical()
    return text


def _events(snapshot: Snapshot, task: Task, figures: TaskFigures, base: str) -> Iterator[Event]:
    if figures.execution in (Execution.COMPLETED, Execution.CANCELLED):
        return
    yield _event(
        snapshot,
        task,
        base,
        key=f"task-{task.key}",
        day=task.period.deadline,
        summary=_("Deadline: %(task)s", task=task.caption),
    )
    for milestone in task.milestones:
        if milestone.due is not None and milestone.done_on is None:
            yield _milestone(snapshot, task, milestone, milestone.due, base)


def _milestone(snapshot: Snapshot, task: Task, milestone: Milestone, due: date, base: str) -> Event:
    summary = _("Milestone: %(milestone)s (%(task)s)", milestone=milestone.title, task=task.number)
    return _event(snapshot, task, base, key=f"milestone-{task.key}-{milestone.key}", day=due, summary=summary)


def _event(snapshot: Snapshot, task: Task, base: str, *, key: str, day: date, summary: str) -> Event:
    goal = snapshot.find(Goal, task.goal)
    lead = snapshot.find(Unit, task.lead)
    changed = (task.worded_at or task.created_at).astimezone(UTC).replace(microsecond=0)
    lines = [snapshot.plan.title]
    lines += [] if goal is None else [goal.caption]
    lines += [] if lead is None else [_("Responsible unit: %(unit)s", unit=lead.name)]
    lines += [task.result] if task.result else []
    event = Event()
    event.add("uid", f"{key}@stratplan")
    event.add("dtstamp", changed)
    event.add("last-modified", changed)
    event.add("sequence", task.version - 1)
    event.add("dtstart", day)
    event.add("dtend", day + timedelta(days=1))  # exclusive (RFC 5545, 3.6.1)
    event.add("summary", summary)
    event.add("description", "\n".join(lines))
    event.add("url", f"{base}/plans/{snapshot.plan.slug}/tasks/{task.number}")
    event.add("categories", [snapshot.plan.title])
    event.add("transp", "TRANSPARENT")  # a deadline keeps nobody busy
    event.add("class", "PRIVATE")
    return event
