"""A council member before a sitting: what has changed, what the quarter said, the document to take along."""

from __future__ import annotations

import re

from playwright.sync_api import Browser, expect

from tests.browser import Server, opened, violations


def test_a_council_member_compares_two_quarters_reads_one_and_takes_its_report_along(
    browser: Browser, server: Server
) -> None:
    with opened(browser, server, language="en", role="council") as page:
        page.goto(server.plan("/reviews"))
        page.get_by_role("link", name="since the last", exact=False).first.click()
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        page.goto(server.plan("/reviews/compare"))
        page.get_by_label("Compare from").select_option("2016Q2")
        page.get_by_label("Compare to").select_option("2016Q3")
        if page.get_by_role("button", name="Show").is_visible():
            page.get_by_role("button", name="Show").press("Enter")
        expect(page.get_by_role("main")).to_contain_text("from 48% to 54%")
        assert violations(page) == []

        page.goto(server.plan("/reviews/2016Q3"))
        expect(page.get_by_role("heading", level=1)).to_have_text("Q3 2016")
        for kind, begins in (("PDF", b"%PDF"), ("DOCX", b"PK"), ("XLSX", b"PK")):
            row = page.locator(".documents > li", has=page.get_by_text(kind, exact=True))
            with page.expect_download() as download:
                row.get_by_role("link", name=re.compile("English")).press("Enter")
            assert download.value.suggested_filename == f"daugavpils-2015-2017-2016Q3-1.{kind.lower()}"
            assert download.value.path().read_bytes().startswith(begins)

        page.goto(server.plan("/trends"))
        expect(page.get_by_role("main").locator("svg").first).to_be_visible()
        page.locator("details", has=page.locator("table")).first.locator("summary").press("Enter")
        expect(page.get_by_role("main")).to_contain_text("94%")


def test_the_changes_are_read_on_a_phone_without_scripts(browser: Browser, server: Server) -> None:
    with opened(browser, server, role="council", width=390, java_script_enabled=False) as page:
        page.goto(server.plan("/reviews/compare"))
        page.get_by_label("Salīdzināt no").select_option("2015Q4")
        page.get_by_label("Salīdzināt līdz").select_option("2016Q4")
        page.get_by_role("button", name="Rādīt").click()
        expect(page.get_by_role("main")).to_contain_text("31.12.2015.")
        assert page.evaluate("document.documentElement.scrollWidth") == 390
