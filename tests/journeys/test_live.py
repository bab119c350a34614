"""Open pages that somebody else changes: the notice, in one tab and in many."""

from __future__ import annotations

import re

import httpx
from playwright.sync_api import Browser, Page, expect

from tests.browser import Server, opened, violations


def listening(page: Page) -> None:
    """Return when the page has opened what it hears of changes by."""
    page.wait_for_timeout(1200)


def add_term(server: Server, word: str, role: str = "planner") -> None:
    """What somebody with this role does in a browser of their own."""
    form = {"word": word, "meaning": "Skaidrojums.", "sort": "term"}
    answer = httpx.post(server.address + server.plan("/terms"), data=form, cookies={"session": server.token(role)})
    assert answer.status_code == 303


def test_a_page_that_somebody_else_changed_says_so_and_shows_the_new_version(browser: Browser, server: Server) -> None:
    with (
        opened(browser, server, role="planner", language="en") as planner,
        opened(browser, server, role="council", language="en") as council,
        opened(browser, server, role="council", language="lv", width=390) as elsewhere,
    ):
        council.goto(server.plan("/tasks/1.3"))
        elsewhere.goto(server.plan("/tasks/1.4"))
        planner.goto(server.plan("/tasks/1.3/edit"))
        listening(council)
        link = council.get_by_role("link", name="History").first
        link.focus()
        planner.get_by_label("Title").fill("Pavisam jauns nosaukums")
        planner.get_by_role("button", name="Save").click()
        expect(planner.get_by_role("heading", level=1)).to_contain_text("Pavisam jauns nosaukums")

        notice = council.locator("#live")
        expect(notice).to_contain_text("This page has changed since you opened it.")
        expect(notice).to_contain_text("1 change by others.")
        expect(notice).not_to_contain_text("What you type")
        expect(link).to_be_focused()
        assert violations(council) == []
        notice.get_by_role("link", name="Show the new version").click()
        expect(council.get_by_role("heading", level=1)).to_contain_text("Pavisam jauns nosaukums")
        expect(council.locator("#live")).to_be_empty()

        # What one has done oneself is no news, and neither is what the page does not show.
        listening(planner)
        expect(planner.locator("#live")).to_be_empty()
        expect(elsewhere.locator("#live")).to_be_empty()


def test_who_types_is_told_without_being_disturbed(browser: Browser, server: Server) -> None:
    with (
        opened(browser, server, role="planner", language="en") as first,
        opened(browser, server, role="admin", language="lv", width=390) as second,
    ):
        for page in (first, second):
            page.goto(server.plan("/tasks/2.1/edit"))
        listening(second)
        field = second.locator("#field-title")
        field.fill("Ierakstītais")
        place = field.bounding_box()
        first.get_by_label("Title").fill("Pirmā rakstītais")
        first.get_by_role("button", name="Save").click()
        expect(second.locator("#live")).to_contain_text("1 izmaiņa, ko veica citi.")
        expect(second.locator("#live")).to_contain_text("Ierakstītais nezudīs")
        expect(field).to_be_focused()
        expect(field).to_have_value("Ierakstītais")
        assert field.bounding_box() == place
        assert second.evaluate("document.documentElement.scrollWidth") <= 390
        second.locator("#live").get_by_role("button").click()
        expect(second.locator("#live")).to_be_empty()
        second.get_by_role("button", name="Saglabāt", exact=True).click()
        expect(second.locator("body")).to_contain_text("Pirmā rakstītais")
        expect(second.locator("body")).to_contain_text("Ierakstītais")


def test_what_is_done_in_place_is_no_news_in_its_tab_and_is_news_in_another(browser: Browser, server: Server) -> None:
    with opened(browser, server, role="planner", language="en") as page:
        other = page.context.new_page()
        for tab in (page, other):
            tab.goto(server.plan("/terms"))
        listening(other)
        page.bring_to_front()
        page.locator("#terms").get_by_role("link", name=re.compile("^Edit")).first.click()
        page.locator("#terms form textarea").first.fill("Cits skaidrojums.")
        page.locator("#terms form").get_by_role("button", name="Save").click()
        expect(page.locator("#notice")).to_contain_text("Changed")
        expect(other.locator("#live")).to_contain_text("1 change of yours in another window.")
        page.wait_for_timeout(800)
        expect(page.locator("#live")).to_be_empty()


def test_eight_tabs_share_one_stream_and_pages_still_load(browser: Browser, server: Server) -> None:
    """A browser opens no more than six connections to a server; streams of its tabs would use them up."""
    with opened(browser, server, role="council", language="en") as page:
        streams: list[str] = []
        page.context.on(
            "request", lambda sent: streams.append(sent.url) if sent.resource_type == "eventsource" else None
        )
        tabs = [page, *(page.context.new_page() for _ in range(7))]
        for tab in tabs:
            tab.goto(server.plan("/terms"))
        listening(tabs[-1])
        assert len(streams) == 1
        add_term(server, "Astoņi")
        for tab in tabs:
            expect(tab.locator("#live")).to_contain_text("1 change by others.")
        tabs[5].goto(server.plan("/tasks"))
        expect(tabs[5].get_by_role("heading", level=1)).to_have_text("Action plan")
        # The tab that listens for all is closed: another takes over, and nothing is missed.
        page.close()
        add_term(server, "Deviņi")
        for tab in (*tabs[1:5], *tabs[6:]):
            expect(tab.locator("#live")).to_contain_text("2 changes by others.")
        expect(tabs[5].locator("#live")).to_be_empty()


def test_what_changed_while_the_way_back_was_kept_is_told(browser: Browser, server: Server) -> None:
    with opened(browser, server, role="council", language="en") as page:
        page.goto(server.plan("/terms"))
        listening(page)
        page.goto(server.plan("/tasks"))
        add_term(server, "Desmit")
        page.go_back()
        page.wait_for_timeout(1500)
        # Kept as it was (then it says so) or asked for anew (then it shows it).
        seen = page.locator("#live").inner_text() + page.locator("main").inner_text()
        assert "1 change by others." in seen or "Desmit" in seen
