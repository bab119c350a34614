"""Tables written as XLSX, in the language in force: real numbers and days, text never a formula, ready to print."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from itertools import zip_longest
from typing import Any

import xlsxwriter

from stratplan import i18n
from stratplan.exports.tables import (
    Cell,
    Chart,
    ChartKind,
    Kind,
    Row,
    RowKind,
    Sheet,
    Table,
    Value,
    decimals,
    looks_like_formula,
    pages_wide,
    sheet_name,
    writable,
)

LONGEST_CELL = 32_767  # characters, in a spreadsheet
LINE_HEIGHT = 15  # points
HIGHEST_ROW = 409  # points
BOLD = 0.85  # as many bold letters fit where one plain one does
REPEATED_COLUMNS = 2  # number and task, where a table is wider than a sheet
CHART_WIDTH, CHART_HEIGHT = 560, 260  # pixels
CHART_ROWS = 14  # that a chart is high
PRINT_SCALE, LINES_ON_A_PAGE = 62, 52  # of sheets with charts: percent, and what fits on A4 across then

_NUMBER_FORMATS = {Kind.WHOLE: "0", Kind.MONEY: "#,##0.00", Kind.PERCENT: "0%", Kind.SHARE: "0%"}
_DAY_FORMATS = {"lv": "dd.mm.yyyy.", "en": "d mmm yyyy"}
_BORDER: dict[str, Any] = {"border": 1, "border_color": "#999999"}
_HEADING: dict[str, Any] = {"bold": True, "text_wrap": True, "valign": "vcenter", "bg_color": "#F1EEE7", **_BORDER}
_ROW_LOOK: dict[RowKind, dict[str, Any]] = {
    RowKind.BODY: {},
    RowKind.GROUP: {"bold": True, "bg_color": "#E4EEEC"},
    RowKind.TOTAL: {"bold": True, "top": 2},
}
_COLOURS = ("#1F5F5B", "#C26A1B", "#6B4E9B")


def to_xlsx(sheets: Sequence[Table | Sheet], made_at: datetime | None = None) -> bytes:
    """A workbook with a sheet for each table or group of tables; the same tables and `made_at` give the same bytes.

    Rows are written out as they come, so that tens of thousands of them take little memory.
    """
    file = io.BytesIO()
    book = xlsxwriter.Workbook(file, {"constant_memory": True})
    notes = sheets[0].lines if isinstance(sheets[0], Sheet) else sheets[0].notes
    about = {"title": sheets[0].title, "comments": " ".join(notes), "author": "stratplan"}
    created = {} if made_at is None else {"created": made_at.astimezone(UTC).replace(tzinfo=None)}
    book.set_properties({name: writable(text) for name, text in about.items()} | created)
    book.set_custom_property("Language", i18n.language.get(), "text")
    names: set[str] = set()
    looks = _Looks(book)
    for part in sheets:
        sheet = book.add_worksheet(sheet_name(part.name, names))
        if isinstance(part, Sheet):
            _write_tables(book, sheet, part, looks)
        else:
            _write_sheet(sheet, part, looks)
    book.close()
    return file.getvalue()


class _Looks:
    """The formats of a workbook, each made once."""

    def __init__(self, book: Any) -> None:
        self._book = book
        self._plain: dict[tuple[Any, ...], Any] = {}
        self._cells: dict[tuple[Any, ...], Any] = {}

    def plain(self, **properties: Any) -> Any:
        """A format of these properties."""
        key = tuple(sorted(properties.items()))
        if key not in self._plain:
            self._plain[key] = self._book.add_format({"font_name": "Calibri", **properties})
        return self._plain[key]

    def text(self, row: RowKind, *, is_formula: bool = False) -> Any:
        """The format of a text in the table. A heading runs on over the empty cells after it; others stay in theirs."""
        key = (row, is_formula)
        if key not in self._cells:
            quoted = {"quote_prefix": True} if is_formula else {}
            wrap = row is not RowKind.GROUP
            self._cells[key] = self.plain(
                **_BORDER, valign="top", **_ROW_LOOK[row], text_wrap=wrap, num_format="@", **quoted
            )
        return self._cells[key]

    def number(self, row: RowKind, kind: Kind, value: Value, mark: str) -> Any:
        """The format of a number or a day in the table."""
        places = decimals(value) if kind in (Kind.SHARE, Kind.NUMBER) and isinstance(value, Decimal) else None
        key = (row, kind, places, mark)
        if key not in self._cells:
            written = _number_format(kind, places) + (f'"{mark}"' if mark else "")
            self._cells[key] = self.plain(**_BORDER, valign="top", **_ROW_LOOK[row], num_format=written, align="right")
        return self._cells[key]

    def empty(self, row: RowKind) -> Any:
        """The format of a cell without a value."""
        if (row,) not in self._cells:
            self._cells[(row,)] = self.plain(**_BORDER, valign="top", **_ROW_LOOK[row])
        return self._cells[(row,)]


def _number_format(kind: Kind, places: int | None) -> str:
    if kind is Kind.DAY:
        return _DAY_FORMATS[i18n.language.get()]
    if places is not None:
        return ("0." + "0" * places if places else "0") + ("%" if kind is Kind.SHARE else "")
    return _NUMBER_FORMATS.get(kind, "General")


# --- a sheet of one table -----------------------------------------------------------------------------------------


def _write_sheet(sheet: Any, table: Table, looks: _Looks) -> None:
    top = _write_above(sheet, table.title, table.notes, looks)
    last = max(len(table.columns) - 1, 0)
    for place, column in enumerate(table.columns):
        sheet.set_column(place, place, column.width)
    _write_heading(sheet, top, table, looks)
    for line, row in enumerate(table.rows, start=top + 1):
        _write_row(sheet, line, row, table, looks)
    bottom = top + max(len(table.rows), 1)  # a filter without a row under it is nothing that a spreadsheet knows
    sheet.freeze_panes(top + 1, 0)
    sheet.autofilter(top, 0, bottom, last)
    sheet.repeat_rows(top)
    sheet.print_area(0, 0, bottom, last)
    pages = pages_wide(table.columns)
    if pages > 1:
        sheet.repeat_columns(0, REPEATED_COLUMNS - 1)
    _set_up_page(sheet, pages)


def _write_above(sheet: Any, title: str, notes: Iterable[str], looks: _Looks) -> int:
    """Write the title and the notes under it; the line that comes after them and a free one."""
    sheet.write_string(0, 0, _fitting(title), looks.plain(bold=True, font_size=14))
    line = 0
    for line, note in enumerate(notes, start=1):
        sheet.write_string(line, 0, _fitting(note), looks.plain(font_color="#555555"))
    return line + 2


def _write_heading(sheet: Any, top: int, table: Table, looks: _Looks) -> int:
    """Write the columns' titles; how many lines they take."""
    lines = max((_lines_of(column.title, column.width * BOLD) for column in table.columns), default=1)
    sheet.set_row(top, min(LINE_HEIGHT * lines, HIGHEST_ROW))
    for place, column in enumerate(table.columns):
        sheet.write_string(top, place, _fitting(column.title), looks.plain(**_HEADING))
    return lines


def _write_row(sheet: Any, line: int, row: Row, table: Table, looks: _Looks) -> int:
    """Write the cells, each looked at once: there are a hundred thousand of them; how many lines they take."""
    lines = 1
    wraps = row.kind is not RowKind.GROUP
    for place, (column, given) in enumerate(zip_longest(table.columns, row.cells)):
        if isinstance(given, Cell):
            value, kind, mark = given.value, given.kind, given.mark
        else:
            value, kind, mark = given, column.kind, ""
        _write_cell(sheet, line, place, value, kind, mark, row.kind, looks)
        if wraps and isinstance(value, str) and (len(value) > column.width or "\n" in value):
            lines = max(lines, _lines_of(value, column.width))
    if lines > 1:
        sheet.set_row(line, min(LINE_HEIGHT * lines, HIGHEST_ROW))
    return lines


def _set_up_page(sheet: Any, pages: int) -> None:
    sheet.set_landscape()
    sheet.set_paper(9)  # A4
    sheet.fit_to_pages(pages, 0)
    sheet.set_margins(left=0.5, right=0.5, top=0.6, bottom=0.7)
    sheet.set_footer("&R&P / &N")


def _lines_of(text: str, width: float) -> int:
    """In how many lines a text is wrapped, its own line ends among them: not every program works out a row's height."""
    return sum(_lines(part, int(width)) for part in text.split("\n"))


def _lines(text: str, width: int) -> int:
    """In how many lines of so many characters a text is wrapped at its spaces."""
    if len(text) <= width:
        return 1
    lines, room = 1, width
    for word in text.split():
        length = len(word)
        if length <= room:
            room -= length + 1
        else:
            # A word longer than a line goes on in the next.
            more, rest = divmod(max(length - 1, 0), width)
            lines += more + 1
            room = width - rest - 2
    return lines


def _write_cell(
    sheet: Any, line: int, place: int, value: Value, kind: Kind, mark: str, row: RowKind, looks: _Looks
) -> None:
    match value:
        case None | "":
            sheet.write_blank(line, place, None, looks.empty(row))
        case str(text):
            look = looks.text(row, is_formula=looks_like_formula(text))
            sheet.write_string(line, place, _fitting(text), look)
        case date() as day:
            sheet.write_datetime(line, place, day, looks.number(row, Kind.DAY, day, mark))
        case number:
            shown = number / 100 if kind is Kind.SHARE and isinstance(number, Decimal) else number
            sheet.write_number(line, place, float(shown), looks.number(row, kind, number, mark))


def _fitting(text: str) -> str:
    """The text as a cell can hold it, and an ellipsis where it cannot."""
    clean = text if text.isprintable() else writable(text)
    return clean if len(clean) <= LONGEST_CELL else clean[: LONGEST_CELL - 1] + "…"


# --- a sheet of several tables with their charts ------------------------------------------------------------------


def _write_tables(book: Any, sheet: Any, part: Sheet, looks: _Looks) -> None:
    widths = [column.width for column in max((table.columns for table in part.tables), key=len, default=[])]
    for place, width in enumerate(widths):
        sheet.set_column(place, place, width)
    line = _write_above(sheet, part.title, part.lines, looks)
    breaks, on_page = [], line
    for table in part.tables:
        taken = max(len(table.rows) + 3, 0 if table.chart is None else CHART_ROWS + 1)
        sheet.write_string(line, 0, _fitting(table.title), looks.plain(bold=True, font_size=12))
        high = taken + _write_heading(sheet, line + 1, table, looks) - 1
        for below, row in enumerate(table.rows, start=line + 2):
            high += _write_row(sheet, below, row, table, looks) - 1
        if on_page + high > LINES_ON_A_PAGE:
            breaks.append(line)
            on_page = 0
        on_page += high
        if table.chart is not None:
            _insert_chart(book, sheet, table, table.chart, line, place=len(widths) + 1)
        line += taken
    _set_up_page(sheet, 1)
    sheet.set_print_scale(PRINT_SCALE)  # pages are broken between the tables, which fitting to a width forbids
    sheet.set_h_pagebreaks(breaks)


def _insert_chart(book: Any, sheet: Any, table: Table, chart: Chart, line: int, place: int) -> None:
    """Draw a table's rows beside it, `line` being that of its title."""
    drawn = list(table.drawn())
    if not drawn:
        return
    is_lying = chart.kind is ChartKind.BARS
    first, last = line + 2, line + 1 + len(drawn)
    shape = book.add_chart({"type": "bar" if is_lying else "column"})
    for number, series in enumerate(chart.series):
        shape.add_series(
            {
                "name": [sheet.name, line + 1, series],
                "categories": [sheet.name, first, chart.names, last, chart.names],
                "values": [sheet.name, first, series, last, series],
                "categories_data": [name for name, _values in drawn],
                "values_data": [_drawn(values[number]) for _name, values in drawn],
                "fill": {"color": _COLOURS[number % len(_COLOURS)]},
                "gap": 60,
                "data_labels": {"value": len(chart.series) == 1},
            }
        )
    kind = table.columns[chart.series[0]].kind
    numbers = {"num_format": "#,##0" if kind is Kind.MONEY else _NUMBER_FORMATS[kind], "min": 0}
    numbers |= {"max": 1} if kind is Kind.PERCENT else {}
    numbers |= {"major_gridlines": {"visible": True, "line": {"color": "#DDDDDD"}}, "num_font": {"size": 9}}
    shape.set_x_axis(numbers if is_lying else {"num_font": {"size": 9}})
    shape.set_y_axis({"reverse": True, "num_font": {"size": 9}} if is_lying else numbers)
    shape.set_title({"name": writable(chart.title), "name_font": {"size": 12}})
    shape.set_legend({"none": True} if len(chart.series) == 1 else {"position": "bottom"})
    shape.set_size({"width": CHART_WIDTH, "height": CHART_HEIGHT})
    sheet.insert_chart(
        line, place, shape, {"description": writable(f"{chart.title}. {chart.words}"), "decorative": False}
    )


def _drawn(value: Value) -> float | None:
    return None if value is None or isinstance(value, str | date) else float(value)
