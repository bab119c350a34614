"""What was handed out before who somebody is, or proves to be, was changed: it lets nobody in afterwards."""

from __future__ import annotations

from datetime import timedelta

import pytest

from stratplan.accounts import one_time, passwords, proofs, sessions, totp
from stratplan.accounts.models import Account, HalfSession, Profile
from stratplan.accounts.one_time import Purpose
from stratplan.accounts.passwords import Password
from stratplan.actors import COMMAND_LINE
from stratplan.documents import now
from stratplan.frame import Frame
from stratplan.permissions import Role
from tests.accounts.acting import EMAIL, OTHER_PASSWORD, PASSWORD, browser, make_anna, tags
from tests.accounts.test_sign_in import with_second_factor

CHOSEN = {"password": OTHER_PASSWORD, "again": OTHER_PASSWORD}


async def test_a_new_password_ends_every_link_and_every_sign_in_that_is_half_done(app: Frame) -> None:
    account = await make_anna()
    links = [await one_time.make(purpose, account.key, email="evil@example.org") for purpose in Purpose]
    half = HalfSession(id="a" * 64, account=account.key, ends_at=now() + timedelta(minutes=5))
    await half.insert()
    await proofs.set_password(account.key, OTHER_PASSWORD)
    async with browser(app) as one:
        assert [(await one.post(f"/links/{token}", data=CHOSEN)).status_code for token in links] == [404] * len(links)
    profile = await Profile.get(account.key)
    assert profile is not None
    assert profile.email == EMAIL
    assert await HalfSession.find_all().count() == 0
    assert (await tags())[-1] == "account.password_changed"


async def test_a_corrected_address_ends_the_links_that_went_to_the_one_before(app: Frame) -> None:
    account, token = await proofs.invite(name="Anna", email="wrong@example.org", role=Role.PLANNER, by=COMMAND_LINE)
    await account.describe(by=COMMAND_LINE, name="Anna Liepa", email="Wrong@example.org")
    assert await one_time.look(token, Purpose.INVITATION) is not None, "it is the same address"
    await account.describe(by=COMMAND_LINE, email=EMAIL)
    async with browser(app) as one:
        answer = await one.post(f"/links/{token}", data={"name": "Somebody Else", **CHOSEN})
        assert answer.status_code == 404
    assert not await passwords.has_one(account.key)
    assert (await tags())[-1] == "account.described"


@pytest.mark.parametrize("has_password", [True, False])
async def test_nobody_becomes_the_first_administrator_where_somebody_administers(
    app: Frame, *, has_password: bool
) -> None:
    token = await one_time.make(Purpose.FIRST, None)
    account = await make_anna(Role.ADMIN) if has_password else None
    form = {"name": "Zane Kalniņa", "email": "zane@example.org", **CHOSEN}
    async with browser(app) as one:
        answer = await one.post(f"/links/{token}", data=form)
    assert answer.status_code == (404 if has_password else 303)
    assert await Account.find_all().count() == 1
    if account is not None:
        assert await passwords.verify(account.key, PASSWORD)


async def test_a_second_factor_that_an_administrator_switches_off_ends_all_sessions(app: Frame) -> None:
    account = await make_anna()
    await with_second_factor(app, account)
    token = await sessions.begin(account.key, strong=True)
    await proofs.switch_off(account.key, by=COMMAND_LINE)
    assert await sessions.find(token) is None
    assert (await tags())[-1] == "account.second_factor_off"


@pytest.mark.parametrize("deed", ["renew", "off", "begin"])
async def test_without_a_password_the_second_factor_is_changed_by_a_code_of_it(app: Frame, deed: str) -> None:
    account = await make_anna()
    _secret, codes = await with_second_factor(app, account)
    await Password.find_all().delete()  # signs in elsewhere
    async with browser(app) as one:
        one.cookies.set("session", await sessions.begin(account.key, strong=True), domain="127.0.0.1")
        assert 'name="code"' in (await one.get("/me/second-factor")).text
        for wrong in ({}, {"code": "000000"}, {"current": PASSWORD}):
            answer = await one.post("/me/second-factor", data={"do": deed, **wrong})
            assert answer.status_code == 422
            assert "This is not the code that the app shows now" in answer.text
        assert await totp.codes_left(account.key) == totp.RECOVERY_CODES
        assert await totp.is_on(account.key)
        assert (await one.post("/me/second-factor", data={"do": deed, "code": codes[0]})).status_code == 303
    assert await totp.is_on(account.key) == (deed != "off")
