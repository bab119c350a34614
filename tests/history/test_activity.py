"""The plan's activity: filtered by person, kind, deed, days and words; taken away as a file."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from stratplan.actors import COMMAND_LINE
from stratplan.audit import AuditEntry
from stratplan.goals.models import Goal
from stratplan.history import routes
from tests.factories import SOMEBODY, TODAY_IN_PLAN, Made, make_account, make_goal, make_report, make_swot
from tests.html_forms import PageReader

PAGE = "/plans/plans/history"


async def deeds(client: httpx.AsyncClient, **asked: str) -> list[str]:
    """The deeds that a filtered page lists."""
    answer = await client.get(PAGE, params=asked)
    assert answer.status_code == 200
    return [
        part.partition("</p>")[0].rpartition("</a>")[0].rpartition(">")[2]
        for part in answer.text.split('"history-deed">')[1:]
    ]


async def test_changes_are_filtered_by_person(client: httpx.AsyncClient, made: Made) -> None:
    ilze = await make_account(name="Ilze")
    await made.goal.edit({"title": "Jauns"}, by=ilze.actor, based_on=1)
    await made.unit.edit({"short": "ĶekN"}, by=COMMAND_LINE, based_on=1)
    assert await deeds(client, by=ilze.actor.id) == ["Mainīts: SM1 Jauns"]
    assert len(await deeds(client, by=SOMEBODY.id)) == 6
    assert len(await deeds(client, by="nav")) == 8
    assert len(await deeds(client, by="people")) == 7, "not what was done from the command line"
    page = (await client.get(PAGE)).text
    assert f'<option value="{ilze.key}">Ilze</option>' in page
    await ilze.erase(by=SOMEBODY)
    forgotten = (await client.get(PAGE)).text
    assert "Ilze" not in forgotten
    assert f'<option value="{ilze.key}">{ilze.caption}</option>' in forgotten


async def test_changes_are_filtered_by_kind_and_deed(client: httpx.AsyncClient, made: Made) -> None:
    await make_report(made.task, TODAY_IN_PLAN, 30)
    goal = await make_goal(made.scope, "SM2")
    await goal.edit({"title": "Cits"}, by=SOMEBODY, based_on=1)
    current = await Goal.get(goal.key)
    assert current is not None
    await current.remove(by=SOMEBODY, based_on=2)
    assert await deeds(client, kind="report") == ["Ziņots: 1.1 Uzdevums 1.1"]
    assert await deeds(client, kind="unit") == ["Pievienots: ĶN"]
    assert await deeds(client, deed="edited") == ["Mainīts: SM2 Cits"]
    assert await deeds(client, deed="deleted") == ["Dzēsts: SM2 Cits"]
    assert await deeds(client, kind="goal", deed="created") == [
        "Pievienots: SM2 Mērķis SM2",
        "Pievienots: SM1 Mērķis SM1",
    ]
    assert len(await deeds(client, kind="nav", deed="nav")) == 10


async def test_changes_are_found_by_words_with_or_without_diacritics(client: httpx.AsyncClient, made: Made) -> None:
    await make_goal(made.scope, "SM2", title="Ķīmiskā drošība (A+)")
    for words in ("kimiska", "ĶĪMISKĀ drosiba", "drošība sm2", "(a+)"):
        assert await deeds(client, q=words) == ["Pievienots: SM2 Ķīmiskā drošība (A+)"], words
    for words in ("ķīmiskā sm1", ".*", "(a+)+", "[", "\\"):
        assert await deeds(client, q=words) == [], words
    # All words in the name of one document of the kind.
    assert await deeds(client, q="kimiska", kind="task") == []


async def test_days_begin_at_midnight_by_the_clock(client: httpx.AsyncClient, made: Made) -> None:
    entries = await AuditEntry.find({"scope": made.scope}).sort("number").to_list()
    moments = [datetime(2016, 3, 9, 21, 59, tzinfo=UTC), datetime(2016, 3, 9, 22, 0, tzinfo=UTC)]
    for entry, moment in zip(entries, moments, strict=False):
        await AuditEntry.get_motor_collection().update_one({"_id": entry.id}, {"$set": {"at": moment}})
    assert len(await deeds(client, **{"from": "2016-03-10", "to": "2016-03-10"})) == 1
    assert len(await deeds(client, **{"from": "2016-03-09", "to": "2016-03-10"})) == 2
    assert len(await deeds(client, to="2016-03-09")) == 1
    for strange in ("2016-13-01", "0001-01-01", "9999-12-31", "vakar"):
        assert len(await deeds(client, **{"from": strange, "to": strange})) == 6


async def test_paging_and_filters_keep_each_other(client: httpx.AsyncClient, made: Made) -> None:
    for number in range(routes.ENTRIES_A_PAGE + 5):
        await make_swot(made.scope, text=f"Ieraksts nr. {number:03}.")
    page = await client.get(PAGE, params={"q": "ieraksts", "kind": "swot"})
    older = page.text.split('rel="next"')[0].rsplit('href="', 1)[1].split('"')[0].replace("&amp;", "&")
    assert "q=ieraksts" in older
    assert "kind=swot" in older
    second = (await client.get(older)).text
    shown = page.text + second
    assert all(f"nr. {number:03}." in shown for number in range(routes.ENTRIES_A_PAGE + 5))
    assert "Pievienots: ĶN" not in shown
    assert f'href="{PAGE}?kind=swot&amp;q=ieraksts"' in second, "the way back to the newest keeps the filters"


async def test_where_nothing_matches_the_filters_can_be_cleared(client: httpx.AsyncClient, made: Made) -> None:
    text = (await client.get(PAGE, params={"q": "nekas tāds"})).text
    assert "neatbilst neviena izmaiņa" in text
    assert f'href="{PAGE}"' in text


async def test_htmx_gets_the_list_and_the_form_goes_where_it_is(client: httpx.AsyncClient, made: Made) -> None:
    answer = await client.get(PAGE, params={"kind": "goal"}, headers={"hx-request": "true"})
    assert answer.text.lstrip().startswith('<div id="activity" ')
    form = PageReader(answer.text, fragment=True).forms[0]
    assert (form.method, form.action) == ("get", PAGE)


def rows_of(body: bytes) -> list[dict[str, Any]]:
    return list(csv.DictReader(io.StringIO(body.decode("utf-8-sig")), delimiter=";"))


async def test_the_filtered_changes_are_taken_away_as_a_file(client: httpx.AsyncClient, made: Made) -> None:
    ilze = await make_account(name="Ilze")
    await made.goal.edit({"title": "=1+1", "description": "Apraksts"}, by=ilze.actor, based_on=1)
    answer = await client.get("/plans/plans/history.csv", params={"by": ilze.actor.id})
    assert "plans-history-" in answer.headers["content-disposition"]
    rows = rows_of(answer.content)
    assert [(row["Lauks"], row["Pirms"], row["Pēc"]) for row in rows] == [
        ("Nosaukums", "Mērķis SM1", "'=1+1"),
        ("Apraksts", "—", "Apraksts"),
    ]
    assert {(row["Persona"], row["Dokumenta veids"]) for row in rows} == {("Ilze", "Mērķis")}
    assert len(rows_of((await client.get("/plans/plans/history.csv")).content)) > len(rows)
    book = await client.get("/plans/plans/history.xlsx", params={"by": ilze.actor.id})
    assert book.content[:2] == b"PK"


async def test_a_file_that_does_not_hold_all_says_so(
    client: httpx.AsyncClient, made: Made, monkeypatch: pytest.MonkeyPatch
) -> None:
    from stratplan.overview import export_history

    monkeypatch.setattr(export_history, "MOST_ENTRIES", 2)
    tables = []
    monkeypatch.setattr(export_history, "to_xlsx", lambda made: tables.extend(made) or b"")
    await client.get("/plans/plans/history.xlsx")
    assert any("nesatilpa" in note for note in tables[0].notes)
