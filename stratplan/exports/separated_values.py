"""Tables written as CSV, and several of them as a ZIP of CSV files."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from fractions import Fraction

from stratplan import i18n
from stratplan.exports.tables import Cell, Kind, Table, decimals, looks_like_formula, writable

ALWAYS = (1980, 1, 1, 0, 0, 0)  # the time of what is inside an archive: the same content gives the same bytes


def to_csv(table: Table) -> bytes:
    """The heading and the rows as spreadsheets of the language in force open them: UTF-8 with its mark, numbers without
    grouping; Latvian parts cells by semicolons, since its numbers have commas. Days are written 2016-09-30."""
    comma = i18n.CONVENTIONS[i18n.language.get()].decimal_sign
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=";" if comma == "," else ",", lineterminator="\r\n")
    writer.writerow([defused(column.title) for column in table.columns])
    for row in table.rows:
        cells = [table.cell(row, place) for place in range(len(table.columns))]
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
            written = f"{i18n.half_up(number, decimals(number)):f}".replace(".", comma)
            return f"{written}%" if cell.kind is Kind.SHARE else written
        case number:
            return str(number)


def defused(text: str) -> str:
    """The text, with an apostrophe before it where a spreadsheet would take it for a formula."""
    text = writable(text)
    return f"'{text}" if looks_like_formula(text) else text


def to_zip_of_csv(tables: Sequence[Table], notes: Sequence[str] = ()) -> bytes:
    """An archive with a CSV file of each table, numbered in their order and named by their keys; what they are all of
    is in a text beside them, so that the files hold nothing but their tables."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        files = [
            (f"{number:02}-{table.key or 'table'}.csv", to_csv(table)) for number, table in enumerate(tables, start=1)
        ]
        if notes:
            files.insert(0, ("00-about.txt", "\r\n".join([*notes, ""]).encode("utf-8-sig")))
        for name, body in files:
            entry = zipfile.ZipInfo(name, ALWAYS)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, body)
    return file.getvalue()
