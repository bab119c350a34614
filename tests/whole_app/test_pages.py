"""What holds for every page: its HTML is sound, its links lead somewhere, its language is one."""

from __future__ import annotations

import re
from collections import defaultdict
from urllib.parse import urlsplit

import httpx
import pytest

from stratplan.actors import COMMAND_LINE
from stratplan.frame import SAFE_METHODS
from stratplan.plans.models import Plan, PublicPart
from tests.conftest import reading
from tests.html_forms import PageReader
from tests.whole_app.conftest import SLUG, Seeded


async def pages_of(seeded: Seeded, **headers: str) -> dict[str, str]:
    """Every page of the route table as text."""
    found = {}
    for route in seeded.routes:
        if route.method == "GET" and route.path != "/static":
            answer = await seeded.client.get(seeded.address(route), headers=headers)
            if answer.headers.get("content-type", "").startswith("text/html"):
                found[seeded.address(route)] = answer.text
    return found


async def test_the_html_of_every_page_is_sound(seeded: Seeded) -> None:
    problems = {}
    for address, text in (await pages_of(seeded)).items():
        found = PageReader(text).problems
        if found:
            problems[address] = found
    assert problems == {}


async def test_the_html_of_every_fragment_is_sound(seeded: Seeded) -> None:
    problems = {}
    for address, text in (await pages_of(seeded, **{"hx-request": "true"})).items():
        found = PageReader(text, fragment=True).problems
        if found:
            problems[address] = found
    assert problems == {}


async def walk(client: httpx.AsyncClient, *, most: int = 400) -> tuple[list[str], dict[str, set[str]], set[str]]:
    """Follow the links of every page, from the list of plans and from two past days: dead links, links that forget the
    day, and the pages seen."""
    seen: dict[str, str] = {}
    queue = ["/plans", f"/plans/{SLUG}?as_of=2016-06-30", f"/p/{SLUG}?as_of=2016-06-30"]
    dead, forgot = [], defaultdict(set)
    for address in queue:
        answer = await client.get(address, follow_redirects=False)
        if answer.status_code not in (200, 303, 307, 302):
            dead.append(f"{seen.get(address)} → {address}: {answer.status_code}")
            continue
        if not answer.headers.get("content-type", "").startswith("text/html"):
            continue
        for link in PageReader(answer.text, fragment=True).links:
            parts = urlsplit(link)
            if parts.scheme or parts.netloc or not link.startswith("/"):
                assert link.startswith(("#", "/")), f"{address}: {link!r}"
                continue
            path = link.partition("#")[0]
            own = address.partition("?")[0].startswith("/p/")
            dated = (
                "as_of=" in address and path.startswith(f"/{'p' if own else 'plans'}/{SLUG}") and "as_of=" not in path
            )
            if dated and path.partition("?")[0] != address.partition("?")[0]:
                forgot[address.partition("?")[0]].add(path)
            # One day is enough: quarters link to the same pages on other days.
            if path not in seen and "as_of=" not in path.replace("as_of=2016-06-30", "") and len(queue) < most:
                seen[path] = address
                queue.append(path)
    return dead, dict(forgot), {address.partition("?")[0] for address in queue}


async def test_every_link_of_every_page_leads_to_a_page_and_keeps_the_day(seeded: Seeded) -> None:
    dead, forgot, _seen = await walk(seeded.client)
    assert dead == []
    assert forgot == {}


@pytest.mark.parametrize("parts", [list(PublicPart), []], ids=["all-parts", "no-part"])
async def test_no_link_that_a_resident_sees_is_dead_and_none_asks_for_what_only_members_have(
    seeded: Seeded, parts: list[PublicPart]
) -> None:
    plan = await Plan.find_one({"slug": SLUG})
    assert plan is not None
    await plan.publish(parts, by=COMMAND_LINE, based_on=plan.version)
    async with reading(seeded.app, None) as resident:
        dead, forgot, seen = await walk(resident)
    assert dead == []
    assert forgot == {}
    assert not {address for address in seen if re.search("/(edit|new|history|publish|members)$", address)}
    assert (f"/p/{SLUG}/funding" in seen) == (f"/plans/{SLUG}/investments" in seen) == bool(parts)
    assert (f"/plans/{SLUG}/swot" in seen) == bool(parts)


async def test_every_form_of_every_page_goes_to_a_route_that_takes_it(seeded: Seeded) -> None:
    routes = {(route.method, seeded.address(route).count("/")) for route in seeded.routes}
    wrong = []
    for address, text in (await pages_of(seeded)).items():
        for form in PageReader(text).forms:
            action = urlsplit(form.action).path
            if form.method == "dialog":
                continue
            method = form.method.upper()
            if (method, action.count("/")) not in routes or not action.startswith("/"):
                wrong.append(f"{address}: {method} {action}")
            elif method in SAFE_METHODS:
                answer = await seeded.client.get(form.action, params=form.sent())
                if answer.status_code != 200:
                    wrong.append(f"{address}: {method} {action} answers {answer.status_code}")
    assert wrong == []
