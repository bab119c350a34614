"""Signing in, the second step, and signing out."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import httpx
import pyotp
import pytest

from stratplan.accounts import passwords, sessions, throttle, totp
from stratplan.accounts.models import Account, HalfSession, Session
from stratplan.actors import COMMAND_LINE
from stratplan.frame import Frame
from stratplan.permissions import Role
from stratplan.plans.models import Plan
from stratplan.secret_key import SecretKey
from tests.accounts.acting import EMAIL, PASSWORD, browser, code_of, make_anna, sign_in
from tests.factories import Made


def key_of(app: Frame) -> SecretKey:
    key: SecretKey = app.app.state.secret_key()  # type: ignore[union-attr,attr-defined]
    return key


async def with_second_factor(app: Frame, account: Account) -> tuple[str, list[str]]:
    """The secret and the recovery codes of a second factor that the account has now; set up a while ago."""
    before = datetime.now(UTC) - timedelta(minutes=10)
    secret = await totp.begin(account.key, key=key_of(app))
    codes = await totp.confirm(account.key, pyotp.TOTP(secret).at(before), key=key_of(app), at=before)
    return secret, codes


def set_cookies(answer: httpx.Response) -> dict[str, str]:
    """The cookies that an answer sets, each with its attributes."""
    return {line.partition("=")[0]: line for line in answer.headers.get_list("set-cookie")}


async def test_who_knows_the_password_is_let_in_and_goes_where_they_were_going(app: Frame) -> None:
    account = await make_anna()
    async with browser(app) as one:
        asked = await one.get("/me?x=1")
        assert asked.status_code == 303
        assert asked.headers["location"].startswith("/sign-in?next=")
        form = await one.get(asked.headers["location"])
        assert 'autocomplete="username"' in form.text
        assert 'autocomplete="current-password"' in form.text
        answer = await sign_in(one, to="/me?x=1")
        assert (answer.status_code, answer.headers["location"]) == (303, "/me?x=1")
        assert (await one.get("/me")).status_code == 200
    (session,) = await sessions.of_account(account.key)
    assert (session.account, session.strong, session.elsewhere) == (account.key, False, False)


@pytest.mark.parametrize(
    "to", ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)", ""]
)
async def test_signing_in_leads_to_this_site_only(app: Frame, to: str) -> None:
    await make_anna()
    async with browser(app) as one:
        assert (await sign_in(one, to=to)).headers["location"] == "/"


async def test_the_answer_is_the_same_whether_the_account_exists(app: Frame, monkeypatch: pytest.MonkeyPatch) -> None:
    account = await make_anna()
    await make_anna(Role.ADMIN, email="admin@example.org")
    closed = await make_anna(email="closed@example.org")
    await closed.disable(by=COMMAND_LINE, based_on=closed.version)
    await make_anna(email="nopassword@example.org")
    passwords.prepare()
    compared: list[str] = []
    real = passwords._matches

    def counting(kept: str, password: str) -> bool:
        compared.append(kept.rsplit("$", 2)[0])
        return real(kept, password)

    monkeypatch.setattr(passwords, "_matches", counting)
    answers = set()
    async with browser(app) as one:
        for email, password in (
            (EMAIL, "not the password"),
            ("nobody@example.org", PASSWORD),
            ("closed@example.org", PASSWORD),
            ("closed@example.org", "not the password"),
        ):
            compared.clear()
            answer = await sign_in(one, password, email=email)
            assert len(compared) == 1, email
            text = answer.text.replace(email, "EMAIL")
            answers.add(
                (answer.status_code, text, tuple(sorted(name for name in answer.headers if name != "x-request-id")))
            )
            assert password not in answer.text
    assert len(answers) == 1
    assert next(iter(answers))[0] == 422
    assert await sessions.of_account(account.key) == []


async def test_a_session_is_new_at_each_sign_in_and_the_one_before_ends(app: Frame) -> None:
    account = await make_anna()
    async with browser(app) as one:
        await sign_in(one)
        first = one.cookies["session"]
        await sign_in(one)
        assert one.cookies["session"] != first
        assert await sessions.find(first) is None
    assert len(await sessions.of_account(account.key)) == 1


async def test_a_session_that_somebody_else_chose_is_not_taken_over(app: Frame) -> None:
    await make_anna()
    async with browser(app) as one:
        one.cookies.set("session", "chosen-by-an-attacker", domain="127.0.0.1")
        answer = await sign_in(one)
        assert "chosen-by-an-attacker" not in set_cookies(answer)["session"]
    assert await sessions.find("chosen-by-an-attacker") is None


async def test_the_cookies_are_out_of_reach_of_scripts_and_other_sites(app: Frame) -> None:
    await make_anna()
    async with browser(app) as one:
        set_ = set_cookies(await sign_in(one))
    for name in ("session", "device"):
        assert re.search(r"HttpOnly", set_[name]), set_[name]
        assert re.search(r"SameSite=lax", set_[name], re.IGNORECASE), set_[name]
        assert "Path=/" in set_[name]
        assert "Domain" not in set_[name]
    assert "Secure" not in set_["session"], "a browser would not keep it without TLS"


async def test_behind_tls_the_cookies_are_bound_to_this_very_host(app: Frame) -> None:
    await make_anna()
    async with browser(app, base="https://127.0.0.1:8000") as one:
        set_ = set_cookies(await sign_in(one))
        assert {"__Host-session", "__Host-device"} <= set(set_)
        assert all("Secure" in set_[name] for name in ("__Host-session", "__Host-device"))
        assert (await one.get("/me")).status_code == 200


async def test_signing_out_ends_the_session_on_the_server(app: Frame) -> None:
    await make_anna()
    async with browser(app) as one:
        await sign_in(one)
        token = one.cookies["session"]
        answer = await one.post("/sign-out")
        assert answer.status_code == 303
        assert "cache" in answer.headers["clear-site-data"]
        assert await sessions.find(token) is None
        one.cookies.set("session", token, domain="127.0.0.1")
        assert (await one.get("/me")).status_code == 303
        assert "You are signed out." in (await one.get("/sign-in")).text


async def test_guessing_is_slowed_down_and_the_page_says_how_long(app: Frame) -> None:
    await make_anna()
    async with browser(app) as one:
        answers = [await sign_in(one, "not the password") for _ in range(throttle.OF_AN_ACCOUNT.free + 3)]
    assert [answer.status_code for answer in answers[:-2]] == [422] * (len(answers) - 2)
    last = answers[-1]
    assert last.status_code == 429
    assert int(last.headers["retry-after"]) >= 1
    assert re.search(r"Try again in \d+ second", last.text)


async def test_the_owner_gets_in_on_their_own_device_while_somebody_else_guesses(app: Frame) -> None:
    await make_anna()
    async with browser(app) as own, browser(app, address="203.0.113.9") as other:
        await sign_in(own)
        await own.post("/sign-out")
        for _ in range(throttle.OF_AN_ACCOUNT.free + 2):
            await sign_in(other, "not the password")
        assert (await sign_in(other)).status_code == 429
        assert (await sign_in(own)).status_code == 303


# ---- The second step


async def test_with_a_second_factor_the_password_alone_lets_nobody_in(app: Frame) -> None:
    account = await make_anna()
    secret, _codes = await with_second_factor(app, account)
    async with browser(app) as one:
        answer = await sign_in(one, to="/plans")
        assert answer.headers["location"] == "/sign-in/code?next=%2Fplans"
        assert "session" not in one.cookies
        assert (await one.get("/me")).status_code == 303
        page = await one.get("/sign-in/code?next=%2Fplans")
        assert 'autocomplete="one-time-code"' in page.text
        wrong = await one.post("/sign-in/code", data={"code": "000000", "next": "/plans"})
        assert wrong.status_code == 422
        assert "good for 30 seconds" in wrong.text
        code = code_of(secret)
        right = await one.post("/sign-in/code", data={"code": code, "next": "/plans"})
        assert (right.status_code, right.headers["location"]) == (303, "/plans")
        assert (await one.get("/me")).status_code == 200
        (session,) = await sessions.of_account(account.key)
        assert session.strong
        assert await HalfSession.get_motor_collection().count_documents({}) == 0
    async with browser(app) as other:
        await sign_in(other)
        assert (await other.post("/sign-in/code", data={"code": code})).status_code == 422, "a code is good once"


async def test_a_recovery_code_lets_in_once(app: Frame) -> None:
    account = await make_anna()
    _secret, codes = await with_second_factor(app, account)
    async with browser(app) as one:
        await sign_in(one)
        assert "Recovery code" in (await one.get("/sign-in/code?recovery=1")).text
        assert (await one.post("/sign-in/code", data={"code": codes[0].lower()})).status_code == 303
        await one.post("/sign-out")
        await sign_in(one)
        again = await one.post("/sign-in/code", data={"code": codes[0]})
        assert again.status_code == 422
        assert "This recovery code is not right" in again.text


async def test_guessing_codes_is_slowed_down(app: Frame) -> None:
    account = await make_anna()
    await with_second_factor(app, account)
    async with browser(app) as one:
        await sign_in(one)
        answers = [
            (await one.post("/sign-in/code", data={"code": f"{n:06}"})).status_code
            for n in range(throttle.OF_AN_ACCOUNT.free + 3)
        ]
    assert answers[-1] == 429


async def test_the_second_step_without_the_first_leads_back_to_it(app: Frame) -> None:
    account = await make_anna()
    secret, _codes = await with_second_factor(app, account)
    async with browser(app) as one:
        one.cookies.set("second-step", "chosen-by-an-attacker", domain="127.0.0.1")
        answer = await one.post("/sign-in/code", data={"code": code_of(secret)})
        assert answer.headers["location"].startswith("/sign-in")
        assert "session" not in one.cookies


# ---- Plans that ask for a second factor


async def test_a_plan_may_ask_its_members_for_a_second_factor(app: Frame, made: Made) -> None:
    plan = await Plan.get(made.plan.key)
    assert plan is not None
    await plan.edit({"asks_second_factor": True}, by=COMMAND_LINE, based_on=plan.version)
    account = await make_anna(Role.PLANNER)
    async with browser(app) as one:
        await sign_in(one)
        for address in (f"/plans/{plan.slug}", f"/plans/{plan.slug}/tasks"):
            asked = await one.get(address)
            assert asked.status_code == 303
            assert asked.headers["location"].startswith("/me/second-factor/needed?next=%2Fplans")
        asked = await one.get(f"/plans/{plan.slug}/tasks?q=ūdens&as_of=2016-05-01")
        (wanted,) = parse_qs(urlsplit(asked.headers["location"]).query)["next"]
        assert wanted == f"/plans/{plan.slug}/tasks?q=%C5%ABdens&as_of=2016-05-01"
        for address in ("/plans", "/work"):  # of what is in it, lists tell nothing either
            listed = await one.get(address)
            assert plan.title in listed.text
            assert "second step at sign-in" in listed.text
            assert "1 task" not in listed.text
            assert f"/plans/{plan.slug}/" not in listed.text
        needed = await one.get(asked.headers["location"])
        assert needed.headers["location"].startswith("/me/second-factor?next=")
        assert "asks for this of everybody" in (await one.get(needed.headers["location"])).text
        secret, _codes = await with_second_factor(app, account)
        needed = await one.get(asked.headers["location"])
        assert needed.headers["location"].startswith("/sign-in/code?next=")
        form = {"code": code_of(secret), "next": f"/plans/{plan.slug}"}
        assert (await one.post("/sign-in/code", data=form)).headers["location"] == f"/plans/{plan.slug}"
        assert (await one.get(f"/plans/{plan.slug}")).status_code == 200
    async with browser(app) as weak:
        # What is kept of a page for somebody who gave a second factor is not shown to them without.
        weak.cookies.set("session", await sessions.begin(account.key), domain="127.0.0.1")
        assert (await weak.get(f"/plans/{plan.slug}")).status_code == 303


async def test_its_administrator_says_whether_it_is_asked_for(app: Frame, made: Made) -> None:
    await make_anna(Role.ADMIN, scope=made.plan.key)
    await make_anna(Role.PLANNER, email="planner@example.org")
    async with browser(app) as one, browser(app) as planner:
        await sign_in(planner, email="planner@example.org")
        wish = {"ask": "yes", "version": 1}
        assert (await planner.post("/plans/plans/second-factor", data=wish)).status_code == 403
        await sign_in(one)
        assert "/plans/plans/second-factor" in (await one.get("/plans/plans/edit")).text
        assert (await one.post("/plans/plans/second-factor", data=wish)).status_code == 303
        assert (await one.get("/plans/plans")).status_code == 303
        assert (await planner.get("/plans/plans/tasks")).status_code == 303
    plan = await Plan.get(made.plan.key)
    assert plan is not None
    assert (plan.asks_second_factor, plan.version) == (True, 2)


async def test_residents_are_not_asked_for_one(app: Frame, made: Made) -> None:
    plan = await Plan.get(made.plan.key)
    assert plan is not None
    await plan.publish([], by=COMMAND_LINE, based_on=plan.version)
    plan = await Plan.get(made.plan.key)
    assert plan is not None
    await plan.edit({"asks_second_factor": True}, by=COMMAND_LINE, based_on=plan.version)
    async with browser(app) as one:
        assert (await one.get(f"/plans/{plan.slug}")).status_code == 200


async def test_a_password_never_comes_back_in_a_page_whatever_happens_to_its_form(app: Frame) -> None:
    await make_anna()
    async with browser(app) as one:
        sent = {"email": "x", "password": PASSWORD, "current": PASSWORD, "again": PASSWORD + "x", "strange": "1"}
        for address in ("/sign-in", "/me/password", "/links/nothing", "/me/email", "/people"):
            answer = await one.post(address, data=sent)
            assert PASSWORD not in answer.text, address
        await sign_in(one)
        for address in ("/sign-in", "/me/password", "/me/email", "/me/second-factor", "/people"):
            answer = await one.post(address, data=sent)
            assert PASSWORD not in answer.text, address


async def test_what_is_kept_of_a_session_does_not_have_its_token(app: Frame) -> None:
    await make_anna()
    async with browser(app) as one:
        await sign_in(one)
        raw = await Session.get_motor_collection().find_one({})
        assert one.cookies["session"] not in str(raw)
