"""A plan is published, read on a phone, shown in another site's frame, and withdrawn."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser import SLUG, Server, opened, violations

SHORT = f"/p/{SLUG}"


@pytest.fixture
def planner(browser: Browser, server: Server) -> Iterator[Page]:
    """The tab of a planning specialist; what residents see is put back afterwards."""
    with opened(browser, server, role="planner", language="en") as page:
        page.goto(server.plan("/publish"))
        yield page
        page.goto(server.plan("/publish"))
        if page.get_by_role("button", name="Publish…").count():
            publish(page, "Investment plan and money")


def publish(page: Page, *parts: str) -> None:
    for part in ("What units wrote in their reports", "Investment plan and money", "SWOT analysis", "Chapters"):
        box = page.get_by_role("checkbox", name=re.compile(part))
        if box.is_checked() != any(one in part for one in parts):
            page.locator("label", has_text=part).click()
    page.get_by_role("button", name="Publish…").click()
    expect(page.get_by_role("main")).to_contain_text("without signing in")
    page.get_by_role("button", name="Publish the plan").click()
    expect(page.locator("#notice")).to_contain_text("Published:")


def withdraw(page: Page) -> None:
    page.get_by_role("link", name="Withdraw…").click()
    page.get_by_role("dialog").get_by_role("button", name="Withdraw the plan").click()
    expect(page.locator("#notice")).to_contain_text("Withdrawn:")


def test_a_planner_publishes_a_resident_reads_on_a_phone_and_a_withdrawal_holds_at_once(
    browser: Browser, server: Server, planner: Page
) -> None:
    withdraw(planner)
    with opened(browser, server, role=None, width=390, java_script_enabled=False) as phone:
        answer = phone.goto(SHORT)
        assert answer is not None
        assert answer.status == 404
        publish(planner, "Investment plan and money")

        phone.goto(f"{SHORT}?as_of=2016-09-30")
        expect(phone.get_by_role("heading", level=1)).to_contain_text("attīstības stratēģija")
        expect(phone.get_by_role("main")).to_contain_text("Plāns ir izpildīts par 54")
        phone.get_by_role("link", name="2 uzdevumi kavējas").click()
        phone.get_by_role("link", name=re.compile("kvalitātes vadības sistēmu")).click()
        expect(phone.get_by_role("main")).to_contain_text("Atbildīgais izpildītājs")
        expect(phone.get_by_role("heading", name="Kas ir paveikts?")).to_have_count(0)
        phone.get_by_role("link", name="Kā to aprēķina?").click()
        expect(phone.get_by_role("heading", level=1)).to_contain_text("2.9")
        phone.get_by_role("link", name="Nauda", exact=True).click()
        expect(phone.get_by_role("main")).to_contain_text("ERAF")
        phone.get_by_role("link", name="Uzdevumi", exact=True).click()
        phone.get_by_label("Meklēt").fill("taksometr")
        phone.get_by_role("button", name="Rādīt").first.click()
        expect(phone.get_by_role("main")).to_contain_text("1 no 18")
        phone.get_by_role("link", name="English").click()
        expect(phone.get_by_role("main")).to_contain_text("1 of 18")
        assert phone.evaluate("document.documentElement.scrollWidth") <= 390
        here = phone.url

        planner.goto(server.plan("/publish"))
        withdraw(planner)
        answer = phone.goto(here)
        assert answer is not None
        assert answer.status == 404
        planner.locator("#notice").get_by_role("button", name="Undo").click()
        expect(planner.locator("#notice")).to_contain_text("Undone:")
        answer = phone.goto(here)
        assert answer is not None
        assert answer.status == 200


@contextmanager
def other_site(framed: str) -> Iterator[int]:
    """A page of another site with the card in a frame; gives its port. It has two names: 127.0.0.1 and localhost."""

    class Site(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = (
                f"<!doctype html><title>Pilsēta</title><iframe src='{framed}' width=300 height=460></iframe>".encode()
            )
            self.send_response(200)
            self.send_header("content-type", "text/html; charset=utf-8")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Says nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Site)) as site:
        threading.Thread(target=site.serve_forever, daemon=True).start()
        yield site.server_address[1]
        site.shutdown()


def test_another_sites_frame_shows_the_card_only_where_it_is_listed(
    browser: Browser, server: Server, planner: Page
) -> None:
    with other_site(f"{server.address}{SHORT}/widget?lang=en") as port:
        planner.get_by_label("Sites that may show the card").fill(f"127.0.0.1:{port}")
        planner.get_by_role("button", name="Save", exact=True).click()
        expect(planner.frame_locator(".widget-preview").get_by_role("heading")).to_contain_text("stratēģija")
        context = browser.new_context()
        page = context.new_page()
        page.goto(f"http://127.0.0.1:{port}/")
        card = page.frame_locator("iframe")
        expect(card.get_by_role("link", name="Read the plan")).to_be_visible()
        expect(card.get_by_role("progressbar").first).to_be_visible()
        refused: list[str] = []
        page.on("console", lambda message: refused.append(message.text))
        page.goto(f"http://localhost:{port}/")
        page.wait_for_timeout(500)
        expect(card.get_by_role("link", name="Read the plan")).to_have_count(0)
        assert any("frame-ancestors" in text for text in refused), refused
        context.close()
        planner.get_by_label("Sites that may show the card").fill("")
        planner.get_by_role("button", name="Save", exact=True).click()


def test_the_card_fits_a_small_frame_and_is_accessible_in_both_colours(browser: Browser, server: Server) -> None:
    for dark in (False, True):
        with opened(browser, server, role=None, width=220, dark=dark) as page:
            page.goto(f"{SHORT}/widget")
            assert page.evaluate("document.documentElement.scrollWidth") <= 220
            assert violations(page) == []
