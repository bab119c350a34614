"""A page that shows a past day is for looking: it offers nothing that would change today."""

from __future__ import annotations

import re

import httpx
import pytest

from tests.factories import Made, make_line, make_swot

PAGES = ["", "/tasks", "/tasks/1.1", "/goals", "/goals/SM1", "/investments", "/investments/1.1", "/swot", "/units"]
PAGES += ["/terms", "/sections", "/sources", "/timeline", "/history"]


@pytest.mark.parametrize("path", PAGES)
async def test_a_past_day_offers_no_change(client: httpx.AsyncClient, made: Made, path: str) -> None:
    await make_line(made.scope, made.goal)
    await make_swot(made.scope)
    today = (await client.get(f"/plans/plans{path}")).text
    past = (await client.get(f"/plans/plans{path}", params={"as_of": "2015-06-30"})).text
    assert posts(past) == {"/language", "/theme"}
    assert not re.search(r'href="[^"]*/(new|edit|report)[?"]', past)
    if path not in ("/timeline",):
        assert posts(today) > {"/language", "/theme"} or re.search(r'href="[^"]*/(new|edit|report)[?"]', today)


def posts(page: str) -> set[str]:
    """Where the page's forms would write."""
    return set(re.findall(r'<form[^>]*method="post"[^>]*action="([^"]*)"', page)) - {"/sign-out"}
