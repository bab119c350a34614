"""A review from its opening to its second edition, in a browser: planner, head of a unit, administrator."""

from __future__ import annotations

import re

from playwright.sync_api import Browser, Page, expect

from tests.browser import Server, opened, violations


def test_a_half_year_is_opened_returned_closed_with_a_decision_and_opened_again(
    browser: Browser, server: Server
) -> None:
    with opened(browser, server, language="en", role="planner") as page:
        page.goto(server.plan("/reviews"))
        page.get_by_role("link", name="Open a review").first.click()
        page.get_by_label("Period").select_option("2017H2")
        page.get_by_label("Note to the units").fill("Keep it short.")
        page.get_by_role("button", name="Open the review").click()
        expect(page.locator("#notice")).to_contain_text("Added: half-year 2 of 2017")
        expect(page.get_by_role("main")).to_contain_text("Keep it short.")
        desk = page.url
        assert violations(page) == []

        unit = server.said_by("tests.sending_in")
        page.goto(desk)
        expect(page.locator(".stat", has_text="Sent in")).to_contain_text("1 of")
        row = page.locator("#units tr", has_text=unit)
        expect(row).to_contain_text("Ilze Ozola")
        row.get_by_role("link", name=re.compile("^Return")).click()
        dialog = page.get_by_role("dialog")
        dialog.get_by_label("Remark").fill("Which contract is this?")
        dialog.get_by_role("button", name="Return").click()
        expect(row).to_contain_text("Which contract is this?")
        expect(row).to_contain_text("Returned")
        row.get_by_role("button", name=re.compile("^Remind")).click()
        expect(page.locator("#notice")).to_contain_text("Units reminded")
        expect(row).to_contain_text("today")

        page.get_by_role("link", name="Close the review").click()
        assert violations(page) == []
        page.get_by_label("Number of the decision").fill("388")
        page.get_by_label("Date of the decision").fill("2018-01-25")
        page.get_by_role("button", name="Close the review").click()
        expect(page.locator("#close-form")).to_contain_text("These units have not sent their parts")
        page.get_by_label("Close the review without them").check()
        page.get_by_role("button", name="Close the review").click()
        page.wait_for_url(desk)
        expect(page.get_by_role("main")).to_contain_text("388")
        expect(page.get_by_role("link", name="Open it again")).to_have_count(0)
    with opened(browser, server, language="en") as page:
        page.goto(desk)
        open_again(page)
        expect(page.get_by_role("main")).to_contain_text("A sum was wrong.")
        expect(page.get_by_role("link", name="Close the review")).to_be_visible()


def open_again(page: Page) -> None:
    """An administrator opens the closed review that the page shows."""
    page.get_by_role("link", name="Open it again").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Reason").fill("A sum was wrong.")
    dialog.get_by_role("button", name="Open it again").click()
    expect(page.locator("#notice")).to_contain_text("Opened again")
