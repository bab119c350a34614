"""Kept pages: quick, and never older than an acknowledged write, whoever wrote it."""

from __future__ import annotations

import gzip
from typing import Any

import brotli
import httpx
import pytest
from pymongo import monitoring

from stratplan.frame import Frame
from stratplan.plans.models import Term
from stratplan.snapshot import Snapshots
from tests.factories import SOMEBODY, Made, make_plan

PAGE = "/plans/plans/terms"


async def add_term(made: Made, word: str) -> Term:
    term = Term.new(scope=made.scope, word=word, meaning="Skaidrojums.")
    await term.add(by=SOMEBODY)
    return term


async def test_a_page_shows_the_write_that_was_acknowledged_before_it_was_asked_for(
    client: httpx.AsyncClient, made: Made
) -> None:
    for word in ("Atbalsts", "Misija", "Vīzija"):
        await add_term(made, word)
        assert word in (await client.get(PAGE)).text
        assert word in (await client.get(PAGE)).text


async def test_a_kept_page_costs_one_read_of_the_session_and_one_of_the_heads(
    client: httpx.AsyncClient, made: Made, sent: list[str]
) -> None:
    await client.get(PAGE)
    await client.get(PAGE)
    sent.clear()
    await client.get(PAGE)
    assert sent == ["find sessions", "find heads"]


async def test_heads_that_are_ahead_of_the_snapshot_do_not_make_a_page_newer_than_it_is(
    client: httpx.AsyncClient, made: Made, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A write in flight shows in the heads before it is majority-committed and snapshots have it."""
    found = await Snapshots().revision_of("plans")
    assert found is not None
    plan, (revision, *others) = found
    written = Snapshots.revision_of
    with monkeypatch.context() as ahead:
        early = [(plan, (revision + 1, *others))]
        ahead.setattr(Snapshots, "revision_of", lambda self, slug: _now(early.pop()) if early else written(self, slug))
        await client.get(PAGE)
    await add_term(made, "Atbalsts")
    assert "Atbalsts" in (await client.get(PAGE)).text


async def _now(value: Any) -> Any:
    return value


async def test_an_address_that_passed_to_another_plan_shows_none_of_the_first_ones_pages(
    client: httpx.AsyncClient, made: Made
) -> None:
    other = await make_plan("second", title="Otrais plāns")
    await add_term(made, "Atbalsts")
    assert "Atbalsts" in (await client.get(PAGE)).text
    await made.plan.edit({"slug": "first"}, by=SOMEBODY, based_on=1)
    await other.plan.edit({"slug": "plans"}, by=SOMEBODY, based_on=1)  # as many changes as the first had then
    await client.get("/plans/plans/sections")
    assert "Atbalsts" not in (await client.get(PAGE)).text


async def test_what_is_asked_by_head_has_the_headers_of_the_page_and_no_body(
    client: httpx.AsyncClient, made: Made
) -> None:
    for address, status in ((PAGE, 200), ("/plans", 200), ("/health", 200), ("/plans/none", 404)):
        page, head = await client.get(address), await client.head(address)
        assert (page.status_code, head.status_code, head.content) == (status, status, b"")
        for name in ("content-type", "content-length", "etag"):
            assert head.headers.get(name) == page.headers.get(name)


async def test_a_page_the_reader_has_is_not_sent_again(client: httpx.AsyncClient, made: Made) -> None:
    first = await client.get(PAGE)
    again = await client.get(PAGE, headers={"if-none-match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    await add_term(made, "Jauns")
    after = await client.get(PAGE, headers={"if-none-match": first.headers["etag"]})
    assert after.status_code == 200
    assert "Jauns" in after.text


async def test_pages_are_compressed_as_the_reader_takes_them(app: Frame, made: Made) -> None:
    await made.plan.publish([], by=SOMEBODY, based_on=made.plan.version)
    bodies: dict[str, bytes] = {}

    async def ask(accepted: str) -> None:
        async with httpx.AsyncClient(
            transport=httpx.ASGITransport(app=app),  # type: ignore[arg-type]
            base_url="http://127.0.0.1:8000",
        ) as client:
            request = client.build_request("GET", PAGE, headers={"accept-encoding": accepted})
            response = await client.send(request, stream=True)
            raw = b"".join([chunk async for chunk in response.aiter_raw()])
            encoding = response.headers.get("content-encoding", "")
            bodies[encoding] = {"br": brotli.decompress, "gzip": gzip.decompress}.get(encoding, bytes)(raw)

    for accepted in ("br, gzip", "gzip", "identity"):
        await ask(accepted)
    assert list(bodies) == ["br", "gzip", ""]
    assert len(set(bodies.values())) == 1


async def test_languages_and_themes_do_not_get_each_others_pages(client: httpx.AsyncClient, made: Made) -> None:
    latvian = (await client.get(PAGE)).text
    english = (await client.get(PAGE, headers={"cookie": "language=en"})).text
    dark = (await client.get(PAGE, headers={"cookie": "theme=dark"})).text
    assert '<html lang="lv"' in latvian
    assert '<html lang="en"' in english
    assert 'data-bs-theme="dark"' in dark
    assert (await client.get(PAGE)).text == latvian


async def test_a_notice_is_shown_once_and_not_kept(client: httpx.AsyncClient, made: Made) -> None:
    await client.get(PAGE)
    answer = await client.post(PAGE, data={"word": "Atbalsts", "meaning": "Palīdzība.", "sort": "term"})
    assert answer.status_code == 303
    assert answer.headers["location"].partition("#")[0] == PAGE
    shown = await client.get(PAGE)
    assert "Pievienots: Atbalsts" in shown.text
    assert "/undo" in shown.text
    assert "Pievienots: Atbalsts" not in (await client.get(PAGE)).text


async def test_a_day_that_is_no_day_is_refused_in_words(client: httpx.AsyncClient, made: Made) -> None:
    answer = await client.get(PAGE, params={"as_of": "30.09.2016."})
    assert answer.status_code == 400
    assert "2016-09-30" in answer.text


class _Listener(monitoring.CommandListener):
    def __init__(self, sent: list[str]) -> None:
        self.sent = sent

    def started(self, event: Any) -> None:
        self.sent.append(f"{event.command_name} {event.command[event.command_name]}")

    def succeeded(self, event: Any) -> None:
        """Nothing to note."""

    def failed(self, event: Any) -> None:
        """Nothing to note."""


_sent: list[str] = []
monitoring.register(_Listener(_sent))


@pytest.fixture
def sent() -> list[str]:
    """The commands that the program sends to the server, from now on."""
    _sent.clear()
    return _sent
