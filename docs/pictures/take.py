"""Takes the README's pictures from a running demo: python docs/pictures/take.py [address]."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

HERE = Path(__file__).parent
PLAN = "/plans/daugavpils-2015-2017"
DAY = "?as_of=2016-09-30"
WIDE, PHONE = {"width": 1280, "height": 860}, {"width": 390, "height": 800}
PICTURES = (
    ("overview", PLAN + DAY, WIDE, "light"),
    ("tasks", PLAN + "/tasks" + DAY, WIDE, "light"),
    ("investments", PLAN + "/investments" + DAY, WIDE, "light"),
    ("swot", PLAN + "/swot" + DAY, WIDE, "light"),
    ("task-phone", PLAN + "/tasks/2.4" + DAY, PHONE, "dark"),
)


def main(address: str) -> None:
    """One picture a page, in Latvian."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"),
            args=["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic"],
        )
        for name, path, size, theme in PICTURES:
            context = browser.new_context(viewport=size)  # type: ignore[arg-type]  # playwright's own type for a mapping
            context.add_cookies([{"name": "theme", "value": theme, "url": address}])
            page = context.new_page()
            page.goto(address + path)
            page.wait_for_load_state("networkidle")
            page.screenshot(path=HERE / f"{name}.png")
            context.close()
        browser.close()


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "http://127.0.0.1:8000")
