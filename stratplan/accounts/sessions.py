"""Sessions: begun at sign-in, found by the token in the cookie, ended on the server."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime, timedelta

from beanie import PydanticObjectId

from stratplan.accounts.models import Account, Profile, Session, end_sessions
from stratplan.accounts.tokens import digest
from stratplan.database import Session as Transaction
from stratplan.database import in_transaction
from stratplan.documents import now
from stratplan.errors import RuleBroken
from stratplan.i18n import _

IDLE = timedelta(hours=12)  # a working day: reporting takes a minute, planning a morning
ABSOLUTE = timedelta(days=14)
SEEN_EVERY = timedelta(minutes=1)  # how exactly it is known when a session was last used
SESSIONS_HELD = 20  # of one account; the one used longest ago ends first


async def begin(
    account: PydanticObjectId,
    *,
    device: str = "",
    address: str = "",
    strong: bool = False,
    elsewhere: bool = False,
    instead_of: str = "",
    ended: int | None = None,
) -> str:
    """Begin a session of the account and return its token; `instead_of` is the id of the one it takes the place of.

    `ended` is the profile's as it was before the password was compared. Raises RuleBroken when the account is disabled
    or gone, and when its sessions have all been ended since. Either happens before or after, never at once: both write
    the profile.
    """
    token = secrets.token_urlsafe(32)
    moment = now()

    async def work(transaction: Transaction) -> None:
        person = await Account.find_one({"_id": account, "deleted": False, "disabled": False}, session=transaction)
        seen = (
            {"_id": account} if ended is None else {"_id": account, "ended": {"$in": [ended] if ended else [0, None]}}
        )
        profile = await Profile.get_motor_collection().find_one_and_update(
            seen, {"$inc": {"sign_ins": 1}}, session=transaction
        )
        if person is None or profile is None:
            raise RuleBroken(_("This account cannot sign in. Ask an administrator."))
        session = Session(
            id=digest(token),
            account=account,
            name=profile["name"],
            device=device[:300],
            address=address,
            strong=strong,
            elsewhere=elsewhere,
            began_at=moment,
            seen_at=moment,
            ends_at=moment + ABSOLUTE,
        )
        await session.insert(session=transaction)
        if instead_of:
            await Session.get_motor_collection().delete_one({"_id": instead_of}, session=transaction)

    await in_transaction(work, key=account)
    await _end_the_oldest(account)
    return token


async def _end_the_oldest(account: PydanticObjectId) -> None:
    held = Session.get_motor_collection().find({"account": account}, {"_id": 1}).sort("seen_at", -1).skip(SESSIONS_HELD)
    surplus = [raw["_id"] async for raw in held]
    if surplus:
        await Session.get_motor_collection().delete_many({"_id": {"$in": surplus}})


async def find(token: str) -> Session | None:
    """The session of a token, if it has neither ended nor been left alone for too long; one indexed read."""
    if not token or len(token) > 100:
        return None
    raw = await Session.get_motor_collection().find_one({"_id": digest(token)})
    if raw is None:
        return None
    session: Session = Session.model_validate(raw)
    moment = datetime.now(UTC)
    if session.ends_at <= moment or session.seen_at + IDLE <= moment:
        return None
    if session.seen_at + SEEN_EVERY <= moment:
        await Session.get_motor_collection().update_one({"_id": session.id}, {"$set": {"seen_at": now()}})
    return session


async def is_good(session: Session) -> bool:
    """Whether a session that was found earlier has not ended since; asking does not count as using it."""
    raw = await Session.get_motor_collection().find_one({"_id": session.id}, {"seen_at": 1, "ends_at": 1})
    moment = datetime.now(UTC)
    return raw is not None and raw["ends_at"] > moment and raw["seen_at"] + IDLE > moment


async def end(session: Session) -> None:
    """End one session: its token opens nothing any more."""
    await Session.get_motor_collection().delete_one({"_id": session.id})


async def of_account(account: PydanticObjectId) -> list[Session]:
    """The sessions of an account that are still good, the one used last first."""
    moment = datetime.now(UTC)
    found = Session.get_motor_collection().find(
        {"account": account, "ends_at": {"$gt": moment}, "seen_at": {"$gt": moment - IDLE}}
    )
    return [Session.model_validate(raw) for raw in await found.sort("seen_at", -1).to_list(None)]


__all__ = ["ABSOLUTE", "IDLE", "begin", "digest", "end", "end_sessions", "find", "is_good", "of_account"]
