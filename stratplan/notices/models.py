"""Notices to people, what each wants to be told of, the letters that are to be sent, and how far the work has come.

None of it is part of a plan or of its history: it is a person's own, and goes when the person goes.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, ClassVar

from beanie import Document, PydanticObjectId
from pymongo import ASCENDING, DESCENDING, IndexModel
from pymongo.errors import DuplicateKeyError

from stratplan.accounts.models import OF_A_PERSON
from stratplan.documents import now
from stratplan.notices.kinds import NoticeKind, When

NOTICES_KEPT = 400 * 24 * 3600  # seconds
DELIVERIES_KEPT = 90 * 24 * 3600
TRIED_AGAIN_AFTER = timedelta(minutes=10)


class Notice(Document):
    """Something that one person is told of. `cause` is unique for a person: one cause makes one notice, ever.

    `mail` is how they wanted to be told when it happened; `delivery` the letter that it is part of.
    """

    account: PydanticObjectId
    kind: NoticeKind
    plan: PydanticObjectId
    task: PydanticObjectId | None = None
    review: PydanticObjectId | None = None
    caption: str
    deed: str = ""  # of a change: the tag it is recorded by
    deadline: str = ""  # ISO day
    by: str = ""
    entry: PydanticObjectId | None = None
    cause: str
    at: datetime
    read_at: datetime | None = None
    mail: When
    delivery: str | None = None

    class Settings:
        name = "notices"
        indexes: ClassVar = [
            IndexModel([("account", ASCENDING), ("cause", ASCENDING)], unique=True),
            IndexModel([("account", ASCENDING), ("read_at", ASCENDING), ("at", DESCENDING)]),
            IndexModel([("mail", ASCENDING), ("delivery", ASCENDING), ("at", ASCENDING)]),
            IndexModel([("at", ASCENDING)], expireAfterSeconds=NOTICES_KEPT),
        ]

    async def write(self) -> bool:
        """Keep the notice; False when its cause has made one already."""
        try:
            await self.insert()
        except DuplicateKeyError:
            return False
        return True


class Choices(Document):
    """How a person wants to be told of each kind; `_id` is the account. What is not named is as usual."""

    when: dict[NoticeKind, When] = {}

    class Settings:
        name = "notice_choices"

    def of(self, kind: NoticeKind) -> When:
        """How the person wants to be told of this kind."""
        return self.when.get(kind, kind.usual)

    @classmethod
    async def of_account(cls, account: PydanticObjectId) -> Choices:
        """The person's choices, or the usual ones."""
        return await cls.get(account) or cls(id=account)

    @classmethod
    async def choose(cls, account: PydanticObjectId, when: Mapping[NoticeKind, When]) -> None:
        """Keep the person's choices; of what is still to be mailed nothing is that they do not want mailed any more."""
        chosen = {kind.value: choice.value for kind, choice in when.items()}
        await cls.get_motor_collection().update_one({"_id": account}, {"$set": {"when": chosen}}, upsert=True)
        for kind, choice in when.items():
            await Notice.get_motor_collection().update_many(
                {"account": account, "kind": kind.value, "delivery": None, "mail": {"$ne": choice.value}},
                {"$set": {"mail": choice.value}},
            )


class Delivered(StrEnum):
    """How far a letter is."""

    WAITING = "waiting"
    SENDING = "sending"  # its process has begun to hand it over
    SENT = "sent"
    DROPPED = "dropped"  # nothing in it is left to be told
    FAILED = "failed"  # refused for good
    UNCERTAIN = "uncertain"  # handed over, and nobody knows whether it arrived


class Delivery(Document):
    """One letter to one person. Its `_id` says what it is: a person's digest of a day, or the first notice in it.

    See docs/decisions/0012-letters-are-sent-once.md for what each state means after a crash.
    """

    id: str  # type: ignore[assignment]  # not an ObjectId
    account: PydanticObjectId
    is_digest: bool
    due_at: datetime
    state: Delivered = Delivered.WAITING
    owner: str = ""
    until: datetime | None = None  # the owner's lease
    attempts: int = 0
    message_id: str = ""
    sent_at: datetime | None = None
    problem: str = ""
    at: datetime

    class Settings:
        name = "deliveries"
        indexes: ClassVar = [
            IndexModel([("state", ASCENDING), ("due_at", ASCENDING)]),
            IndexModel([("account", ASCENDING), ("at", DESCENDING)]),
            IndexModel([("at", ASCENDING)], expireAfterSeconds=DELIVERIES_KEPT),
        ]


class Followed(Document):
    """How far the history of a plan (`_id`) has been gone through for notices: the number of its last entry seen."""

    number: int

    class Settings:
        name = "notices_followed"


class Turn(Document):
    """Work that one process does for all, once for each `done_for`: `_id` names it; the lease is `owner`'s `until`.
    `tried_for` is for what it was last given back undone."""

    id: str  # type: ignore[assignment]  # not an ObjectId
    done_for: str = ""
    tried_for: str = ""
    owner: str = ""
    until: datetime

    class Settings:
        name = "notices_turns"

    @classmethod
    async def take(cls, name: str, done_for: str, owner: str, until: datetime) -> bool:
        """Whether this process is to do it: nobody has done it for `done_for` yet, and nobody is at it."""
        free: dict[str, Any] = {"_id": name, "done_for": {"$ne": done_for}, "until": {"$lt": now()}}
        try:
            await cls.get_motor_collection().update_one(
                free, {"$set": {"owner": owner, "until": until}, "$setOnInsert": {"done_for": ""}}, upsert=True
            )
        except DuplicateKeyError:
            return False
        return await cls.get_motor_collection().count_documents({"_id": name, "owner": owner, "until": until}) == 1

    @classmethod
    async def finish(cls, name: str, done_for: str, owner: str) -> None:
        """It is done for `done_for`."""
        done = {"done_for": done_for, "until": now() - timedelta(seconds=1)}
        await cls.get_motor_collection().update_one({"_id": name, "owner": owner}, {"$set": done})

    @classmethod
    async def give_back(cls, name: str, done_for: str, owner: str) -> None:
        """It failed: whoever runs it next, this process or another, does it after a pause."""
        given = {"tried_for": done_for, "until": now() + TRIED_AGAIN_AFTER}
        await cls.get_motor_collection().update_one({"_id": name, "owner": owner}, {"$set": given})

    @classmethod
    async def is_tried(cls, name: str, done_for: str) -> bool:
        """Whether it has been done for `done_for`, or failed once: what waits for it waits no longer."""
        tried = {"_id": name, "$or": [{"done_for": done_for}, {"tried_for": done_for}]}
        return await cls.get_motor_collection().count_documents(tried) == 1

    @classmethod
    async def is_done(cls, name: str, done_for: str) -> bool:
        """Whether it has been done for `done_for`."""
        return await cls.get_motor_collection().count_documents({"_id": name, "done_for": done_for}) == 1


OF_A_PERSON += [Notice, Choices, Delivery]
