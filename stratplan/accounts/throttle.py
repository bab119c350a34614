"""Slowing down whoever guesses: by account, by device and by address, the same for every server process.

Each try is counted before it is looked at, so that many at once gain nothing, and forgiven when it succeeds. Waits
grow to five minutes and no further, and a device that has signed in before counts for itself: nobody can keep an owner
out by failing in their name. Accounts that do not exist are counted like those that do.
"""

from __future__ import annotations

import ipaddress
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from math import ceil
from typing import Any, ClassVar

from beanie import Document, PydanticObjectId
from pymongo import ASCENDING, IndexModel, ReturnDocument
from pymongo.errors import DuplicateKeyError

from stratplan.accounts.tokens import digest
from stratplan.documents import now
from stratplan.errors import TooManyAttempts

LONGEST_WAIT = 300  # seconds


@dataclass(frozen=True, slots=True)
class Pace:
    """How many failures cost nothing, and in how many seconds one is forgotten."""

    free: int
    forgotten_in: float

    @property
    def most(self) -> int:
        """More failures are not counted: from here the wait is the longest."""
        return self.free + LONGEST_WAIT.bit_length() + 1

    def wait(self, failures: float) -> float:
        """Seconds to wait after so many failures: 1, 2, 4, … beyond the free ones."""
        return 0.0 if failures <= self.free else min(float(LONGEST_WAIT), 2 ** (failures - self.free - 1))


OF_AN_ACCOUNT = Pace(free=5, forgotten_in=600)
# Behind one address may be a whole town hall on a Monday morning.
OF_AN_ADDRESS = Pace(free=50, forgotten_in=60)
# What sends mail: somebody else's mailbox is at stake.
OF_MAIL = Pace(free=3, forgotten_in=1200)


class Failures(Document):
    """How often something failed of late, under one name; `until` is when the next try is heard."""

    id: str  # type: ignore[assignment]  # not an ObjectId
    failures: float
    heard: bool  # whether the last try was
    at: datetime
    until: datetime
    ends_at: datetime

    class Settings:
        name = "failures"
        indexes: ClassVar = [IndexModel([("ends_at", ASCENDING)], expireAfterSeconds=0)]


async def count(name: str, pace: Pace, *, at: datetime | None = None) -> None:
    """Count a try under a name, or raise TooManyAttempts when it comes too soon: then it is not counted."""
    moment = at or now()
    try:
        counted = await _counted(name, pace, moment)
    except DuplicateKeyError:  # two first tries at once: the second finds what the first wrote
        counted = await _counted(name, pace, moment)
    if not counted["heard"]:
        raise TooManyAttempts(max(1, ceil((counted["until"] - moment).total_seconds())))


async def _counted(name: str, pace: Pace, moment: datetime) -> dict[str, Any]:
    passed = {"$divide": [{"$subtract": [moment, {"$ifNull": ["$at", moment]}]}, 1000 * pace.forgotten_in]}
    left = {"$max": [0, {"$subtract": [{"$ifNull": ["$failures", 0]}, {"$max": [0, passed]}]}]}
    failures = {"$min": [pace.most, {"$add": [left, 1]}]}
    # The same as Pace.wait, in the database's own words, so that one step does all.
    wait = {"$min": [LONGEST_WAIT, {"$pow": [2, {"$subtract": ["$failures", pace.free + 1]}]}]}
    milliseconds = {"$cond": [{"$lte": ["$failures", pace.free]}, 0, {"$toLong": {"$multiply": [1000, wait]}}]}
    heard = {"$lte": [{"$ifNull": ["$until", moment]}, moment]}
    counted: dict[str, Any] = await Failures.get_motor_collection().find_one_and_update(
        {"_id": digest(name)},
        [
            {"$set": {"heard": heard}},
            {
                "$set": {
                    "failures": {"$cond": ["$heard", failures, "$failures"]},
                    "at": {"$cond": ["$heard", moment, "$at"]},
                }
            },
            {"$set": {"until": {"$cond": ["$heard", {"$add": [moment, milliseconds]}, "$until"]}}},
            {
                "$set": {
                    "ends_at": {"$add": ["$until", {"$toLong": {"$multiply": ["$failures", 1000 * pace.forgotten_in]}}]}
                }
            },
        ],
        upsert=True,
        return_document=ReturnDocument.AFTER,
    )
    return counted


def network(address: str) -> str:
    """What of a network address is counted together: an IPv4 address, or the /64 of an IPv6 one, which one household
    or office has to itself."""
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(parsed, ipaddress.IPv6Address):
        if parsed.ipv4_mapped is not None:
            return str(parsed.ipv4_mapped)
        return str(ipaddress.ip_network((parsed, 64), strict=False))
    return str(parsed)


# ---- Signing in


@dataclass(frozen=True, slots=True)
class Attempt:
    """A try to sign in that has been counted."""

    of_account: str
    of_address: str

    async def succeeded(self) -> None:
        """Forgive: the account's failures on this device, and of the address this one only. What was waited for there
        stays, so that a guesser with an account of their own gains nothing by signing in to it in between."""
        await Failures.get_motor_collection().delete_one({"_id": digest(self.of_account)})
        await Failures.get_motor_collection().update_one(
            {"_id": digest(self.of_address), "failures": {"$gte": 1}}, {"$inc": {"failures": -1}}
        )


async def attempt(
    email: str, account: PydanticObjectId | None, *, address: str, device: str, at: datetime | None = None
) -> Attempt:
    """Count a try to sign in with a folded e-mail address, which may be nobody's, from a network address and a device;
    TooManyAttempts when it comes too soon."""
    known = await knows(account or PydanticObjectId(), device)
    counted = Attempt(
        of_account=f"account:{email}:{device}" if known else f"account:{email}",
        of_address=f"address:{network(address)}",
    )
    # The address first: who is stopped there does not add to the account's failures.
    await count(counted.of_address, OF_AN_ADDRESS, at=at)
    await count(counted.of_account, OF_AN_ACCOUNT, at=at)
    return counted


async def second_attempt(account: PydanticObjectId, *, address: str, at: datetime | None = None) -> Attempt:
    """Count a try at the second factor, or at the password of someone signed in already."""
    counted = Attempt(of_account=f"proof:{account}", of_address=f"address:{network(address)}")
    await count(counted.of_address, OF_AN_ADDRESS, at=at)
    await count(counted.of_account, OF_AN_ACCOUNT, at=at)
    return counted


# ---- Devices

DEVICE_KEPT = timedelta(days=400)  # as long as browsers keep a cookie
DEVICES_KEPT = 50  # of one account


class Device(Document):
    """A browser that has signed in to an account. `_id` is the SHA-256 of the account and of what the browser keeps."""

    id: str  # type: ignore[assignment]  # not an ObjectId
    account: PydanticObjectId
    ends_at: datetime

    class Settings:
        name = "devices"
        indexes: ClassVar = [
            IndexModel([("account", ASCENDING), ("ends_at", ASCENDING)]),
            IndexModel([("ends_at", ASCENDING)], expireAfterSeconds=0),
        ]


def new_device() -> str:
    """What a browser is to keep: 256 random bits that are of no use but to be known again."""
    return secrets.token_urlsafe(32)


def _device_key(account: PydanticObjectId, device: str) -> str:
    return digest(f"{account}:{device[:100]}")


async def knows(account: PydanticObjectId, device: str) -> bool:
    """Whether the device has signed in to the account before."""
    found = await Device.get_motor_collection().find_one(
        {"_id": _device_key(account, device), "ends_at": {"$gt": datetime.now(UTC)}}, {"_id": 1}
    )
    return bool(device) and found is not None


async def remember(account: PydanticObjectId, device: str) -> None:
    """Know the device from now on; of too many, the one not seen for longest is forgotten."""
    devices = Device.get_motor_collection()
    await devices.update_one(
        {"_id": _device_key(account, device)},
        {"$set": {"account": account, "ends_at": now() + DEVICE_KEPT}},
        upsert=True,
    )
    surplus = devices.find({"account": account}, {"_id": 1}).sort("ends_at", -1).skip(DEVICES_KEPT)
    if gone := [raw["_id"] async for raw in surplus]:
        await devices.delete_many({"_id": {"$in": gone}})
