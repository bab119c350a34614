"""How pages of reviews are laid out: what only a browser that draws them can tell."""

from __future__ import annotations

import subprocess

import pytest
from playwright.sync_api import Browser, Locator, expect

from tests.browser import Server, opened

# Cells whose label, drawn in one column, reaches into the value in the other; how many there are at all.
OVERLAPPING = """(cells) => {
  const shown = cells.filter((cell) => getComputedStyle(cell).display === "grid");
  const ruler = document.body.appendChild(document.createElement("span"));
  const reaches = shown.filter((cell) => {
    const label = getComputedStyle(cell, "::before");
    const column = parseFloat(getComputedStyle(cell).gridTemplateColumns);
    const drawn = { font: label.font, whiteSpace: label.whiteSpace, display: "block", width: `${column}px` };
    Object.assign(ruler.style, drawn);
    ruler.textContent = cell.dataset.label;
    return ruler.scrollWidth > Math.ceil(column);
  });
  ruler.remove();
  return [reaches.map((cell) => cell.dataset.label), shown.length];
}"""


@pytest.mark.parametrize("language", ["lv", "en"])
def test_no_label_of_the_frozen_investment_plan_runs_into_its_value_on_a_phone(
    browser: Browser, server: Server, language: str
) -> None:
    with opened(browser, server, width=390, language=language) as page:
        page.goto(server.plan("/reviews/2017Q2"))
        reaching, count = page.locator(".stated-table td[data-label]").evaluate_all(OVERLAPPING)
        assert count > 50
        assert reaching == []
        assert page.evaluate("document.documentElement.scrollWidth") <= 390


@pytest.mark.parametrize("width", [1280, 390])
def test_charts_of_trends_do_not_touch(browser: Browser, server: Server, width: int) -> None:
    with opened(browser, server, width=width) as page:
        page.goto(server.plan("/trends"))
        for grid in page.locator(".trend-grid").all():
            boxes = [box_of(panel) for panel in grid.locator("> .panel").all()]
            for left, top, _right, bottom in boxes:
                below = [other[1] - bottom for other in boxes if other[0] == left and other[1] > top]
                assert not below or min(below) >= 16


@pytest.mark.parametrize("language", ["lv", "en"])
def test_no_heading_of_printed_trends_stands_at_the_foot_of_a_page(
    browser: Browser, server: Server, language: str
) -> None:
    with opened(browser, server, language=language) as page:
        page.goto(server.plan("/trends"))
        headings = page.locator(".review-page > :is(h2, .lead-note)").all_inner_texts()
        page.emulate_media(media="print")
        done = subprocess.run(["pdftotext", "-layout", "-", "-"], input=page.pdf(), capture_output=True, check=True)
    sheets = [sheet.split() for sheet in done.stdout.decode().split("\f")]
    assert len(headings) == 4
    assert len(sheets) > 5
    assert [sheet for sheet in sheets if any(sheet[-2:] == said.split()[-2:] for said in headings)] == []


def test_the_link_to_tasks_with_problems_keeps_its_distance_from_the_list_above(
    browser: Browser, server: Server
) -> None:
    with opened(browser, server, language="en", role="planner") as page:
        page.goto(server.plan("/reviews/new"))
        page.get_by_label("Period").select_option("2016")
        page.get_by_role("button", name="Open the review").click()
        link = page.locator("#gaps").get_by_role("link", name="Tasks with problems")
        expect(link).to_be_visible()
        above = link.locator("xpath=../preceding-sibling::*[1]")
        assert box_of(link)[1] - box_of(above)[3] >= 12


def box_of(one: Locator) -> tuple[float, float, float, float]:
    """Left, top, right and bottom in pixels."""
    box = one.bounding_box()
    assert box is not None
    return box["x"], box["y"], box["x"] + box["width"], box["y"] + box["height"]
