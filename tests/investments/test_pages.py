"""The investment plan's page, its line pages and its files: the document's table and its known answers, to the cent."""

from __future__ import annotations

import csv
import io
import re
from decimal import Decimal
from html import unescape
from typing import Any

import httpx
import pytest_asyncio
from openpyxl import load_workbook

from stratplan.i18n import amount
from stratplan.imports.seeds import load_all
from stratplan.investments.models import InvestmentLine, Share
from stratplan.plans.models import FundingKind, FundingSource
from stratplan.settings import resource
from tests.factories import SOMEBODY, Made, make_line

PAGE = "/plans/daugavpils-2015-2017/investments"
KNOWN = {
    "total": Decimal("1065998.00"),
    "PB": Decimal("457493.84"),
    "VB": Decimal("20744.46"),
    "ERAF": Decimal("587759.70"),
    "SM1": Decimal("26952.00"),
    "SM2": Decimal("1003136.00"),
    "SM3": Decimal("35910.00"),
}


@pytest_asyncio.fixture
async def daugavpils(db: object) -> None:
    """The Daugavpils plan with its demonstration data."""
    name = "daugavpils-2015-2017"
    await load_all([resource("seeds") / f"{name}.yaml", resource("seeds") / f"{name}.progress.yaml"])


def words(html: str) -> str:
    """The text of a page in one line, as a reader without styles has it."""
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", html)).split())


def table_rows(html: str) -> list[str]:
    """The rows of the council's table as texts; each sum row under what it is the sum of."""
    table = html[html.index('id="investment-table"') :]
    return [words(row) for row in re.findall(r"<tr.*?</tr>", table[: table.index("</table>")], re.DOTALL)]


async def test_the_page_has_the_known_answers_of_the_daugavpils_plan(
    client: httpx.AsyncClient, daugavpils: None
) -> None:
    rows = table_rows((await client.get(PAGE)).text)
    total = next(row for row in rows if row.startswith("Kopā "))
    for key in ("total", "PB", "VB", "ERAF"):
        assert amount(KNOWN[key]).replace("\u00a0", " ") in total
    assert "nav iekļauta 1 rinda bez summas" in total
    for goal in ("SM1", "SM2", "SM3"):
        (own,) = [row for row in rows if row.startswith(f"{goal} kopā")]
        assert amount(KNOWN[goal]).replace("\u00a0", " ") in own


async def test_shares_stand_as_the_document_writes_them_with_the_cents_they_are(
    client: httpx.AsyncClient, daugavpils: None
) -> None:
    rows = table_rows((await client.get(PAGE)).text)
    workshops = next(row for row in rows if row.startswith("2.1 "))
    for written in ("12 %", "40 977,84", "3 %", "10 244,46", "85 % ERAF", "290 259,70"):
        assert written in workshops
    taxi = next(row for row in rows if row.startswith("2.2 "))
    assert "9 000,00 *" in taxi
    assert "27 000,00" in taxi
    assert "† secināts" in taxi
    unknown = next(row for row in rows if row.startswith("3.3 "))
    assert "nav zināma" in unknown
    assert "80 % Justice" in unknown


async def test_every_sum_of_the_table_opens_an_explanation_that_says_the_same(
    client: httpx.AsyncClient, daugavpils: None
) -> None:
    html = (await client.get(f"{PAGE}?as_of=2016-12-31")).text
    figures = set(re.findall(r'<a class="figure" href="([^"]+)" data-dialog><span class="figure-text">([^<]+)<', html))
    assert len(figures) > 60
    for href, value in figures:
        answer = await client.get(unescape(href))
        assert answer.status_code == 200, href
        assert value.replace("\u00a0", " ") in words(answer.text), href


async def test_findings_say_what_to_do_and_the_bulk_is_told_source_by_source(
    client: httpx.AsyncClient, daugavpils: None
) -> None:
    text = words((await client.get(f"{PAGE}?as_of=2016-12-31")).text)
    assert "2.2. rinda, PB, 2016. gads: iztērēts 9 216,40 EUR, nolīgts 9 000,00 EUR." in text
    assert "5 uzdevumos norādīts avots VB" in text
    assert "7 uzdevumos norādīts avots Fondi" in text
    assert text.index("Iztērēts vairāk, nekā nolīgts") < text.index("Summa nav zināma") < text.index("avots Fondi")
    line = words((await client.get(f"{PAGE}/2.2?as_of=2016-12-31")).text)
    assert "iztērēts 9 216,40 EUR" in line


async def test_spent_money_is_that_reported_up_to_the_day(client: httpx.AsyncClient, daugavpils: None) -> None:
    before = (await client.get(f"{PAGE}?as_of=2016-09-30")).text
    after = (await client.get(f"{PAGE}?as_of=2016-12-31")).text
    assert "28 200,00" in next(row for row in table_rows(before) if row.startswith("2.1 "))
    assert "28 200,00" not in next(row for row in table_rows(after) if row.startswith("2.1 "))
    line = words((await client.get(f"{PAGE}/2.1?as_of=2016-09-30")).text)
    assert "3 ziņojumi" in line


async def test_the_breakdown_shows_what_it_is_asked_for_and_ignores_nonsense(
    client: httpx.AsyncClient, daugavpils: None
) -> None:
    spent = words((await client.get(f"{PAGE}?measure=spent&as_of=2016-12-31")).text)
    assert "Iztērēts pa mērķiem, avotiem un gadiem, EUR" in spent
    assert "Indikatīvā summa pa mērķiem, avotiem un gadiem, EUR" in words(
        (await client.get(f"{PAGE}?measure=x%00y")).text
    )


async def test_a_heading_that_states_a_total_stands_beside_the_sum_with_the_check_that_fails(
    client: httpx.AsyncClient, made: Made
) -> None:
    heading = await make_line(made.scope, made.goal, "2.4", heading=True, amount=Decimal("300"))
    await make_line(made.scope, made.goal, "2.4.1", amount=Decimal("100"))
    await make_line(made.scope, made.goal, "2.4.2", amount=Decimal("150"))
    page = (await client.get("/plans/plans/investments")).text
    row = next(row for row in table_rows(page) if row.startswith("2.4 "))
    assert "300,00 kā norādīts" in row
    assert "250,00" in row
    assert "2.4. virsrakstā norādīts 300,00 EUR, bet tā rindu summa ir 250,00 EUR." in words(page)
    assert "250,00" in next(row for row in table_rows(page) if row.startswith("Kopā "))
    line = words((await client.get("/plans/plans/investments/2.4")).text)
    assert "nesakrīt ar tā rindu summu" in line
    await heading.edit({"amount": Decimal("250")}, by=SOMEBODY, based_on=1)
    assert "virsrakstā norādīts" not in words((await client.get("/plans/plans/investments")).text)


async def test_loans_have_a_column_only_where_a_plan_has_them_and_uncovered_money_too(
    client: httpx.AsyncClient, made: Made
) -> None:
    await make_line(made.scope, made.goal, "1.1", amount=Decimal("100"), shares=[_share(made.source, "100")])
    page = (await client.get("/plans/plans/investments")).text
    assert "Aizņēmumi" not in page
    assert "Bez avota" not in table_rows(page)[0]
    loan = FundingSource.new(scope=made.scope, code="VK", name="Valsts kase", funding=FundingKind.LOAN, order=9)
    await loan.add(by=SOMEBODY)
    await make_line(made.scope, made.goal, "1.2", amount=Decimal("100"), shares=[_share(loan, "60")])
    head = table_rows((await client.get("/plans/plans/investments")).text)[0]
    assert "Aizņēmumi" in head
    assert "Bez avota" in head


def _share(source: FundingSource, euros: str) -> Share:
    return Share(source=source.key, amount=Decimal(euros))


async def test_a_plan_without_lines_says_what_to_do(client: httpx.AsyncClient, made: Made) -> None:
    text = words((await client.get("/plans/plans/investments")).text)
    assert "Šajā plānā vēl nav investīciju rindu" in text
    assert (await client.get("/plans/plans/investments/9.9")).status_code == 404


# --- files -----------------------------------------------------------------------------------------------------


def sheet_rows(sheet: Any) -> list[list[Any]]:
    return [list(row) for row in sheet.iter_rows()]


async def test_the_workbook_has_the_pages_rows_and_known_answers_as_numbers(
    client: httpx.AsyncClient, daugavpils: None
) -> None:
    answer = await client.get(f"{PAGE}.xlsx?as_of=2016-12-31")
    assert answer.headers["content-disposition"].endswith('"daugavpils-2015-2017-investments-2016-12-31.xlsx"')
    book = load_workbook(io.BytesIO(answer.content))
    table, breakdown, _checks = book.worksheets
    rows = sheet_rows(table)
    start = next(place for place, row in enumerate(rows) if row[0].value == "Nr.")
    titles = [cell.value for cell in rows[start]]
    lines = {row[0].value: dict(zip(titles, row, strict=True)) for row in rows[start + 1 :] if row[1].value}
    page = (await client.get(f"{PAGE}?as_of=2016-12-31")).text
    on_page = [row.split()[0] for row in table_rows(page) if re.match(r"\d", row)]
    assert [number for number in lines if number] == on_page
    taxi = lines["2.2"]["Indikatīvā summa, EUR"]
    assert (taxi.value, taxi.number_format) == (9000, '#,##0.00"*"')
    share = lines["2.1"]["Ārvalstu finansējums, %"]
    assert (share.value, share.number_format) == (0.85, "0%")
    assert lines["2.1"]["Ārvalstu finansējums, EUR"].value == 290259.70
    assert lines["2.1"]["Ārvalstu finansējums: avots"].value == "ERAF"
    assert lines["3.3"]["Indikatīvā summa, EUR"].value is None
    total = dict(zip(titles, rows[-1], strict=True))
    assert total["Plāna gados kopā, EUR"].value == float(KNOWN["total"])
    assert total["Plāna gados kopā, EUR"].number_format == "#,##0.00"
    assert total["Pašvaldības budžets, EUR"].value == float(KNOWN["PB"])
    assert total["Valsts budžets, EUR"].value == float(KNOWN["VB"])
    assert total["Ārvalstu finansējums, EUR"].value == float(KNOWN["ERAF"])
    assert total["Iztērēts, EUR"].value == 259947.40
    sums = {row[0].value: row[3].value for row in sheet_rows(breakdown) if row[1].value == "Kopā"}
    assert {goal: sums[goal] for goal in ("SM1", "SM2", "SM3")} == {
        goal: float(KNOWN[goal]) for goal in ("SM1", "SM2", "SM3")
    }
    assert sums["Viss plāns"] == float(KNOWN["total"])


async def test_the_csv_has_the_same_rows_and_is_harmless_to_a_spreadsheet(
    client: httpx.AsyncClient, made: Made
) -> None:
    await make_line(made.scope, made.goal, "1.1", title="=HYPERLINK(1)", amount=Decimal("1234.5"), yearly=True)
    answer = await client.get("/plans/plans/investments.csv")
    rows = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig")), delimiter=";"))
    line = dict(zip(rows[0], next(row for row in rows if row[0] == "1.1"), strict=True))
    assert line["Uzdevums"] == "'=HYPERLINK(1)"
    assert line["Indikatīvā summa, EUR"] == "1234,50"
    assert line["Katru gadu"] == "jā"
    assert line["Plāna gados kopā, EUR"] == "3703,50"


async def test_lines_are_found_by_number_and_by_id(client: httpx.AsyncClient, made: Made) -> None:
    line = await make_line(made.scope, made.goal, "1.1")
    assert isinstance(line, InvestmentLine)
    for address in ("1.1", str(line.key)):
        assert (await client.get(f"/plans/plans/investments/{address}")).status_code == 200
