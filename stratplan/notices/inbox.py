"""One person's notices as they may see them now: of plans that they are still inside of."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from beanie import PydanticObjectId

from stratplan.alphabet import sort_key
from stratplan.documents import now
from stratplan.notices.kinds import NoticeKind
from stratplan.notices.mine import open_to, plans_inside
from stratplan.notices.models import Notice
from stratplan.notices.sentences import caption_of, path_of, sentence
from stratplan.plans.models import Plan
from stratplan.view import Site

ON_A_PAGE = 30
COUNTED_TO = 99


@dataclass(frozen=True, slots=True)
class Row:
    """A notice as the list shows it; `path` is where it leads."""

    key: str
    kind: NoticeKind
    caption: str
    sentence: str
    path: str
    plan: str
    at: datetime
    is_read: bool


@dataclass(frozen=True, slots=True)
class Inbox:
    """A page of somebody's notices, unread first, and what the filters may be set to."""

    rows: list[Row]
    unread: int
    found: int
    page: int
    plans: list[tuple[str, str]]
    closed: list[Plan]  # that ask for a second step at sign-in before they tell anything

    @property
    def pages(self) -> int:
        """How many pages there are."""
        return max(1, -(-self.found // ON_A_PAGE))


async def _visible(account: PydanticObjectId, is_strong: bool) -> tuple[dict[str, Any], list[Plan], list[Plan]]:
    """Which notices the person may see now, the plans that these are of, and those that ask for a second step first."""
    plans, closed = open_to(await plans_inside(account), is_strong=is_strong)
    return {"account": account, "plan": {"$in": [plan.key for plan in plans]}}, plans, closed


async def unread(account: PydanticObjectId, *, is_strong: bool = False) -> int:
    """How many notices the person has not read; no further than it is shown."""
    visible, plans, _closed = await _visible(account, is_strong)
    if not plans:
        return 0
    return await Notice.get_motor_collection().count_documents({**visible, "read_at": None}, limit=COUNTED_TO + 1)


async def inbox(
    site: Site,
    account: PydanticObjectId,
    *,
    is_strong: bool = False,
    kind: str = "",
    plan: str = "",
    page: int = 1,
) -> Inbox:
    """A page of the person's notices, of one kind and one plan (by its address) where these are given."""
    visible, plans, closed = await _visible(account, is_strong)
    by_key = {one.key: one for one in plans}
    wanted = dict(visible)
    if kind in {one.value for one in NoticeKind}:
        wanted["kind"] = kind
    if plan:
        wanted["plan"] = {"$in": [one.key for one in plans if one.slug == plan]}
    notices = Notice.get_motor_collection()
    found = await notices.count_documents(wanted)
    page = min(max(page, 1), max(1, -(-found // ON_A_PAGE)))
    waiting = await notices.count_documents({**visible, "read_at": None})
    # Unread ones have null, which sorts before every moment.
    stages: list[dict[str, Any]] = [
        {"$match": wanted},
        {"$addFields": {"is_read": {"$ne": ["$read_at", None]}}},
        {"$sort": {"is_read": 1, "at": -1, "_id": -1}},
        {"$skip": (page - 1) * ON_A_PAGE},
        {"$limit": ON_A_PAGE},
        {"$unset": "is_read"},
    ]
    shown = [Notice.model_validate(raw) async for raw in notices.aggregate(stages)]
    snapshots = {key: await site.snapshots.of(by_key[key].slug) for key in dict.fromkeys(one.plan for one in shown)}
    rows = []
    day = site.today()
    for notice in shown:
        snapshot = snapshots[notice.plan]
        if snapshot is None:
            continue
        rows.append(
            Row(
                key=str(notice.id),
                kind=notice.kind,
                caption=caption_of(notice, snapshot),
                sentence=sentence(notice, snapshot, day),
                path=path_of(notice, snapshot),
                plan=snapshot.plan.title,
                at=notice.at,
                is_read=notice.read_at is not None,
            )
        )
    named = sorted(((one.slug, one.title) for one in plans), key=lambda item: sort_key(item[1]))
    return Inbox(rows, waiting, found, page, named, closed)


async def read(
    account: PydanticObjectId,
    notice: PydanticObjectId | None = None,
    *,
    is_strong: bool = False,
    plan: str = "",
) -> int:
    """The person has read one notice, or all (of a plan); how many they had not read before."""
    visible, plans, _closed = await _visible(account, is_strong)
    wanted: dict[str, Any] = {**visible, "read_at": None}
    if notice is not None:
        wanted["_id"] = notice
    if plan:
        wanted["plan"] = {"$in": [one.key for one in plans if one.slug == plan]}
    done = await Notice.get_motor_collection().update_many(wanted, {"$set": {"read_at": now()}})
    return int(done.modified_count)


async def is_theirs(account: PydanticObjectId, notice: PydanticObjectId, *, is_strong: bool = False) -> bool:
    """Whether the person has such a notice, in a plan that they see."""
    visible, _plans, _closed = await _visible(account, is_strong)
    return await Notice.get_motor_collection().count_documents({**visible, "_id": notice}) == 1
