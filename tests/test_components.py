"""Every component in a real browser: legible, in its place, usable without a mouse, allowed by the security policy."""

import re
import shutil
import threading
import time
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from types import SimpleNamespace
from typing import Any, ClassVar

import pytest
import uvicorn
import yaml
from axe_playwright_python.sync_playwright import Axe
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from litestar import Litestar, MediaType, Request, Response, get, post
from playwright.sync_api import Browser, Page, expect, sync_playwright

from hatch_build import build_static
from stratplan import i18n
from stratplan.assets import Assets, static_files
from stratplan.plans.models import Visibility

ROOT = Path(__file__).parent.parent
POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; form-action 'self'"
)
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


class SentForm:
    """A form as it comes back with errors."""

    errors: ClassVar = {
        "title": "Ierakstiet nosaukumu.",
        "amount": "Summai ir ne vairāk kā divi cipari aiz komata.",
        "kind": "Izvēlieties.",
    }

    def value(self, name: str) -> str:
        return {"amount": "12,345", "text": "Divas\nrindas", "goal": "SM2", "due": "2016-09-30"}.get(name, "")

    def values(self, name: str) -> list[str]:
        return ["PB"] if name == "sources" else []


def gallery_context() -> dict[str, Any]:
    """What the gallery shows."""
    figures = yaml.safe_load((ROOT / "tests" / "gallery" / "figures.yaml").read_text(encoding="utf-8"))
    return {**figures, "form": SentForm(), "page_url": lambda n: f"/gallery?page={n}"}


class View:
    """A plan looked at from a past day."""

    plan = SimpleNamespace(
        title="Daugavpils pilsētas domes Sociālo lietu pārvaldes stratēģija 2015.–2017. gadam",
        slug="galerija",
        visibility=Visibility.PUBLISHED,
    )
    rights = SimpleNamespace(sees_unpublished=True)
    snapshot = SimpleNamespace(revision=(1, 1, 1))
    day = date(2016, 9, 30)
    today = date(2017, 1, 10)
    is_today = False
    has_illustrative = True
    query: ClassVar = [("goal", "SM1")]
    quarters: ClassVar = [("2016. gada 3. ceturksnis", "2016-09-30"), ("2016. gada 2. ceturksnis", "2016-06-30")]

    def url(self, path: str, **params: str | None) -> str:
        return path

    def can(self, permission: str) -> bool:
        return True


def gallery(sent: list[dict[str, str]]) -> Litestar:
    """A small application of the gallery's pages under the strict policy."""
    assets = Assets(build_static(ROOT, lambda _: None))
    environment = Environment(
        loader=FileSystemLoader([ROOT / "templates", ROOT / "tests" / "gallery"]),
        undefined=StrictUndefined,
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    i18n.install(environment)
    environment.globals["assets"] = assets

    def answer(template: str, request: Request[Any, Any, Any], **context: Any) -> Response[str]:
        frame = {
            "view": View(),
            "reader": SimpleNamespace(
                account="1",
                name="Zane Kalniņa",
                language="lv",
                theme=request.query_params.get("theme", "auto"),
                lacks_second_factor=False,
            ),
            "notice": SimpleNamespace(text="Uzdevums 2.4 ir dzēsts.", undo_url="/undo", entry=None),
            "path": request.url.path,
            "section": "tasks",
        }
        with i18n.use_language("lv"):
            text = environment.get_template(template).render(**frame, **context)
        return Response(text, media_type=MediaType.HTML, headers={"Content-Security-Policy": POLICY})

    @get("/gallery", sync_to_thread=False)
    def show(request: Request[Any, Any, Any]) -> Response[str]:
        return answer("gallery.html", request, **{**gallery_context(), "chosen": request.query_params.get("goal", "")})

    @get(["/me/notices/count", "/plans/galerija/events"], sync_to_thread=False, media_type=MediaType.HTML)
    def quiet() -> str:
        """What the frame asks for beside the page."""
        return ""

    @get("/explain", sync_to_thread=False)
    def explain(request: Request[Any, Any, Any]) -> Response[str]:
        return answer("_explanation.html" if "hx-request" in request.headers else "explanation.html", request)

    @get("/confirm", sync_to_thread=False)
    def ask(request: Request[Any, Any, Any]) -> Response[str]:
        return answer("confirm.html", request)

    @get("/errors/{name:str}", sync_to_thread=False)
    def error(request: Request[Any, Any, Any], name: str) -> Response[str]:
        return answer(f"errors/{name}.html", request, request_id="7f3a", typed=["Nosaukums"])

    @post(["/move", "/theme"], status_code=204)
    async def take(request: Request[Any, Any, Any]) -> None:
        sent.append({**await request.form(), "path": request.url.path})

    return Litestar([quiet, show, explain, ask, error, take, static_files(assets)], openapi_config=None)


@pytest.fixture(scope="module")
def sent() -> list[dict[str, str]]:
    """The forms that reached the gallery's server."""
    return []


@pytest.fixture(scope="module")
def address(sent: list[dict[str, str]]) -> Iterator[str]:
    """The address of the gallery, served for the tests of this file."""
    server = uvicorn.Server(uvicorn.Config(gallery(sent), host="127.0.0.1", port=0, log_level="warning"))
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        while not server.started and thread.is_alive():
            time.sleep(0.02)
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium, headless."""
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=CHROMIUM)
        yield chromium
        chromium.close()


@pytest.fixture
def page(browser: Browser, address: str) -> Iterator[Page]:
    """A wide page at the gallery that fails the test if its console or the policy complains."""
    with opened(browser, address) as tab:
        yield tab


class opened:  # noqa: N801 (reads as a verb at its place)
    """A tab at the gallery of one width and theme; leaving it checks what the browser complained about."""

    def __init__(
        self, browser: Browser, address: str, *, width: int = 1280, dark: bool = False, **options: Any
    ) -> None:
        self.context = browser.new_context(
            base_url=address,
            viewport={"width": width, "height": 900},
            color_scheme="dark" if dark else "light",
            reduced_motion="reduce",
            **options,
        )
        self.complaints: list[str] = []

    def __enter__(self) -> Page:
        page = self.context.new_page()
        page.on("console", lambda message: self.complaints.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.goto("/gallery")
        return page

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self.context.close()
        if kind is None:
            assert self.complaints == []
        elif self.complaints:
            print("The browser complained:", *self.complaints, sep="\n")


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_every_component_is_accessible_and_allowed_by_the_policy(
    browser: Browser, address: str, width: int, dark: bool
) -> None:
    with opened(browser, address, width=width, dark=dark) as page:
        for path in ("/gallery", "/errors/not_found", "/errors/failure"):
            page.goto(path)
            for menu in page.locator("details:not([data-menu])").all():
                menu.evaluate("part => { part.open = true }")
            report = Axe().run(page, options={"runOnly": RULES})
            assert report.violations_count == 0, report.generate_report()


@pytest.mark.parametrize("width", [320, 390, 768, 1280])
def test_no_page_is_wider_than_its_window(browser: Browser, address: str, width: int) -> None:
    with opened(browser, address, width=width) as page:
        assert page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("width", [390, 1280])
def test_everything_to_press_is_at_least_24_pixels_high_or_stands_in_text(
    browser: Browser, address: str, width: int
) -> None:
    with opened(browser, address, width=width) as page:
        small = page.evaluate(
            """() => [...document.querySelectorAll("button, summary, input:not([type=hidden]), select, nav a, .btn")]
                .filter((part) => part.checkVisibility())
                .map((part) => [part, part.getBoundingClientRect()])
                .filter(([, box]) => box.height > 1 && (box.height < 24 || (box.width > 1 && box.width < 24)))
                .filter(([part]) => part.type !== "checkbox" && part.type !== "radio")
                .map(([part, box]) => `${part.outerHTML.slice(0, 90)} ${box.width}×${box.height}`)"""
        )
        assert small == []


def test_a_figure_opens_its_explanation_and_gives_focus_back(page: Page) -> None:
    figure = page.get_by_role("link", name="plāna izpilde, kā tas ir aprēķināts")
    figure.press("Enter")
    dialog = page.get_by_role("dialog", name="Plāna izpilde")
    expect(dialog).to_be_visible()
    assert Axe().run(page, context="#dialog").violations_count == 0
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(figure).to_be_focused()


def test_a_whole_page_opens_in_the_dialog_without_its_frame(page: Page) -> None:
    page.get_by_role("link", name="Dzēst").click()
    dialog = page.get_by_role("dialog", name="Dzēst uzdevumu 2.4?")
    expect(dialog.get_by_role("button", name="Dzēst")).to_be_visible()
    expect(dialog.get_by_role("banner")).to_have_count(0)
    dialog.get_by_role("link", name="Atcelt").click()
    expect(dialog).to_be_hidden()


def test_a_filter_sends_itself_and_keeps_empty_ones_out_of_the_address(page: Page) -> None:
    page.get_by_label("Mērķis").first.select_option("SM1")
    expect(page.locator("#results")).to_contain_text("Rāda SM1 18")
    assert page.url.endswith("/gallery?goal=SM1")
    expect(page.locator("#announce")).to_have_text("Rāda SM1 18 uzdevumus")


def test_a_drop_sends_the_form_of_the_dragged_entry(page: Page, sent: list[dict[str, str]]) -> None:
    sent.clear()
    handle = page.locator("#list-1 [data-handle]").first
    target = page.locator("#list-2 [data-item]").first
    handle.scroll_into_view_if_needed()
    start, end = handle.bounding_box(), target.bounding_box()
    assert start is not None
    assert end is not None
    page.mouse.move(start["x"] + 5, start["y"] + 5)
    page.mouse.down()
    page.mouse.move(start["x"] + 30, start["y"] + 15, steps=4)
    page.mouse.move(end["x"] + 20, end["y"] + end["height"] - 3, steps=12)
    page.wait_for_timeout(100)
    with page.expect_request("**/move"):
        page.mouse.up()
    page.wait_for_timeout(50)
    assert sent == [{"position": "2", "quadrant": "Vājās puses", "path": "/move"}]


def test_the_theme_changes_at_once_and_is_told_to_the_server(page: Page, sent: list[dict[str, str]]) -> None:
    sent.clear()
    light = page.evaluate("getComputedStyle(document.body).backgroundColor")
    with page.expect_response("**/theme"):
        page.get_by_role("button", name="Tumšs").click()
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") != light
    assert sent == [{"back": "/gallery", "to": "dark", "path": "/theme"}]


def test_keys_go_to_the_search_box_and_can_be_switched_off(page: Page) -> None:
    page.keyboard.press("/")
    expect(page.get_by_role("searchbox")).to_be_focused()
    page.get_by_role("heading", level=1).click()
    page.keyboard.press("?")
    page.get_by_role("switch").uncheck()
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_be_hidden()


def test_a_lost_connection_is_said_in_words(browser: Browser, address: str) -> None:
    tab = opened(browser, address)
    expected = re.compile("Failed to load resource: net::ERR_INTERNET_DISCONNECTED|htmx:(afterRequest|sendError)")
    with tab as page:
        page.context.set_offline(True)
        page.get_by_role("link", name="plāna izpilde, kā tas ir aprēķināts").click()
        expect(page.get_by_role("alert").filter(has_text="Nav savienojuma")).to_be_visible()
        page.wait_for_timeout(100)  # a promise that nobody waits for complains a little later
        tab.complaints[:] = [text for text in tab.complaints if not expected.match(text)]


def test_without_scripts_links_and_forms_are_plain(browser: Browser, address: str) -> None:
    with opened(browser, address, java_script_enabled=False) as page:
        page.get_by_label("Mērķis").first.select_option("SM1")
        page.get_by_role("button", name="Rādīt").last.click()
        expect(page.locator("#results")).to_contain_text("Rāda SM1 18")
        page.get_by_role("link", name="plāna izpilde, kā tas ir aprēķināts").click()
        expect(page.get_by_role("heading", name="Plāna izpilde")).to_be_visible()
