"""One-time links: good once, for their purpose, for a while."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from beanie import PydanticObjectId

from stratplan import database
from stratplan.accounts import one_time
from stratplan.accounts.one_time import OneTimeLink, Purpose


async def test_a_link_is_found_by_looking_and_used_once(db: database.Database) -> None:
    account = PydanticObjectId()
    token = await one_time.make(Purpose.EMAIL, account, email="anna@example.lv")
    for _ in range(2):
        seen = await one_time.look(token, Purpose.EMAIL)
        assert seen is not None
        assert (seen.account, seen.email) == (account, "anna@example.lv")
    used = await one_time.use(token, Purpose.EMAIL)
    assert used is not None
    assert used.account == account
    assert await one_time.look(token, Purpose.EMAIL) is None
    assert await one_time.use(token, Purpose.EMAIL) is None


async def test_of_twenty_that_use_a_link_at_once_one_gets_it(db: database.Database) -> None:
    token = await one_time.make(Purpose.RESET, PydanticObjectId())
    got = await asyncio.gather(*(one_time.use(token, Purpose.RESET) for _ in range(20)))
    assert sum(link is not None for link in got) == 1


async def test_a_link_whose_use_came_to_nothing_is_still_good(db: database.Database) -> None:
    token = await one_time.make(Purpose.RESET, PydanticObjectId())

    async def fails(session: database.Session) -> None:
        assert await one_time.use(token, Purpose.RESET, session=session) is not None
        raise ValueError("the password was refused")

    with pytest.raises(ValueError):
        await database.in_transaction(fails, key="test")
    assert await one_time.look(token, Purpose.RESET) is not None


async def test_of_twenty_transactions_that_use_a_link_one_gets_it(db: database.Database) -> None:
    token = await one_time.make(Purpose.RESET, PydanticObjectId())

    async def use(session: database.Session) -> bool:
        return await one_time.use(token, Purpose.RESET, session=session) is not None

    got = await asyncio.gather(*(database.in_transaction(use, key=object()) for _ in range(20)))
    assert sum(got) == 1


async def test_the_database_does_not_have_what_stands_in_the_address(db: database.Database) -> None:
    token = await one_time.make(Purpose.INVITATION, PydanticObjectId())
    assert len(token) >= 43, "256 bits"
    raw = await OneTimeLink.get_motor_collection().find_one({})
    assert raw is not None
    assert token not in str(raw)
    assert await one_time.look(str(raw["_id"]), Purpose.INVITATION) is None


async def test_a_link_is_good_for_its_purpose_only(db: database.Database) -> None:
    token = await one_time.make(Purpose.EMAIL, PydanticObjectId())
    assert await one_time.use(token, Purpose.RESET, Purpose.INVITATION) is None
    assert await one_time.use(token, Purpose.RESET, Purpose.EMAIL) is not None


@pytest.mark.parametrize("purpose", Purpose)
async def test_a_link_expires(db: database.Database, purpose: Purpose) -> None:
    token = await one_time.make(purpose, PydanticObjectId())
    link = await one_time.look(token, purpose)
    assert link is not None
    assert link.ends_at - link.made_at == purpose.lifetime
    past = {"$set": {"ends_at": datetime.now(UTC) - timedelta(seconds=1)}}
    await OneTimeLink.get_motor_collection().update_one({"_id": link.id}, past)
    assert await one_time.look(token, purpose) is None
    assert await one_time.use(token, purpose) is None


async def test_a_new_link_takes_the_place_of_the_earlier_one_for_the_same(db: database.Database) -> None:
    account, other = PydanticObjectId(), PydanticObjectId()
    first = await one_time.make(Purpose.RESET, account)
    invitation = await one_time.make(Purpose.INVITATION, account)
    others = await one_time.make(Purpose.RESET, other)
    second = await one_time.make(Purpose.RESET, account)
    assert await one_time.look(first, Purpose.RESET) is None
    assert await one_time.look(second, Purpose.RESET) is not None
    assert await one_time.look(invitation, Purpose.INVITATION) is not None
    await one_time.revoke(account)
    assert await one_time.look(second, Purpose.RESET) is None
    assert await one_time.look(invitation, Purpose.INVITATION) is None
    assert await one_time.look(others, Purpose.RESET) is not None


@pytest.mark.parametrize("token", ["", "x" * 5000, "\ud800", '{"$gt": ""}', "a/../b"])
async def test_what_is_no_token_finds_nothing(db: database.Database, token: str) -> None:
    await one_time.make(Purpose.RESET, PydanticObjectId())
    assert await one_time.look(token, Purpose.RESET) is None
    assert await one_time.use(token, Purpose.RESET) is None


async def test_the_server_clears_expired_links_away(db: database.Database) -> None:
    indexes = await OneTimeLink.get_motor_collection().index_information()
    assert [one["expireAfterSeconds"] for one in indexes.values() if "expireAfterSeconds" in one] == [0]
