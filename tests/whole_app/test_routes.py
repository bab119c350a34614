"""What holds for every route of the app's own table: rights, origin, headers, and that reading writes nothing."""

from __future__ import annotations

import re

from stratplan.frame import HEADERS, SAFE_METHODS
from stratplan.permissions import Permission
from tests.route_table import Route
from tests.whole_app.conftest import SLUG, Seeded

# What answers everybody alike or shows each what is theirs; nothing of a plan.
OPEN_TO_ALL = {"/", "/health", "/plans", "/robots.txt", "/sitemap.xml", "/calendar/{name:str}"}
# The way in: what these show or change is decided by what is sent with them.
WAY_IN = {"/sign-in", "/sign-in/code", "/sign-out", "/links/{token:str}", "/forgotten", "/forgotten/sent"}
# One unit's part of one review, for whom a signed link names.
LINKED = {"/r/{token:str}", "/r/{token:str}/drafts", "/r/{token:str}/send"}
FORM = {"content-type": "application/x-www-form-urlencoded"}


def read(seeded: Seeded) -> list[Route]:
    return [route for route in seeded.routes if route.method == "GET" and route.path != "/static"]


def written(seeded: Seeded) -> list[Route]:
    return [route for route in seeded.routes if route.method not in SAFE_METHODS]


async def test_every_route_declares_its_permission(seeded: Seeded) -> None:
    assert [str(route) for route in seeded.routes if route.permission is None and route.method != "OPTIONS"] == []


async def test_the_permission_to_write_guards_every_write_and_no_page_is_closed_by_less(seeded: Seeded) -> None:
    reading = {permission for permission in Permission if permission.endswith(":read")}
    assert [str(route) for route in written(seeded) if route.permission in reading - {Permission.OPEN}] == []
    opened = {route.path for route in written(seeded) if route.permission is Permission.OPEN}
    assert opened == {"/language", "/theme"} | (WAY_IN | LINKED) - {"/forgotten/sent", "/r/{token:str}"}
    opened = {route.path for route in read(seeded) if route.permission is Permission.OPEN}
    assert opened <= OPEN_TO_ALL | WAY_IN | LINKED


async def test_only_pages_that_say_whose_plan_they_show_are_kept(seeded: Seeded) -> None:
    assert [str(route) for route in seeded.routes if route.kept and "{slug:str}" not in route.path] == []


async def test_every_address_answers_the_administrator(seeded: Seeded) -> None:
    answered = {}
    for route in read(seeded):
        if route.path != "/plans/restore/{entry:str}":
            answered[str(route)] = (await seeded.client.get(seeded.address(route))).status_code
    assert {route: status for route, status in answered.items() if status not in (200, 302, 303, 307)} == {}


async def test_every_page_answers_for_a_day_and_in_each_language_and_to_htmx(seeded: Seeded) -> None:
    for headers, parameters in (
        ({"cookie": "language=en"}, {}),
        ({"cookie": "language=lv"}, {"as_of": "2015-06-30"}),
        ({"hx-request": "true"}, {}),
        ({"hx-request": "true", "hx-boosted": "true"}, {"as_of": "1900-01-01"}),
        ({}, {"as_of": "9999-12-31"}),
    ):
        for route in read(seeded):
            answer = await seeded.client.get(seeded.address(route), headers=headers, params=parameters)
            assert answer.status_code in (200, 302, 303, 307), f"{route} {headers} {parameters}: {answer.status_code}"


async def test_what_is_not_there_is_not_found(seeded: Seeded) -> None:
    missing = [f"/plans/nav-tada{path}" for path in ("", "/tasks", "/history", "/swot")]
    for route in read(seeded):
        address = seeded.address(route)
        if address.startswith(f"/plans/{SLUG}"):
            missing.append(address.replace(SLUG, "nav-tada", 1))
        if re.search(r"\{(?!slug)", route.path):
            for strange in ("nav-tada", "000000000000000000000000", "%00", "..%2f..%2fetc", "%F0%9F%92%A9"):
                named = (
                    r"/(?:2\.4|SM1|json|2016H1|2016Q2|PB|[0-9a-f]{24}|[0-9a-f]{64}|[\w-]{43}\.ics|[0-9.]+"
                    r"|[\w-]{43}(?:[\w-]{16})?)(?=/|$)"
                )
                missing.append(re.sub(named, f"/{strange}", address))
    for address in dict.fromkeys(missing):
        answer = await seeded.client.get(address)
        assert answer.status_code == 404, f"{address}: {answer.status_code}"
        assert "Traceback" not in answer.text


async def test_no_parameter_of_an_address_breaks_a_page(seeded: Seeded) -> None:
    names = ("q", "goal", "unit", "year", "source", "execution", "schedule", "outcome", "group", "page", "before", "by")
    for route in read(seeded):
        for value in ("", "nav-tada", "-1", "99999999999999999999999", "\x00", "ā" * 100, "$gt", "2016"):
            answer = await seeded.client.get(
                seeded.address(route), params=[*((name, value) for name in names), ("goal", "SM1"), ("x[$ne]", "1")]
            )
            assert answer.status_code < 500, f"{route} {value!r}: {answer.status_code}"
    for day in ("", "2016-13-01", "2016", "0000-00-00", "\x00", "2016-09-30T00:00", "٢٠١٦-٠٩-٣٠", "+2016-09-30"):
        answer = await seeded.client.get(f"/plans/{SLUG}/tasks", params={"as_of": day})
        assert answer.status_code in (200, 400), repr(day)


async def test_reading_writes_nothing(seeded: Seeded) -> None:
    before = await seeded.revision()
    for method in ("GET", "HEAD", "OPTIONS"):
        for route in seeded.routes:
            if route.path != "/static":
                await seeded.client.request(method, seeded.address(route))
    assert await seeded.revision() == before


async def test_a_change_that_another_site_sends_is_refused(seeded: Seeded) -> None:
    before = await seeded.revision()
    foreign: list[dict[str, str]] = [
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"sec-fetch-site": "cross-site", "origin": "http://127.0.0.1:8000"},
        {"origin": "https://evil.example"},
        {"origin": "http://127.0.0.1:9000"},
        {"origin": "null"},
    ]
    for route in written(seeded):
        for headers in foreign:
            answer = await seeded.client.request(route.method, seeded.address(route), headers=headers | FORM)
            assert answer.status_code == 403, f"{route} {headers}"
    assert await seeded.revision() == before


async def test_a_name_that_is_not_ours_is_refused(seeded: Seeded) -> None:
    for host in ("evil.example", "127.0.0.1.evil.example", "localhost:8000@evil.example", ""):
        for route in seeded.routes:
            if route.path != "/static" and route.method != "OPTIONS":
                answer = await seeded.client.request(route.method, seeded.address(route), headers={"host": host})
                assert answer.status_code == 400, f"{route} {host}"


async def test_every_answer_carries_the_headers_that_protect_it(seeded: Seeded) -> None:
    addresses = [seeded.address(route) for route in read(seeded)]
    addresses += ["/nav-tada", f"/plans/{SLUG}/tasks?as_of=x", "/static/nav-tada.css", "/static/../pyproject.toml"]
    addresses += re.findall(r'"(/static/[^"#]+)', (await seeded.client.get(f"/plans/{SLUG}/terms")).text)
    for address in addresses:
        answer = await seeded.client.get(address)
        missing = {name for name in HEADERS if name not in answer.headers}
        assert missing == set(), address
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "unsafe" not in answer.headers["content-security-policy"], address
        assert answer.headers["content-security-policy"].startswith("default-src 'none'"), address
        assert len(answer.headers.get_list("content-security-policy")) == 1, address
        assert (
            "cache-control" in answer.headers or answer.status_code in (302, 303, 307, 404) or address == "/health"
        ), address
    refused = await seeded.client.post("/language", headers={"origin": "null"})
    assert set(HEADERS) <= set(refused.headers)


async def test_downloads_are_downloads(seeded: Seeded) -> None:
    found = [route for route in read(seeded) if re.search(r"\.(xlsx|csv|json|pdf)$", route.path)]
    for route in found:
        answer = await seeded.client.get(seeded.address(route))
        assert answer.headers["content-disposition"].startswith("attachment;"), str(route)
        assert answer.headers["content-security-policy"].split(";")[0] == "default-src 'none'"
        assert "script-src" not in answer.headers["content-security-policy"], str(route)
        assert "no-store" in answer.headers["cache-control"], str(route)
    assert len(found) >= 4
