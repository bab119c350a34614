"""Signing in as people meet it: the printed link, an invitation on a phone, the second step, a lost password."""

from __future__ import annotations

import os
import re
import subprocess
import sys

import pytest
from playwright.sync_api import Browser, Page

from tests.accounts.acting import code_of
from tests.browser import Server, opened, violations

PASSWORD = "zirgs spied melnu jumtu"
NEW_PASSWORD = "vilks ēd zaļas vīnogas"


def command(server: Server, *words: str) -> str:
    """What `stratplan user …` prints, beside the running server."""
    env = {**os.environ, "STRATPLAN_DATA_DIR": server.data, "STRATPLAN_LANGUAGE": "en"}
    env.pop("STRATPLAN_MONGODB_URI", None)
    return subprocess.run(
        [sys.executable, "-m", "stratplan.cli", "user", *words], check=True, capture_output=True, text=True, env=env
    ).stdout.strip()


def path_of(link: str) -> str:
    """The path of a printed link."""
    found = re.search(r"/links/[\w-]+", link)
    assert found, link
    return found[0]


def choose_password(page: Page, password: str) -> None:
    page.fill("#field-password", password)
    page.fill("#field-again", password)
    page.click("main form button[type=submit].btn-primary")


def sign_in(page: Page, email: str, password: str) -> None:
    page.goto("/sign-in")
    page.fill("#field-email", email)
    page.fill("#field-password", password)
    page.click("main form button[type=submit]")


def test_the_first_administrator_comes_in_by_the_printed_link_and_invites_somebody(
    browser: Browser, server: Server
) -> None:
    assert server.link, "the server prints a link while nobody administers it"
    with opened(browser, server, role=None, language="en") as page:
        page.goto(path_of(server.link))
        assert violations(page) == []
        page.fill("#field-name", "Zane Kalniņa")
        page.fill("#field-email", "zane@example.org")
        page.fill("#field-password", PASSWORD)
        page.click("#field-password ~ [data-show-password]")
        assert page.get_attribute("#field-password", "type") == "text"
        choose_password(page, PASSWORD)
        page.wait_for_url("**/plans")
        page.click("a[href='/people']")
        page.click("a[href='/people/new']")
        assert violations(page) == []
        page.fill("#field-name", "Jānis Ozols")
        page.fill("#field-email", "janis@example.org")
        page.get_by_label("Council member").check()
        page.click("main form button[type=submit].btn-primary")
        link = page.input_value("#the-link")
        assert violations(page) == []
        page.reload()
        assert page.locator("#the-link").count() == 0, "shown once"
    with opened(browser, server, role=None, width=390, dark=True) as phone:
        phone.goto(path_of(link))
        assert violations(phone) == []
        assert phone.evaluate("document.documentElement.scrollWidth") == 390
        choose_password(phone, NEW_PASSWORD)
        phone.wait_for_url("**/work")
        phone.goto(server.plan())
        assert phone.locator("h1").count() == 1
        phone.goto("/people")
        assert "404" in phone.inner_text("main")


@pytest.mark.parametrize("script", [True, False], ids=["script", "no script"])
def test_the_second_step_is_set_up_and_asked_for(browser: Browser, server: Server, script: bool) -> None:
    email = f"anna{script}@example.org".lower()
    link = command(server, "add", email, "--name", "Anna Liepa", "--role", "planner")
    with opened(browser, server, role=None, language="en", java_script_enabled=script) as page:
        page.goto(path_of(link))
        choose_password(page, PASSWORD)
        page.goto("/me/second-factor")
        page.fill("#field-current", PASSWORD)
        page.click("button[value=begin]")
        secret = page.inner_text(".secret").replace(" ", "")
        assert page.locator("svg.qr path").count() == 1
        if script:
            assert violations(page) == []
        page.fill("#field-code", code_of(secret))
        page.click("main form button[type=submit]")
        codes = page.locator("#recovery-codes li").all_inner_texts()
        assert len(codes) == 10
        if script:
            assert violations(page) == []
        page.goto("/me")
        page.click("main form[action='/sign-out'] button")
        sign_in(page, email, PASSWORD)
        assert "/sign-in/code" in page.url
        page.click("a[href*='recovery=1']")
        page.fill("#field-code", codes[0])
        page.click("main form button[type=submit]")
        page.wait_for_url("**/work")


def test_a_lost_password_is_chosen_anew_by_a_link_that_is_good_once(browser: Browser, server: Server) -> None:
    command(server, "add", "ilze@example.org", "--name", "Ilze Kalna", "--role", "planner")
    link = path_of(command(server, "reset", "ilze@example.org"))
    with opened(browser, server, role=None) as page:
        page.goto(link)
        page.fill("#field-name", "Ilze Kalna")
        choose_password(page, "short")
        assert page.locator("[data-error-summary]").count() == 1
        assert violations(page) == []
        choose_password(page, NEW_PASSWORD)
        page.wait_for_url("**/work")
        page.goto(link)
        assert "vairs neder" in page.inner_text("h1")
    with opened(browser, server, role=None) as page:
        sign_in(page, "ilze@example.org", "not the password")
        assert "nav pareiza" in page.inner_text("[data-error-summary]")
        sign_in(page, "ilze@example.org", NEW_PASSWORD)
        page.wait_for_url("**/work")
