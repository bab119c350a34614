"""From what happened to notices: the history followed from where it was left, and the deadlines of each day."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from datetime import date, datetime, timedelta

from beanie import PydanticObjectId
from pymongo.errors import DuplicateKeyError

from stratplan.audit import AuditEntry, Head
from stratplan.documents import SITE, now
from stratplan.goals.models import Task
from stratplan.notices.audience import audience_of
from stratplan.notices.cause import Cause
from stratplan.notices.causes import causes_of, deadline_causes, tasks_named
from stratplan.notices.kinds import When
from stratplan.notices.models import Choices, Followed, Notice, Turn
from stratplan.plans.models import Plan
from stratplan.snapshot import Snapshot, Snapshots

ENTRIES_AT_ONCE = 100
DEADLINES = "deadlines"
DEADLINES_TAKE = timedelta(minutes=10)


async def write(causes: Iterable[Cause], snapshot: Snapshot, at: datetime | None = None) -> int:
    """Write the notices that are not there yet, to those who see the plan now and want to know; how many there were."""
    people = audience_of(snapshot)
    known: dict[PydanticObjectId, Choices] = {}
    written = 0
    for cause in causes:
        if cause.account not in people:
            continue
        if cause.account not in known:
            known[cause.account] = await Choices.of_account(cause.account)
        mail = known[cause.account].of(cause.kind)
        if mail is When.NOT:
            continue
        notice = Notice(
            account=cause.account,
            kind=cause.kind,
            plan=snapshot.plan.key,
            task=cause.task,
            review=cause.review,
            caption=cause.caption,
            deed=cause.deed,
            deadline=cause.deadline,
            by=cause.by,
            entry=cause.entry,
            cause=cause.key,
            at=at or now(),
            mail=mail,
        )
        written += await notice.write()
    return written


async def follow_histories(snapshots: Snapshots) -> int:
    """Go through what was recorded since the last time, in every plan, and write its notices; how many there were.

    Each plan's position moves on only when the notices are written. A process that dies in between, or another that
    does the same at the same moment, finds the same causes again, which make no second notice.
    """
    reached = {raw["_id"]: raw["number"] async for raw in Followed.get_motor_collection().find({})}
    heads = {raw["_id"]: raw["revision"] async for raw in Head.get_motor_collection().find({}, {"revision": 1})}
    behind = {scope for scope, revision in heads.items() if scope != SITE and reached.get(scope, -1) < revision}
    if not behind:
        return 0
    plans = await Plan.find({"_id": {"$in": list(behind)}}).to_list()
    # What is no plan, such as an organisation, has nothing to follow; it is looked at again when it changes.
    for scope in behind - {plan.key for plan in plans}:
        await Followed.get_motor_collection().update_one(
            {"_id": scope}, {"$max": {"number": heads[scope]}}, upsert=True
        )
    began = await _began()

    async def follow(plan: Plan) -> int:
        position = reached.get(plan.key)
        if position is None:
            position = await _first_position(plan, began, heads[plan.key])
        return await _follow(plan, position, snapshots)

    return await for_each(plans, follow)


async def for_each(plans: Iterable[Plan], work: Callable[[Plan], Awaitable[int]]) -> int:
    """The work done for each plan; one that fails keeps no other from it, and its failure is raised after them."""
    written, failures = 0, []
    for plan in plans:
        try:
            written += await work(plan)
        except Exception as failure:  # whatever it is: another plan's people do not wait for it, and it is raised below
            failures.append(failure)
    if failures:
        raise failures[0]
    return written


async def _began() -> datetime:
    """When the first process began to follow histories; kept under the site's id, as seconds."""
    begun = {"$setOnInsert": {"number": int(now().timestamp())}}
    collection = Followed.get_motor_collection()
    with suppress(DuplicateKeyError):  # another process was faster
        await collection.update_one({"_id": SITE}, begun, upsert=True)
    raw = await collection.find_one({"_id": SITE})
    assert raw is not None
    return datetime.fromtimestamp(raw["number"], tz=now().tzinfo)


async def _first_position(plan: Plan, began: datetime, revision: int) -> int:
    """Where to begin: with the first change of a plan that is newer than the notices themselves, with the next one of
    a plan that was there before them."""
    position = 0 if plan.created_at >= began else revision
    collection = Followed.get_motor_collection()
    with suppress(DuplicateKeyError):  # another process was faster
        await collection.update_one({"_id": plan.key}, {"$setOnInsert": {"number": position}}, upsert=True)
    raw = await collection.find_one({"_id": plan.key})
    assert raw is not None
    return int(raw["number"])


async def _follow(plan: Plan, position: int, snapshots: Snapshots) -> int:
    written = 0
    while True:
        newer = AuditEntry.find({"scope": plan.key, "number": {"$gt": position}}).sort("number")
        entries = await newer.limit(ENTRIES_AT_ONCE).to_list()
        if not entries:
            return written
        snapshot = None if plan.deleted else await snapshots.of(plan.slug)
        if snapshot is not None:  # of a plan that is gone nobody is told
            keys = list(tasks_named(entries))
            tasks = {task.key: task for task in await Task.find({"_id": {"$in": keys}}).to_list()} if keys else {}
            for entry in entries:
                written += await write(causes_of(entry, snapshot, tasks), snapshot)
        moved = await Followed.get_motor_collection().update_one(
            {"_id": plan.key, "number": position}, {"$set": {"number": entries[-1].number}}
        )
        if moved.modified_count == 0:
            return written  # another process is further
        position = entries[-1].number


async def write_deadlines(snapshots: Snapshots, owner: str, today: Callable[[], date]) -> int:
    """Once a day, by one process: write the notices of deadlines of every plan; how many there were.

    A plan that fails is tried again after a while, and the failure raised. Letters of the day wait for the first try
    alone: everybody else has theirs, and what is found later is in the next.
    """
    day = today()
    if await Turn.is_done(DEADLINES, day.isoformat()):
        return 0
    if not await Turn.take(DEADLINES, day.isoformat(), owner, now() + DEADLINES_TAKE):
        return 0

    async def look(plan: Plan) -> int:
        snapshot = await snapshots.of(plan.slug)
        return 0 if snapshot is None else await write(deadline_causes(snapshot, day), snapshot)

    try:
        written = await for_each(await Plan.find({"deleted": False}).to_list(), look)
    except Exception:  # whatever it is: the turn is given back first, and it goes on to whoever runs the job
        await Turn.give_back(DEADLINES, day.isoformat(), owner)
        raise
    await Turn.finish(DEADLINES, day.isoformat(), owner)
    return written
