"""What no browser sends, in every part of a request and to every route: refused or passed over, never a failure, and
nothing changes."""

from __future__ import annotations

import json
import re
from urllib.parse import quote_from_bytes

from stratplan.frame import SAFE_METHODS
from tests.conftest import reading
from tests.route_table import Route
from tests.whole_app.conftest import Seeded

FORM = {"content-type": "application/x-www-form-urlencoded"}
QUERY = '{"$gt": ""}'
HOSTILE = (
    QUERY.encode(),
    b"$where",
    b"a.$gt.b",
    b"a\x00b",
    b"\xed\xa0\x80",
    b"\xff\xfe",
    b"../../etc/passwd",
    b"'\"><script>",
    b"%s%n{0.__class__}",
    b"a" * 5000,
    "ā\u202eb\u2066".encode(),
)
DEEP = json.dumps({"a": 1}).replace("1", '{"a":' * 500 + "1" + "}" * 500)


def walked(seeded: Seeded) -> list[Route]:
    return [route for route in seeded.routes if route.path != "/static" and route.method != "OPTIONS"]


def read(seeded: Seeded) -> list[Route]:
    return [route for route in walked(seeded) if route.method == "GET" and not route.streams]


def written(seeded: Seeded) -> list[Route]:
    return [route for route in walked(seeded) if route.method not in SAFE_METHODS]


async def test_a_body_that_is_no_form_is_refused_everywhere(seeded: Seeded) -> None:
    before = await seeded.kept()
    for route in written(seeded):
        address = seeded.address(route)
        for kind, body in (
            ("application/json", QUERY),
            ("application/json", f"[{QUERY}]"),
            ("application/json", DEEP),
            ("application/merge-patch+json", QUERY),
            ("text/xml", '<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>'),
            ("text/plain", "version=1"),
            ("application/x-www-form-urlencoded; charset=utf-7", "version=1"),
            ("nav/tāda".encode("latin-1", "replace").decode(), "version=1"),
        ):
            answer = await seeded.client.request(
                route.method, address, content=body.encode(), headers={"content-type": kind}
            )
            assert answer.status_code == 415, f"{route} {kind}: {answer.status_code}"
            assert "Traceback" not in answer.text
    assert await seeded.kept() == before


async def test_a_method_that_no_route_has_is_refused(seeded: Seeded) -> None:
    before = await seeded.kept()
    taken = {(route.method, route.path) for route in seeded.routes}
    for route in walked(seeded):
        for method in ("TRACE", "PUT", "PATCH", "DELETE", "PROPFIND", "GET", "POST"):
            if (method, route.path) not in taken:
                answer = await seeded.client.request(method, seeded.address(route), headers=FORM)
                assert answer.status_code in (404, 405), f"{method} {route.path}: {answer.status_code}"
        for header in ("x-http-method-override", "x-method-override", "x-original-url"):
            if route.method == "GET" and not route.streams:
                answer = await seeded.client.get(seeded.address(route), headers={header: "DELETE"})
                assert answer.status_code < 500
    assert await seeded.kept() == before


async def test_no_query_breaks_a_page_or_changes_anything(seeded: Seeded) -> None:
    before = await seeded.kept()
    names = ("q", "goal", "unit", "year", "state", "role", "page", "before", "by", "kind", "next", "lang", "recovery")
    strange = ("%24where=1", "a%5B%24gt%5D=", "a.%24gt=1", "__proto__=1", "a" + "%5Ba%5D" * 300 + "=1", "%ED%A0%80=1")
    long = "&".join(["a=1"] * 10_000)
    for route in read(seeded):
        address = seeded.address(route)
        for value in HOSTILE:
            sent = quote_from_bytes(value[:500], safe="")  # all together no longer than a server hears
            query = "&".join(f"{name}={sent}" for name in (*names, *names))
            answer = await seeded.client.get(f"{address}?{query}&{'&'.join(strange)}")
            assert answer.status_code < 500, f"{route} {value!r:.40}: {answer.status_code}"
            assert "<script>" not in answer.text.replace("<script src", "")
        for query in (long, "as_of[$gt]=", "as_of=2016-09-30&as_of=2016-06-30", "&&&===;;;%%%"):
            assert (await seeded.client.get(f"{address}?{query}")).status_code < 500, f"{route} {query:.40}"
    for value in HOSTILE:
        for route in read(seeded):
            answer = await seeded.client.get(f"{seeded.address(route)}?as_of={quote_from_bytes(value, safe='')}")
            assert answer.status_code < 500, f"{route} as_of={value!r:.40}"
    assert await seeded.kept() == before


async def test_an_address_with_a_hostile_part_is_not_found(seeded: Seeded) -> None:
    before = await seeded.kept()
    for route in walked(seeded):
        parts = re.findall(r"\{\w+:\w+\}", route.path)
        whole = seeded.address(route)
        for place in range(len(parts)):
            for value in HOSTILE:
                address = _with(route.path, whole, place, quote_from_bytes(value, safe=""))
                answer = await seeded.client.request(route.method, address, headers=FORM)
                assert 400 <= answer.status_code < 500, f"{route.method} {address:.80}: {answer.status_code}"
    assert await seeded.kept() == before


def _with(path: str, address: str, place: int, value: str) -> str:
    """The route's address with the part at one place taken for another."""
    found = -1
    parts = []
    for pattern, part in zip(path.split("/"), address.split("/"), strict=True):
        found += pattern.startswith("{")
        parts.append(re.sub(r".+", value, part) if pattern.startswith("{") and found == place else part)
    return "/".join(parts)


async def test_no_cookie_breaks_a_page(seeded: Seeded) -> None:
    before = await seeded.kept()
    names = ("session", "language", "theme", "notice", "told", "shown-once", "device", "second-step", "openid")
    signed_in = (await seeded.client.get("/plans")).request.headers["cookie"]
    for address in ("/", "/plans", "/me", "/sign-in", "/sign-in/code", seeded.address(_overview(seeded)), "/nav-tada"):
        for value in HOSTILE:
            for more in (signed_in, ""):
                cookies = "; ".join(f"{name}={value.decode('latin-1')}" for name in names if f"{name}=" not in more)
                for sent in (f"{more}; {cookies}", f"{cookies}; {more}", f"{more}; {more}", f"=;;;{cookies};\x00"):
                    async with reading(seeded.app, None) as client:
                        answer = await client.get(address, headers=[(b"cookie", sent.encode("latin-1"))])
                    assert answer.status_code < 500, f"{address} {value!r:.40}: {answer.status_code}"
    large = await seeded.client.get("/plans", headers={"cookie": f"{signed_in}; a=" + "b" * 100_000})
    assert large.status_code == 431
    assert "too large" in large.text
    assert await seeded.kept() == before


def _overview(seeded: Seeded) -> Route:
    return next(route for route in seeded.routes if route.path == "/plans/{slug:str}" and route.method == "GET")


async def test_no_header_breaks_a_page(seeded: Seeded) -> None:
    before = await seeded.kept()
    names = [
        "accept",
        "accept-encoding",
        "accept-language",
        "authorization",
        "content-type",
        "content-length",
        "forwarded",
        "hx-boosted",
        "hx-current-url",
        "hx-history-restore-request",
        "hx-prompt",
        "hx-request",
        "hx-target",
        "hx-trigger",
        "if-modified-since",
        "if-none-match",
        "last-event-id",
        "origin",
        "range",
        "referer",
        "sec-fetch-dest",
        "sec-fetch-mode",
        "sec-fetch-site",
        "user-agent",
        "x-forwarded-for",
        "x-forwarded-host",
        "x-forwarded-proto",
    ]
    for address in ("/plans", "/me", "/sign-in", seeded.address(_overview(seeded)), "/nav-tada", "/people"):
        for value in (
            *(one for one in HOSTILE if b"\x00" not in one),
            b"",
            b"http://[",
            b"bytes=0-,0-,0-",
            b'W/"a", *',
        ):
            for name in names:
                answer = await seeded.client.get(address, headers=[(name.encode(), value)])
                assert answer.status_code < 500, f"{address} {name}: {value!r:.40}: {answer.status_code}"
    assert await seeded.kept() == before


async def test_no_other_origin_is_ever_allowed_to_read(seeded: Seeded) -> None:
    for route in read(seeded):
        for origin in ("https://evil.example", "null"):
            answer = await seeded.client.get(seeded.address(route), headers={"origin": origin})
            assert [name for name in answer.headers if name.startswith("access-control-")] == [], str(route)
    asked = {"origin": "https://evil.example", "access-control-request-method": "POST"}
    for route in written(seeded):
        answer = await seeded.client.options(seeded.address(route), headers=asked)
        assert [name for name in answer.headers if name.startswith("access-control-")] == [], str(route)


async def test_every_answer_says_what_it_is(seeded: Seeded) -> None:
    for route in read(seeded):
        answer = await seeded.client.get(seeded.address(route))
        if answer.content:
            kind = answer.headers["content-type"]
            assert "charset=utf-8" in kind.lower() or not re.match(r"text/|.*xml(?!formats)", kind), f"{route}: {kind}"
