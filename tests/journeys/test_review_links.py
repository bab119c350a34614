"""A head of a unit reports in a review on a phone, through the link in a reminder, within a minute; with scripts and
without."""

from __future__ import annotations

import re
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser import Server, opened, running_server, violations
from tests.browser import _environment as environment
from tests.evidence.files import PDF


@dataclass(frozen=True)
class Linked:
    """A server with a review that is open, the head's link to their unit's part, and a session of theirs."""

    server: Server
    link: str
    token: str


@pytest.fixture
def linked() -> Iterator[Linked]:
    """A server of its own: what is sent here would stand in the other journeys' figures."""
    with running_server() as server:
        made = subprocess.run(
            [sys.executable, "-m", "tests.reviews.linking", server.data],
            check=True,
            capture_output=True,
            text=True,
            env=environment(server.data),
        )
        link, token = made.stdout.split()
        yield Linked(server, link, token)


def test_a_head_reports_by_the_link_on_a_phone_in_under_a_minute(browser: Browser, linked: Linked) -> None:
    with opened(browser, linked.server, role=None, width=390, language="en", has_touch=True) as page:
        began = time.monotonic()
        page.goto(linked.link)
        expect(page.get_by_role("main")).to_contain_text("You report as Ilze Kalēja for Ķekavas nodaļa.")
        first, second = page.locator(".review-card").nth(0), page.locator(".review-card").nth(1)
        expect(page.locator("#review-progress")).to_contain_text("0 of 2 tasks done")
        first.get_by_label("No change").check()
        expect(page.locator("#review-progress")).to_contain_text("1 of 2 tasks done")
        expect(first.get_by_label("What was done")).to_be_hidden()
        second.get_by_label("What was done").fill("Uzbrauktuve ir gatava.")
        spent = second.get_by_label("Spent")
        spent.fill("12 345 678,90")
        assert spent.evaluate("field => field.scrollWidth <= field.clientWidth")  # the whole sum is seen
        spent.fill("")
        second.get_by_label("What comes next").fill("To pieņems ekspluatācijā.")
        expect(page.locator("#review-progress")).to_contain_text("2 of 2 tasks done")
        expect(second.locator(".review-card-kept")).to_contain_text("Saved")
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
        assert violations(page) == []
        page.get_by_role("button", name="Send").tap()
        expect(page.get_by_role("main")).to_contain_text("Sent on")
        assert time.monotonic() - began < 60
        expect(page.get_by_role("main")).to_contain_text("Uzbrauktuve ir gatava.")
        assert violations(page) == []
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
        page.get_by_role("link", name="Correct and send again").tap()
        expect(page.locator("#review-progress")).to_contain_text("2 of 2 tasks done")


def test_what_is_typed_is_there_on_another_device_and_the_later_of_two_is_told(
    browser: Browser, linked: Linked
) -> None:
    with (
        opened(browser, linked.server, role=None, width=390, language="en") as phone,
        opened(browser, linked.server, role=None, language="en") as desk,
    ):
        desk.context.add_cookies([{"name": "session", "value": linked.token, "url": linked.server.address}])
        phone.goto(linked.link)
        desk.goto("/work")
        desk.locator("#my-reviews").get_by_role("link").click()
        phone.locator(".review-card").first.get_by_label("What was done").fill("No tālruņa.")
        expect(phone.locator(".review-card-kept").first).to_contain_text("Saved")
        mine = desk.locator(".review-card").first
        mine.get_by_label("What was done").fill("No galda.")
        expect(mine.get_by_role("alert")).to_contain_text("Ilze Kalēja saved this task at")
        expect(mine.get_by_role("alert")).to_contain_text("No tālruņa.")
        expect(mine.get_by_label("What was done")).to_have_value("No galda.")
        assert violations(desk) == []
        mine.get_by_role("button", name="Keep what I typed").click()
        expect(desk.locator(".review-card").first.get_by_label("What was done")).to_have_value("No galda.")
        expect(desk.locator(".review-card").first.get_by_role("alert")).to_have_count(0)
        phone.reload()
        expect(phone.locator(".review-card").first.get_by_label("What was done")).to_have_value("No galda.")
        desk.get_by_role("button", name="Send").click()
        expect(desk.locator(".error-summary")).to_be_visible()
        desk.locator(".error-summary a").first.click()
        expect(desk.locator("textarea[aria-invalid]").first).to_be_focused()
        assert violations(desk) == []
        desk.locator(".review-card").nth(1).get_by_label("No change").check()
        desk.get_by_role("button", name="Send").click()
        expect(desk.locator("#notice")).to_contain_text("Sent in:")
        desk.get_by_role("button", name="Undo").click()
        expect(desk.locator(".review-card").first.get_by_label("What was done")).to_have_value("No galda.")


def test_files_are_added_from_a_card_on_which_something_is_typed(browser: Browser, linked: Linked) -> None:
    file = {"name": "akts.pdf", "mimeType": "application/pdf", "buffer": PDF}
    with opened(browser, linked.server, role=None, language="en") as page:
        page.context.add_cookies([{"name": "session", "value": linked.token, "url": linked.server.address}])
        page.goto("/work")
        page.locator("#my-reviews").get_by_role("link").click()
        cards = page.locator(".review-card")
        cards.nth(1).get_by_label("What was done").fill("Akts ir parakstīts.")
        cards.nth(1).get_by_role("link", name="Evidence: 0 files").click()
        dialog = page.get_by_role("dialog")
        dialog.get_by_text("Add files").click()
        dialog.get_by_label("Files").set_input_files(file)
        dialog.get_by_role("button", name="Add the files").click()
        expect(dialog).to_contain_text("akts.pdf")
        assert violations(page) == []
        dialog.get_by_role("button", name="Close").click()
        expect(cards.nth(1).get_by_role("link", name="Evidence: 1 file")).to_be_visible()
        expect(cards.nth(0).get_by_role("link", name="Evidence: 0 files")).to_be_visible()
        expect(cards.nth(1).get_by_label("What was done")).to_have_value("Akts ir parakstīts.")
        expect(cards.nth(1).locator(".review-card-kept")).to_contain_text("Saved")
        address = page.url
    with opened(browser, linked.server, role=None, language="en", java_script_enabled=False) as page:
        page.context.add_cookies([{"name": "session", "value": linked.token, "url": linked.server.address}])
        page.goto(address)
        expect(page.locator(".review-card").nth(1).get_by_label("What was done")).to_have_value("Akts ir parakstīts.")
        page.get_by_role("link", name="Evidence: 0 files").click()
        page.get_by_text("Add files").click()
        page.get_by_label("Files").set_input_files(file)
        page.get_by_role("button", name="Add the files").click()
        page.wait_for_url(address)
        expect(page.get_by_role("link", name="Evidence: 1 file")).to_have_count(2)


def test_what_is_typed_without_a_connection_is_kept_when_there_is_one(browser: Browser, linked: Linked) -> None:
    with opened(browser, linked.server, role=None, width=390, language="en", is_cut_off=True) as page:
        page.goto(linked.link)
        first, second = page.locator(".review-card").nth(0), page.locator(".review-card").nth(1)
        page.context.set_offline(True)
        first.get_by_label("What was done").fill("Bez tīkla.")
        expect(page.locator("#alert")).to_contain_text("No connection.")
        assert warns(page)
        page.context.set_offline(False)
        expect(first.locator(".review-card-kept")).to_contain_text("Saved")
        assert not warns(page)

        # Of one card nothing arrives, without the browser noticing; of another it does.
        page.route("**/drafts", lambda route: route.abort() if "tasks-0-task" in route.request.post_data else None)
        first.get_by_label("What was done").fill("Vēl bez tīkla.")
        expect(page.locator("#alert")).to_contain_text("No connection.")
        page.unroute("**/drafts")
        page.route("**/drafts", lambda route: route.continue_(), times=1)
        second.get_by_label("What was done").fill("Ar tīklu.")
        expect(second.locator(".review-card-kept")).to_contain_text("Saved")
        expect(first.locator(".review-card-kept")).to_contain_text("Saved")
        page.reload()
        expect(first.get_by_label("What was done")).to_have_value("Vēl bez tīkla.")
        expect(second.get_by_label("What was done")).to_have_value("Ar tīklu.")


def warns(page: Page) -> bool:
    """Whether the browser would ask before the page is left."""
    return bool(
        page.evaluate(
            "() => { const leaving = new Event('beforeunload', {cancelable: true});"
            " return !window.dispatchEvent(leaving); }"
        )
    )


def test_a_link_that_is_revoked_while_somebody_types_says_so_and_gives_the_text_back(
    browser: Browser, linked: Linked
) -> None:
    with (
        opened(browser, linked.server, role=None, width=390, language="en") as page,
        opened(browser, linked.server, role="planner", language="en") as desk,
    ):
        page.goto(linked.link)
        card = page.locator(".review-card").first
        desk.goto(linked.server.plan("/reviews/2017"))
        desk.get_by_role("button", name=re.compile("^Revoke the link of Ilze")).click()
        expect(desk.locator("#notice")).to_contain_text("revoked")
        card.get_by_label("What was done").fill("Mikroautobuss ir klāt.")
        expect(card.get_by_role("alert")).to_contain_text("Not saved: This link is good no more.")
        expect(card.get_by_label("What was done")).to_have_value("Mikroautobuss ir klāt.")
        assert warns(page)
        assert violations(page) == []
        card.get_by_label("What was done").fill("Mikroautobuss ir klāt un reģistrēts.")
        expect(card.get_by_role("alert")).to_have_count(1)
        page.get_by_role("button", name="Send").click()
        expect(page.get_by_role("main")).to_contain_text("What you typed")
        expect(page.get_by_role("main")).to_contain_text("Mikroautobuss ir klāt un reģistrēts.")
        assert violations(page) == []


def test_everything_of_it_works_without_scripts(browser: Browser, linked: Linked) -> None:
    with opened(
        browser, linked.server, role=None, width=390, language="en", has_touch=True, java_script_enabled=False
    ) as page:
        page.goto(linked.link)
        first, second = page.locator(".review-card").nth(0), page.locator(".review-card").nth(1)
        first.get_by_label("No change").check()
        page.get_by_role("button", name="Save").filter(visible=True).tap()
        expect(page.locator("#review-progress")).to_contain_text("1 of 2 tasks done · saved")
        page.get_by_role("button", name="Send").tap()
        expect(page.locator(".error-summary")).to_contain_text("What was done")
        second.get_by_label("What was done").fill("Uzbrauktuve ir gatava.")
        second.get_by_label("Spent").fill("1 200,50")
        page.get_by_role("button", name="Send").tap()
        expect(page.get_by_role("main")).to_contain_text("Sent on")
        expect(page.get_by_role("main")).to_contain_text("Uzbrauktuve ir gatava.")
        expect(page.get_by_role("cell", name="1,200.50")).to_contain_text("before: —")
        page.get_by_role("link", name="Correct and send again").tap()
        expect(second.get_by_label("Spent")).to_have_value(re.compile(r"1.200[.,]50"))
