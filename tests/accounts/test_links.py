"""What one-time links lead to: the first administrator, invitations, new passwords, new e-mail addresses."""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Awaitable, Callable, Iterator

import pytest

from stratplan.accounts import letters, one_time, passwords, proofs, sessions
from stratplan.accounts.models import Account, Membership, Profile, folded
from stratplan.accounts.one_time import OneTimeLink, Purpose
from stratplan.actors import COMMAND_LINE
from stratplan.documents import SITE
from stratplan.frame import Frame
from stratplan.permissions import Role
from stratplan.settings import Settings
from tests.accounts.acting import EMAIL, OTHER_PASSWORD, PASSWORD, browser, make_anna, sign_in, tags
from tests.accounts.test_sign_in import with_second_factor
from tests.letters import Letterbox, letterbox
from tests.listening import listening

CHOSEN = {"password": OTHER_PASSWORD, "again": OTHER_PASSWORD}


@pytest.fixture
def mailbox(app: Frame, settings: Settings) -> Iterator[Letterbox]:
    """The application sends letters here, over SMTP."""
    with letterbox() as box:
        named = {"smtp_host": "127.0.0.1", "smtp_port": box.port, "smtp_security": "none"}
        app.app.state.settings = settings.model_copy(  # type: ignore[union-attr,attr-defined]
            update={**named, "smtp_from": "plans@example.org"}
        )
        yield box


def link_in(box: Letterbox) -> str:
    """The path of the link in the last letter."""
    found = re.search(r"http://127\.0\.0\.1:8000(/links/[\w-]+)", box.letters[-1].get_content())
    assert found
    return found[1]


# ---- The first administrator


async def test_the_first_administrator_comes_in_by_the_printed_link(app: Frame) -> None:
    token = await proofs.first_link()
    assert token is not None
    form = {"name": "Anna Liepa", "email": EMAIL, **CHOSEN}
    async with browser(app) as one:
        page = await one.get(f"/links/{token}")
        assert page.status_code == 200
        assert page.headers["referrer-policy"] == "no-referrer"
        assert page.headers["cache-control"] == "no-store"
        answer = await one.post(f"/links/{token}", data=form)
        assert (answer.status_code, answer.headers["location"]) == (303, "/plans")
        assert (await one.get("/people")).status_code == 200
        used = await one.get(f"/links/{token}")
        assert used.status_code == 404
        assert "It has been used already" in used.text
        assert 'class="btn btn-primary" href="/work"' in used.text, "who is signed in is not asked to sign in"
        assert "/forgotten" not in used.text
        assert (await one.post(f"/links/{token}", data={**form, "email": "x@example.org"})).status_code == 404
    membership = await Membership.find_one({"scope": SITE, "deleted": False})
    assert membership is not None
    assert membership.role is Role.ADMIN
    assert await passwords.verify(membership.account, OTHER_PASSWORD)
    assert await tags() == ["account.created", "membership.created"]
    assert await proofs.first_link() is None, "there is one now"


async def test_a_link_for_the_first_administrator_that_is_printed_again_is_the_only_one(app: Frame) -> None:
    first, second = await proofs.first_link(), await proofs.first_link()
    assert first is not None
    assert second is not None
    assert await one_time.look(first, Purpose.FIRST) is None
    assert await one_time.look(second, Purpose.FIRST) is not None


async def test_what_is_wrong_in_the_form_leaves_the_link_good(app: Frame) -> None:
    token = await proofs.first_link()
    async with browser(app) as one:
        for wrong in (
            {"password": "short", "again": "short"},
            {"password": "password1234", "again": "password1234"},
            {"password": OTHER_PASSWORD, "again": PASSWORD},
            {"email": "not an address"},
            {"name": ""},
            {"password": "anna.liepa.anna", "again": "anna.liepa.anna"},
        ):
            answer = await one.post(f"/links/{token}", data={"name": "Anna Liepa", "email": EMAIL, **CHOSEN, **wrong})
            assert answer.status_code == 422, wrong
            assert 'value="Anna Liepa"' in answer.text or "name" in wrong
            assert OTHER_PASSWORD not in answer.text
        assert (await one.get(f"/links/{token}")).status_code == 200
    assert await Account.find_all().to_list() == []
    assert await tags() == []


# ---- Invitations and resets


async def test_an_invitation_is_accepted_with_a_name_and_a_password(app: Frame) -> None:
    account, token = await proofs.invite(name="Anna", email=EMAIL, role=Role.COUNCIL, by=COMMAND_LINE)
    async with browser(app) as one:
        assert EMAIL in (await one.get(f"/links/{token}")).text
        assert (await one.get(f"/links/{token}")).status_code == 200, "looking does not use it"
        answer = await one.post(f"/links/{token}", data={"name": "Anna Liepa", **CHOSEN})
        assert answer.status_code == 303
        assert "Anna Liepa" in (await one.get("/me")).text
    assert await passwords.verify(account.key, OTHER_PASSWORD)
    assert await tags() == ["account.created", "membership.created", "account.invitation_accepted"]
    assert "Anna" not in str(await OneTimeLink.find_all().to_list())


async def test_a_reset_ends_all_sessions_and_asks_for_the_second_factor_where_there_is_one(app: Frame) -> None:
    account = await make_anna()
    await with_second_factor(app, account)
    async with browser(app) as old, browser(app) as one:
        old.cookies.set("session", await sessions.begin(account.key), domain="127.0.0.1")
        assert (await old.get("/me")).status_code == 200
        token = await proofs.make_link(account.key, by=COMMAND_LINE)
        answer = await one.post(f"/links/{token}", data=CHOSEN)
        assert answer.headers["location"] == "/sign-in/code"
        assert (await one.get("/me")).status_code == 303
        assert (await old.get("/me")).status_code == 303
        assert (await one.get(f"/links/{token}")).status_code == 404
    assert await passwords.verify(account.key, OTHER_PASSWORD)
    assert (await tags())[-2:] == ["account.link_made", "account.password_changed"]


async def test_a_link_of_an_account_that_was_closed_meanwhile_lets_nobody_in(app: Frame) -> None:
    await make_anna(Role.ADMIN, email="admin@example.org")
    account = await make_anna()
    token = await proofs.make_link(account.key, by=COMMAND_LINE)
    account = await Account.get(account.key) or account
    await account.disable(by=COMMAND_LINE, based_on=account.version)
    async with browser(app) as one:
        assert (await one.post(f"/links/{token}", data=CHOSEN)).status_code == 404
        assert (await one.get("/me")).status_code == 303
    assert await passwords.verify(account.key, PASSWORD)


async def test_a_token_is_never_in_the_log(app: Frame, caplog: pytest.LogCaptureFixture) -> None:
    account = await make_anna()
    token = await proofs.make_link(account.key, by=COMMAND_LINE)
    with caplog.at_level(logging.DEBUG):
        async with browser(app) as one:
            await one.get(f"/links/{token}")
            await one.post(f"/links/{token}", data={"password": "short", "again": "short"})
            await one.post(f"/links/{token}", data=CHOSEN)
    said = [record.getMessage() for record in caplog.records if record.name.startswith("stratplan")]
    assert any("/links/..." in line for line in said)
    assert not any(token in line or OTHER_PASSWORD in line or EMAIL in line for line in said)


# ---- Forgotten passwords


async def test_who_forgot_the_password_gets_a_letter_and_others_learn_nothing(app: Frame, mailbox: Letterbox) -> None:
    account = await make_anna()
    async with browser(app) as one:
        answers = [await one.post("/forgotten", data={"email": email}) for email in (EMAIL, "nobody@example.org")]
        assert {(answer.status_code, answer.headers["location"], answer.text) for answer in answers} == {
            (303, "/forgotten/sent", "")
        }
        assert "on its way" in (await one.get("/forgotten/sent")).text
        await letters.all_sent()
        assert mailbox.recipients == [EMAIL]
        assert (await one.post(link_in(mailbox), data=CHOSEN)).status_code == 303
    assert await passwords.verify(account.key, OTHER_PASSWORD)


async def test_nothing_is_looked_for_before_the_answer(
    app: Frame, mailbox: Letterbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    await make_anna()
    later: list[Callable[[], Awaitable[None]]] = []
    monkeypatch.setattr(letters, "_later", later.append)
    async with browser(app) as one:
        with listening() as commands:
            for email in (EMAIL, "nobody@example.org"):
                assert (await one.post("/forgotten", data={"email": email})).status_code == 303
    assert [command for command in commands if "profiles" in command or "accounts" in command] == []
    assert len(later) == 2
    for work in later:
        await work()
    assert mailbox.recipients == [EMAIL]


async def test_letters_are_waited_for_when_the_server_stops_but_not_for_ever(caplog: pytest.LogCaptureFixture) -> None:
    done = []

    async def soon() -> None:
        await asyncio.sleep(0.05)
        done.append("soon")

    async def never() -> None:
        await asyncio.sleep(60)

    async def broken() -> None:
        raise LookupError("no such letter")

    for work in (soon, broken):
        letters._later(work)
    await letters.all_sent(within=5)
    assert done == ["soon"]
    assert "LookupError" in caplog.text
    letters._later(never)
    await letters.all_sent(within=0.05)
    assert not letters._under_way
    assert "given up" in caplog.text


async def test_an_invitation_is_sent_in_the_language_of_who_invites(
    app: Frame, mailbox: Letterbox, caplog: pytest.LogCaptureFixture
) -> None:
    await make_anna(Role.ADMIN)
    form = {"name": "Jānis Ozols", "email": "janis@example.org", "role": "", "plan": str(SITE)}
    async with browser(app) as one:
        await sign_in(one)
        answer = await one.post("/people", data=form)
        await letters.all_sent()
        assert "on its way to janis@example.org" in (await one.get(answer.headers["location"])).text
        assert str(mailbox.letters[-1]["Subject"]) == "You are invited to stratplan"
        assert (await one.get(link_in(mailbox))).status_code == 200
        mailbox.answers["RCPT"] = "550 no such person as olga@example.org"
        assert (await one.post("/people", data=form | {"email": "olga@example.org"})).status_code == 303
        await letters.all_sent()
    # The receiving server of this test writes addresses to the same log; what is asked is what the product wrote.
    written = [record.getMessage() for record in caplog.records if record.name.startswith("stratplan")]
    assert any("MailRefused" in line for line in written)
    assert not any("olga@example.org" in line for line in written)


async def test_nobodys_mailbox_is_flooded(app: Frame, mailbox: Letterbox) -> None:
    await make_anna()
    async with browser(app) as one:
        answers = [(await one.post("/forgotten", data={"email": EMAIL})).status_code for _ in range(8)]
        strangers = [(await one.post("/forgotten", data={"email": "no@example.org"})).status_code for _ in range(8)]
    await letters.all_sent()
    assert answers == strangers
    assert answers[-1] == 429
    assert len(mailbox.letters) == answers.count(303) <= 5


async def test_where_no_letters_are_sent_the_page_says_whom_to_ask(app: Frame) -> None:
    async with browser(app) as one:
        assert "Ask an administrator" in (await one.get("/forgotten")).text


# ---- E-mail addresses


async def test_a_new_address_counts_once_its_owner_has_opened_the_link(app: Frame, mailbox: Letterbox) -> None:
    account = await make_anna()
    async with browser(app) as one:
        await sign_in(one)
        wrong = await one.post("/me/email", data={"email": "liepa@example.org", "current": "not the password"})
        assert wrong.status_code == 422
        answer = await one.post("/me/email", data={"email": "Liepa@example.org", "current": PASSWORD})
        assert answer.headers["location"] == "/me"
        await letters.all_sent()
        assert mailbox.recipients == ["Liepa@example.org"]
        profile = await Profile.get(account.key)
        assert profile is not None
        assert profile.email == EMAIL
        assert "Liepa@example.org" in (await one.get(link_in(mailbox))).text
        assert (await one.post(link_in(mailbox))).headers["location"] == "/me"
    profile = await Profile.get(account.key)
    assert profile is not None
    assert (profile.email, profile.email_folded) == ("Liepa@example.org", folded("liepa@example.org"))
    assert (await tags())[-1] == "account.described"


async def test_an_address_that_somebody_else_has_is_told_to_its_owner_only(app: Frame, mailbox: Letterbox) -> None:
    await make_anna()
    await make_anna(email="taken@example.org")
    async with browser(app) as one:
        await sign_in(one)
        asked = [
            await one.post("/me/email", data={"email": email, "current": PASSWORD})
            for email in ("free@example.org", "taken@example.org")
        ]
        assert {answer.status_code for answer in asked} == {303}
        await letters.all_sent()
        assert (await one.post(link_in(mailbox))).status_code == 409
