"""Sessions: found by a token that only the browser has, ended on the server."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from contextvars import Context
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from stratplan.accounts import passwords, proofs, sessions, sign_in
from stratplan.accounts.models import Account, HalfSession, Membership, Session
from stratplan.accounts.roles import rights_in, rights_of_site
from stratplan.database import Database
from stratplan.errors import RuleBroken
from stratplan.frame import Frame
from stratplan.permissions import NONE, Role
from tests.accounts import acting
from tests.accounts.test_sign_in import with_second_factor
from tests.factories import SOMEBODY, Made, make_account


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


async def elsewhere(work: Coroutine[Any, Any, object]) -> None:
    """Do the work as another request would: in no transaction of this one."""
    await asyncio.get_running_loop().create_task(work, context=Context())


async def test_an_account_that_is_closed_while_somebody_signs_in_has_no_session(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    await make_account()
    account = await make_account()
    closed = False

    class Seen(Account):
        @classmethod
        async def find_one(cls, *args: Any, **named: Any) -> Account | None:  # type: ignore[override]
            nonlocal closed
            found: Account | None = await Account.find_one(*args, **named)
            if not closed:
                closed = True
                await elsewhere(account.disable(by=SOMEBODY, based_on=1))
            return found

    monkeypatch.setattr(sessions, "Account", Seen)
    with pytest.raises(RuleBroken):
        await sessions.begin(account.key)
    assert await Session.find_all().count() == 0


@pytest.mark.parametrize("has_second_factor", [False, True])
async def test_a_password_that_is_changed_while_it_is_compared_lets_nobody_in(
    app: Frame, monkeypatch: pytest.MonkeyPatch, *, has_second_factor: bool
) -> None:
    account = await acting.make_anna()
    codes = (await with_second_factor(app, account))[1] if has_second_factor else []
    real = passwords.verify

    async def verify(*values: Any) -> bool:
        is_right = await real(*values)
        await proofs.set_password(account.key, acting.OTHER_PASSWORD)
        return is_right

    monkeypatch.setattr(sign_in.passwords, "verify", verify)
    async with acting.browser(app) as one:
        answer = await acting.sign_in(one)
        if has_second_factor:
            assert await HalfSession.find_all().count() == 1
            answer = await one.post("/sign-in/code", data={"code": codes[0]})
        assert answer.status_code == 409
    assert await Session.find_all().count() == 0
    monkeypatch.undo()
    async with acting.browser(app) as one:
        assert (await acting.sign_in(one, acting.OTHER_PASSWORD)).status_code == 303


async def test_roles_of_a_closed_account_give_nothing_whatever_session_is_left(made: Made) -> None:
    await make_account(Role.ADMIN)
    account = await make_account(Role.ADMIN)
    assert (await rights_of_site(account.key)) != NONE
    await account.disable(by=SOMEBODY, based_on=1)
    assert await Membership.find({"account": account.key, "deleted": False}).count() == 1
    assert rights_in(await made.snapshot(), account.key) is None
    assert await rights_of_site(account.key) == NONE
