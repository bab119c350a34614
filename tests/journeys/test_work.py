"""Whole jobs of the people who use it, from the first page to the outcome. In English, the language of the source."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator

import openpyxl
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser import DAY, Server, opened


@pytest.fixture
def planner(browser: Browser, server: Server) -> Iterator[Page]:
    """The tab of a planning specialist."""
    with opened(browser, server, language="en") as page:
        yield page


def test_a_planner_adds_a_goal_with_a_task_answers_a_weakness_and_takes_a_deletion_back(
    planner: Page, server: Server
) -> None:
    planner.goto(server.plan("/goals"))
    planner.get_by_role("link", name=re.compile("^Add a goal")).first.click()
    planner.get_by_label("Code").fill("SM9")
    planner.get_by_label("Title").fill("Visiem pieejama palīdzība")
    planner.get_by_role("button", name="Save").click()
    expect(planner.locator("#goals")).to_contain_text("Visiem pieejama palīdzība")
    expect(planner.locator("#notice")).to_contain_text("SM9")

    planner.goto(server.plan("/tasks/new", goal="SM9"))
    planner.get_by_label("Title").fill("Atvērt krīzes centru")
    planner.get_by_label("Period").fill("2016-Q3")
    planner.get_by_role("button", name="Add the task").click()
    expect(planner.get_by_role("heading", level=1)).to_contain_text("Atvērt krīzes centru")
    number = re.search(r"[\d.]+", planner.locator("main").inner_text())
    assert number
    assert number[0] == "9.1"

    planner.goto(server.plan("/swot", show="unanswered"))
    planner.get_by_role("link", name=re.compile("^Edit:")).first.click()
    planner.locator("label[for^='answer-']", has_text="Atvērt krīzes centru").click()
    planner.get_by_role("button", name="Save").click()
    expect(planner.locator("#notice")).to_contain_text("Changed:")

    planner.goto(server.plan("/tasks/9.1"))
    expect(planner.locator("#swot")).not_to_contain_text("no answer yet")
    planner.locator("summary", has_text="More").click()
    planner.get_by_role("link", name="Delete the task").click()
    planner.get_by_role("dialog").get_by_role("button", name="Delete the task").click()
    planner.wait_for_url("**/tasks")
    expect(planner.get_by_role("main")).not_to_contain_text("Atvērt krīzes centru")
    planner.get_by_role("button", name="Undo").click()
    expect(planner.get_by_role("main")).to_contain_text("Atvērt krīzes centru")
    planner.goto(server.plan("/tasks/9.1"))
    expect(planner.get_by_role("heading", level=1)).to_contain_text("Atvērt krīzes centru")


def test_the_head_of_a_unit_reports_on_a_phone_and_sees_what_it_changed(browser: Browser, server: Server) -> None:
    with opened(browser, server, width=390, language="en", has_touch=True) as page:
        page.goto(server.plan("/tasks", execution="in_progress"))
        page.locator("#action-plan a[href*='/tasks/']").filter(visible=True).first.click()
        page.wait_for_url(re.compile(r"/tasks/[\d.]+$"))
        page.get_by_role("link", name="Report progress").first.tap()
        page.get_by_label("Completed").check()
        page.get_by_label("Reached", exact=True).check()
        page.get_by_label("What was done").fill("Paveikts viss iecerētais.")
        page.get_by_role("button", name="Save the report").tap()
        expect(page.locator("#task")).to_contain_text("Paveikts viss iecerētais.")
        expect(page.locator("#task .stats, #task dl").first).to_contain_text("Completed")
        expect(page.locator("#task")).to_contain_text("100")
        assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_the_second_of_two_people_is_told_and_chooses(browser: Browser, server: Server) -> None:
    with (
        opened(browser, server, role="planner", language="en") as first,
        opened(browser, server, language="en") as second,
    ):
        for page in (first, second):
            page.goto(server.plan("/tasks/1.2/edit"))
        first.get_by_label("Title").fill("Pirmā rakstītais")
        first.get_by_role("button", name="Save").click()
        expect(first.get_by_role("heading", level=1)).to_contain_text("Pirmā rakstītais")

        second.get_by_label("Title").fill("Otrās rakstītais")
        second.get_by_label("Expected result").fill("Otrās rezultāts")
        second.get_by_role("button", name="Save").click()
        expect(second.get_by_role("heading", level=1)).to_have_text("Someone else was faster")
        expect(second.locator("body")).to_contain_text("Pirmā rakstītais")
        expect(second.locator("body")).to_contain_text("Otrās rakstītais")
        second.get_by_role("group", name=re.compile("^Title")).get_by_label("As it is now").check()
        second.get_by_role("button", name="Save what is chosen").click()
        expect(second.get_by_role("heading", level=1)).to_contain_text("Pirmā rakstītais")
        expect(second.get_by_role("main")).to_contain_text("Otrās rezultāts")


def texts_of(page: Page, quadrant: str) -> list[str]:
    """The entries of a quadrant, in order."""
    return page.locator(f".swot-{quadrant} .swot-entry .swot-text > p:first-child").all_inner_texts()


def test_an_entry_is_moved_by_hand_and_by_keyboard_alike(planner: Page, server: Server) -> None:
    planner.goto(server.plan("/swot"))
    moved = texts_of(planner, "strength")[0]
    entry = planner.locator(".swot-strength .swot-entry").first
    target = planner.locator(".swot-weakness .swot-entry").first
    handle = entry.locator("[data-handle]")
    handle.scroll_into_view_if_needed()
    start, end = handle.bounding_box(), target.bounding_box()
    assert start
    assert end
    planner.mouse.move(start["x"] + 5, start["y"] + 5)
    planner.mouse.down()
    planner.mouse.move(start["x"] + 30, start["y"] + 15, steps=4)
    planner.mouse.move(end["x"] + 30, end["y"] + end["height"] - 3, steps=12)
    planner.wait_for_timeout(150)
    with planner.expect_response("**/move"):
        planner.mouse.up()
    expect(planner.locator(".swot-weakness .swot-entries")).to_contain_text(moved)
    assert moved not in texts_of(planner, "strength")

    place = texts_of(planner, "weakness").index(moved)
    entry = planner.locator(".swot-weakness .swot-entry").nth(place)
    identity = entry.get_attribute("id")
    summary = entry.locator("summary")
    summary.focus()
    planner.keyboard.press("Enter")
    with planner.expect_response("**/move"):
        button = entry.get_by_role("button", name=re.compile("^To: Strengths"))
        button.focus()
        planner.keyboard.press("Enter")
    expect(planner.locator(".swot-strength .swot-entries")).to_contain_text(moved)
    expect(planner.locator(f"#{identity} :focus")).to_have_count(1)
    expect(planner.locator("#announce")).to_contain_text("Strengths")


def test_filters_stand_in_the_address_for_the_back_button_and_for_others(
    browser: Browser, planner: Page, server: Server
) -> None:
    planner.goto(server.plan("/tasks", as_of=DAY))
    rows = planner.locator("#action-plan .list-count")
    everything = rows.inner_text()
    planner.get_by_label("Goal", exact=True).select_option("SM2")
    expect(rows).not_to_have_text(everything)
    expect(planner).to_have_url(re.compile("goal=SM2"))
    only_goal = rows.inner_text()
    planner.get_by_label("Year", exact=True).select_option("2016")
    expect(planner).to_have_url(re.compile("year=2016"))
    shared, shown = planner.url, rows.inner_text()
    assert f"as_of={DAY}" in shared
    with opened(browser, server, language="en") as other:
        other.goto(shared)
        expect(other.locator("#action-plan .list-count")).to_have_text(shown)
    planner.go_back()
    expect(rows).to_have_text(only_goal)
    planner.go_back()
    expect(rows).to_have_text(everything)


def test_everything_of_a_job_works_without_scripts(browser: Browser, server: Server) -> None:
    with opened(browser, server, language="en", java_script_enabled=False) as page:
        page.goto(server.plan("/tasks"))
        page.get_by_role("searchbox").fill("nav-tada")
        page.get_by_role("searchbox").press("Enter")
        expect(page.get_by_role("main")).to_contain_text("Clear")
        page.goto(server.plan("/tasks/2.2"))
        page.get_by_role("link", name="Edit", exact=True).first.click()
        page.get_by_label("Title").fill("")
        page.get_by_role("button", name="Save").click()
        expect(page.locator("#field-title[aria-invalid]")).to_be_visible()
        page.get_by_label("Title").fill("Bez skriptiem")
        page.get_by_role("button", name="Save").click()
        expect(page.get_by_role("heading", level=1)).to_contain_text("Bez skriptiem")
        page.get_by_role("link", name="Report progress").first.click()
        page.get_by_label("In progress").check()
        page.get_by_label("What was done").fill("Arī bez skriptiem.")
        page.get_by_role("button", name="Save the report").click()
        expect(page.locator(".reports")).to_contain_text("Arī bez skriptiem.")
        page.get_by_role("button", name="Undo").click()
        expect(page.locator(".reports")).not_to_contain_text("Arī bez skriptiem.")
        page.goto(server.plan("/swot"))
        entry = page.locator(".swot-threat .swot-entry").first
        text = texts_of(page, "threat")[0]
        entry.locator("summary").click()
        entry.get_by_role("button", name="Move down").click()
        assert texts_of(page, "threat")[1] == text
        page.goto(server.plan())
        page.locator("main a[href*='/figures/']").first.click()
        expect(page.get_by_role("heading", level=1)).to_be_visible()


def test_a_term_is_added_by_the_keyboard_alone(planner: Page, server: Server) -> None:
    planner.goto(server.plan("/terms"))
    planner.keyboard.press("Tab")
    expect(planner.get_by_role("link", name="Skip to the content")).to_be_focused()
    planner.keyboard.press("Enter")
    for _ in range(12):
        planner.keyboard.press("Tab")
        if planner.evaluate("document.activeElement.textContent.includes('Add a term')"):
            break
    planner.keyboard.press("Enter")
    expect(planner.get_by_label("Term", exact=True)).to_be_focused()
    planner.keyboard.type("Āmrija")
    planner.keyboard.press("Tab")
    planner.keyboard.type("Izdomāts vārds.")
    planner.keyboard.press("Tab")
    expect(planner.get_by_role("button", name="Save")).to_be_focused()
    planner.keyboard.press("Enter")
    expect(planner.locator("#terms")).to_contain_text("Āmrija")
    expect(planner.locator("#notice")).to_contain_text("Āmrija")


def test_the_language_changes_where_one_stands(planner: Page, server: Server) -> None:
    planner.goto(server.plan("/tasks", goal="SM2"))
    address = planner.url
    planner.get_by_role("button", name="Latviešu").click()
    expect(planner.locator("html")).to_have_attribute("lang", "lv")
    assert planner.url == address
    expect(planner.get_by_role("heading", level=1)).to_have_text("Rīcības plāns")


def test_a_download_holds_what_the_page_shows(planner: Page, server: Server) -> None:
    planner.goto(server.plan("/tasks", goal="SM2", as_of=DAY))
    shown = re.search(r"\d+", planner.locator("#action-plan .list-count").inner_text())
    assert shown
    with planner.expect_download() as download:
        planner.locator("a[href*='tasks.xlsx']").first.evaluate("link => link.click()")
    sheet = openpyxl.load_workbook(io.BytesIO(download.value.path().read_bytes())).worksheets[0]
    numbers = [
        str(row[0]) for row in sheet.iter_rows(values_only=True) if re.fullmatch(r"2\.\d+(\.\d+)*", str(row[0] or ""))
    ]
    assert len(numbers) == int(shown[0])
    assert download.value.suggested_filename.endswith(".xlsx")
