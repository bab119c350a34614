"""Tables written as XLSX and CSV: typed cells in columns, rows that head groups or add up.

Knows no slice: whoever has rows to export makes a `Table` of them. See docs/exports.md for what the files hold.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from textwrap import wrap
from typing import Any

import xlsxwriter

from stratplan import i18n

LONGEST_CELL = 32_767  # characters, in a spreadsheet
LONGEST_SHEET_NAME = 31
LINE_HEIGHT = 15  # points
HIGHEST_ROW = 409  # points
BOLD = 0.85  # as many bold letters fit where one plain one does

Value = str | int | Decimal | Fraction | date | None


class Kind(StrEnum):
    """What a column's values are, which decides how they are written."""

    TEXT = "text"
    WHOLE = "whole"  # a whole number
    NUMBER = "number"  # a number with the decimals that it has
    MONEY = "money"  # EUR with cents
    PERCENT = "percent"  # a Fraction of one, shown in whole percent, half up
    SHARE = "share"  # a Decimal in percent, shown with the decimals that it has
    DAY = "day"


class RowKind(StrEnum):
    """What a row is among its like."""

    BODY = "body"
    GROUP = "group"
    TOTAL = "total"


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its heading, what its values are, its width in characters."""

    title: str
    kind: Kind = Kind.TEXT
    width: float = 14


@dataclass(frozen=True, slots=True)
class Cell:
    """A value that is not written as its column says: of another kind, or with a mark after the number.

    A spreadsheet shows the mark (`*`) by the number's format, so that the cell stays a number; CSV leaves it out: say
    there in a column of its own what the mark means.
    """

    value: Value
    kind: Kind
    mark: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """One row: a value or Cell for each column, from the first; those left out at the end are empty."""

    cells: Sequence[Value | Cell]
    kind: RowKind = RowKind.BODY


class ChartKind(StrEnum):
    """How a chart draws its numbers."""

    BARS = "bars"  # lying, one under the other
    COLUMNS = "columns"  # standing, those of one row side by side


@dataclass(frozen=True, slots=True)
class Chart:
    """A drawing of some columns of the table it belongs to: each body row is named by its cell in column `names`, and
    each of `series` is a column of numbers. `words` say in a sentence what it shows (its alternative text)."""

    title: str
    words: str
    kind: ChartKind
    names: int
    series: Sequence[int]


@dataclass(frozen=True, slots=True)
class Table:
    """A table with its title and, above it in a spreadsheet, notes (the day, the filters); `name` is the sheet's, `key`
    what a file of it is called (letters and hyphens)."""

    name: str
    title: str
    columns: Sequence[Column]
    rows: Sequence[Row]
    notes: Sequence[str] = ()
    key: str = ""
    chart: Chart | None = None

    @property
    def is_empty(self) -> bool:
        """Whether it has no rows."""
        return not self.rows

    def cell(self, row: Row, place: int) -> Cell:
        """The cell of a row in the column at `place`, of the column's kind where the row doesn't say otherwise."""
        return _cell(row, place, self.columns[place])

    def drawn(self) -> Iterator[tuple[str, Sequence[Value]]]:
        """The names and numbers that its chart shows, row by row."""
        if self.chart is not None:
            for row in self.rows:
                if row.kind is RowKind.BODY:
                    numbers = [self.cell(row, place).value for place in self.chart.series]
                    yield str(self.cell(row, self.chart.names).value or ""), numbers


# --- XLSX --------------------------------------------------------------------------------------------------------

_NUMBER_FORMATS = {Kind.WHOLE: "0", Kind.MONEY: "#,##0.00", Kind.PERCENT: "0%", Kind.SHARE: "0%"}
_DAY_FORMATS = {"lv": "dd.mm.yyyy.", "en": "d mmm yyyy"}
_ROW_LOOK: dict[RowKind, dict[str, Any]] = {
    RowKind.BODY: {},
    RowKind.GROUP: {"bold": True, "bg_color": "#E4EEEC"},
    RowKind.TOTAL: {"bold": True, "top": 2},
}


def to_xlsx(tables: Sequence[Table]) -> bytes:
    """A workbook with a sheet for each table, in the language in force: real numbers and days, text never a formula."""
    file = io.BytesIO()
    book = xlsxwriter.Workbook(file, {"in_memory": True})
    book.set_properties({"title": tables[0].title, "comments": " ".join(tables[0].notes), "author": "stratplan"})
    book.set_custom_property("Language", i18n.language.get(), "text")
    names: set[str] = set()
    looks = _Looks(book)
    for table in tables:
        sheet = book.add_worksheet(_sheet_name(table.name, names))
        _write_sheet(sheet, table, looks)
    book.close()
    return file.getvalue()


class _Looks:
    """The formats of a workbook, each made once."""

    def __init__(self, book: Any) -> None:
        self._book = book
        self._made: dict[tuple[Any, ...], Any] = {}

    def plain(self, **properties: Any) -> Any:
        """A format of these properties."""
        key = tuple(sorted(properties.items()))
        if key not in self._made:
            self._made[key] = self._book.add_format({"font_name": "Calibri", **properties})
        return self._made[key]

    def of(self, row: RowKind, kind: Kind, value: Value, mark: str) -> Any:
        """The format of a cell in the table."""
        properties: dict[str, Any] = {"border": 1, "border_color": "#999999", "valign": "top", **_ROW_LOOK[row]}
        if isinstance(value, str):
            # A heading runs on over the empty cells after it; other texts stay in their own.
            properties["text_wrap"] = row is not RowKind.GROUP
            properties["num_format"] = "@"
            if _looks_like_formula(value):
                properties["quote_prefix"] = True
        elif value is not None:
            properties["num_format"] = _number_format(kind, value) + (f'"{mark}"' if mark else "")
            properties["align"] = "right"
        return self.plain(**properties)


def _number_format(kind: Kind, value: Value) -> str:
    if kind is Kind.DAY:
        return _DAY_FORMATS[i18n.language.get()]
    if kind in (Kind.SHARE, Kind.NUMBER) and isinstance(value, Decimal):
        places = _places(value)
        return ("0." + "0" * places if places else "0") + ("%" if kind is Kind.SHARE else "")
    return _NUMBER_FORMATS.get(kind, "General")


def _places(value: Decimal) -> int:
    """The decimals that a number has, without the noughts at its end."""
    return max(0, -int(value.normalize().as_tuple().exponent))


def _write_sheet(sheet: Any, table: Table, looks: _Looks) -> None:
    sheet.write_string(0, 0, table.title, looks.plain(bold=True, font_size=14))
    for line, note in enumerate(table.notes, start=1):
        sheet.write_string(line, 0, note, looks.plain(font_color="#555555"))
    top = len(table.notes) + 2
    last = max(len(table.columns) - 1, 0)
    heading = looks.plain(
        bold=True, text_wrap=True, valign="vcenter", border=1, border_color="#999999", bg_color="#F1EEE7"
    )
    sheet.set_row(top, _height((column.title, column.width * BOLD) for column in table.columns))
    for place, column in enumerate(table.columns):
        sheet.set_column(place, place, column.width)
        sheet.write_string(top, place, column.title, heading)
    for line, row in enumerate(table.rows, start=top + 1):
        if row.kind is not RowKind.GROUP:
            sheet.set_row(line, _height(_texts(row, table.columns)))
        for place, column in enumerate(table.columns):
            cell = _cell(row, place, column)
            _write_cell(sheet, line, place, cell, looks.of(row.kind, cell.kind, cell.value, cell.mark))
    sheet.freeze_panes(top + 1, 0)
    sheet.autofilter(top, 0, top + len(table.rows), last)
    sheet.repeat_rows(top)
    sheet.print_area(0, 0, top + len(table.rows), last)
    sheet.set_landscape()
    sheet.set_paper(9)  # A4
    sheet.fit_to_pages(1, 0)
    sheet.set_margins(left=0.5, right=0.5, top=0.6, bottom=0.7)
    sheet.set_footer("&R&P / &N")


def _texts(row: Row, columns: Sequence[Column]) -> Iterator[tuple[str, float]]:
    for place, column in enumerate(columns):
        value = _cell(row, place, column).value
        if isinstance(value, str):
            yield value, column.width


def _height(texts: Iterable[tuple[str, float]]) -> float:
    """Points that a row takes for texts wrapped in columns of so many characters: not every program works it out."""
    lines = 1
    for text, width in texts:
        lines = max(lines, sum(len(wrap(part, max(1, int(width)))) or 1 for part in text.split("\n")))
    return min(LINE_HEIGHT * lines, HIGHEST_ROW)


def _cell(row: Row, place: int, column: Column) -> Cell:
    found = row.cells[place] if place < len(row.cells) else None
    return found if isinstance(found, Cell) else Cell(found, column.kind)


def _write_cell(sheet: Any, line: int, place: int, cell: Cell, look: Any) -> None:
    match cell.value:
        case None | "":
            sheet.write_blank(line, place, None, look)
        case str(text):
            sheet.write_string(line, place, text if len(text) <= LONGEST_CELL else text[: LONGEST_CELL - 1] + "…", look)
        case date() as day:
            sheet.write_datetime(line, place, day, look)
        case Decimal() as number if cell.kind is Kind.SHARE:
            sheet.write_number(line, place, float(number / 100), look)
        case number:
            sheet.write_number(line, place, float(number), look)


def _sheet_name(wanted: str, taken: set[str]) -> str:
    """A name that a workbook takes: short, without signs that formulas need, no two alike."""
    clean = re.sub(r"[\[\]:*?/\\]", " ", wanted).strip(" '")[:LONGEST_SHEET_NAME] or "1"
    name, again = clean, 1
    while name.casefold() in taken:
        again += 1
        name = f"{clean[: LONGEST_SHEET_NAME - 4]} {again}"
    taken.add(name.casefold())
    return name


# --- CSV ---------------------------------------------------------------------------------------------------------

# Spreadsheets take these for the beginning of a formula, also after spaces and quotes, and in their wide forms.
_FORMULA = re.compile(r"""[\t\r]|[\s"']*[=+\-@＝＋－＠]""")


def to_csv(table: Table) -> bytes:
    """The heading and the rows as spreadsheets of the language in force open them: UTF-8 with its mark, numbers without
    grouping; Latvian parts cells by semicolons, since its numbers have commas. Days are written 2016-09-30."""
    comma = i18n.CONVENTIONS[i18n.language.get()].decimal_sign
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=";" if comma == "," else ",", lineterminator="\r\n")
    writer.writerow([defused(column.title) for column in table.columns])
    for row in table.rows:
        cells = [_cell(row, place, column) for place, column in enumerate(table.columns)]
        writer.writerow([_in_csv(cell, comma) for cell in cells])
    return b"\xef\xbb\xbf" + text.getvalue().encode()


def _in_csv(cell: Cell, comma: str) -> str:
    match cell.value:
        case None:
            return ""
        case str(text):
            return defused(text)
        case date() as day:
            return day.isoformat()
        case Fraction() as share if cell.kind is Kind.PERCENT:
            return f"{i18n.half_up(share * 100):f}%"
        case Decimal() as number if cell.kind is Kind.MONEY:
            return f"{i18n.half_up(number, 2):f}".replace(".", comma)
        case Decimal() as number:
            written = f"{i18n.half_up(number, _places(number)):f}".replace(".", comma)
            return f"{written}%" if cell.kind is Kind.SHARE else written
        case number:
            return str(number)


def defused(text: str) -> str:
    """The text, with an apostrophe before it where a spreadsheet would take it for a formula."""
    return f"'{text}" if _looks_like_formula(text) else text


def _looks_like_formula(text: str) -> bool:
    return _FORMULA.match(text) is not None
