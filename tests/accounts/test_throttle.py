"""Guessing gets slow, for one account and from one address; nobody is kept out for good."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from beanie import PydanticObjectId
from hypothesis import given
from hypothesis import strategies as st

from stratplan import database
from stratplan.accounts import throttle
from stratplan.accounts.throttle import OF_AN_ACCOUNT, OF_AN_ADDRESS, Device, Failures, Pace, network
from stratplan.errors import TooManyAttempts

MOMENT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
ANNA = PydanticObjectId()
FREE = OF_AN_ACCOUNT.free


async def guess(
    email: str = "anna@example.lv", *, at: datetime = MOMENT, address: str = "192.0.2.1", device: str = ""
) -> int:
    """The seconds to wait: 0 where the try is heard."""
    try:
        await throttle.attempt(email, ANNA, address=address, device=device, at=at)
    except TooManyAttempts as too_many:
        return too_many.seconds
    return 0


@given(st.floats(min_value=0, max_value=1000))
def test_waits_grow_and_are_never_longer_than_five_minutes(failures: float) -> None:
    pace = Pace(5, 600)
    assert pace.wait(failures) <= pace.wait(failures + 1) <= 300
    assert pace.wait(pace.most) == 300


async def test_after_the_free_tries_each_wait_is_twice_the_one_before(db: database.Database) -> None:
    moment, waits = MOMENT, []
    for _ in range(FREE + 10):
        # Each comes from elsewhere: it is the account that is guarded.
        wait = await guess(at=moment, address=f"192.0.2.{len(waits)}")
        if wait:
            moment += timedelta(seconds=wait)
            assert await guess(at=moment, address=f"198.51.100.{len(waits)}") == 0
        waits.append(wait)
    assert waits[: FREE + 1] == [0] * (FREE + 1)
    assert waits[FREE + 1] == 1
    assert waits[FREE + 2] == 2
    assert max(waits) <= 300


async def test_of_a_hundred_guesses_at_once_only_the_free_ones_are_heard(db: database.Database) -> None:
    heard = await asyncio.gather(*(guess(address=f"192.0.2.{n}") for n in range(100)))
    assert heard.count(0) == FREE + 1
    assert {wait for wait in heard if wait} == {1}


async def test_what_comes_too_soon_makes_no_wait_longer(db: database.Database) -> None:
    for n in range(FREE + 1):
        assert await guess(address=f"192.0.2.{n}") == 0
    assert [await guess(address="192.0.2.99") for _ in range(10)] == [1] * 10


async def test_accounts_that_do_not_exist_slow_down_alike(db: database.Database) -> None:
    async def waits(email: str, account: PydanticObjectId | None) -> list[int]:
        found = []
        for n in range(12):
            try:
                await throttle.attempt(email, account, address=f"203.0.113.{n}", device="", at=MOMENT)
                found.append(0)
            except TooManyAttempts as too_many:
                found.append(too_many.seconds)
        return found

    assert await waits("anna@example.lv", ANNA) == await waits("nobody@example.lv", None)


async def test_failures_are_forgotten_with_time(db: database.Database) -> None:
    for n in range(FREE + 1):
        await guess(address=f"192.0.2.{n}")
    assert await guess() > 0
    later = MOMENT + timedelta(seconds=OF_AN_ACCOUNT.forgotten_in * (FREE + 2))
    assert [await guess(at=later, address=f"192.0.2.{n}") for n in range(FREE + 2)] == [0] * (FREE + 1) + [1]


async def test_signing_in_forgives_the_accounts_failures(db: database.Database) -> None:
    for _ in range(FREE):
        await guess()
    attempt = await throttle.attempt("anna@example.lv", ANNA, address="192.0.2.1", device="", at=MOMENT)
    await attempt.succeeded()
    assert [await guess() for _ in range(FREE + 2)] == [0] * (FREE + 1) + [1]


async def test_an_attacker_cannot_keep_the_owner_out_on_a_device_that_is_known(db: database.Database) -> None:
    device = throttle.new_device()
    await throttle.remember(ANNA, device)
    for n in range(20):
        await guess(address=f"203.0.113.{n}")
    assert await guess(address="198.51.100.1", device=throttle.new_device()) > 0, "unknown devices wait"
    assert await guess(address="198.51.100.2", device=device) == 0
    for _ in range(FREE):
        await guess(address="198.51.100.2", device=device)
    assert await guess(address="198.51.100.2", device=device) > 0, "guessing on a known device is slowed down too"


async def test_a_device_is_known_to_its_account_only_and_not_by_what_the_database_has(db: database.Database) -> None:
    device = throttle.new_device()
    await throttle.remember(ANNA, device)
    assert await throttle.knows(ANNA, device)
    assert not await throttle.knows(PydanticObjectId(), device)
    assert not await throttle.knows(ANNA, "")
    raw = await Device.get_motor_collection().find_one({})
    assert device not in str(raw)


async def test_of_many_devices_those_not_seen_for_longest_are_forgotten(db: database.Database) -> None:
    devices = [throttle.new_device() for _ in range(throttle.DEVICES_KEPT + 3)]
    for device in devices:
        await throttle.remember(ANNA, device)
    assert await Device.get_motor_collection().count_documents({"account": ANNA}) == throttle.DEVICES_KEPT
    assert await throttle.knows(ANNA, devices[-1])


async def test_one_address_that_tries_many_accounts_is_slowed_down(db: database.Database) -> None:
    waits = [await guess(f"person{n}@example.lv", address="203.0.113.7") for n in range(OF_AN_ADDRESS.free + 3)]
    assert waits[-2:] == [1, 1]
    assert not any(waits[: OF_AN_ADDRESS.free + 1])
    assert await guess("anna@example.lv", address="203.0.113.8") == 0


async def test_who_is_stopped_by_address_adds_nothing_to_the_accounts_failures(db: database.Database) -> None:
    for n in range(OF_AN_ADDRESS.free + 1):
        await guess(f"person{n}@example.lv", address="203.0.113.7")
    for _ in range(20):
        assert await guess(address="203.0.113.7") > 0
    assert await guess(address="203.0.113.9") == 0


async def test_signing_in_to_ones_own_account_does_not_buy_guesses_at_others(db: database.Database) -> None:
    for n in range(OF_AN_ADDRESS.free + 4):
        moment = MOMENT + timedelta(seconds=n * 0.01)
        await guess(f"person{n}@example.lv", address="203.0.113.7", at=moment)
    moment = MOMENT + timedelta(seconds=2)
    own = await throttle.attempt("mallory@example.lv", None, address="203.0.113.7", device="", at=moment)
    await own.succeeded()
    assert await guess("anna@example.lv", address="203.0.113.7", at=moment) > 0


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("192.0.2.1", "192.0.2.2", False),
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff::9", True),
        ("2001:db8:1:2::1", "2001:db8:1:3::1", False),
        ("::ffff:192.0.2.1", "192.0.2.1", True),
        ("fe80::1%eth0", "fe80::2", True),
        ("unix", "unix", True),
    ],
)
def test_ipv6_is_counted_by_the_network_that_one_household_has(one: str, other: str, same: bool) -> None:
    assert (network(one) == network(other)) is same


async def test_the_names_counted_under_are_not_readable_and_go_by_themselves(db: database.Database) -> None:
    await guess()
    for raw in await Failures.get_motor_collection().find({}).to_list(None):
        assert "anna" not in str(raw)
        assert "192.0.2" not in str(raw)
        assert raw["ends_at"] > raw["at"]
    indexes = await Failures.get_motor_collection().index_information()
    assert [one["expireAfterSeconds"] for one in indexes.values() if "expireAfterSeconds" in one] == [0]
