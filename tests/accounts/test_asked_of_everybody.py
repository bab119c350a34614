"""An installation that asks everybody who signs in with a password for a second factor."""

from __future__ import annotations

import re

import httpx
import pytest

from stratplan.accounts import sessions
from stratplan.actors import COMMAND_LINE
from stratplan.app import create_app
from stratplan.database import Database
from stratplan.frame import Frame
from stratplan.permissions import Role
from stratplan.settings import Settings
from tests.accounts.acting import PASSWORD, browser, code_of, make_anna, sign_in
from tests.factories import TODAY_IN_PLAN, Made

NEEDED = "/me/second-factor/needed"


@pytest.fixture
def asking(mongo_uri: str, settings: Settings, db: Database) -> Frame:
    """The application that asks everybody."""
    asked = settings.model_copy(update={"second_factor": "everybody"})
    return create_app(asked, mongo_uri, today=lambda: TODAY_IN_PLAN, in_background=False)


async def set_up(one: httpx.AsyncClient, to: str) -> httpx.Response:
    """Set a second factor up from the page that one is led to; the answer to the first code."""
    form = {"do": "begin", "current": PASSWORD, "next": to}
    new = (await one.post("/me/second-factor", data=form)).headers["location"]
    secret = re.findall(r'class="secret">([A-Z2-7 ]+)<', (await one.get(new)).text)[0].replace(" ", "")
    return await one.post("/me/second-factor/new", data={"code": code_of(secret), "next": to})


@pytest.mark.parametrize(
    ("second_factor", "address", "asks"),
    [
        (None, None, False),
        (None, "https://plans.example.lv", True),
        ("chosen", "https://plans.example.lv", False),
        ("everybody", None, True),
    ],
)
def test_everybody_is_asked_where_others_reach_the_site_unless_it_is_said_otherwise(
    second_factor: str | None, address: str | None, asks: bool
) -> None:
    told = {"second_factor": second_factor, "address": address}
    settings = Settings(_env_file=None, **{name: value for name, value in told.items() if value})  # type: ignore[arg-type]
    assert settings.asks_for_second_factor == asks


async def test_who_signs_in_with_a_password_sets_one_up_and_goes_on_where_they_were_going(
    asking: Frame, made: Made
) -> None:
    account = await make_anna(Role.ADMIN)
    async with browser(asking) as one:
        assert (await sign_in(one, to="/people")).headers["location"] == "/people"
        for address in ("/people", "/plans", "/work", "/me", "/me/notices", "/plans/plans", "/plans/plans/tasks"):
            asked = await one.get(address)
            assert (asked.status_code, asked.headers["location"].partition("?")[0]) == (303, NEEDED), address
        needed = await one.get(f"{NEEDED}?next=%2Fpeople")
        assert needed.headers["location"] == "/me/second-factor?next=%2Fpeople"
        page = (await one.get(needed.headers["location"])).text
        assert "Everybody who signs in here with a password has a second step too." in page
        assert "/me/notices/count" not in page, "nothing that would lead away by itself"
        assert 'value="off"' not in page
        assert (await set_up(one, "/people")).headers["location"] == "/me/second-factor?next=%2Fpeople"
        for address in ("/people", "/plans", "/work", "/me", "/plans/plans/tasks"):
            assert (await one.get(address)).status_code == 200
        page = (await one.get("/me/second-factor")).text
        assert "Everybody who signs in here" not in page
        assert 'value="off"' not in page
    (session,) = await sessions.of_account(account.key)
    assert session.strong


async def test_nothing_is_changed_before_it(asking: Frame, made: Made) -> None:
    account = await make_anna(Role.ADMIN)
    async with browser(asking) as one:
        await sign_in(one)
        for address, form in (
            ("/me/password", {"current": PASSWORD, "password": "x", "again": "x"}),
            ("/people", {"name": "Berts", "email": "berts@example.org"}),
            ("/plans/plans/second-factor", {"ask": "yes", "version": "1"}),
            ("/me/calendar", {}),
        ):
            answer = await one.post(address, data=form)
            assert (answer.status_code, answer.headers["location"].partition("?")[0]) == (303, NEEDED), address
        assert (await one.post("/sign-out")).headers["location"] == "/sign-in"
    assert await sessions.of_account(account.key) == []


async def test_it_is_not_switched_off(asking: Frame) -> None:
    account = await make_anna()
    async with browser(asking) as one:
        await sign_in(one)
        await set_up(one, "/")
        answer = await one.post("/me/second-factor", data={"do": "off", "current": PASSWORD})
        assert answer.status_code == 422
        assert "Everybody who signs in here with a password" in answer.text
    (session,) = await sessions.of_account(account.key)
    assert session.strong


async def test_a_stranger_is_not_asked_and_what_is_published_stays_open(asking: Frame, made: Made) -> None:
    await made.plan.publish([], by=COMMAND_LINE, based_on=made.plan.version)
    account = await make_anna(None)
    async with browser(asking) as stranger, browser(asking) as one:
        one.cookies.set("session", await sessions.begin(account.key), domain="127.0.0.1")
        for reader in (stranger, one):
            assert (await reader.get("/p/plans")).status_code == 200
            assert (await reader.get("/sign-in")).status_code in (200, 303)


async def test_who_signed_in_through_the_provider_is_asked_there(asking: Frame, made: Made) -> None:
    account = await make_anna(Role.PLANNER)
    async with browser(asking) as one:
        one.cookies.set("session", await sessions.begin(account.key, elsewhere=True), domain="127.0.0.1")
        for address in ("/plans", "/plans/plans", "/me"):
            assert (await one.get(address)).status_code == 200
        changed = {"current": PASSWORD, "password": "vilks ēd zaļas vīnogas", "again": "vilks ēd zaļas vīnogas"}
        assert (await one.post("/me/password", data=changed)).headers["location"] == "/me"
        assert (await one.get("/me")).status_code == 200
