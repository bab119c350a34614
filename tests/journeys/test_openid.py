"""A person signs in at the provider in a real browser, and is let in here. In English, the language of the source."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from tests.browser import Server, opened, running_server, violations
from tests.openid_provider.running import ANNA, CLIENT_ID, CLIENT_SECRET, running_provider


@pytest.fixture(scope="module")
def signing_in_elsewhere() -> Iterator[Server]:
    """A server whose administrator has set the provider, and lets its people in as council members."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    back = f"http://127.0.0.1:{port}/sign-in/openid/callback"
    with (
        running_provider(redirect_uris=[back]) as provider,
        running_server(
            port,
            STRATPLAN_OPENID_DISCOVERY=provider.address,
            STRATPLAN_OPENID_CLIENT_ID=CLIENT_ID,
            STRATPLAN_OPENID_CLIENT_SECRET=CLIENT_SECRET,
            STRATPLAN_OPENID_NAME="City account",
            STRATPLAN_OPENID_ROLE="council",
        ) as server,
    ):
        yield server


def test_a_council_member_signs_in_with_the_citys_account_and_reads_the_plan(
    browser: Browser, signing_in_elsewhere: Server
) -> None:
    server = signing_in_elsewhere
    with opened(browser, server, role=None, language="en") as page:
        page.goto(f"/sign-in?next={server.plan('/tasks')}")
        assert violations(page) == []
        page.get_by_role("link", name="Sign in with City account").click()
        page.get_by_role("button", name="Cancel").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("You are not signed in")
        assert violations(page) == []
        page.get_by_role("link", name="Sign in with City account").click()

        page.get_by_label("Name").fill(ANNA)
        page.get_by_role("button", name="Sign in").click()
        page.get_by_role("button", name="Continue").click()
        page.wait_for_url(f"**{server.plan('/tasks')}")
        expect(page.locator(".account")).to_contain_text("Anna Šķēle-Ģērmane")
        expect(page.get_by_role("main")).to_contain_text("1.1")
        expect(page.get_by_role("link", name="Add a task")).to_have_count(0)

        page.go_back()  # over the way back from the provider, which is not in the browser's history
        page.goto(server.plan())
        expect(page.locator(".account")).to_contain_text("Anna Šķēle-Ģērmane")
