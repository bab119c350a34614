"""Tables written as ODS (OpenDocument 1.3), in the language in force: the sheets of the workbook with real numbers and
days, headings that stay and are repeated on each printed sheet.

Written out element by element: no library that keeps the whole document in memory (docs/decisions/0017-documents.md).
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from fractions import Fraction
from typing import cast

from stratplan import i18n
from stratplan.exports.ods_styles import COUNTRIES, Look, cell_style, look_of, looks, named_styles
from stratplan.exports.ods_xml import Attributes, Xml
from stratplan.exports.separated_values import ALWAYS
from stratplan.exports.tables import (
    Cell,
    Column,
    Kind,
    Sheet,
    Table,
    pages_wide,
    sheet_name,
)

MEDIA_TYPE = "application/vnd.oasis.opendocument.spreadsheet"
PIECE = 1 << 16  # bytes that are compressed at once
CHARACTER, MARGIN = 7 * 2.54 / 96, 5 * 2.54 / 96  # centimetres, as a workbook's columns have them


def to_ods(sheets: Sequence[Table | Sheet], made_at: datetime | None = None) -> bytes:
    """A spreadsheet with a sheet for each table or group of tables; the same tables and `made_at`, the same bytes."""
    taken: set[str] = set()
    pages = [_Page.of(part, sheet_name(part.name, taken)) for part in sheets]
    parts: dict[str, Callable[[Xml], None]] = {
        "META-INF/manifest.xml": _manifest,
        "meta.xml": lambda xml: _meta(xml, sheets[0].title, made_at),
        "styles.xml": lambda xml: _page_styles(xml, pages),
        "settings.xml": lambda xml: _settings(xml, pages),
        "content.xml": lambda xml: _content(xml, pages),
    }
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(_entry("mimetype", zipfile.ZIP_STORED), MEDIA_TYPE)
        for name, write in parts.items():
            part = cast("io.RawIOBase", archive.open(_entry(name, zipfile.ZIP_DEFLATED), "w"))
            with io.BufferedWriter(part, PIECE) as out:
                write(Xml(out))
    return file.getvalue()


def _entry(name: str, compression: int) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, ALWAYS)
    entry.compress_type = compression
    entry.external_attr = 0o644 << 16
    return entry


@dataclass(frozen=True, slots=True)
class _Page:
    """A sheet to be written: its name as formulas quote it, the lines above and the tables one under the other."""

    name: str
    title: str
    lines: Sequence[str]
    tables: Sequence[Table]
    columns: Sequence[Column]
    is_one: bool

    @classmethod
    def of(cls, part: Table | Sheet, name: str) -> _Page:
        """The sheet of a table or of several."""
        if isinstance(part, Table):
            return cls(name, part.title, part.notes, (part,), part.columns, True)
        columns = max((table.columns for table in part.tables), key=len, default=[])
        return cls(name, part.title, part.lines, part.tables, columns, False)

    @property
    def top(self) -> int:
        """The line that the first heading is on, counted from 1."""
        return len(self.lines) + 3

    @property
    def wide(self) -> int:
        """On how many sheets of paper side by side it is printed."""
        return pages_wide(self.columns) if self.is_one else 1

    @property
    def area(self) -> str:
        """The cells of its table with the heading, as addresses."""
        last = self.top + max(len(self.tables[0].rows), 1)
        return f"'{self.name}'.A{self.top}:'{self.name}'.{_letters(len(self.columns))}{last}"


def _letters(number: int) -> str:
    """The name of the column of that number, from 1: A, B … Z, AA."""
    name = ""
    while number:
        number, rest = divmod(number - 1, 26)
        name = chr(65 + rest) + name
    return name


# --- what stands beside the content -------------------------------------------------------------------------------


def _manifest(xml: Xml) -> None:
    with xml.root("manifest:manifest"):
        xml.empty("manifest:file-entry", {"manifest:full-path": "/", "manifest:media-type": MEDIA_TYPE})
        for name in ("content.xml", "styles.xml", "meta.xml", "settings.xml"):
            xml.empty("manifest:file-entry", {"manifest:full-path": name, "manifest:media-type": "text/xml"})


def _meta(xml: Xml, title: str, made_at: datetime | None) -> None:
    with xml.root("office:document-meta"), xml.element("office:meta"):
        xml.leaf("meta:generator", "stratplan")
        xml.leaf("dc:title", title)
        xml.leaf("dc:language", i18n.language.get())
        if made_at is not None:
            xml.leaf("meta:creation-date", made_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"))


def _page_styles(xml: Xml, pages: Sequence[_Page]) -> None:
    """The language of the texts, and a page of A4 across for each number of sheets that tables take side by side."""
    language = {"fo:language": i18n.language.get(), "fo:country": COUNTRIES[i18n.language.get()]}
    widths = sorted({page.wide for page in pages})
    with xml.root("office:document-styles"):
        with xml.element("office:styles"), xml.element("style:default-style", {"style:family": "table-cell"}):
            xml.empty("style:text-properties", {**language, "fo:font-family": "Calibri", "fo:font-size": "11pt"})
        with xml.element("office:automatic-styles"):
            for wide in widths:
                with xml.element("style:page-layout", {"style:name": f"layout{wide}"}):
                    xml.empty("style:page-layout-properties", _paper(wide))
                    xml.empty("style:header-style")
                    with xml.element("style:footer-style"):
                        xml.empty(
                            "style:header-footer-properties", {"fo:min-height": "0.7cm", "fo:margin-top": "0.3cm"}
                        )
        with xml.element("office:master-styles"):
            for wide in widths:
                names = {"style:name": f"wide{wide}", "style:page-layout-name": f"layout{wide}"}
                with (
                    xml.element("style:master-page", names),
                    xml.element("style:footer"),
                    xml.element("style:region-right"),
                    xml.element("text:p"),
                ):
                    xml.leaf("text:page-number", "1")
                    xml.text(" / ")
                    xml.leaf("text:page-count", "1")


def _paper(wide: int) -> Attributes:
    return {
        "fo:page-width": "29.7cm",
        "fo:page-height": "21cm",
        "style:print-orientation": "landscape",
        "fo:margin-left": "1.3cm",
        "fo:margin-right": "1.3cm",
        "fo:margin-top": "1.5cm",
        "fo:margin-bottom": "1.2cm",
        "style:scale-to-X": str(wide),
        "style:scale-to-Y": "0",
        "style:print-page-order": "ltr",
        "style:first-page-number": "continue",
    }


def _settings(xml: Xml, pages: Sequence[_Page]) -> None:
    """That the heading of each table stays in sight."""
    with (
        xml.root("office:document-settings"),
        xml.element("office:settings"),
        xml.element("config:config-item-set", {"config:name": "ooo:view-settings"}),
        xml.element("config:config-item-map-indexed", {"config:name": "Views"}),
        xml.element("config:config-item-map-entry"),
        xml.element("config:config-item-map-named", {"config:name": "Tables"}),
    ):
        for page in pages:
            if page.is_one:
                with xml.element("config:config-item-map-entry", {"config:name": page.name}):
                    items = {"VerticalSplitMode": 2, "ActiveSplitRange": 2, "VerticalSplitPosition": page.top}
                    for name, value in {**items, "PositionBottom": page.top}.items():
                        kind = "int" if "Position" in name else "short"
                        xml.leaf("config:config-item", str(value), {"config:name": name, "config:type": kind})


# --- the content --------------------------------------------------------------------------------------------------


def _content(xml: Xml, pages: Sequence[_Page]) -> None:
    styles = looks(table for page in pages for table in page.tables)
    widths = sorted({column.width for page in pages for column in page.columns})
    with xml.root("office:document-content"):
        with xml.element("office:automatic-styles"):
            for width in widths:
                with xml.element("style:style", {"style:name": _width(width), "style:family": "table-column"}):
                    xml.empty(
                        "style:table-column-properties", {"style:column-width": f"{width * CHARACTER + MARGIN:.2f}cm"}
                    )
            with xml.element("style:style", {"style:name": "row", "style:family": "table-row"}):
                xml.empty("style:table-row-properties", {"style:use-optimal-row-height": "true"})
            for wide in sorted({page.wide for page in pages}):
                names = {"style:family": "table", "style:master-page-name": f"wide{wide}"}
                with xml.element("style:style", {"style:name": f"sheet{wide}", **names}):
                    xml.empty("style:table-properties", {"table:display": "true"})
            named_styles(xml)
            for look, name in styles.items():
                cell_style(xml, name, look)
        with xml.element("office:body"), xml.element("office:spreadsheet"):
            for page in pages:
                _sheet(xml, page, styles)
            with xml.element("table:database-ranges"):
                for number, page in enumerate(page for page in pages if page.is_one):
                    names = {"table:name": f"__Anonymous_Sheet_DB__{number}", "table:display-filter-buttons": "true"}
                    xml.empty("table:database-range", {**names, "table:target-range-address": page.area})


def _width(width: float) -> str:
    return f"width{width:g}".replace(".", "-")


def _sheet(xml: Xml, page: _Page, styles: Mapping[Look, str]) -> None:
    with xml.element("table:table", {"table:name": page.name, "table:style-name": f"sheet{page.wide}"}):
        repeated = 2 if page.wide > 1 else 0
        if repeated:
            with xml.element("table:table-header-columns"):
                _columns(xml, page.columns[:repeated])
        _columns(xml, page.columns[repeated:] or [Column("")])
        _line(xml, page.title, "title")
        for note in page.lines:
            _line(xml, note, "note")
        _line(xml, "", "")
        for table in page.tables:
            if page.is_one:
                with xml.element("table:table-header-rows"):
                    _heading(xml, table)
            else:
                _line(xml, table.title, "subtitle")
                _heading(xml, table)
            _rows(xml, table, styles)
            if not page.is_one:
                _line(xml, "", "")


def _columns(xml: Xml, columns: Sequence[Column]) -> None:
    for column in columns:
        xml.empty("table:table-column", {"table:style-name": _width(column.width)})


def _line(xml: Xml, text: str, style: str) -> None:
    """A row with one text, or an empty one."""
    with xml.element("table:table-row", {"table:style-name": "row"}):
        if text:
            _text_cell(xml, text, style)
        else:
            xml.empty("table:table-cell")


def _heading(xml: Xml, table: Table) -> None:
    with xml.element("table:table-row", {"table:style-name": "row"}):
        for column in table.columns:
            _text_cell(xml, column.title, "heading")


def _text_cell(xml: Xml, text: str, style: str) -> None:
    xml.start("table:table-cell", {"table:style-name": style, "office:value-type": "string"})
    xml.lines(text)
    xml.end("table:table-cell")


def _rows(xml: Xml, table: Table, styles: Mapping[Look, str]) -> None:
    for row in table.rows:
        xml.start("table:table-row", {"table:style-name": "row"})
        for place in range(len(table.columns)):
            cell = table.cell(row, place)
            _cell(xml, cell, styles[look_of(row.kind, cell)])
        xml.end("table:table-row")


def _cell(xml: Xml, cell: Cell, style: str) -> None:
    match cell.value:
        case None | "":
            xml.empty("table:table-cell", {"table:style-name": style})
        case str(text):
            _text_cell(xml, text, style)
        case date() as day:
            value = {"office:value-type": "date", "office:date-value": day.isoformat()}
            xml.empty("table:table-cell", {"table:style-name": style, **value})
        case number:
            is_share = cell.kind in (Kind.PERCENT, Kind.SHARE)
            kind = "percentage" if is_share else "float"
            value = {"office:value-type": kind, "office:value": _number(number, cell.kind)}
            xml.empty("table:table-cell", {"table:style-name": style, **value})


def _number(number: int | Decimal | Fraction, kind: Kind) -> str:
    """A number as XML has it, exact where it can be."""
    if isinstance(number, Decimal):
        return f"{number / 100 if kind is Kind.SHARE else number:f}"
    return str(number) if isinstance(number, int) else repr(float(number))
