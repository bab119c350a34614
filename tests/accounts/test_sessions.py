"""Sessions: found by a token that only the browser has, ended on the server."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from stratplan.accounts import sessions
from stratplan.accounts.models import Session
from stratplan.database import Database
from stratplan.errors import RuleBroken
from tests.factories import SOMEBODY, make_account


async def test_a_session_is_kept_by_its_hash_and_found_by_its_token(db: Database) -> None:
    account = await make_account()
    token = await sessions.begin(account.key, device="Firefox")
    kept = await Session.find_all().to_list()
    assert [token in str(dict(one)) for one in kept] == [False]
    found = await sessions.find(token)
    assert found is not None
    assert (found.account, found.name, found.strong) == (account.key, "Zane Kalniņa", False)
    for wrong in ("", token[:-1], token.upper(), "x" * 10_000, '{"$gt": ""}'):
        assert await sessions.find(wrong) is None


async def test_a_session_ends_when_told_and_a_rotated_one_opens_nothing(db: Database) -> None:
    account = await make_account()
    first = await sessions.begin(account.key)
    session = await sessions.find(first)
    assert session is not None
    second = await sessions.begin(account.key, strong=True, instead_of=session.id)
    assert await sessions.find(first) is None
    renewed = await sessions.find(second)
    assert renewed is not None
    assert renewed.strong
    await sessions.end(renewed)
    assert await sessions.find(second) is None


@pytest.mark.parametrize(
    ("field", "ago", "alive"),
    [
        ("seen_at", sessions.IDLE - timedelta(minutes=1), True),
        ("seen_at", sessions.IDLE + timedelta(minutes=1), False),
        ("ends_at", timedelta(seconds=1), False),
    ],
)
async def test_a_session_ends_by_being_left_alone_and_by_its_age(
    db: Database, field: str, ago: timedelta, alive: bool
) -> None:
    account = await make_account()
    token = await sessions.begin(account.key)
    await Session.get_motor_collection().update_one({}, {"$set": {field: datetime.now(UTC) - ago}})
    assert (await sessions.find(token) is not None) is alive
    assert len(await sessions.of_account(account.key)) == (1 if alive else 0)


async def test_being_used_keeps_a_session_alive(db: Database) -> None:
    account = await make_account()
    token = await sessions.begin(account.key)
    before = datetime.now(UTC) - timedelta(hours=11)
    await Session.get_motor_collection().update_one({}, {"$set": {"seen_at": before}})
    await sessions.find(token)
    found = await sessions.find(token)
    assert found is not None
    assert found.seen_at > before + timedelta(hours=10)


async def test_an_account_has_so_many_sessions_and_no_more(db: Database) -> None:
    account = await make_account()
    tokens = [await sessions.begin(account.key) for _ in range(sessions.SESSIONS_HELD + 3)]
    assert len(await sessions.of_account(account.key)) == sessions.SESSIONS_HELD
    assert await sessions.find(tokens[-1]) is not None


async def test_a_disabled_account_begins_no_session(db: Database) -> None:
    await make_account()
    account = await make_account()
    await account.disable(by=SOMEBODY, based_on=1)
    with pytest.raises(RuleBroken):
        await sessions.begin(account.key)
