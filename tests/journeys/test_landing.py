"""Where each person lands after signing in, and the first thing they do from there. In English, as in the source."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from tests.browser import Server, opened, running_server, violations


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    """A server of this module's own: other journeys report on tasks that still wait here."""
    with running_server() as running:
        yield running


def test_the_head_of_a_unit_reports_from_the_list_on_a_phone(browser: Browser, server: Server) -> None:
    with opened(browser, server, role="reporter", width=390, language="en", has_touch=True) as page:
        page.goto("/")
        expect(page.get_by_role("heading", level=1)).to_have_text("My work")
        mine = page.locator("#my-tasks")
        waiting = mine.get_by_role("link", name=re.compile("^Report progress"))
        count = int(re.search(r"\d+", mine.locator(".list-count b").inner_text())[0])  # type: ignore[index]
        assert count == waiting.count() > 0
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
        waiting.first.tap()
        page.get_by_label("What was done").fill("Turpinām, kā plānots.")
        page.get_by_role("button", name="Save the report").tap()
        expect(page.get_by_role("heading", level=1)).to_have_text("My work")
        expect(page.locator("#notice")).to_contain_text("Reported: ")
        expect(mine.locator(".list-count")).to_contain_text("1 reported")
        expect(mine).to_contain_text("Reported this quarter")
        assert violations(page) == []


def test_a_planner_goes_from_a_count_to_exactly_those_tasks(browser: Browser, server: Server) -> None:
    with opened(browser, server, role="planner", language="en") as page:
        page.goto("/")
        matter = page.locator(".matters li", has_text="Overdue")
        count = matter.locator("b").inner_text()
        matter.get_by_role("link").click()
        page.wait_for_url("**/tasks?schedule=overdue")
        expect(page.locator("#action-plan tr[id^='task-']")).to_have_count(int(count))
        page.get_by_role("link", name="My work").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("My work")


@pytest.mark.parametrize("language", ["lv", "en"])
def test_a_council_member_sees_what_is_late_and_why(browser: Browser, server: Server, language: str) -> None:
    with opened(browser, server, role="council", language=language, width=320) as page:
        page.goto("/")
        late = page.locator(".task-lines > li").first
        expect(late.locator(".task-why")).not_to_be_empty()
        assert page.evaluate("document.documentElement.scrollWidth") <= 320
        assert violations(page) == []
        late.get_by_role("link").first.click()
        page.wait_for_url(re.compile(r"/tasks/[\d.]+$"))


def test_an_administrator_gives_a_role_and_takes_it_back(browser: Browser, server: Server) -> None:
    server.token("nobody")
    with opened(browser, server, language="en") as page:
        page.goto(server.plan("/members"))
        page.get_by_role("link", name="Add a person").first.click()
        page.get_by_label("Person", exact=True).fill("Nora Neviena")
        page.get_by_role("button", name="Give the role").click()
        expect(page.locator("#field-units-error")).to_contain_text("Choose at least one unit")
        page.get_by_role("checkbox", name="1 level down: Saimniecības nodaļa", exact=True).check()
        page.get_by_role("button", name="Give the role").click()
        expect(page.locator("#notice")).to_contain_text("Added: Nora Neviena")
        row = page.get_by_role("row", name=re.compile("^Nora Neviena"))
        expect(row).to_contain_text("Saimniecības nodaļa")
        row.get_by_role("link", name=re.compile("^Take away")).click()
        page.get_by_role("dialog").get_by_role("button", name="Take the role away").click()
        expect(page.locator("#notice")).to_contain_text("Deleted: Nora Neviena")
        expect(page.get_by_role("main")).not_to_contain_text("Nora Neviena")
        page.get_by_role("button", name="Undo").click()
        expect(page.get_by_role("row", name=re.compile("^Nora Neviena"))).to_be_visible()
