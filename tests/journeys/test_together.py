"""Working together: a council member asks, the unit answers with a file, and the council member downloads it."""

from __future__ import annotations

import re
from pathlib import Path

from playwright.sync_api import Browser, Page, expect

from tests.browser import Server, opened, violations
from tests.evidence.files import PDF


def write(page: Page, text: str) -> None:
    """Type into the box for comments as a person does, key by key."""
    box = page.get_by_role("textbox", name=re.compile("comment|question|answer", re.IGNORECASE)).last
    box.click()
    box.press_sequentially(text)


def test_a_question_is_asked_answered_with_a_file_and_the_file_downloaded(
    browser: Browser, server: Server, tmp_path: Path
) -> None:
    address = server.plan("/tasks/1.1")
    with (
        opened(browser, server, role="council", language="en") as council,
        opened(browser, server, role="planner", language="en") as planner,
    ):
        council.goto(address)
        write(council, "When will it be done? @za")
        people = council.get_by_role("listbox", name="People of the plan")
        expect(people.get_by_role("option").first).to_have_attribute("aria-selected", "true")
        box = council.locator("[data-mentions-box]")
        expect(box).to_have_attribute("aria-activedescendant", "mention-0")
        assert violations(council) == []
        council.keyboard.press("ArrowDown")
        expect(box).to_have_attribute("aria-activedescendant", re.compile("mention-[01]"))
        council.keyboard.press("Enter")
        expect(people).to_have_count(0)
        expect(box).to_have_value(re.compile("@Zane Kalniņa .*"))
        council.keyboard.type("@zz")
        expect(people).to_have_count(0)
        council.get_by_role("button", name="Ask the responsible unit").click()
        asked = council.locator(".said", has_text="When will it be done?")
        expect(asked).to_contain_text("Open question")
        expect(asked.locator(".mention")).to_contain_text("@Zane Kalniņa")

        planner.goto(server.plan("/discussion", show="open"))
        expect(planner.get_by_role("main")).to_contain_text("When will it be done?")
        planner.get_by_role("link", name=re.compile("^Answer")).first.click()
        expect(planner.get_by_label("Your answer")).to_be_focused()
        planner.get_by_label("Your answer").fill("It is done: see the file, and https://example.org/.")
        planner.get_by_role("button", name="Answer the question").click()
        expect(planner.locator(".talk-answers")).to_contain_text("It is done")
        planner.goto(address)
        expect(planner.locator(".talk-thread", has_text="When will it be done?")).to_contain_text("Answered")

        planner.get_by_text("Add files").click()
        large = tmp_path / "large.pdf"
        large.write_bytes(b"%PDF-" + b"0" * (21 * 2**20))
        files = planner.get_by_label("Files", exact=True)
        files.set_input_files(large)
        assert "Too large" in files.evaluate("box => box.validationMessage")
        page = tmp_path / "akts.pdf"
        page.write_bytes(b"<!doctype html><script>alert(1)</script>")
        files.set_input_files(page)
        planner.get_by_role("button", name="Add the files").click()
        expect(planner.locator("#evidence [role=alert]")).to_contain_text("akts.pdf: The file is a web page")
        assert violations(planner) == []
        page.write_bytes(PDF)
        planner.get_by_label("Files", exact=True).set_input_files(page)
        planner.get_by_label("What it shows").fill("The signed act")
        planner.get_by_role("button", name="Add the files").click()
        expect(planner.locator("#evidence .file")).to_contain_text("akts.pdf")
        expect(planner.locator("#notice")).to_contain_text("akts.pdf")

        council.goto(address)
        expect(council.locator("#evidence")).not_to_contain_text("Add files")
        with council.expect_download() as download:
            council.get_by_role("link", name="akts.pdf").click()
        assert download.value.suggested_filename == "akts.pdf"
        assert download.value.path().read_bytes() == PDF
        council.goto(server.plan("/tasks"))
        council.locator("#action-plan .row-mark").first.click()
        expect(council.get_by_role("heading", level=1)).to_be_visible()


def test_a_comment_and_a_file_go_without_scripts_on_a_phone(browser: Browser, server: Server, tmp_path: Path) -> None:
    note = tmp_path / "piezīme.txt"
    note.write_text("Padarīts.\n", "utf-8")
    with opened(browser, server, role="planner", language="en", width=320, java_script_enabled=False) as page:
        page.goto(server.plan("/tasks/1.2"))
        page.get_by_label("A comment or a question").fill("Without scripts")
        page.get_by_label("Tell somebody of it").select_option(index=1)
        page.get_by_role("button", name="Put the name in the text").click()
        expect(page.get_by_label("A comment or a question")).to_have_value(re.compile("^Without scripts @"))
        page.get_by_role("button", name="Add the comment").click()
        expect(page.locator(".said", has_text="Without scripts").locator(".mention")).to_be_visible()
        page.get_by_role("link", name=re.compile("^Edit ?: ")).first.click()
        page.get_by_label("Your text").fill("Still without")
        page.get_by_role("button", name="Save").click()
        expect(page.locator("#discussion")).to_contain_text("edited")
        page.get_by_text("Add files").click()
        page.get_by_label("Files", exact=True).set_input_files(note)
        page.get_by_role("button", name="Add the files").click()
        expect(page.locator("#evidence")).to_contain_text("piezīme.txt")
        page.get_by_role("button", name="Remove the file piezīme.txt").click()
        expect(page.locator("#evidence .file")).to_have_count(0)
        page.get_by_role("button", name="Undo").click()
        expect(page.locator("#evidence")).to_contain_text("piezīme.txt")
        assert page.evaluate("document.documentElement.scrollWidth") <= 320
