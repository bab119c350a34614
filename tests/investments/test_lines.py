"""Working on the investment plan: lines, headings, order and money reports, with HTMX and without."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import httpx
import pytest

from stratplan.audit import AuditEntry
from stratplan.errors import RuleBroken, StaleEdit
from stratplan.investments.models import InvestmentLine, Share
from stratplan.investments.order import moved, suggested_number
from stratplan.period import Period
from tests.factories import SOMEBODY, Made, make_goal, make_line, make_task

LINES = "/plans/plans/investments"
HTMX = {"HX-Request": "true"}


def fields(made: Made, **more: str | list[str]) -> dict[str, str | list[str]]:
    """What the form of a line sends at the least."""
    return {"number": "1.1", "title": "Jauna rinda", "goal": str(made.goal.key), **more}


async def last_entry() -> AuditEntry:
    entry = await AuditEntry.find().sort("-at", "-number").first_or_none()
    assert entry is not None
    return entry


async def only_line() -> InvestmentLine:
    (line,) = await InvestmentLine.find({"deleted": False}).to_list()
    return line


async def test_a_line_is_added_with_amounts_as_latvians_write_them(client: httpx.AsyncClient, made: Made) -> None:
    source = str(made.source.key)
    sent = fields(
        made,
        amount="341 482,00",
        period="2015.–2016.",
        tasks=[str(made.task.key)],
        **{
            "shares-0-source": source,
            "shares-0-percent": "12,5",
            "shares-0-amount": "",
            "shares-0-inferred": "1",
            "shares-1-source": "",
            "shares-1-percent": "",
            "shares-1-amount": "",
            "stages-0-key": "",
            "stages-0-title": "Projekts",
            "stages-0-period": "2015.",
            "stages-0-amount": "1000",
            "stages-0-done_on": "2015-12-01",
            "planned-0-source": source,
            "planned-0-year": "2015",
            "planned-0-amount": "40 000,50",
            "planned-1-source": source,
            "planned-1-year": "2016",
            "planned-1-amount": "",
        },
    )
    answer = await client.post(LINES, data=sent)
    assert (answer.status_code, answer.headers["location"]) == (303, f"{LINES}/1.1")
    line = await only_line()
    assert (line.amount, line.period, line.tasks) == (
        Decimal("341482.00"),
        Period.parse("2015.–2016."),
        [made.task.key],
    )
    assert line.shares == [Share(source=made.source.key, percent=Decimal("12.5"), inferred=True)]
    assert [(entry.year, entry.amount) for entry in line.planned] == [(2015, Decimal("40000.50"))]
    assert [(stage.title, stage.done_on) for stage in line.stages] == [("Projekts", date(2015, 12, 1))]
    assert (await last_entry()).tag == "line.created"
    form = (await client.get(f"{LINES}/1.1/edit")).text
    assert 'value="341\u00a0482,00"' in form
    assert 'value="40\u00a0000,50"' in form


async def test_errors_stand_at_their_fields_and_what_was_typed_is_kept(client: httpx.AsyncClient, made: Made) -> None:
    sent = fields(
        made,
        number="2..4",
        title="",
        amount="12,345",
        **{"shares-0-source": str(made.source.key), "shares-0-percent": "5", "shares-0-amount": "5"},
    )
    answer = await client.post(LINES, data=sent, headers=HTMX)
    assert answer.status_code == 422
    assert answer.headers["HX-Retarget"] == "#line-form"
    assert answer.text.lstrip().startswith('<div id="line-form"')
    for field in ("number", "title", "amount", "shares-0"):
        assert f'href="#field-{field}"' in answer.text
    assert 'value="12,345"' in answer.text
    assert await InvestmentLine.find_all().count() == 0


async def test_a_number_that_is_taken_is_refused_at_its_field(client: httpx.AsyncClient, made: Made) -> None:
    await make_line(made.scope, made.goal, "1.1")
    answer = await client.post(LINES, data=fields(made))
    assert answer.status_code == 409
    assert 'href="#field-number"' in answer.text


async def test_a_heading_may_state_a_total_and_nothing_else(client: httpx.AsyncClient, made: Made) -> None:
    answer = await client.post(f"{LINES}/headings", data=fields(made, amount="300"))
    assert answer.status_code == 303
    line = await only_line()
    assert (line.heading, line.amount) == (True, Decimal(300))
    with pytest.raises(RuleBroken):
        await line.report_money(
            on=date(2016, 1, 1),
            source=made.source.key,
            year=2016,
            contracted=Decimal(1),
            spent=None,
            by=SOMEBODY,
            based_on=1,
        )
    with pytest.raises(ValueError, match="heading"):
        InvestmentLine.new(
            scope=made.scope,
            goal=made.goal.key,
            number="3",
            title="V",
            heading=True,
            shares=[Share(source=made.source.key, percent=Decimal(5))],
        )


async def test_a_line_is_changed_and_the_change_can_be_undone(client: httpx.AsyncClient, made: Made) -> None:
    line = await make_line(made.scope, made.goal, "1.1", amount=Decimal(5), note="Sena")
    answer = await client.post(f"{LINES}/{line.key}", data=fields(made, version="1", amount="7", number="1.2"))
    assert answer.headers["location"] == f"{LINES}/1.2"
    entry = await last_entry()
    assert entry.tag == "line.edited"
    assert set(entry.changes[0].after) == {"amount", "number", "title", "note"}
    await client.post(f"/plans/plans/changes/{entry.id}/undo")
    again = await only_line()
    assert (again.amount, again.number, again.note) == (Decimal(5), "1.1", "Sena")


async def test_htmx_is_led_to_the_line_after_a_change(client: httpx.AsyncClient, made: Made) -> None:
    line = await make_line(made.scope, made.goal, "1.1")
    answer = await client.post(f"{LINES}/{line.key}", data=fields(made, version="1"), headers=HTMX)
    assert (answer.status_code, answer.headers["HX-Redirect"]) == (200, f"{LINES}/1.1")
    assert "notice" in answer.headers["set-cookie"]


async def test_the_second_of_two_editors_is_told(client: httpx.AsyncClient, made: Made) -> None:
    line = await make_line(made.scope, made.goal, "1.1", amount=Decimal(5))
    await line.edit({"amount": Decimal(6)}, by=SOMEBODY, based_on=1)
    answer = await client.post(f"{LINES}/{line.key}", data=fields(made, version="1", amount="7"))
    assert answer.status_code == 409
    assert (await only_line()).amount == Decimal(6)


async def test_deleting_leaves_the_lines_under_a_heading(client: httpx.AsyncClient, made: Made) -> None:
    heading = await make_line(made.scope, made.goal, "2.4", heading=True)
    await make_line(made.scope, made.goal, "2.4.1")
    answer = await client.post(f"{LINES}/{heading.key}/delete", data={"version": "1"})
    assert answer.headers["location"] == LINES
    assert (await only_line()).number == "2.4.1"
    assert (await last_entry()).tag == "line.deleted"


async def test_numbers_are_suggested_in_the_investment_plans_own_numbering(made: Made) -> None:
    second = await make_goal(made.scope, "SM2", order=2)
    for number in ("2.1", "2.4", "2.4.1"):
        await make_line(made.scope, made.goal, number)
    snapshot = await made.snapshot()
    heading = next(line for line in snapshot.all(InvestmentLine).values() if line.number == "2.4")
    assert suggested_number(snapshot, made.goal) == "2.5"
    assert suggested_number(snapshot, made.goal, heading) == "2.4.2"
    assert suggested_number(snapshot, second) == "2.5"
    assert suggested_number(snapshot, None) == "3"


async def test_a_moved_heading_takes_its_lines_along(client: httpx.AsyncClient, made: Made) -> None:
    first = await make_line(made.scope, made.goal, "2.1", title="Pirmā")
    heading = await make_line(made.scope, made.goal, "2.4", title="Virsraksts", heading=True)
    await make_line(made.scope, made.goal, "2.4.1", title="Apakšrinda")
    answer = await client.post(f"{LINES}/{heading.key}/move", data={"version": "1", "step": "up"}, headers=HTMX)
    assert answer.status_code == 200
    assert 'id="investment-plan"' in answer.text
    assert answer.headers["HX-Trigger"] == "line-changed"
    lines = await InvestmentLine.find_all().to_list()
    assert {line.title: line.number for line in lines} == {
        "Pirmā": "2.4",
        "Virsraksts": "2.1",
        "Apakšrinda": "2.1.1",
    }
    assert (await last_entry()).tag == "line.renumbered"
    snapshot = await made.snapshot()
    assert moved(snapshot, snapshot.all(InvestmentLine)[first.key], 1) == []
    plain = await client.post(f"{LINES}/{first.key}/move", data={"version": "2", "step": "up"})
    assert (plain.status_code, plain.headers["location"]) == (303, LINES)
    assert (await client.post(f"{LINES}/{first.key}/move", data={"step": "x"})).status_code == 400


async def test_money_is_reported_from_the_dialog_and_seen_at_once(client: httpx.AsyncClient, made: Made) -> None:
    line = await make_line(
        made.scope, made.goal, "1.1", amount=Decimal(900), shares=[Share(source=made.source.key, amount=Decimal(900))]
    )
    sent = {
        "version": "1",
        "on": "2016-06-30",
        "source": str(made.source.key),
        "year": "2016",
        "contracted": "100,00",
        "spent": "120,00",
    }
    answer = await client.post(f"{LINES}/{line.key}/money", data=sent, headers=HTMX)
    assert answer.status_code == 200
    assert answer.text.lstrip().startswith('<div id="line-money"')
    assert "iztērēts 120,00" in answer.text.replace("\u00a0", " ")
    assert answer.headers["HX-Trigger-After-Swap"] == "dialog-close"
    assert (await last_entry()).tag == "line.money_reported"
    form = (await client.get(f"{LINES}/1.1/money/new?source=PB&year=2016")).text
    assert 'value="100,00"' in form
    assert 'value="120,00"' in form
    plain = await client.post(f"{LINES}/{line.key}/money", data={**sent, "version": "2", "spent": "90"})
    assert (plain.status_code, plain.headers["location"]) == (303, f"{LINES}/1.1")
    (report,) = (await only_line()).money_reports
    assert report.spent == Decimal(90)


async def test_a_money_report_says_something_and_not_of_the_future(client: httpx.AsyncClient, made: Made) -> None:
    line = await make_line(made.scope, made.goal, "1.1")
    sent = {"version": "1", "on": "2016-10-01", "source": str(made.source.key), "year": "2016", "spent": "1"}
    future = await client.post(f"{LINES}/{line.key}/money", data=sent)
    assert future.status_code == 409
    assert 'href="#field-on"' in future.text
    empty = await client.post(f"{LINES}/{line.key}/money", data={**sent, "on": "2016-09-30", "spent": ""})
    assert empty.status_code == 422
    assert (await only_line()).money_reports == []


async def test_a_money_report_on_an_older_version_is_refused(made: Made) -> None:
    line = await make_line(made.scope, made.goal, "1.1")
    report = {"on": date(2016, 1, 1), "source": made.source.key, "year": 2016, "spent": Decimal(1)}
    await line.report_money(**report, contracted=None, by=SOMEBODY, based_on=1)
    current = await only_line()
    with pytest.raises(StaleEdit):
        await current.report_money(**report, contracted=None, by=SOMEBODY, based_on=1)


async def test_forms_offer_goals_tasks_and_the_place_asked_for(client: httpx.AsyncClient, made: Made) -> None:
    second = await make_goal(made.scope, "SM2", order=2)
    await make_task(made.scope, second, "2.1")
    await make_line(made.scope, second, "2.4", heading=True)
    form = (await client.get(f"{LINES}/new?under=2.4")).text
    assert 'value="2.4.1"' in form
    assert f'value="{second.key}" selected' in form
    assert "Uzdevums 2.1" in form
    assert (await client.get(f"{LINES}/headings/new?goal=nav")).status_code == 200


async def test_a_report_that_says_the_same_again_leaves_no_trace(made: Made) -> None:
    line = await make_line(made.scope, made.goal, "1.1")
    report = {"on": date(2016, 1, 1), "source": made.source.key, "year": 2016, "spent": Decimal(1)}
    assert await line.report_money(**report, contracted=None, by=SOMEBODY, based_on=1) is not None
    assert await (await only_line()).report_money(**report, contracted=None, by=SOMEBODY, based_on=2) is None
    assert (await only_line()).version == 2
