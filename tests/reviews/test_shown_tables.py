"""Tables of documents as pages show them."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from fractions import Fraction

from stratplan.exports.tables import Cell, Column, Kind, Row, RowKind, Table
from stratplan.reviews.shown_tables import cell_text, shown


def test_values_are_written_as_people_read_them() -> None:
    cells = [
        Cell(Decimal("341482"), Kind.MONEY),
        Cell(Decimal(500), Kind.MONEY, "*"),
        Cell(Fraction(1, 3), Kind.PERCENT),
        Cell(Decimal("12.5"), Kind.SHARE),
        Cell(1234, Kind.WHOLE),
        Cell(date(2016, 9, 30), Kind.DAY),
        "Teksts",
        None,
    ]
    written = [cell_text(cell).replace("\xa0", " ") for cell in cells]
    assert written == ["341 482,00", "500,00*", "33 %", "12,5 %", "1 234", "30.09.2016.", "Teksts", ""]


def test_rows_stand_under_their_heading_and_sums_name_themselves() -> None:
    columns = [Column("Nr."), Column("Rinda"), Column("Avots"), Column("EUR", Kind.MONEY)]
    rows = [
        Row(["SM1"], RowKind.GROUP),
        Row(["1.1", "Remonts", "85 %", Decimal(5)]),
        Row([None, "Kopā", Cell(Decimal(4), Kind.MONEY), Decimal(5)], RowKind.TOTAL),
    ]
    table = shown(Table("Plāns", "Plāns", columns, rows))
    (group,) = table.groups
    assert group.heading == "SM1"
    line, total = group.rows
    assert (line.heading, line.span, [cell.text for cell in line.cells]) == ("1.1", 1, ["Remonts", "85 %", "5,00"])
    assert (total.heading, total.span, [cell.text for cell in total.cells]) == ("Kopā", 2, ["4,00", "5,00"])
    assert [is_numeric for _title, is_numeric in table.columns] == [False, False, True, True]
