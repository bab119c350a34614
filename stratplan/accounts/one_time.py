"""One-time links: an address that only its receiver knows, good once, for one purpose, for a while.

Only the SHA-256 of what stands in the address is kept: whoever reads the database cannot use it.
"""

from __future__ import annotations

import secrets
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import ClassVar

from beanie import Document, PydanticObjectId
from pymongo import ASCENDING, IndexModel

from stratplan.accounts.tokens import digest
from stratplan.database import Session
from stratplan.documents import now
from stratplan.i18n import days, ngettext


class Purpose(StrEnum):
    """What a link is for; carries how long it is good."""

    lifetime: timedelta

    def __new__(cls, value: str, lifetime: timedelta) -> Purpose:
        member = str.__new__(cls, value)
        member._value_ = value
        member.lifetime = lifetime
        return member

    @property
    def lasts(self) -> str:
        """How long it is good, in words."""
        if self.lifetime.days:
            return days(self.lifetime.days)
        return ngettext("%(num)s hour", "%(num)s hours", self.lifetime.seconds // 3600)

    FIRST = "first", timedelta(days=1)  # the first administrator, who has no account yet
    INVITATION = "invitation", timedelta(days=7)
    RESET = "reset", timedelta(hours=24)  # made by an administrator, who has to hand it over
    FORGOTTEN = "forgotten", timedelta(hours=1)  # asked for by whoever says to be the owner
    EMAIL = "email", timedelta(hours=24)  # shows that a new address is the owner's


class OneTimeLink(Document):
    """A link that has been handed out and not used yet. `_id` is the SHA-256 of its token."""

    id: str  # type: ignore[assignment]  # not an ObjectId
    purpose: Purpose
    account: PydanticObjectId | None
    email: str = ""  # the address that using it confirms
    made_at: datetime
    ends_at: datetime

    class Settings:
        name = "one_time_links"
        indexes: ClassVar = [
            IndexModel([("account", ASCENDING), ("purpose", ASCENDING)]),
            IndexModel([("ends_at", ASCENDING)], expireAfterSeconds=0),
        ]


async def make(
    purpose: Purpose, account: PydanticObjectId | None, *, email: str = "", session: Session | None = None
) -> str:
    """Make a link's token, of 256 random bits; the account's earlier links for the purpose are good no more."""
    token = secrets.token_urlsafe(32)
    moment = now()
    await revoke(account, purpose, session=session)
    await OneTimeLink(
        id=digest(token),
        purpose=purpose,
        account=account,
        email=email,
        made_at=moment,
        ends_at=moment + purpose.lifetime,
    ).insert(session=session)
    return token


def _wanted(token: str, purposes: tuple[Purpose, ...]) -> dict[str, object]:
    return {
        "_id": digest(token[:100]),
        "purpose": {"$in": [purpose.value for purpose in purposes]},
        "ends_at": {"$gt": datetime.now(UTC)},  # the server's own clearing up comes a minute late
    }


async def look(token: str, *purposes: Purpose) -> OneTimeLink | None:
    """The link, not used by looking; None where it was used, has expired, was revoked or never was."""
    raw = await OneTimeLink.get_motor_collection().find_one(_wanted(token, purposes))
    return None if raw is None else OneTimeLink.model_validate(raw)


async def use(token: str, *purposes: Purpose, session: Session | None = None) -> OneTimeLink | None:
    """The link, which is good no more: of any that use it at once, one gets it and the others None."""
    raw = await OneTimeLink.get_motor_collection().find_one_and_delete(_wanted(token, purposes), session=session)
    return None if raw is None else OneTimeLink.model_validate(raw)


async def revoke(account: PydanticObjectId | None, *purposes: Purpose, session: Session | None = None) -> None:
    """Make the account's links good no more: those for these purposes, or all."""
    which = purposes or tuple(Purpose)
    await OneTimeLink.get_motor_collection().delete_many(
        {"account": account, "purpose": {"$in": [purpose.value for purpose in which]}}, session=session
    )


async def is_out(account: PydanticObjectId, *purposes: Purpose) -> bool:
    """Whether a link of the account's for one of these purposes is out and good."""
    found = await OneTimeLink.get_motor_collection().find_one(
        {
            "account": account,
            "purpose": {"$in": [purpose.value for purpose in purposes]},
            "ends_at": {"$gt": datetime.now(UTC)},
        },
        {"_id": 1},
    )
    return found is not None
