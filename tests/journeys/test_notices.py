"""A planner changes a task, its unit's head is told: with real processes, as both see it in their browsers."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser import Server, opened, violations
from tests.browser import _environment as environment
from tests.journeys.test_live import listening

NUMBER = "1.1"


@pytest.fixture(scope="module")
def head(server: Server) -> str:
    """The token of a session of the head of the unit that leads the task."""
    made = subprocess.run(
        [sys.executable, "-m", "tests.notices.heading", server.data, NUMBER],
        check=True,
        capture_output=True,
        text=True,
        env=environment(server.data),
    )
    return made.stdout.strip()


def change(browser: Browser, server: Server, title: str) -> None:
    """A planner renames the task."""
    with opened(browser, server, role="planner", language="en") as planner:
        planner.goto(server.plan(f"/tasks/{NUMBER}/edit"))
        planner.get_by_label("Title").fill(title)
        planner.get_by_role("button", name="Save").click()
        expect(planner.get_by_role("heading", level=1)).to_contain_text(title)


def signed_in(page: Page, server: Server, token: str) -> None:
    page.context.add_cookies([{"name": "session", "value": token, "url": server.address}])


def told(page: Page, title: str) -> None:
    """Wait until the notice is there: it is found within seconds."""
    for _ in range(20):
        page.goto("/me/notices")
        if page.get_by_role("link", name=re.compile(title)).count():
            return
        page.wait_for_timeout(1000)
    raise AssertionError(f"nobody was told of {title}")


def test_a_head_of_a_unit_is_told_reads_it_and_chooses_not_to_be_told(
    browser: Browser, server: Server, head: str
) -> None:
    with opened(browser, server, role=None, language="en") as page:
        signed_in(page, server, head)
        page.goto(server.plan("/terms"))
        listening(page)
        expect(page.locator("#notices-count")).to_be_empty()
        change(browser, server, "Pārdēvēts uzdevums")
        page.bring_to_front()
        expect(page.locator("#notices-count")).to_have_text(re.compile("1"), timeout=20_000)  # without a reload
        told(page, "Pārdēvēts uzdevums")
        expect(page.locator("main")).to_contain_text("changed this task.")
        page.goto(server.plan())
        expect(page.locator("#notices-count")).to_have_text(re.compile("1"))
        assert violations(page) == []
        page.get_by_role("link", name="Notices").click()
        assert violations(page) == []
        page.get_by_role("button", name=re.compile("^Mark as read: 1.1")).click()
        expect(page.locator("main")).to_contain_text("You have read them all.")
        expect(page.locator("#notices-count")).to_be_empty()
        page.get_by_role("link", name=re.compile("Pārdēvēts uzdevums")).click()
        expect(page.get_by_role("heading", level=1)).to_contain_text("Pārdēvēts uzdevums")

        page.goto("/me/notices/settings")
        page.get_by_role("group", name="Task changed").get_by_label("Not at all").check()
        page.get_by_role("button", name="Save").click()
        expect(page.get_by_role("status").filter(has_text="Saved.")).to_be_visible()
        assert violations(page) == []


def test_a_calendar_address_is_made_shown_once_and_withdrawn_without_javascript(
    browser: Browser, server: Server, head: str
) -> None:
    with opened(browser, server, role=None, language="en", java_script_enabled=False) as page:
        signed_in(page, server, head)
        page.goto("/me/notices")
        page.get_by_role("link", name="In my calendar").click()
        page.get_by_role("button", name="Make an address").click()
        address = page.get_by_label("Secret address").input_value()
        feed = page.request.get(address)
        assert feed.status == 200
        assert feed.text().startswith("BEGIN:VCALENDAR")
        page.reload()
        expect(page.get_by_label("Secret address")).to_have_count(0)
        page.get_by_role("button", name="Withdraw the address").click()
        assert page.request.get(address).status == 404
