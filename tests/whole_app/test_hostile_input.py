"""What no person would send is refused at every form, with a sentence, and nothing of it is written."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote_from_bytes, urlencode

import httpx
import pytest_asyncio
from beanie import PydanticObjectId

from stratplan.accounts import passwords
from tests.conftest import reading
from tests.html_forms import PageReader, SentForm
from tests.whole_app.conftest import Seeded

URLENCODED = {"content-type": "application/x-www-form-urlencoded"}
STRANGE_NAMES = (
    "$where",
    "title[$gt]",
    "title.$gt",
    "scope",
    "_id",
    "deleted",
    "revision",
    "__proto__",
    "theirs",
    "a\x00b",
)
CHOICES = {"checkbox", "radio", "select", "hidden"}


# An address to come back to is no value: one that is none leads to the front page (test_addresses.py).
WAYS_BACK = {"back", "next"}


@dataclass(frozen=True, slots=True)
class Found:
    """A form and who was shown it."""

    form: SentForm
    client: httpx.AsyncClient


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def found(seeded: Seeded) -> AsyncIterator[list[Found]]:
    """Every form that changes something, once for each address and set of fields: of an administrator who has a
    password, and of somebody who has not signed in."""
    await passwords.keep(PydanticObjectId(seeded.account), await passwords.hashed("zirgs bērzs trauks"))
    forms: dict[str, Found] = {}
    async with reading(seeded.app, None) as stranger:
        for client in (seeded.client, stranger):
            for route in seeded.routes:
                if route.method != "GET" or route.path == "/static" or route.streams:
                    continue
                answer = await client.get(seeded.address(route))
                if not answer.headers.get("content-type", "").startswith("text/html"):
                    continue
                for form in PageReader(answer.text, fragment=True).forms:
                    if form.method == "post" and form.fields:
                        path = form.action.partition("?")[0].split("/")
                        pattern = "/".join("…" if len(part) > 20 else part for part in path)
                        forms.setdefault(f"{pattern} {sorted(form.kinds)}", Found(form, client))
        yield list(forms.values())


async def refuses(seeded: Seeded, one: Found, what: str, **sent: Any) -> None:
    """Assert that a request is answered with a refusal, not a failure, and that nothing was written."""
    before = await seeded.kept()
    answer: httpx.Response = await one.client.post(one.form.action, **sent)
    assert 400 <= answer.status_code < 500, f"{one.form.action} {what}: {answer.status_code}"
    assert await seeded.kept() == before, f"{one.form.action} {what}"


async def test_there_are_forms_to_try(found: list[Found]) -> None:
    parts = {part for one in found for part in one.form.action.partition("?")[0].split("/")}
    assert parts >= {"terms", "goals", "tasks", "investments", "swot", "members", "comments", "evidence"}
    assert parts >= {"sign-in", "links", "me", "password", "second-factor", "people", "language", "theme"}


async def test_fields_that_a_form_does_not_have_are_refused(seeded: Seeded, found: list[Found]) -> None:
    for one in found:
        form = one.form
        for name in STRANGE_NAMES:
            if name not in form.kinds:
                await refuses(seeded, one, name, data=dict([*form.sent(), (name, "1")]))


async def test_text_that_cannot_be_kept_is_refused(seeded: Seeded, found: list[Found]) -> None:
    for one in found:
        form = one.form
        for name, kind in form.kinds.items():
            # A row that has a key and nothing else is an empty row.
            if kind in ("submit", "button") or name in WAYS_BACK or name.endswith("-key"):
                continue
            others = [(other, value) for other, value in form.sent() if other != name]
            for bad in (b"a\x00b", b"a\x1bb", b"\xed\xa0\x80", b"\xff\xfe"):
                body = urlencode([*others]).encode() + f"&{name}={quote_from_bytes(bad)}".encode()
                await refuses(seeded, one, f"{name}={bad!r}", content=body, headers=URLENCODED)


async def test_more_than_a_field_holds_is_refused(seeded: Seeded, found: list[Found]) -> None:
    for one in found:
        form = one.form
        texts = [name for name, kind in form.kinds.items() if kind not in {*CHOICES, "submit", "button"}]
        for name in texts[:2] or list(form.kinds)[:1]:
            others = [(other, value) for other, value in form.sent() if other != name]
            await refuses(
                seeded, one, f"long {name}", content=urlencode([*others, (name, "ā" * 500_000)]), headers=URLENCODED
            )
        await refuses(seeded, one, "3 MB", content=b"title=" + b"a" * 3 * 2**20, headers=URLENCODED)


async def test_another_kind_of_body_is_refused(seeded: Seeded, found: list[Found]) -> None:
    for one in found:
        form = one.form
        await refuses(seeded, one, "JSON", json={name: {"$gt": ""} for name in form.kinds})
        if not form.action.endswith("/read"):  # asks for nothing but filters to come back to
            await refuses(seeded, one, "nothing", content=b"", headers=URLENCODED)
        await refuses(seeded, one, "not a form", content=b"\x00\xff%%%=&&&;;", headers=URLENCODED)
        await refuses(
            seeded,
            one,
            "a file",
            files=[("title", ("x.txt", b"a")), *((name, (None, value.encode())) for name, value in form.sent())],
        )
        await refuses(
            seeded,
            one,
            "broken parts",
            content=b"--x\r\nbroken",
            headers={"content-type": "multipart/form-data; boundary=x"},
        )


async def test_queries_in_place_of_values_are_refused(seeded: Seeded, found: list[Found]) -> None:
    for one in found:
        form = one.form
        for name, kind in form.kinds.items():
            if kind in CHOICES and name not in {"sort", *WAYS_BACK} and not name.endswith("-key"):
                changed = [(other, value) for other, value in form.sent() if other != name]
                await refuses(seeded, one, f"{name} as a query", data=dict([*changed, (name, '{"$gt": ""}')]))


async def test_numbers_that_nothing_counts_to_are_refused(seeded: Seeded, found: list[Found]) -> None:
    for one in found:
        form = one.form
        for name in {"version", "position"} & form.kinds.keys():
            others = [(other, value) for other, value in form.sent() if other != name]
            for number in ("9" * 30, "-" + "9" * 30, "9" * 5000, "²", "1e9"):
                await refuses(seeded, one, f"{name}={number:.9}", data=dict([*others, (name, number)]))


async def test_a_field_sent_twice_is_one_value_or_refused(seeded: Seeded, found: list[Found]) -> None:
    """Of a field for one value the last counts, of a list all: what may not be kept is found in either place."""
    for one in found:
        for name, kind in one.form.kinds.items():
            if kind not in ("submit", "button", "file") and name not in WAYS_BACK and not name.endswith("-key"):
                twice = [*one.form.sent(), (name, "a\x00b")]
                await refuses(seeded, one, f"{name} twice", content=urlencode(twice), headers=URLENCODED)
                many = [*one.form.sent(), *[(name, '{"$gt": ""}\x00')] * 200]
                await refuses(seeded, one, f"{name} 200 times", content=urlencode(many), headers=URLENCODED)


async def test_ten_megabytes_and_ten_thousand_fields_are_refused(seeded: Seeded, found: list[Found]) -> None:
    fields = urlencode([(f"f{number}", "1") for number in range(10_000)])
    parts = [(f"f{number}", (None, b"1")) for number in range(2_000)]
    for one in found:
        name = next(iter(one.form.kinds))
        await refuses(seeded, one, "10 MB", content=f"{name}=".encode() + b"a" * 10 * 2**20, headers=URLENCODED)
        await refuses(seeded, one, "10,000 fields", content=fields, headers=URLENCODED)
        await refuses(seeded, one, "2,000 parts", files=parts)
        deep = urlencode([(name + "[a]" * 1000, "1"), (name + ".a" * 1000, "1"), (name + "-0" * 1000, "1")])
        await refuses(seeded, one, "deep names", content=deep, headers=URLENCODED)
