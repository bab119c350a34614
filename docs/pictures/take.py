"""Takes the README's pictures from a demo that it starts, as an administrator sees it: python -m docs.pictures.take."""

from __future__ import annotations

import shutil
from pathlib import Path

from playwright.sync_api import sync_playwright

from tests.browser import running_server

HERE = Path(__file__).parent
PLAN = "/plans/daugavpils-2015-2017"
DAY = "?as_of=2016-09-30"
WIDE, PHONE = {"width": 1280, "height": 860}, {"width": 390, "height": 800}
PICTURES = (
    ("overview", PLAN + DAY, WIDE, "light"),
    ("tasks", PLAN + "/tasks" + DAY, WIDE, "light"),
    ("investments", PLAN + "/investments" + DAY, WIDE, "light"),
    ("swot", PLAN + "/swot" + DAY, WIDE, "light"),
    ("review", PLAN + "/reviews/compare?from=2016Q2&to=2016Q3", WIDE, "light"),
    ("trends", PLAN + "/trends", PHONE, "light"),
    ("task-phone", PLAN + "/tasks/2.4" + DAY, PHONE, "dark"),
)


def main() -> None:
    """One picture a page, in Latvian."""
    with running_server() as server, sync_playwright() as playwright:
        address = server.address
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"),
            args=["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic"],
        )
        for name, path, size, theme in PICTURES:
            context = browser.new_context(viewport=size)  # type: ignore[arg-type]  # playwright's own type for a mapping
            context.add_cookies([{"name": "theme", "value": theme, "url": address}])
            context.add_cookies([{"name": "session", "value": server.token("admin"), "url": address}])
            page = context.new_page()
            page.goto(address + path)
            page.wait_for_load_state("networkidle")
            page.screenshot(path=HERE / f"{name}.png")
            context.close()
        browser.close()


if __name__ == "__main__":
    main()
