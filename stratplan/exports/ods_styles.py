"""How the cells of a spreadsheet look, as styles of OpenDocument: each look that occurs has one."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from stratplan import i18n
from stratplan.exports.ods_xml import Attributes, Xml
from stratplan.exports.tables import Cell, Kind, RowKind, Table, decimals

COUNTRIES = {"lv": "LV", "en": "GB"}
LINE = "0.5pt solid #999999"
_PROPERTIES: dict[RowKind, tuple[dict[str, str], dict[str, str]]] = {  # of the cell, of its text
    RowKind.BODY: ({}, {}),
    RowKind.GROUP: ({"fo:background-color": "#E4EEEC"}, {"fo:font-weight": "bold"}),
    RowKind.TOTAL: ({"fo:border-top": "1.5pt solid #333333"}, {"fo:font-weight": "bold"}),
}


@dataclass(frozen=True, slots=True)
class Look:
    """How a cell looks: the row it is in, what its value is (None: empty), decimals and a mark after a number."""

    row: RowKind
    kind: Kind | None
    places: int = 0
    mark: str = ""


def look_of(row: RowKind, cell: Cell) -> Look:
    """How a cell of such a row looks."""
    match cell.value:
        case None | "":
            return Look(row, None)
        case str():
            return Look(row, Kind.TEXT)
        case date():
            return Look(row, Kind.DAY, 0, cell.mark)
        case Decimal() if cell.kind in (Kind.SHARE, Kind.NUMBER):
            return Look(row, cell.kind, decimals(cell.value), cell.mark)
        case _:
            return Look(row, cell.kind, 2 if cell.kind is Kind.MONEY else 0, cell.mark)


def looks(tables: Iterable[Table]) -> dict[Look, str]:
    """Every look that occurs in some tables, with the name of its style."""
    found: dict[Look, str] = {}
    for table in tables:
        for row in table.rows:
            for place in range(len(table.columns)):
                look = look_of(row.kind, table.cell(row, place))
                if look not in found:
                    found[look] = f"cell{len(found) + 1}"
    return found


def _number_style(xml: Xml, name: str, look: Look) -> None:
    language = i18n.language.get()
    kind = {Kind.DAY: "date", Kind.PERCENT: "percentage", Kind.SHARE: "percentage"}.get(
        look.kind or Kind.TEXT, "number"
    )
    where = {"style:name": name, "number:language": language, "number:country": COUNTRIES[language]}
    with xml.element(f"number:{kind}-style", where):
        if look.kind is Kind.DAY:
            _day_style(xml, language)
        else:
            grouping = {"number:grouping": "true"} if look.kind is Kind.MONEY else {}
            places = {"number:decimal-places": str(look.places), "number:min-decimal-places": str(look.places)}
            xml.empty("number:number", {**places, "number:min-integer-digits": "1", **grouping})
        if kind == "percentage":
            xml.leaf("number:text", "%")
        if look.mark:
            xml.leaf("number:text", look.mark)


def _day_style(xml: Xml, language: str) -> None:
    if language == "lv":
        parts = (
            ("day", {"number:style": "long"}),
            ("month", {"number:style": "long"}),
            ("year", {"number:style": "long"}),
        )
        for name, attributes in parts:
            xml.empty(f"number:{name}", attributes)
            xml.leaf("number:text", ".")
    else:
        xml.empty("number:day")
        xml.leaf("number:text", " ")
        xml.empty("number:month", {"number:textual": "true"})
        xml.leaf("number:text", " ")
        xml.empty("number:year", {"number:style": "long"})


def cell_style(xml: Xml, name: str, look: Look) -> None:
    """The style of that name, with the number's own before it."""
    is_number = look.kind not in (None, Kind.TEXT)
    numbers = {"style:data-style-name": f"n-{name}"} if is_number else {}
    if is_number:
        _number_style(xml, f"n-{name}", look)
    of_cell, of_text = _PROPERTIES[look.row]
    wrap = {"fo:wrap-option": "wrap"} if look.row is not RowKind.GROUP else {}
    with xml.element("style:style", {"style:name": name, "style:family": "table-cell", **numbers}):
        cell = {"fo:border": LINE, "style:vertical-align": "top", **wrap, **of_cell}
        xml.empty("style:table-cell-properties", cell)
        if is_number:
            xml.empty("style:paragraph-properties", {"fo:text-align": "end"})
        if of_text:
            xml.empty("style:text-properties", of_text)


def named_styles(xml: Xml) -> None:
    """The looks of titles, notes and headings."""
    looks: dict[str, tuple[Attributes, Attributes]] = {
        "title": ({}, {"fo:font-weight": "bold", "fo:font-size": "14pt"}),
        "subtitle": ({}, {"fo:font-weight": "bold", "fo:font-size": "12pt"}),
        "note": ({}, {"fo:color": "#555555"}),
        "heading": (
            {
                "fo:background-color": "#F1EEE7",
                "fo:border": LINE,
                "fo:wrap-option": "wrap",
                "style:vertical-align": "middle",
            },
            {"fo:font-weight": "bold"},
        ),
    }
    for name, (of_cell, of_text) in looks.items():
        with xml.element("style:style", {"style:name": name, "style:family": "table-cell"}):
            xml.empty("style:table-cell-properties", of_cell)
            xml.empty("style:text-properties", of_text)
