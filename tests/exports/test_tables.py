"""Tables written as files, read back cell by cell."""

from __future__ import annotations

import csv
import io
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import load_workbook

from stratplan import i18n
from stratplan.exports.separated_values import to_csv
from stratplan.exports.tables import Cell, Column, Kind, Row, RowKind, Table, Value
from stratplan.exports.xlsx import LONGEST_CELL, to_xlsx
from stratplan.goals.progress import percent

COLUMNS = [
    Column("Task"),
    Column("Sum", Kind.MONEY),
    Column("Done", Kind.PERCENT),
    Column("Day", Kind.DAY),
    Column("Count", Kind.WHOLE),
    Column("Share", Kind.SHARE),
]


def table(*rows: list[Value | Cell], name: str = "Plan") -> Table:
    return Table(name, "Rīcības plāns", COLUMNS, [Row(cells) for cells in rows], ["Stāvoklis uz 30.09.2016."])


def sheet_of(*tables: Table) -> Any:
    return load_workbook(io.BytesIO(to_xlsx(tables)))


def rows_of_csv(body: bytes, delimiter: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(body.decode("utf-8-sig"), newline=""), delimiter=delimiter))


def test_a_workbook_keeps_numbers_and_days_real() -> None:
    book = sheet_of(
        table(["Ķekava", Decimal("341482.00"), Fraction(17, 20), date(2016, 9, 30), 3, Decimal("12.5")], [None] * 6)
    )
    sheet = book["Plan"]
    assert (sheet["A1"].value, sheet["A2"].value) == ("Rīcības plāns", "Stāvoklis uz 30.09.2016.")
    assert [cell.value for cell in sheet[4]] == ["Task", "Sum", "Done", "Day", "Count", "Share"]
    row = sheet[5]
    assert [cell.value for cell in row] == ["Ķekava", 341482, 0.85, datetime(2016, 9, 30), 3, 0.125]
    assert [cell.number_format for cell in row[1:]] == ["#,##0.00", "0%", "dd.mm.yyyy.", "0", "0.0%"]
    assert {cell.value for cell in sheet[6]} == {None}


def test_a_sheet_is_ready_to_read_filter_and_print() -> None:
    sheet = sheet_of(table(["a"], ["b"]))["Plan"]
    assert sheet.freeze_panes == "A5"
    assert sheet.auto_filter.ref == "A4:F6"
    assert sheet.print_title_rows == "$4:$4"
    assert (sheet.page_setup.orientation, int(sheet.page_setup.paperSize)) == ("landscape", 9)


def test_a_mark_leaves_the_cell_a_number() -> None:
    yearly = table(["a", Cell(Decimal("9000.00"), Kind.MONEY, mark="*")])
    cell = sheet_of(yearly)["Plan"]["B5"]
    assert (cell.value, cell.number_format) == (9000, '#,##0.00"*"')
    assert rows_of_csv(to_csv(yearly), ";")[1][1] == "9000,00"


@pytest.mark.parametrize(
    "text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", " =1", '"=1', "'=1", "＝1", '=HYPERLINK("x")']
)
def test_text_never_becomes_a_formula(text: str) -> None:
    cell = sheet_of(table([text]))["Plan"]["A5"]
    assert (cell.data_type, cell.value) == ("s", text)
    assert cell.quotePrefix
    assert rows_of_csv(to_csv(table([text])), ";")[1][0] == "'" + text


def test_ordinary_text_stays_as_it_is_in_csv() -> None:
    texts = ["– domuzīme", 'Darbnīca "Rīts"; 2. stāvs', "divas\nrindas", "2.4", "a=b"]
    for text in texts:
        assert rows_of_csv(to_csv(table([text])), ";")[1][0] == text


def test_csv_follows_the_language_that_spreadsheets_read_it_in() -> None:
    one = table(["a", Decimal("1234.50"), Fraction(1, 8), date(2016, 9, 30), 3, Decimal("12.50")])
    assert to_csv(one).startswith(b"\xef\xbb\xbfTask;Sum;")
    assert rows_of_csv(to_csv(one), ";")[1] == ["a", "1234,50", "13%", "2016-09-30", "3", "12,5%"]
    with i18n.use_language("en"):
        assert rows_of_csv(to_csv(one), ",")[1] == ["a", "1234.50", "13%", "2016-09-30", "3", "12.5%"]


@given(st.fractions(0, 1, max_denominator=10_000))
def test_a_spreadsheet_shows_the_percentage_that_the_page_shows(share: Fraction) -> None:
    # A spreadsheet rounds the fifteen digits it shows of a number, half up.
    held = Decimal(f"{float(share):.15g}")
    assert int(i18n.half_up(held * 100)) == percent(share)


def test_groups_and_totals_stand_out_and_heads_run_on() -> None:
    rows = [Row(["Mērķis"], RowKind.GROUP), Row(["a"]), Row(["Kopā", Decimal(1)], RowKind.TOTAL)]
    sheet = sheet_of(Table("P", "P", COLUMNS, rows))["P"]
    head, body, total = sheet["A4"], sheet["A5"], sheet["B6"]
    assert (head.font.bold, bool(head.alignment.wrap_text)) == (True, False)
    assert (bool(body.font.bold), body.alignment.wrap_text) == (False, True)
    assert total.font.bold


def test_sheets_with_impossible_or_equal_names_are_still_written() -> None:
    book = sheet_of(table(name="A/B: [c]?*" + "x" * 40), table(name="a/b: [C]?*" + "x" * 40), table(name=""))
    assert len(book.sheetnames) == 3
    assert all(len(name) <= 31 for name in book.sheetnames)


def test_a_text_longer_than_a_cell_is_cut_and_says_so() -> None:
    value = sheet_of(table(["x" * (LONGEST_CELL + 5)]))["Plan"]["A5"].value
    assert len(value) == LONGEST_CELL
    assert value.endswith("…")


def test_a_row_is_as_high_as_its_longest_text_needs() -> None:
    sheet = sheet_of(table(["vārds " * 20], ["īss"], ["x" * 30_000], ["viena\nrinda\ntrīs"]))["Plan"]
    heights = [sheet.row_dimensions[number].height for number in (5, 6, 7, 8)]
    assert heights[0] >= 15 * len("vārds " * 20) / COLUMNS[0].width
    assert heights[1:] == [None, pytest.approx(409, abs=1), 45], "one line is the default height"
