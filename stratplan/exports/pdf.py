"""Tables and charts set in type: a paper with its title block, contents and sections as a tagged PDF.

Knows no slice. How it looks is in templates/typst/report.typ; how it is made, in typesetting.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any, Final

from stratplan import i18n
from stratplan.exports.printable import broken
from stratplan.exports.tables import Cell, Column, Kind, RowKind, Table
from stratplan.exports.typesetting import typeset
from stratplan.i18n import _

PORTRAIT: Final = 493  # points between the margins
LANDSCAPE: Final = 762
LETTER: Final = 0.58  # of the size of type: the width of a letter, on the wide side
PADDING: Final = 7  # points beside the text of a cell
LONGEST_OUTLINE: Final = 26  # lines that still fit under the title block
LONGEST_WORD: Final = 30  # letters that even the title has room for on a line
LONGEST_STRING: Final = 8_000  # letters of what stands in a PDF as a string: PDF/A allows 32,767 bytes
LONGEST_RUNNING: Final = 90  # letters of a running head
LONGEST_COUNTED: Final = 400  # letters of a text that widen its column
LEAST_WIDENED, MOST_WIDENED = 0.8, 1.5  # how much of its asked width a column of texts may get
LONGEST_KEPT: Final = 13  # letters of a word that a column is widened for
LONGEST_WHOLE: Final = 1500  # letters in a row that is not broken across pages

_BREAKING = re.compile(r"[ \t\r\n\v\f]+")


@dataclass(frozen=True, slots=True)
class Section:
    """A part of a paper that begins on a page of its own: its tables, and lines to sign where there are any. With
    `bookmarks` the groups of its tables are in the outline."""

    title: str
    tables: Sequence[Table]
    landscape: bool = False
    bookmarks: bool = False
    signatures: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Paper:
    """What is set in type: `annex` stands at the upper right of the first page, `notes` in a box under the title, the
    sentences of `lead` before the contents. `made_at` dates the file."""

    language: str
    title: str
    organisation: str
    plan: str
    period: str
    annex: Sequence[str]
    notes: Sequence[str]
    lead: Sequence[str]
    foot: str
    sections: Sequence[Section]
    made_at: datetime


def to_pdf(paper: Paper) -> bytes:
    """The paper as PDF/UA-1 and PDF/A-2a in one; blocks. Raises TypesettingFailed."""
    with i18n.use_language(paper.language):
        return typeset("report.typ", _content(paper), made_at=paper.made_at)


def _content(paper: Paper) -> dict[str, Any]:
    sections = [_section(section) for section in paper.sections]
    groups = sum(
        row["kind"] == RowKind.GROUP
        for section in sections
        for table in section["tables"]
        for row in table["rows"]
        if section["landscape"]
    )
    return {
        "language": paper.language,
        "title": " – ".join(shortened(part, 300) for part in (paper.title, paper.plan, paper.period) if part),
        "author": shortened(paper.organisation, 300) or "stratplan",
        "description": shortened(" ".join(paper.lead), LONGEST_STRING),
        "heading": _line(paper.title),
        "organisation": _line(paper.organisation),
        "plan": _line(paper.plan),
        "period": paper.period,
        "annex": [_line(text) for text in paper.annex],
        "notes": [_line(text) for text in paper.notes],
        "lead": [_line(text) for text in paper.lead],
        "running": [_line(shortened(text)) for text in (paper.organisation, paper.plan)],
        "running-foot": _line(shortened(paper.foot)),
        "outline-depth": 2 if groups + len(sections) * 2 <= LONGEST_OUTLINE else 1,
        "sections": sections,
        "labels": {
            "contents": _("Contents"),
            "empty": _("There is nothing here."),
            "signature": _("Position, name, signature, date"),
        },
    }


def _section(section: Section) -> dict[str, Any]:
    width, size = (LANDSCAPE, 7.5) if section.landscape else (PORTRAIT, 8.5)
    return {
        "title": _heading(section.title),
        "tables": [table_content(table, width, size) for table in section.tables],
        "landscape": section.landscape,
        "bookmarks": section.bookmarks,
        "signatures": section.signatures,
    }


def shortened(text: str, longest: int = LONGEST_RUNNING) -> str:
    """The text on one line, cut at a word where it is longer; spaces that do not break stay such."""
    line = _BREAKING.sub(" ", text).strip(" ")
    return line if len(line) <= longest else line[: longest - 1].rsplit(" ", 1)[0] + "…"


def _line(text: str) -> str:
    return broken(text, LONGEST_WORD)


def _heading(text: str) -> str:
    """A heading is also a bookmark, and that a string."""
    return _line(shortened(text, LONGEST_STRING))


# --- tables ---------------------------------------------------------------------------------------------------


def printed(cell: Cell) -> str:
    """A cell's value as people write it in the language in force; nothing for None."""
    match cell.value:
        case None:
            return ""
        case str():
            return cell.value
        case date():
            return i18n.short_date(cell.value)
        case Decimal() | Fraction() | int():
            return _number(cell.value, cell.kind) + cell.mark


def _number(value: int | Decimal | Fraction, kind: Kind) -> str:
    match kind:
        case Kind.MONEY if not isinstance(value, Fraction):
            return i18n.amount(value)
        case Kind.PERCENT:
            return i18n.percent(value)
        case Kind.SHARE:
            return i18n.percent(value, 2)
        case _:
            return i18n.number(value)


def table_content(table: Table, width: float, size: float) -> dict[str, Any]:
    """What typst is given of a table that is `width` points wide, its letters of this size (points); columns without a
    title in which nothing stands are left out."""
    columns, rows = printed_rows(table)
    points = width if table.chart is None or len(columns) > 3 else width / 2
    stacks = [[texts[at] for kind, texts in rows if kind is not RowKind.GROUP] for at in range(len(columns))]
    widths = column_widths(columns, stacks, points, size * LETTER)
    rooms = [int((one - PADDING) / (size * LETTER)) for one in widths]
    return {
        "title": _heading(table.title),
        "key": table.key,
        "notes": [_line(text) for text in table.notes],
        "columns": [
            {"title": broken(column.title, max(room, 4)), "numeric": is_numeric(column), "width": one}
            for column, one, room in zip(columns, widths, rooms, strict=True)
        ],
        "rows": [_row(kind, texts, rooms) for kind, texts in rows],
        "chart": chart_content(table),
    }


def printed_rows(table: Table) -> tuple[list[Column], list[tuple[RowKind, list[str]]]]:
    """The columns of a table and its rows as they are printed; columns without a title in which nothing stands are left
    out."""
    cells = [[printed(table.cell(row, place)) for place in range(len(table.columns))] for row in table.rows]
    places = [
        place for place, column in enumerate(table.columns) if column.title or any(texts[place] for texts in cells)
    ]
    rows = [(row.kind, [texts[place] for place in places]) for row, texts in zip(table.rows, cells, strict=True)]
    return [table.columns[place] for place in places], rows


def is_numeric(column: Column) -> bool:
    """Whether the column's values stand at its right edge."""
    return column.kind not in (Kind.TEXT, Kind.DAY)


def column_widths(
    columns: Sequence[Column],
    stacks: Sequence[Sequence[str]],
    points: float,
    letter: float,
    padding: float = PADDING,
) -> list[float]:
    """The widths of columns, in points: what their numbers and the words of their texts need, and of the rest as much
    as they ask for, more where texts are long and less where they are short. `stacks` are their texts, `letter` is how
    wide one is."""
    asked = [_asked(column, texts) for column, texts in zip(columns, stacks, strict=True)]
    needed = [_needed(column, texts) * letter + padding + 1 for column, texts in zip(columns, stacks, strict=True)]
    shares = [points * one / sum(asked) for one in asked]
    over = [max(0.0, share - need) for share, need in zip(shares, needed, strict=True)]
    left = points - sum(needed)
    if left <= 0 or not any(over):
        return [points * need / sum(needed) for need in needed]
    return [round(need + left * one / sum(over), 2) for need, one in zip(needed, over, strict=True)]


def _asked(column: Column, texts: Sequence[str]) -> float:
    if not texts or is_numeric(column):
        return column.width
    average = sum(min(len(text), LONGEST_COUNTED) for text in texts) / len(texts)
    wanted = float((average / column.width) ** 0.4)
    return column.width * min(MOST_WIDENED, max(LEAST_WIDENED, wanted))


def _needed(column: Column, texts: Sequence[str]) -> int:
    """Letters of the longest number, or of the longest word that is not to be broken."""
    words = [word for text in (column.title, *texts) for word in text.split()]
    longest = min(LONGEST_KEPT, max(map(len, words), default=0))
    return max(longest, *map(len, texts)) if is_numeric(column) and texts else longest


def _row(kind: RowKind, texts: Sequence[str], rooms: Sequence[int]) -> dict[str, Any]:
    return {
        "kind": kind,
        "cells": list(_spanning(texts)) if kind is RowKind.GROUP else _fitting(texts, rooms),
        "whole": sum(map(len, texts)) <= LONGEST_WHOLE,
    }


def _fitting(texts: Sequence[str], rooms: Sequence[int]) -> list[str]:
    return [broken(text, max(room, 4)) for text, room in zip(texts, rooms, strict=True)]


def _spanning(texts: Sequence[str]) -> Iterator[dict[str, Any]]:
    for text, span in spans(texts):
        yield {"text": _heading(text), "span": span}


def spans(texts: Sequence[str]) -> Iterator[tuple[str, int]]:
    """The cells of a group's row, each with how many columns it takes: it runs on over the empty ones after it."""
    full = [place for place, text in enumerate(texts) if place == 0 or text]
    for place, following in zip(full, [*full[1:], len(texts)], strict=True):
        yield texts[place], following - place


# --- charts ---------------------------------------------------------------------------------------------------


def chart_content(table: Table) -> dict[str, Any] | None:
    """What typst is given of a table's chart; None where there is nothing to draw."""
    chart = table.chart
    rows = list(table.drawn())
    if chart is None or not rows:
        return None
    columns = [table.columns[place] for place in chart.series]
    known = [
        Fraction(value) for _name, values in rows for value in values if isinstance(value, int | Decimal | Fraction)
    ]
    top = Fraction(1) if columns[0].kind is Kind.PERCENT else max(known, default=Fraction(0))
    return {
        "caption": "" if chart.title == table.title else chart.title,
        "words": shortened(f"{chart.title}. {chart.words}", LONGEST_STRING),
        "kind": chart.kind,
        "top": printed(Cell(Decimal(top.numerator) / Decimal(top.denominator), columns[0].kind)),
        "series": [column.title for column in columns],
        "rows": [
            {
                "name": shortened(name, 40),
                "values": [
                    {"share": _share(value, top), "text": printed(Cell(value, column.kind))}
                    for value, column in zip(values, columns, strict=True)
                ],
            }
            for name, values in rows
        ],
    }


def _share(value: Any, top: Fraction) -> float:
    """How much of the chart's height a value takes, 0 to 1; nothing where it is not known."""
    if value is None or not top:
        return 0.0
    return round(float(max(Fraction(0), min(Fraction(1), Fraction(value) / top))), 4)
