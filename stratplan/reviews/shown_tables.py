"""Tables of documents as pages show them: the same cells, as texts in the language in force."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction

from stratplan import i18n
from stratplan.exports.tables import Cell, Kind, Row, RowKind, Table, Value

NUMERIC = frozenset({Kind.WHOLE, Kind.NUMBER, Kind.MONEY, Kind.PERCENT, Kind.SHARE})
FINE = 4  # decimals of a number or a percentage that is written as it is


@dataclass(frozen=True, slots=True)
class ShownCell:
    """A cell's text, the heading of its column, and whether it is a number."""

    text: str
    label: str
    is_numeric: bool


@dataclass(frozen=True, slots=True)
class ShownRow:
    """A row: its heading over `span` columns, the cells after it; `is_total` of one that adds up."""

    heading: str
    span: int
    cells: Sequence[ShownCell]
    is_total: bool


@dataclass(frozen=True, slots=True)
class ShownGroup:
    """Rows under one heading; without a heading where it is empty."""

    heading: str
    rows: Sequence[ShownRow]


@dataclass(frozen=True, slots=True)
class ShownTable:
    """A table: headings of columns with whether they are of numbers, rows in groups, notes to stand under it."""

    title: str
    columns: Sequence[tuple[str, bool]]
    groups: Sequence[ShownGroup]
    notes: Sequence[str]


def shown(table: Table) -> ShownTable:
    """The table as a page shows it. Its first column names each row; of a sum, the first that says something."""
    numeric = [_is_numeric(table, place) for place in range(len(table.columns))]
    groups: list[tuple[str, list[ShownRow]]] = []
    for row in table.rows:
        if row.kind is RowKind.GROUP:
            groups.append((cell_text(table.cell(row, 0)), []))
        else:
            if not groups:
                groups.append(("", []))
            groups[-1][1].append(_row(table, row, numeric))
    return ShownTable(
        title=table.title,
        columns=[(column.title, is_numeric) for column, is_numeric in zip(table.columns, numeric, strict=True)],
        groups=[ShownGroup(heading, rows) for heading, rows in groups],
        notes=table.notes,
    )


def _is_numeric(table: Table, place: int) -> bool:
    """Whether a column has numbers, be it only in its sums: texts in it then stand under one another like them."""
    cells = (table.cell(row, place) for row in table.rows if row.kind is not RowKind.GROUP)
    return any(cell.kind in NUMERIC for cell in cells)


def _row(table: Table, row: Row, numeric: Sequence[bool]) -> ShownRow:
    cells = [table.cell(row, place) for place in range(len(table.columns))]
    first = next((place for place, cell in enumerate(cells) if cell.value not in (None, "")), 0)
    span = first + 1 if row.kind is RowKind.TOTAL else 1
    shown_cells = [
        ShownCell(cell_text(cell), column.title, is_numeric)
        for cell, column, is_numeric in zip(cells[span:], table.columns[span:], numeric[span:], strict=True)
    ]
    return ShownRow(cell_text(cells[span - 1]), span, shown_cells, row.kind is RowKind.TOTAL)


def cell_text(cell: Cell | Value) -> str:
    """A value as it is written in the language in force; nothing for an empty one."""
    if not isinstance(cell, Cell):
        cell = Cell(cell, Kind.TEXT)
    match cell.value:
        case None | "":
            return ""
        case str() as text:
            return text
        case date() as day:
            return i18n.short_date(day)
        case Fraction() as share:
            return i18n.percent(share)
        case Decimal() | int() as number:
            return _number(number, cell.kind) + cell.mark
    raise TypeError(f"{type(cell.value).__name__} is not shown")


def _number(number: Decimal | int, kind: Kind) -> str:
    match kind:
        case Kind.MONEY:
            return i18n.amount(number)
        case Kind.SHARE:
            return i18n.percent(number, FINE)
        case Kind.WHOLE:
            return i18n.number(number, 0)
        case _:
            return i18n.number(number, FINE)
