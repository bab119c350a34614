"""Tables, charts, lists and lines to sign as WordprocessingML, built of elements: no text is ever part of a program."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from lxml import etree

from stratplan import i18n
from stratplan.exports.docx_package import Element, R, w
from stratplan.exports.pdf import (
    LONGEST_STRING,
    LONGEST_WHOLE,
    chart_content,
    column_widths,
    is_numeric,
    printed_rows,
    shortened,
    spans,
)
from stratplan.exports.tables import Column, RowKind, Table, writable
from stratplan.exports.typesetting import drawn
from stratplan.i18n import _

WP: Final = "http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing"
A: Final = "http://schemas.openxmlformats.org/drawingml/2006/main"
PIC: Final = "http://schemas.openxmlformats.org/drawingml/2006/picture"
SPACE: Final = "{http://www.w3.org/XML/1998/namespace}space"

TWIPS: Final = 20  # to the point
DOTS: Final = 220  # to the inch of a chart
EMU: Final = 914_400  # to the inch
TYPE_SIZE: Final = 8  # points, in tables
LETTER: Final = 0.62  # of the size of type: the width of a bold letter, on the wide side
PADDING: Final = 10  # points beside the text of a cell, with the rule
GROUP_FILL, TOTAL_FILL = "E3F0EF", "F5F3EE"
NARROW, NARROWED = 3, 0.6  # columns of a small table, and how much of the page it takes
CHART_WIDTH: Final = 493  # points: as wide as a standing page

Picture = Callable[[bytes], str]  # keeps a picture (PNG) and says by which relation it is found


@dataclass(frozen=True, slots=True)
class Tables:
    """Tables one under the other, each with its chart; with `titled` a heading stands over each."""

    tables: Sequence[Table]
    titled: bool = False


@dataclass(frozen=True, slots=True)
class Bullets:
    """A list of sentences."""

    lines: Sequence[str]


@dataclass(frozen=True, slots=True)
class Signatures:
    """Lines to sign on; `hint` says under them what to write."""

    names: Sequence[str]
    hint: str


@dataclass(frozen=True, slots=True)
class Contents:
    """The document's headings with where they stand."""


Block = Tables | Bullets | Signatures | Contents


@dataclass(frozen=True, slots=True)
class Drawn:
    """A chart's picture; `key` is its table's."""

    key: str
    words: str
    body: bytes


def charts_of(tables: Sequence[Table], language: str) -> list[Drawn]:
    """The charts of tables, drawn all at once; blocks. The same tables give the same bytes."""
    with i18n.use_language(language):
        found = [(table.key, content) for table in tables if (content := chart_content(table)) is not None]
    if not found:
        return []
    job = {"width": CHART_WIDTH, "language": language, "charts": [content for _key, content in found]}
    pictures = drawn("charts.typ", job, dots=DOTS)
    return [Drawn(key, content["words"], body) for (key, content), body in zip(found, pictures, strict=True)]


class Builder:
    """Makes the elements of blocks for a document: `styles` has the ids of its styles by name, `bullets` is the id of
    its list with points, `keep` keeps a picture."""

    def __init__(self, styles: dict[str, str], bullets: str, keep: Picture, charts: Sequence[Drawn]) -> None:
        self._styles = styles
        self._bullets = bullets
        self._keep = keep
        self._charts = {chart.key: chart for chart in charts}
        self._pictures = 0

    def made(self, block: Tables | Bullets | Signatures, width: int) -> list[Element]:
        """The paragraphs and tables of a block; `width` is that of the page between its margins, in twips."""
        match block:
            case Tables():
                return list(self._tables(block, width))
            case Bullets():
                return [self._bullet(line) for line in block.lines]
            case Signatures():
                lines = [self.paragraph("Stratplan Signature", f"{name} \t") for name in block.names]
                return [*lines, self.paragraph("Stratplan Hint", block.hint)]

    def paragraph(self, style: str, text: str = "") -> Element:
        """A paragraph of the style of that name."""
        return paragraph(self._styles[style], text)

    def _bullet(self, text: str) -> Element:
        made = self.paragraph("Stratplan Sentence", text)
        numbering = etree.SubElement(made[0], w("numPr"))
        etree.SubElement(numbering, w("ilvl")).set(w("val"), "0")
        etree.SubElement(numbering, w("numId")).set(w("val"), self._bullets)
        return made

    # --- tables -----------------------------------------------------------------------------------------------

    def _tables(self, block: Tables, width: int) -> Iterator[Element]:
        for place, table in enumerate(block.tables):
            if block.titled:
                yield self.paragraph("heading 2", table.title)
            elif place:
                yield self.paragraph("Stratplan Note")
            for note in table.notes:
                yield self.paragraph("Stratplan Note", note)
            chart = self._charts.get(table.key)
            if chart is not None:
                yield self._picture(table.title, chart, width)
            if table.is_empty:
                yield self.paragraph("Stratplan Note", _("There is nothing here."))
            else:
                yield self._table(table, width, titled=block.titled)

    def _table(self, table: Table, width: int, *, titled: bool) -> Element:
        columns, rows = printed_rows(table)
        points = width / TWIPS * (NARROWED if titled and len(columns) <= NARROW else 1)
        stacks = [[texts[at] for kind, texts in rows if kind is not RowKind.GROUP] for at in range(len(columns))]
        widths = [round(one * TWIPS) for one in column_widths(columns, stacks, points, TYPE_SIZE * LETTER, PADDING)]
        made = etree.Element(w("tbl"))
        made.append(_properties(self._styles["Stratplan Table"], table.title, sum(widths)))
        grid = etree.SubElement(made, w("tblGrid"))
        for one in widths:
            etree.SubElement(grid, w("gridCol")).set(w("w"), str(one))
        made.append(self._heading(columns, widths))
        numeric = [is_numeric(column) for column in columns]
        for kind, texts in rows:
            made.append(
                self._group(texts, widths) if kind is RowKind.GROUP else self._row(kind, texts, widths, numeric)
            )
        return made

    def _heading(self, columns: Sequence[Column], widths: Sequence[int]) -> Element:
        row = _table_row(whole=True, heads=True)
        for column, width in zip(columns, widths, strict=True):
            style = "Stratplan Head Number" if is_numeric(column) else "Stratplan Head"
            row.append(_cell(width, self.paragraph(style, column.title), at_bottom=True))
        return row

    def _group(self, texts: Sequence[str], widths: Sequence[int]) -> Element:
        row = _table_row(whole=True)
        place = 0
        for text, span in spans(texts):
            style = "Stratplan Group Number" if place else "Stratplan Group"
            width = sum(widths[place : place + span])
            row.append(_cell(width, self.paragraph(style, text), span=span, fill=GROUP_FILL))
            place += span
        return row

    def _row(self, kind: RowKind, texts: Sequence[str], widths: Sequence[int], numeric: Sequence[bool]) -> Element:
        row = _table_row(whole=sum(map(len, texts)) <= LONGEST_WHOLE)
        cell, number = self._styles["Stratplan Cell"], self._styles["Stratplan Number"]
        is_total = kind is RowKind.TOTAL
        for text, width, is_number in zip(texts, widths, numeric, strict=True):
            content = paragraph(number if is_number else cell, text, bold=is_total)
            row.append(_cell(width, content, fill=TOTAL_FILL if is_total else ""))
        return row

    # --- pictures ---------------------------------------------------------------------------------------------

    def _picture(self, title: str, chart: Drawn, width: int) -> Element:
        self._pictures += 1
        made = self.paragraph("Stratplan Picture")
        across, down = struct.unpack_from(">II", chart.body, 16)  # dots, as a PNG tells in its head
        scale = min(1.0, width / (across / DOTS * 72 * TWIPS))
        size = [str(round(side / DOTS * EMU * scale)) for side in (across, down)]
        drawing = etree.SubElement(etree.SubElement(made, w("r")), w("drawing"))
        inline = etree.SubElement(drawing, f"{{{WP}}}inline", nsmap={"wp": WP, "a": A, "pic": PIC, "r": R})
        for side in ("distT", "distB", "distL", "distR"):
            inline.set(side, "0")
        _sub(inline, WP, "extent", cx=size[0], cy=size[1])
        words = writable(shortened(chart.words, LONGEST_STRING))
        _sub(inline, WP, "docPr", id=str(9000 + self._pictures), name=writable(title), descr=words)
        graphic = _sub(_sub(inline, A, "graphic"), A, "graphicData", uri=PIC)
        picture = _sub(graphic, PIC, "pic")
        about = _sub(picture, PIC, "nvPicPr")
        _sub(about, PIC, "cNvPr", id=str(9000 + self._pictures), name=writable(title), descr=words)
        _sub(about, PIC, "cNvPicPr")
        fill = _sub(picture, PIC, "blipFill")
        _sub(fill, A, "blip").set(f"{{{R}}}embed", self._keep(chart.body))
        _sub(_sub(fill, A, "stretch"), A, "fillRect")
        shape = _sub(picture, PIC, "spPr")
        place = _sub(shape, A, "xfrm")
        _sub(place, A, "off", x="0", y="0")
        _sub(place, A, "ext", cx=size[0], cy=size[1])
        _sub(_sub(shape, A, "prstGeom", prst="rect"), A, "avLst")
        return made


def paragraph(style: str, text: str = "", *, bold: bool = False) -> Element:
    """A paragraph of a style; its line ends and tabs stay, what cannot be written is left out."""
    made = etree.Element(w("p"))
    etree.SubElement(etree.SubElement(made, w("pPr")), w("pStyle")).set(w("val"), style)
    if text:
        run = etree.SubElement(made, w("r"))
        if bold:
            etree.SubElement(etree.SubElement(run, w("rPr")), w("b"))
        fill_run(run, text)
    return made


def fill_run(run: Element, text: str) -> None:
    """Write a text into a run."""
    for number, line in enumerate(writable(text).split("\n")):
        if number:
            etree.SubElement(run, w("br"))
        for place, piece in enumerate(line.split("\t")):
            if place:
                etree.SubElement(run, w("tab"))
            if piece:
                element = etree.SubElement(run, w("t"))
                element.text = piece
                if piece != piece.strip():
                    element.set(SPACE, "preserve")


def _sub(parent: Element, namespace: str, tag: str, /, **values: str) -> Element:
    made = etree.SubElement(parent, f"{{{namespace}}}{tag}")
    for key, value in values.items():
        made.set(key, value)
    return made


def _properties(style: str, title: str, width: int) -> Element:
    made = etree.Element(w("tblPr"))
    etree.SubElement(made, w("tblStyle")).set(w("val"), style)
    for name, values in (
        ("tblW", {"w": str(width), "type": "dxa"}),
        ("tblLayout", {"type": "fixed"}),
        ("tblLook", {"val": "0020", "firstRow": "1", "noHBand": "1", "noVBand": "1"}),
        ("tblCaption", {"val": writable(title)}),
    ):
        element = etree.SubElement(made, w(name))
        for key, value in values.items():
            element.set(w(key), value)
    return made


def _table_row(*, whole: bool, heads: bool = False) -> Element:
    row = etree.Element(w("tr"))
    if whole or heads:
        properties = etree.SubElement(row, w("trPr"))
        if whole:
            etree.SubElement(properties, w("cantSplit"))
        if heads:
            etree.SubElement(properties, w("tblHeader"))
    return row


def _cell(width: int, content: Element, *, span: int = 1, fill: str = "", at_bottom: bool = False) -> Element:
    cell = etree.Element(w("tc"))
    properties = etree.SubElement(cell, w("tcPr"))
    size = etree.SubElement(properties, w("tcW"))
    size.set(w("w"), str(width))
    size.set(w("type"), "dxa")
    if span > 1:
        etree.SubElement(properties, w("gridSpan")).set(w("val"), str(span))
    if fill:
        shading = etree.SubElement(properties, w("shd"))
        for key, value in (("val", "clear"), ("color", "auto"), ("fill", fill)):
            shading.set(w(key), value)
    if at_bottom:
        etree.SubElement(properties, w("vAlign")).set(w("val"), "bottom")
    cell.append(content)
    return cell
