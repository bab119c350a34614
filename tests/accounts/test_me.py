"""One's own account: name, password, devices, and the second factor."""

from __future__ import annotations

import html
import re

import httpx
import pyotp
import pytest

from stratplan.accounts import passwords, sessions, totp
from stratplan.accounts.models import Profile
from stratplan.frame import Frame
from tests.accounts.acting import EMAIL, OTHER_PASSWORD, PASSWORD, browser, code_of, make_anna, sign_in, tags

CHOSEN = {"current": PASSWORD, "password": OTHER_PASSWORD, "again": OTHER_PASSWORD}
FIREFOX = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0"
IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) AppleWebKit/605.1.15 Version/19.0 Safari/604.1"


async def test_name_and_language_are_changed_and_the_history_has_neither(app: Frame) -> None:
    account = await make_anna()
    async with browser(app) as one:
        await sign_in(one)
        answer = await one.post("/me", data={"name": "Anna Bērziņa", "language": "lv"})
        assert answer.status_code == 303
        assert "Anna Bērziņa" in (await one.get("/me")).text
        assert (await one.post("/me", data={"name": "", "language": "lv"})).status_code == 422
    profile = await Profile.get(account.key)
    assert profile is not None
    assert (profile.name, profile.language) == ("Anna Bērziņa", "lv")
    assert (await tags())[-1] == "account.described"


async def test_a_new_password_takes_the_old_one_and_signs_other_devices_out(app: Frame) -> None:
    account = await make_anna()
    async with browser(app) as one, browser(app) as other:
        await sign_in(one)
        await sign_in(other)
        before = one.cookies["session"]
        for wrong in ({"current": "not the password"}, {"again": PASSWORD}, {"password": "short", "again": "short"}):
            assert (await one.post("/me/password", data=CHOSEN | wrong)).status_code == 422
        assert (await other.get("/me")).status_code == 200
        assert (await one.post("/me/password", data=CHOSEN)).headers["location"] == "/me"
        assert (await one.get("/me")).status_code == 200
        assert (await other.get("/me")).status_code == 303
        assert one.cookies["session"] != before
        assert await sessions.find(before) is None
    assert await passwords.verify(account.key, OTHER_PASSWORD)
    assert (await tags())[-1] == "account.password_changed"


async def test_ones_devices_are_listed_and_ended(app: Frame) -> None:
    account = await make_anna()
    async with browser(app) as one, browser(app) as other, browser(app) as stranger:
        one.headers["user-agent"], other.headers["user-agent"] = FIREFOX, IPHONE
        await sign_in(one)
        await sign_in(other)
        await make_anna(email="other@example.org")
        await sign_in(stranger, email="other@example.org")
        page = (await one.get("/me")).text
        assert "Firefox, Windows" in page
        assert "Safari, iPhone" in page
        assert page.count("this device") == 1
        first = re.search(r'<form[^>]*id="devices-end">\s*(<button[^>]*>)', page)
        assert first
        assert first[1].endswith(" disabled>"), "Enter in the password field signs no device out"
        (session,) = re.findall(r'name="session" value="(\w{64})"', page)
        ending = {"session": session, "current": PASSWORD}
        assert (await stranger.post("/me/sessions/end", data=ending)).status_code == 303
        assert (await other.get("/me")).status_code == 200, "only its owner ends it"
        for wrong in ({}, {"current": ""}, {"current": "nav tā parole"}):
            refused = await one.post("/me/sessions/end", data={"session": session, **wrong})
            assert refused.status_code == 422
            assert "This is not your password." in refused.text
        assert (await other.get("/me")).status_code == 200, "not without the password"
        await one.post("/me/sessions/end", data=ending)
        assert (await other.get("/me")).status_code == 303
        await sign_in(other)
        await one.post("/me/sessions/end", data={"session": "others", "current": PASSWORD})
        assert (await other.get("/me")).status_code == 303
        assert (await one.get("/me")).status_code == 200
    assert len(await sessions.of_account(account.key)) == 1


# ---- The second factor


def codes_in(page: httpx.Response) -> list[str]:
    """The recovery codes that a page shows."""
    return re.findall(r"<li>((?:[0-9A-Z]{4}-){6}[0-9A-Z]{4})</li>", page.text)


async def test_the_second_factor_is_set_up_by_qr_code_and_its_codes_are_shown_once(app: Frame) -> None:
    account = await make_anna()
    async with browser(app) as one, browser(app) as other:
        await sign_in(one)
        await sign_in(other)
        wrong = await one.post("/me/second-factor", data={"do": "begin", "current": "not the password"})
        assert wrong.status_code == 422
        answer = await one.post("/me/second-factor", data={"do": "begin", "current": PASSWORD})
        assert answer.headers["location"] == "/me/second-factor/new"
        page = (await one.get("/me/second-factor/new")).text
        uri = html.unescape(re.findall(r'href="(otpauth://[^"]+)"', page)[0])
        secret = re.findall(r'class="secret">([A-Z2-7 ]+)<', page)[0].replace(" ", "")
        app_ = pyotp.parse_uri(uri)
        assert isinstance(app_, pyotp.TOTP)
        assert (app_.secret, app_.name) == (secret, EMAIL)
        assert '<path d="M' in page
        assert (await one.post("/me/second-factor/new", data={"code": "abcdef"})).status_code == 422
        assert not await totp.is_on(account.key)
        on = await one.post("/me/second-factor/new", data={"code": code_of(secret)})
        assert on.headers["location"] == "/me/second-factor"
        shown = codes_in(await one.get("/me/second-factor"))
        assert len(set(shown)) == 10
        assert codes_in(await one.get("/me/second-factor")) == [], "shown once"
        assert (await other.get("/me")).status_code == 303, "what was begun without it has ended"
    assert await totp.is_on(account.key)
    (session,) = await sessions.of_account(account.key)
    assert session.strong
    assert await totp.accept_recovery(account.key, shown[0])
    assert (await tags())[-1] == "account.second_factor_on"


async def test_recovery_codes_are_renewed_and_the_second_factor_switched_off_with_the_password(app: Frame) -> None:
    account = await make_anna()
    async with browser(app) as one:
        await sign_in(one)
        await one.post("/me/second-factor", data={"do": "begin", "current": PASSWORD})
        page = (await one.get("/me/second-factor/new")).text
        secret = re.findall(r'class="secret">([A-Z2-7 ]+)<', page)[0].replace(" ", "")
        await one.post("/me/second-factor/new", data={"code": code_of(secret)})
        first = codes_in(await one.get("/me/second-factor"))
        await one.post("/me/second-factor", data={"do": "renew", "current": PASSWORD})
        second = codes_in(await one.get("/me/second-factor"))
        assert not set(first) & set(second)
        assert not await totp.accept_recovery(account.key, first[0])
        assert (await one.post("/me/second-factor", data={"do": "off", "current": "no"})).status_code == 422
        assert await totp.is_on(account.key)
        assert (await one.post("/me/second-factor", data={"do": "off", "current": PASSWORD})).status_code == 303
        assert not await totp.is_on(account.key)
        assert (await one.get("/me")).status_code == 200
    (session,) = await sessions.of_account(account.key)
    assert not session.strong
    assert (await tags())[-2:] == ["account.recovery_codes_renewed", "account.second_factor_off"]


async def test_what_is_shown_once_is_read_by_nobody_else(app: Frame) -> None:
    await make_anna()
    async with browser(app) as one, browser(app) as thief:
        await sign_in(one)
        await one.post("/me/second-factor", data={"do": "begin", "current": PASSWORD})
        page = (await one.get("/me/second-factor/new")).text
        secret = re.findall(r'class="secret">([A-Z2-7 ]+)<', page)[0].replace(" ", "")
        await one.post("/me/second-factor/new", data={"code": code_of(secret)})
        await make_anna(email="thief@example.org")
        await sign_in(thief, email="thief@example.org")
        thief.cookies.set("shown-once", one.cookies["shown-once"], domain="127.0.0.1")
        assert codes_in(await thief.get("/me/second-factor")) == []


@pytest.mark.parametrize("value", ["x", "described<script>", "%00", "ā"])
async def test_a_page_tells_only_what_it_knows_to_tell(app: Frame, value: str) -> None:
    await make_anna()
    async with browser(app) as one:
        await sign_in(one)
        answer = await one.get(
            "/me", headers={"cookie": f"session={one.cookies['session']}; told={value}; shown-once={value}".encode()}
        )
        assert answer.status_code == 200
        assert "<script>" not in answer.text.replace("<script src", "")
