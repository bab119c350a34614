"""Signing in through the provider, page by page: whose account it is, what is kept, and who is not let in."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from typing import Any, cast

import httpx
import pytest
from litestar import Litestar
from pydantic import SecretStr

from stratplan import database
from stratplan.accounts import sessions, totp
from stratplan.accounts.identities import Identity, account_of
from stratplan.accounts.models import Account, Membership, Profile, Session
from stratplan.accounts.openid import Claims
from stratplan.accounts.openid_failed import OpenIdFailed
from stratplan.accounts.openid_flows import KeptFlow
from stratplan.actors import COMMAND_LINE, PROVIDER
from stratplan.app import create_app
from stratplan.audit import AuditEntry
from stratplan.documents import SITE
from stratplan.frame import Frame
from stratplan.permissions import Role
from stratplan.settings import Settings
from tests.accounts.acting import code_of
from tests.conftest import reading
from tests.factories import TODAY_IN_PLAN, Made, make_account
from tests.openid_provider.running import (
    ANNA,
    BERTS,
    CLIENT_ID,
    CLIENT_SECRET,
    NO_EMAIL,
    Running,
    signed_in_at_provider,
)

Apps = Callable[..., Frame]


@pytest.fixture
def app_with(mongo_uri: str, settings: Settings, db: database.Database, provider: Running) -> Apps:
    """The application where the administrator has set the provider."""

    def make(**changed: Any) -> Frame:
        given = {
            "openid_client_id": CLIENT_ID,
            "openid_client_secret": SecretStr(CLIENT_SECRET),
            "openid_discovery": provider.address,
            "openid_name": "Pilsētas konts",
            **changed,
        }
        return create_app(settings.model_copy(update=given), mongo_uri, today=lambda: TODAY_IN_PLAN)

    return make


async def sign_in(browser: httpx.AsyncClient, login: str | None, *, to: str = "/plans") -> httpx.Response:
    """The last answer of a sign-in, from the link on; the browser keeps its cookies."""
    begun = await browser.get("/sign-in/openid", params={"next": to})
    assert begun.status_code == 303
    return await browser.get(await signed_in_at_provider(begun.headers["location"], login))


async def entries() -> list[tuple[str, str]]:
    """What the site's history tells, oldest first: deed and doer."""
    found = await AuditEntry.find({"scope": SITE}).sort("number").to_list()
    return [(entry.tag, entry.by) for entry in found]


async def test_a_person_with_an_account_is_found_by_verified_email_and_then_by_subject(
    app_with: Apps, made: Made
) -> None:
    account = await make_account(Role.PLANNER, email="Anna@Example.LV", name="Anna")
    before = await entries()
    app = app_with()
    async with reading(app, None) as browser:
        answer = await sign_in(browser, ANNA, to="/plans/plans/tasks?q=a")
        assert (answer.status_code, answer.headers["location"]) == (303, "/plans/plans/tasks?q=a")
        cookie = re.search(r"(?:^|, )session=([^;]+); ([^,]*(?:, [^,]*)?)", answer.headers["set-cookie"])
        assert cookie is not None
        assert {"httponly", "samesite=lax", "path=/"} <= {part.strip().lower() for part in cookie[2].split(";")}
        assert (await browser.get("/plans/plans/tasks")).status_code == 200
    session = await sessions.find(cookie[1])
    assert session is not None
    assert (session.account, session.name, session.strong, session.elsewhere) == (account.key, "Anna", False, True)
    identity = await Identity.find_one({"account": account.key})
    assert identity is not None
    assert identity.subject == ANNA
    assert await entries() == [*before, ("account.linked", PROVIDER.id)]
    assert await KeptFlow.count() == 0

    # The e-mail is only how they were found the first time.
    await account.describe(by=COMMAND_LINE, email="anna.cita@example.lv")
    before = await entries()
    async with reading(app, None) as browser:
        assert (await sign_in(browser, ANNA)).status_code == 303
    assert await entries() == before
    assert await Session.find({"account": account.key}).count() == 2


async def test_who_has_a_second_factor_is_asked_for_it(app_with: Apps) -> None:
    account = await make_account(Role.COUNCIL, email="anna@example.lv")
    app = app_with()
    key = cast("Litestar", app.app).state.secret_key()
    secret = await totp.begin(account.key, key=key)
    await totp.confirm(account.key, code_of(secret), key=key)
    async with reading(app, None) as browser:
        answer = await sign_in(browser, ANNA, to="/plans")
        assert answer.headers["location"] == "/sign-in/code?next=%2Fplans"
        assert not re.search(r"(?:^|, )session=\w", answer.headers["set-cookie"])
        assert (await browser.get("/me")).status_code == 303
    assert await Session.count() == 0


async def test_the_sign_in_page_shows_the_way_where_there_is_one(app_with: Apps, stranger: httpx.AsyncClient) -> None:
    async with reading(app_with(), None) as browser:
        for language, text in (("lv", "Pieslēgties ar Pilsētas konts"), ("en", "Sign in with Pilsētas konts")):
            browser.cookies.set("language", language)
            shown = (await browser.get("/sign-in", params={"next": "/plans/a?b=c&d"})).text
            assert text in shown
            assert 'href="/sign-in/openid?next=/plans/a%3Fb%3Dc%26d"' in shown
    assert "openid" not in (await stranger.get("/sign-in")).text


async def test_nothing_that_says_who_somebody_is_gets_into_the_history(app_with: Apps) -> None:
    async with reading(app_with(openid_role="council"), None) as browser:
        await sign_in(browser, ANNA)
    told = "".join([str(entry.model_dump()) for entry in await AuditEntry.find_all().to_list()])
    assert not [word for word in ("anna", "Anna", "example.lv", "127.0.0.1") if word in told]


async def test_a_person_without_an_account_is_let_in_only_where_a_role_is_chosen(app_with: Apps) -> None:
    async with reading(app_with(), None) as browser:
        answer = await sign_in(browser, ANNA)
        assert answer.status_code == 403
        assert "Jums šeit nav konta" in answer.text
        assert not re.search(r"(?:^|, )session=\w", answer.headers["set-cookie"])
    assert await Profile.count() == await Identity.count() == 0
    assert await entries() == []

    async with reading(app_with(openid_role="council"), None) as browser:
        assert (await sign_in(browser, ANNA)).status_code == 303
        assert "Anna Šķēle-Ģērmane" in (await browser.get("/plans")).text
    profile = await Profile.find_one()
    assert profile is not None
    assert (profile.name, profile.email) == ("Anna Šķēle-Ģērmane", "anna@example.lv")
    membership = await Membership.find_one()
    assert membership is not None
    assert (membership.account, membership.scope, membership.role) == (profile.id, SITE, Role.COUNCIL)
    assert await entries() == [("account.created", PROVIDER.id), ("membership.created", PROVIDER.id)]


@pytest.mark.parametrize("login", [BERTS, NO_EMAIL])
async def test_an_email_that_is_not_verified_opens_no_account_and_makes_none(app_with: Apps, login: str) -> None:
    await make_account(Role.ADMIN, email="berts@example.lv")
    async with reading(app_with(openid_role="council"), None) as browser:
        answer = await sign_in(browser, login)
    assert answer.status_code == 403
    assert "neapliecina" in answer.text
    assert await Identity.count() == await Session.count() == 0
    assert await Profile.count() == 1


async def test_a_disabled_account_is_refused_however_it_is_found(app_with: Apps) -> None:
    await make_account(Role.ADMIN)  # somebody must be left who administers
    account = await make_account(Role.COUNCIL, email="anna@example.lv")
    await account.disable(by=COMMAND_LINE, based_on=account.version)
    app = app_with(openid_role="council")
    for linked in (False, True):
        if linked:
            await _enable(account)
            async with reading(app, None) as browser:
                assert (await sign_in(browser, ANNA)).status_code == 303
            current = await Account.get(account.key)
            assert current is not None
            await current.disable(by=COMMAND_LINE, based_on=current.version)
        async with reading(app, None) as browser:
            answer = await sign_in(browser, ANNA)
        assert answer.status_code == 403
        assert "Ar šo kontu" in answer.text
        assert await Session.count() == 0


async def _enable(account: Account) -> None:
    current = await Account.get(account.key)
    assert current is not None
    await current.enable(by=COMMAND_LINE, based_on=current.version)


async def test_the_session_is_a_new_one_at_each_sign_in(app_with: Apps) -> None:
    other = await make_account(Role.COUNCIL)
    await make_account(Role.COUNCIL, email="anna@example.lv")
    async with reading(app_with(), None) as browser:
        browser.cookies.set("session", token := await sessions.begin(other.key))
        answer = await sign_in(browser, ANNA)
    assert token not in answer.headers["set-cookie"]
    assert await sessions.find(token) is None


async def test_the_answer_to_one_browser_signs_in_no_other_and_nobody_twice(app_with: Apps) -> None:
    await make_account(Role.COUNCIL, email="anna@example.lv")
    app = app_with()
    async with reading(app, None) as browser, reading(app, None) as other:
        begun = await browser.get("/sign-in/openid")
        assert "; httponly; max-age=900; path=/; samesite=lax" in begun.headers["set-cookie"].lower()
        back = await signed_in_at_provider(begun.headers["location"], ANNA)
        await other.get("/sign-in/openid")
        for caught in (other, browser, browser):
            answer = await caught.get(back)
            if caught is browser and answer.status_code == 303:
                continue
            assert answer.status_code == 400
            assert "Sāciet no jauna" in answer.text
            assert not re.search(r"(?:^|, )session=\w", answer.headers["set-cookie"])
            assert back.params["code"] not in answer.text  # not in a form that comes back here either
            assert "no-store" in answer.headers["cache-control"]
    assert await Session.count() == 1


async def test_a_person_who_cancels_is_led_back_in_their_language(app_with: Apps) -> None:
    app = app_with()
    for language, title in (("lv", "Pieslēgšanās nenotika"), ("en", "You are not signed in")):
        async with reading(app, None) as browser:
            browser.cookies.set("language", language)
            answer = await sign_in(browser, None, to="/plans/a?b=c")
            assert answer.status_code == 403
            assert title in answer.text
            assert 'href="/sign-in/openid?next=%2Fplans%2Fa%3Fb%3Dc"' in answer.text


@pytest.mark.parametrize("to", ["https://evil.example/", "//evil.example", "/\\evil.example", "/a\r\nset-cookie: a=b"])
async def test_nobody_is_led_to_another_site(app_with: Apps, to: str) -> None:
    await make_account(Role.COUNCIL, email="anna@example.lv")
    async with reading(app_with(), None) as browser:
        assert (await sign_in(browser, ANNA, to=to)).headers["location"] == "/"


async def test_another_site_signs_nobody_in_by_a_link(app_with: Apps) -> None:
    async with reading(app_with(), None) as browser:
        for site in ("cross-site", "same-site"):
            answer = await browser.get("/sign-in/openid?next=/plans", headers={"sec-fetch-site": site})
            assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in?next=%2Fplans")
            assert "set-cookie" not in answer.headers
        pressed = await browser.get("/sign-in/openid?next=/plans", headers={"sec-fetch-site": "same-origin"})
        assert "code_challenge=" in pressed.headers["location"]


async def test_a_provider_that_is_down_is_said_to_be_and_the_log_says_why(
    app_with: Apps, caplog: pytest.LogCaptureFixture
) -> None:
    async with reading(app_with(openid_discovery="http://127.0.0.1:9"), None) as browser:
        answer = await browser.get("/sign-in/openid")
    assert answer.status_code == 503
    assert "neatbild" in answer.text
    assert '"reason": "discovery: ConnectError"' in caplog.text


async def test_without_a_provider_there_is_no_way_to_one(stranger: httpx.AsyncClient) -> None:
    for address in ("/sign-in/openid", "/sign-in/openid/callback?code=a&state=b"):
        assert (await stranger.get(address)).status_code == 404


async def test_behind_tls_the_cookies_are_this_hosts_alone(app_with: Apps, settings: Settings) -> None:
    app = app_with(address="https://plans.example.lv")
    transport = httpx.ASGITransport(app=app)  # type: ignore[arg-type]
    async with httpx.AsyncClient(transport=transport, base_url="https://plans.example.lv") as browser:
        begun = await browser.get("/sign-in/openid")
    assert begun.headers["set-cookie"].startswith("__Host-openid=")
    assert "; secure" in begun.headers["set-cookie"].lower()
    assert httpx.URL(begun.headers["location"]).params["redirect_uri"] == (
        "https://plans.example.lv/sign-in/openid/callback"
    )


# --- whose account it is


def claims(subject: str = "1", email: str = "anna@example.lv", **changed: Any) -> Claims:
    return Claims(
        **{
            "issuer": "https://login.example",
            "subject": subject,
            "email": email,
            "email_verified": True,
            "name": "Anna",
            **changed,
        }
    )


async def refused(told: Claims, role: Role | None = Role.COUNCIL) -> str:
    with pytest.raises(OpenIdFailed) as failure:
        await account_of(told, role=role)
    assert failure.value.status == 403
    return failure.value.reason


async def test_who_takes_over_an_address_does_not_take_over_the_account(db: database.Database) -> None:
    account = await make_account(Role.ADMIN, email="anna@example.lv")
    assert await account_of(claims("1"), role=None) == account.key
    assert "linked to another subject" in await refused(claims("2"))
    assert await account_of(claims("2", issuer="https://other.example"), role=None) == account.key


async def test_an_address_that_only_looks_the_same_is_another(db: database.Database) -> None:
    await make_account(Role.ADMIN, email="karlis@example.lv")
    assert "of a similar address" in await refused(claims(email="\u212aarlis@example.lv"))
    assert await Identity.count() == 0


async def test_a_forgotten_person_is_known_no_more(db: database.Database) -> None:
    await make_account(Role.ADMIN)  # somebody must be left who administers
    key = await account_of(claims(), role=Role.COUNCIL)
    account = await Account.get(key)
    assert account is not None
    await account.erase(by=COMMAND_LINE)
    assert await Identity.count() == 0
    assert await account_of(claims(), role=Role.COUNCIL) != key


async def test_two_tabs_of_a_new_person_make_one_account(db: database.Database) -> None:
    found = await asyncio.gather(*(account_of(claims(), role=Role.COUNCIL) for _ in range(5)))
    assert len(set(found)) == 1
    assert await Profile.count() == await Identity.count() == 1


async def test_a_person_without_a_name_is_called_by_their_address(db: database.Database) -> None:
    profile = await Profile.get(await account_of(claims(name=""), role=Role.REPORTER))
    assert profile is not None
    assert profile.name == "anna"
