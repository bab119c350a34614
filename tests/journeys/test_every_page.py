"""Every kind of page in a real browser: accessible, silent, allowed by the policy, inside its window."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser

from tests.browser import Server, every_kind_of_page, opened, violations


@pytest.fixture(scope="module")
def addresses(server: Server) -> list[str]:
    """One address for each kind of page."""
    return [*every_kind_of_page(server), "/nav-tada", server.plan("/tasks", q="nav-tada")]


# What a narrow window and dark colours can break; the rest is the same in both.
LOOKS = ("color-contrast", "link-in-text-block", "target-size", "scrollable-region-focusable", "empty-heading")


def in_language(address: str, language: str) -> str:
    """The address that shows the page in a language: what residents read says it there, and not in a cookie."""
    if not address.startswith("/p/"):
        return address
    return f"{address}{'&' if '?' in address else '?'}lang={language}"


@pytest.mark.parametrize(
    ("width", "dark", "language", "rules"),
    [(1280, False, "lv", ()), (390, True, "en", LOOKS)],
    ids=["wide-light-latvian", "narrow-dark-english"],
)
def test_every_page_is_accessible_and_silent(
    browser: Browser,
    server: Server,
    addresses: list[str],
    width: int,
    dark: bool,
    language: str,
    rules: tuple[str, ...],
) -> None:
    found = []
    with opened(browser, server, width=width, dark=dark, language=language) as page:
        for address in addresses:
            page.goto(in_language(address, language))
            assert page.locator("html").get_attribute("lang") == language
            page.locator("details:not([data-menu])").evaluate_all("all => all.forEach((one) => { one.open = true })")
            found += violations(page, *rules)
    assert not found, "\n" + "\n".join(found)


def test_no_page_is_wider_than_the_narrowest_window(browser: Browser, server: Server, addresses: list[str]) -> None:
    with opened(browser, server, width=320) as page:
        wide = []
        for address in addresses:
            page.goto(address)
            if page.evaluate("document.documentElement.scrollWidth") > 320:
                wide.append(address)
    assert wide == []


def test_pages_found_are_all_there_are(addresses: list[str]) -> None:
    assert len(addresses) >= 25
