"""A real browser at a real server: `stratplan demo` in a process of its own, and a watchful Chromium."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, sync_playwright

from stratplan.app import create_app
from stratplan.settings import Settings
from tests.html_forms import PageReader
from tests.route_table import routes_of

SLUG = "daugavpils-2015-2017"
DAY = "2016-09-30"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
CHROMIUM = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
WATCH_POLICY = """document.addEventListener("securitypolicyviolation",
    (event) => console.error(`policy: ${event.violatedDirective} ${event.blockedURI} ${event.sample}`))"""


@dataclass(frozen=True, slots=True)
class Server:
    """A running server and where its plan is."""

    address: str
    data: str
    link: str  # for the first administrator, as it was printed
    tokens: dict[str, str] = field(default_factory=dict)

    def token(self, role: str) -> str:
        """The token of a session of somebody with this role in all plans; one person a role."""
        if role not in self.tokens:
            self.tokens[role] = self.said_by("tests.signing_in", role)
        return self.tokens[role]

    def said_by(self, module: str, *arguments: str) -> str:
        """What a program of the tests prints that works on the server's data."""
        done = subprocess.run(
            [sys.executable, "-m", module, self.data, *arguments],
            check=True,
            capture_output=True,
            text=True,
            env=_environment(self.data),
        )
        return done.stdout.strip()

    def plan(self, path: str = "", **query: str) -> str:
        """The address of a page of the Daugavpils plan, without the host."""
        asked = "&".join(f"{name}={value}" for name, value in query.items())
        return f"/plans/{SLUG}{path}" + (f"?{asked}" if asked else "")


def _environment(data: str) -> dict[str, str]:
    environment = {**os.environ, "STRATPLAN_DATA_DIR": data, "STRATPLAN_LANGUAGE": "lv"}
    environment.pop("STRATPLAN_MONGODB_URI", None)
    return environment


@contextmanager
def running_server(port: int = 0, **settings: str) -> Iterator[Server]:
    """`stratplan demo` on a free port with data of its own, and with settings that differ from what is usual."""
    with tempfile.TemporaryDirectory(prefix="sp-") as folder:
        data = f"{folder}/data"
        log = Path(folder) / "log"
        with (
            log.open("w") as said,
            subprocess.Popen(
                [sys.executable, "-m", "stratplan.cli", "demo", "--port", str(port)],
                stdout=subprocess.PIPE,
                stderr=said,
                text=True,
                env=_environment(data) | settings,
            ) as process,
        ):
            try:
                assert process.stdout is not None
                found = next((m for line in process.stdout if (m := re.search(r"http://[\d.]+:\d+", line))), None)
                assert found, log.read_text()
                link = next((line.strip() for line in process.stdout if "/links/" in line), "")
                yield Server(found[0], data, link)
            finally:
                process.send_signal(signal.SIGINT)
                process.wait(20)


# Playwright keeps its event loop in this thread while it is open, where asynchronous tests would not find room for
# theirs: a browser is never open longer than the tests of one package.
@pytest.fixture(scope="package")
def server() -> Iterator[Server]:
    """The server of this package's tests."""
    with running_server() as running:
        yield running


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """Chromium, headless."""
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=CHROMIUM)
        yield chromium
        chromium.close()


@contextmanager
def opened(
    browser: Browser,
    server: Server,
    *,
    role: str | None = "admin",
    width: int = 1280,
    dark: bool = False,
    language: str = "lv",
    is_cut_off: bool = False,
    **options: Any,
) -> Iterator[Page]:
    """A tab of somebody with this role in all plans (None: nobody signed in); fails if the console or the security
    policy complained, other than of a connection that the test has cut off."""
    context = browser.new_context(
        base_url=server.address,
        viewport={"width": width, "height": 900},
        color_scheme="dark" if dark else "light",
        reduced_motion="reduce",
        **options,
    )
    context.add_cookies([{"name": "language", "value": language, "url": server.address}])
    if role is not None:
        context.add_cookies([{"name": "session", "value": server.token(role), "url": server.address}])
    context.set_default_timeout(10_000)
    if options.get("java_script_enabled", True):
        context.add_init_script(WATCH_POLICY)
    complaints: list[str] = []
    page = context.new_page()
    expected = [
        "the server responded with a status of 4",
        *(["net::ERR_", "htmx:sendError", "htmx:afterRequest"] if is_cut_off else []),
    ]
    # The browser writes a line of its own for each answer of 4xx; what those say is for the test to look at.
    page.on(
        "console",
        lambda message: (
            complaints.append(f"{page.url}: {message.text}")
            if message.type == "error" and not any(text in message.text for text in expected)
            else None
        ),
    )
    page.on("pageerror", lambda error: complaints.append(f"{page.url}: {error}"))
    try:
        yield page
    finally:
        context.close()
    assert complaints == []


def violations(page: Page, *rules: str) -> list[str]:
    """What axe finds on the page by all its rules (or only by these), one line a finding."""
    chosen = {"type": "rule", "values": list(rules)} if rules else {"type": "tag", "values": RULES}
    report = Axe().run(page, options={"runOnly": chosen, "resultTypes": ["violations"]})
    return [
        f"{page.url}: {one['id']}: {node['html'][:160]}"
        for one in report.response["violations"]
        for node in one["nodes"][:3]
    ]


def every_kind_of_page(server: Server) -> list[str]:
    """One address for each route that shows a page, found by following links as a reader would."""
    app = create_app(Settings(_env_file=None), "mongodb://127.0.0.1/")
    patterns = {
        path: re.compile(re.sub(r"\{\w+:\w+\}", "[^/?]+", path))
        for path in {route.path for route in routes_of(app) if route.method == "GET"} - {"/static"}
    }
    found: dict[str, str] = {}
    queue = ["/plans", f"/plans/{SLUG}?as_of={DAY}"]
    cookies = {"session": server.token("admin")}
    with httpx.Client(base_url=server.address, timeout=30, cookies=cookies) as client:
        for address in queue:
            answer = client.get(address)
            if not answer.headers["content-type"].startswith("text/html"):
                continue
            for link in PageReader(answer.text, fragment=True).links:
                path = link.partition("#")[0]
                bare = path.partition("?")[0]
                # The plain address wins over one with a parameter: /tasks/new over /tasks/{number}.
                kinds = sorted(
                    (kind for kind, form in patterns.items() if form.fullmatch(bare)), key=lambda k: k.count("{")
                )
                if kinds and kinds[0] not in found:
                    found[kinds[0]] = path
                    queue.append(path)
    # What is taken away as a file is no page.
    return [one for one in found.values() if not re.search(r"\.(xlsx|csv|pdf)\b|/documents/\w|/report-template/", one)]
