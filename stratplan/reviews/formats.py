"""The formats that a report is written in, each by one function of the report and what it was made of. Pure; blocks."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Literal

from pydantic import BaseModel, ConfigDict
from pydantic_core import to_json

from stratplan import i18n
from stratplan.choice import Choice
from stratplan.exports.ods import MEDIA_TYPE as ODS
from stratplan.exports.ods import to_ods
from stratplan.exports.separated_values import to_zip_of_csv
from stratplan.exports.tables import Kind, RowKind, Sheet, Table, Value
from stratplan.exports.xlsx import to_xlsx
from stratplan.i18n import N_, _
from stratplan.reviews.council import CouncilReport
from stratplan.reviews.docx import report_docx
from stratplan.reviews.pdf import report_pdf
from stratplan.reviews.statement import Statement

JSON_FORMAT = 1  # raised when the JSON changes in a way that breaks its readers


class Format(Choice):
    """A kind of document; `explanation` says what it is for."""

    suffix: str
    media_type: str
    explanation: str

    def __new__(cls, value: str, label: str, icon: str, suffix: str, media_type: str, explanation: str) -> Format:
        member = str.__new__(cls, value)
        member._value_ = value
        member.label = label
        member.tone = "neutral"
        member.icon = icon
        member.suffix = suffix
        member.media_type = media_type
        member.explanation = explanation
        return member

    PDF = "pdf", "PDF", "file-text", "pdf", "application/pdf", N_("The council's report, for print and screen")
    DOCX = (
        "docx",
        "DOCX",
        "file-text",
        "docx",
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        N_("The council's annex, in the plan's own template where it has one"),
    )
    XLSX = (
        "xlsx",
        "XLSX",
        "file-spreadsheet",
        "xlsx",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        N_("All tables as a workbook, with charts"),
    )
    ODS = "ods", "ODS", "file-spreadsheet", "ods", ODS, N_("All tables as an open spreadsheet")
    CSV = (
        "csv",
        "CSV",
        "file-spreadsheet",
        "zip",
        "application/zip",
        N_("All tables as separated values, in one archive"),
    )
    JSON = "json", "JSON", "file-text", "json", "application/json", N_("For programs, with a published schema")


@dataclass(frozen=True, slots=True)
class Content:
    """What a document is made of: the report as it is printed, the statement whose figures it has, and, for DOCX, the
    plan's own template where it has one."""

    report: CouncilReport
    statement: Statement
    template: bytes | None = None


def make_document(kind: Format, content: Content) -> bytes:
    """The document, in the report's language; the same content gives the same bytes. Blocks, for seconds where there
    are thousands of tasks. Raises RuleBroken where a format cannot hold so much, TypesettingFailed."""
    with i18n.use_language(content.report.language):
        return _WRITERS[kind](content)


def file_name(kind: Format, report: CouncilReport) -> str:
    """What the file of a document is called: the plan, the review and its edition, or the day."""
    which = f"{report.code}-{report.edition}" if report.code else report.day.isoformat()
    return f"{report.slug}-{which}.{kind.suffix}"


def sheets_of(report: CouncilReport) -> list[Table | Sheet]:
    """The sheets of a spreadsheet: the summary with its charts, both plans, the breakdown, changes, SWOT, terms."""
    summary = Sheet(_("Summary"), report.title, [*report.notes, *report.sentences], report.summary)
    return [summary, *tables_of(report)]


def tables_of(report: CouncilReport) -> list[Table]:
    """The tables of a report, without the summary's."""
    changes = [] if report.changes is None else [report.changes]
    return [report.action_plan, report.investments, report.breakdown, *changes, report.swot, report.terms]


def _xlsx(content: Content) -> bytes:
    return to_xlsx(sheets_of(content.report), content.report.dated)


def _ods(content: Content) -> bytes:
    return to_ods(sheets_of(content.report), content.report.dated)


def _csv(content: Content) -> bytes:
    report = content.report
    return to_zip_of_csv(
        [*report.summary, *tables_of(report)], [report.title, report.organisation, *report.notes, "", *report.sentences]
    )


def _pdf(content: Content) -> bytes:
    return report_pdf(content.report)


def _docx(content: Content) -> bytes:
    return report_docx(content.report, content.template)


# --- JSON ---------------------------------------------------------------------------------------------------------


class JsonPart(BaseModel):
    """A piece of the JSON document."""

    model_config = ConfigDict(frozen=True)


class JsonColumn(JsonPart):
    """A column: its heading, and what its values are: text, whole, number, money (EUR), percent (an exact share of one,
    "n/d"), share (in percent), day (YYYY-MM-DD). Numbers are texts, so that none is rounded."""

    title: str
    kind: Kind


class JsonRow(JsonPart):
    """A row: of the table's body, one that heads a group, or one that adds up."""

    kind: RowKind
    cells: tuple[str | None, ...]


class JsonTable(JsonPart):
    """A table as the other documents have it."""

    key: str
    title: str
    columns: tuple[JsonColumn, ...]
    rows: tuple[JsonRow, ...]


class JsonReport(JsonPart):
    """The whole document (docs/review.schema.json). `statement` is all that was frozen, in no language; `tables` are
    those of the other documents, in `language`. `review` and `edition` are None for a plan as it is today."""

    format: Literal[1]
    language: str
    review: str | None
    edition: int | None
    filters: tuple[str, ...]
    statement: Statement
    tables: tuple[JsonTable, ...]


def _json(content: Content) -> bytes:
    """A JsonReport with a task, a line or a table on each line, written piece by piece: it may be tens of megabytes."""
    report, statement = content.report, content.statement
    about = {
        "format": JSON_FORMAT,
        "language": report.language,
        "review": report.code or None,
        "edition": report.edition,
        "filters": list(report.chosen),
    }
    file = io.BytesIO()
    file.write(_as_json(about)[:-1])
    file.write(b',\n"statement": {"plan": ')
    file.write(_as_json(statement.plan))
    for name, pieces in ((b"tasks", statement.tasks), (b"lines", statement.lines)):
        file.write(b',\n"%b": ' % name)
        _write_list(file, pieces)
    file.write(b'},\n"tables": ')
    _write_list(file, (_json_table(table) for table in [*report.summary, *tables_of(report)]))
    file.write(b"}\n")
    return file.getvalue()


def _as_json(piece: object) -> bytes:
    """The piece; nothing in it reads as markup, whatever opens the file."""
    return to_json(piece).replace(b"<", b"\\u003c")


def _write_list(file: io.BytesIO, pieces: Iterable[object]) -> None:
    file.write(b"[")
    for place, piece in enumerate(pieces):
        file.write(b",\n" if place else b"\n")
        file.write(_as_json(piece))
    file.write(b"]")


def _json_table(table: Table) -> JsonTable:
    return JsonTable(
        key=table.key,
        title=table.title,
        columns=tuple(JsonColumn(title=column.title, kind=column.kind) for column in table.columns),
        rows=tuple(
            JsonRow(
                kind=row.kind,
                cells=tuple(_json_value(table.cell(row, place).value) for place in range(len(table.columns))),
            )
            for row in table.rows
        ),
    )


def _json_value(value: Value) -> str | None:
    match value:
        case None | "":
            return None
        case date():
            return value.isoformat()
        case Fraction():
            return f"{value.numerator}/{value.denominator}"
        case Decimal():
            return f"{value:f}"
        case _:
            return str(value)


def schema() -> dict[str, object]:
    """The JSON document's schema (JSON Schema 2020-12)."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **JsonReport.model_json_schema()}


_WRITERS: dict[Format, Callable[[Content], bytes]] = {
    Format.PDF: _pdf,
    Format.DOCX: _docx,
    Format.XLSX: _xlsx,
    Format.ODS: _ods,
    Format.CSV: _csv,
    Format.JSON: _json,
}
