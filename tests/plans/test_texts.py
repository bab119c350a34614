"""Terms, chapters and funding sources: lists edited in place, ordered, searched, with abbreviations explained."""

from __future__ import annotations

from typing import Any

import httpx

from stratplan.audit import AuditEntry
from stratplan.plans.models import FundingKind, FundingSource, Section, Term, TermKind
from stratplan.plans.queries import sources_in_order
from stratplan.plans.sections import sections_in_order
from tests.factories import SOMEBODY, Made

HTMX = {"HX-Request": "true"}


async def make_term(made: Made, word: str, **values: Any) -> Term:
    term = Term.new(**{"scope": made.scope, "word": word, "meaning": f"{word} nozīmē daudz", **values})
    await term.add(by=SOMEBODY)
    return term


async def make_sections(made: Made, *titles: str) -> list[Section]:
    sections = [
        Section.new(scope=made.scope, title=title, text="Teksts", order=place)
        for place, title in enumerate(titles, start=1)
    ]
    for section in sections:
        await section.add(by=SOMEBODY)
    return sections


async def last_tag(made: Made) -> str:
    entry = await AuditEntry.find({"scope": made.scope}).sort("-number").first_or_none()
    assert entry is not None
    return entry.tag


async def test_terms_stand_in_latvian_order(client: httpx.AsyncClient, made: Made) -> None:
    for word in ("Klients", "Ķermenis", "Āda", "Abele"):
        await make_term(made, word)
    page = (await client.get("/plans/plans/terms")).text
    places = [page.index(f"<dt>{word}</dt>") for word in ("Abele", "Āda", "Klients", "Ķermenis")]
    assert places == sorted(places)


async def test_the_search_looks_into_words_and_meanings_without_diacritics(
    client: httpx.AsyncClient, made: Made
) -> None:
    await make_term(made, "Ķekava")
    await make_term(made, "Cits", meaning="Ar ķekavas vārdu")
    await make_term(made, "Trešais")
    answer = await client.get("/plans/plans/terms?q=kekava", headers=HTMX)
    assert answer.text.lstrip().startswith('<div id="terms" ')
    assert "Atrasti 2 vārdi" in answer.text
    assert "Trešais" not in answer.text


async def test_a_term_is_added_in_place_and_a_word_stands_once(client: httpx.AsyncClient, made: Made) -> None:
    form = {"word": "GMI", "meaning": "Garantētais minimālais ienākums", "sort": "abbreviation"}
    answer = await client.post("/plans/plans/terms", data=form, headers=HTMX)
    assert answer.status_code == 200
    assert "GMI" in answer.text
    assert await last_tag(made) == "term.created"
    twice = await client.post("/plans/plans/terms", data=form, headers=HTMX)
    assert twice.status_code == 409
    assert 'id="field-word-error"' in twice.text
    assert await Term.find({"sort": TermKind.ABBREVIATION.value}).count() == 1


async def test_one_form_is_open_at_a_time(client: httpx.AsyncClient, made: Made) -> None:
    term, other = await make_term(made, "Viens"), await make_term(made, "Otrs")
    page = (await client.get(f"/plans/plans/terms/{term.key}/edit")).text
    assert page.count('id="field-word"') == 1
    assert f"/terms/{other.key}/edit" not in page
    assert 'value="Viens"' in page


async def test_an_abbreviation_is_explained_in_the_plans_text(client: httpx.AsyncClient, made: Made) -> None:
    await make_term(made, "GMI", meaning="minimālais ienākums", sort=TermKind.ABBREVIATION)
    (section,) = await make_sections(made, "Palīdzība")
    await section.edit({"text": "Pabalsts GMI nodrošināšanai"}, by=SOMEBODY, based_on=1)
    page = (await client.get("/plans/plans/sections")).text
    assert '<abbr title="minimālais ienākums">GMI</abbr>' in page


async def test_a_chapter_is_added_after_the_others(client: httpx.AsyncClient, made: Made) -> None:
    await make_sections(made, "A", "B")
    answer = await client.post("/plans/plans/sections", data={"title": "C", "text": "Rinda\n\nCita"})
    assert answer.status_code == 303
    assert [section.title for section in sections_in_order(await made.snapshot())] == ["A", "B", "C"]


async def test_chapters_move_by_step_and_by_drop_and_nothing_falls_off_the_ends(
    client: httpx.AsyncClient, made: Made
) -> None:
    first, _second, third = await make_sections(made, "A", "B", "C")
    url = "/plans/plans/sections/{}/move"
    answer = await client.post(url.format(third.key), data={"version": "1", "step": "up"}, headers=HTMX)
    assert answer.text.lstrip().startswith('<div id="sections" ')
    assert await last_tag(made) == "section.reordered"
    await client.post(url.format(first.key), data={"version": "1", "position": "3"})
    assert [section.title for section in sections_in_order(await made.snapshot())] == ["C", "B", "A"]
    now = await Section.get(third.key)
    assert now is not None
    await client.post(url.format(third.key), data={"version": str(now.version), "step": "up"})
    assert [section.title for section in sections_in_order(await made.snapshot())] == ["C", "B", "A"]


async def test_a_source_in_use_is_not_deleted_and_one_that_is_not_can_be_undone(
    client: httpx.AsyncClient, made: Made
) -> None:
    used = await client.post(f"/plans/plans/sources/{made.source.key}/delete", data={"version": "1"})
    assert used.status_code == 409
    assert made.task.title in used.text
    await client.post("/plans/plans/sources", data={"code": "AIZ", "name": "Aizņēmums", "funding": "loan"})
    source = await FundingSource.find_one({"code": "AIZ"})
    assert source is not None
    assert (source.funding, source.order) == (FundingKind.LOAN, 2)
    await client.post(f"/plans/plans/sources/{source.key}/delete", data={"version": "1"})
    assert [one.code for one in sources_in_order(await made.snapshot())] == ["PB"]
    assert await last_tag(made) == "source.deleted"


async def test_a_code_that_is_taken_is_refused_at_its_field(client: httpx.AsyncClient, made: Made) -> None:
    form = {"code": "PB", "name": "Otrs", "funding": "municipal"}
    answer = await client.post("/plans/plans/sources", data=form, headers=HTMX)
    assert answer.status_code == 409
    assert 'id="field-code-error"' in answer.text
