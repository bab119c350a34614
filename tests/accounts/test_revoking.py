"""What was handed out before who somebody is, or proves to be, was changed: it lets nobody in afterwards."""

from __future__ import annotations

from datetime import timedelta

import pytest

from stratplan.accounts import one_time, passwords, proofs
from stratplan.accounts.models import Account, HalfSession, Profile
from stratplan.accounts.one_time import Purpose
from stratplan.actors import COMMAND_LINE
from stratplan.documents import now
from stratplan.frame import Frame
from stratplan.permissions import Role
from tests.accounts.acting import EMAIL, OTHER_PASSWORD, PASSWORD, browser, make_anna, tags

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
