"""Tables to be written as files: typed cells in columns, rows that head groups or add up, a drawing beside.

Knows no slice and no format: whoever has rows to export makes a `Table` of them, and xlsx, ods, separated_values and
documents write it. See docs/exports.md for what the files hold.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from math import ceil

LONGEST_SHEET_NAME = 31
PRINTED_WIDTH = 245  # characters of columns that one sheet of A4, across, still shows legibly

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
        found = row.cells[place] if place < len(row.cells) else None
        return found if isinstance(found, Cell) else Cell(found, self.columns[place].kind)

    def drawn(self) -> Iterator[tuple[str, Sequence[Value]]]:
        """The names and numbers that its chart shows, row by row."""
        if self.chart is not None:
            for row in self.rows:
                if row.kind is RowKind.BODY:
                    numbers = [self.cell(row, place).value for place in self.chart.series]
                    yield str(self.cell(row, self.chart.names).value or ""), numbers


@dataclass(frozen=True, slots=True)
class Sheet:
    """Small tables one under the other on a sheet of their own, each with its drawing; `lines` stand above them."""

    name: str
    title: str
    lines: Sequence[str]
    tables: Sequence[Table]


# --- texts and numbers, as every format needs them ------------------------------------------------------------

# Control characters that no file of text may hold, halves of characters, and marks that turn the writing direction of
# what follows them; line ends and tabs stay, and so do the marks that only say how one sign is read.
_UNWRITABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\u202a-\u202e\u2066-\u2069\ufffe\uffff]")

# Spreadsheets take these for the beginning of a formula, also after spaces and quotes, and in their wide forms.
_FORMULA = re.compile(r"""[\t\r]|[\s"']*[=+\-@＝＋－＠]""")


def writable(text: str) -> str:
    """The text without what would break a file or turn the text after it around."""
    return _UNWRITABLE.sub("", text)


def looks_like_formula(text: str) -> bool:
    """Whether a spreadsheet would take the text for a formula."""
    return _FORMULA.match(text) is not None


def decimals(value: Decimal) -> int:
    """The decimals that a number has, without the noughts at its end."""
    return max(0, -int(value.normalize().as_tuple().exponent))


def pages_wide(columns: Sequence[Column]) -> int:
    """On how many sheets of A4 side by side columns are printed so that they can be read."""
    return max(1, ceil(sum(column.width for column in columns) / PRINTED_WIDTH))


def sheet_name(wanted: str, taken: set[str]) -> str:
    """A name that a workbook takes: short, without signs that formulas need, no two alike."""
    clean = re.sub(r"[\[\]:*?/\\']", " ", writable(wanted)).strip()[:LONGEST_SHEET_NAME] or "1"
    name, again = clean, 1
    while name.casefold() in taken:
        again += 1
        name = f"{clean[: LONGEST_SHEET_NAME - 4]} {again}"
    taken.add(name.casefold())
    return name
