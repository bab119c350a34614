"""The council's report set in type."""

from __future__ import annotations

from dataclasses import replace
from itertools import groupby

from stratplan import i18n
from stratplan.errors import RuleBroken
from stratplan.exports.pdf import Paper, Section, to_pdf
from stratplan.exports.tables import Row, RowKind, Table
from stratplan.i18n import _
from stratplan.reviews.council import CouncilReport

LONGEST = 20_000  # rows, for which typst needs about 3.5 GB


def report_pdf(report: CouncilReport) -> bytes:
    """The report as a tagged PDF; the same edition gives the same bytes. Blocks. Raises RuleBroken where it would be
    too long, TypesettingFailed where it cannot be set."""
    with i18n.use_language(report.language):
        paper = _paper(report)
        if sum(len(table.rows) for section in paper.sections for table in section.tables) > LONGEST:
            raise RuleBroken(
                _(
                    "A PDF has at most %(rows)s rows. Take this report as XLSX, or narrow it with filters.",
                    rows=i18n.number(LONGEST),
                )
            )
    return to_pdf(paper)


def _paper(report: CouncilReport) -> Paper:
    day = _("As of %(day)s", day=i18n.short_date(report.day))
    return Paper(
        language=report.language,
        title=report.title,
        organisation=report.organisation,
        plan=report.plan,
        period=report.review,
        annex=list(report.annex),
        notes=title_notes(report),
        lead=report.sentences,
        foot=" · ".join(part for part in (report.review, day) if part),
        sections=_sections(report),
        made_at=report.dated,
    )


def title_notes(report: CouncilReport) -> list[str]:
    """What stands in the box under the title; the plan's title is above it already."""
    approved = (
        [_("The plan was approved by: %(decision)s", decision=report.plan_decision)] if report.plan_decision else []
    )
    return [*report.notes[1:], *approved]


def _sections(report: CouncilReport) -> list[Section]:
    changes = [] if report.changes is None else [_changes(report.changes, report)]
    return [
        Section(_("Summary"), report.summary),
        Section(report.action_plan.title, [report.printed_action_plan], landscape=True, bookmarks=True),
        Section(report.investments.title, [report.printed_investments], landscape=True, bookmarks=True),
        *changes,
        Section(report.swot.title, [grouped(report.swot, 0)], bookmarks=True),
        Section(
            report.terms.title,
            [grouped(report.terms, 2)],
            bookmarks=True,
            signatures=[_("Prepared by"), _("Approved by")],
        ),
    ]


def _changes(table: Table, report: CouncilReport) -> Section:
    return Section(
        table.title, [replace(table, notes=table.notes[len(report.notes) :])], landscape=True, bookmarks=True
    )


def grouped(table: Table, place: int) -> Table:
    """The table with what one of its columns says as headings over the rows that it is said of; without its notes, as
    these stand on the first page."""
    rows: list[Row] = []
    for name, found in groupby(table.rows, lambda row: row.cells[place]):
        rows.append(Row([name], RowKind.GROUP))
        rows += [Row([*row.cells[:place], *row.cells[place + 1 :]]) for row in found]
    columns = [column for at, column in enumerate(table.columns) if at != place]
    return replace(table, columns=columns, rows=rows, notes=())
