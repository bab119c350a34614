"""What no person would send is refused at every form, with a sentence, and nothing of it is written."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote_from_bytes, urlencode

import httpx

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


async def forms_of(seeded: Seeded) -> dict[str, SentForm]:
    """Every form that changes a plan, once for each address and set of fields."""
    found: dict[str, SentForm] = {}
    for route in seeded.routes:
        if route.method != "GET" or route.path == "/static":
            continue
        answer = await seeded.client.get(seeded.address(route))
        if not answer.headers.get("content-type", "").startswith("text/html"):
            continue
        for form in PageReader(answer.text, fragment=True).forms:
            if form.method == "post" and form.action.startswith("/plans") and form.fields:
                pattern = "/".join("…" if len(part) > 20 else part for part in form.action.partition("?")[0].split("/"))
                found.setdefault(f"{pattern} {sorted(form.kinds)}", form)
    return found


async def refuses(seeded: Seeded, form: SentForm, what: str, **sent: Any) -> None:
    """Assert that a request is answered with a refusal, not a failure, and that nothing was written."""
    before = await seeded.revision()
    answer: httpx.Response = await seeded.client.post(form.action, **sent)
    assert 400 <= answer.status_code < 500, f"{form.action} {what}: {answer.status_code}"
    assert await seeded.revision() == before, f"{form.action} {what}"


async def test_there_are_forms_to_try(seeded: Seeded) -> None:
    parts = {part for form in (await forms_of(seeded)).values() for part in form.action.partition("?")[0].split("/")}
    assert parts >= {"terms", "goals", "tasks", "investments", "swot"}


async def test_fields_that_a_form_does_not_have_are_refused(seeded: Seeded) -> None:
    for form in (await forms_of(seeded)).values():
        for name in STRANGE_NAMES:
            if name not in form.kinds:
                await refuses(seeded, form, name, data=dict([*form.sent(), (name, "1")]))


async def test_text_that_cannot_be_kept_is_refused(seeded: Seeded) -> None:
    for form in (await forms_of(seeded)).values():
        for name, kind in form.kinds.items():
            if kind in ("submit", "button") or name.endswith("-key"):  # an empty row with a key is an empty row
                continue
            others = [(other, value) for other, value in form.sent() if other != name]
            for bad in (b"a\x00b", b"a\x1bb", b"\xed\xa0\x80", b"\xff\xfe"):
                body = urlencode([*others]).encode() + f"&{name}={quote_from_bytes(bad)}".encode()
                await refuses(seeded, form, f"{name}={bad!r}", content=body, headers=URLENCODED)


async def test_more_than_a_field_holds_is_refused(seeded: Seeded) -> None:
    for form in (await forms_of(seeded)).values():
        texts = [name for name, kind in form.kinds.items() if kind not in {*CHOICES, "submit", "button"}]
        for name in texts[:2] or list(form.kinds)[:1]:
            others = [(other, value) for other, value in form.sent() if other != name]
            await refuses(
                seeded, form, f"long {name}", content=urlencode([*others, (name, "ā" * 500_000)]), headers=URLENCODED
            )
        await refuses(seeded, form, "3 MB", content=b"title=" + b"a" * 3 * 2**20, headers=URLENCODED)


async def test_another_kind_of_body_is_refused(seeded: Seeded) -> None:
    for form in (await forms_of(seeded)).values():
        await refuses(seeded, form, "JSON", json={name: {"$gt": ""} for name in form.kinds})
        await refuses(seeded, form, "nothing", content=b"", headers=URLENCODED)
        await refuses(seeded, form, "not a form", content=b"\x00\xff%%%=&&&;;", headers=URLENCODED)
        await refuses(
            seeded,
            form,
            "a file",
            files=[("title", ("x.txt", b"a")), *((name, (None, value.encode())) for name, value in form.sent())],
        )
        await refuses(
            seeded,
            form,
            "broken parts",
            content=b"--x\r\nbroken",
            headers={"content-type": "multipart/form-data; boundary=x"},
        )


async def test_queries_in_place_of_values_are_refused(seeded: Seeded) -> None:
    for form in (await forms_of(seeded)).values():
        for name, kind in form.kinds.items():
            if kind in CHOICES and name != "sort" and not name.endswith("-key"):
                changed = [(other, value) for other, value in form.sent() if other != name]
                await refuses(seeded, form, f"{name} as a query", data=dict([*changed, (name, '{"$gt": ""}')]))


async def test_numbers_that_nothing_counts_to_are_refused(seeded: Seeded) -> None:
    for form in (await forms_of(seeded)).values():
        for name in {"version", "position"} & form.kinds.keys():
            others = [(other, value) for other, value in form.sent() if other != name]
            for number in ("9" * 30, "-" + "9" * 30, "9" * 5000, "²", "1e9"):
                await refuses(seeded, form, f"{name}={number:.9}", data=dict([*others, (name, number)]))
