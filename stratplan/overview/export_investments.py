"""The investment plan as a file: the rows, order and figures of its page, and on a second sheet its breakdown."""

import asyncio

from litestar import get
from litestar.response import Response
from litestar_htmx import HTMXRequest

from stratplan import i18n
from stratplan.exports.downloads import CSV, XLSX, download
from stratplan.exports.separated_values import to_csv
from stratplan.exports.tables import Column, Row, Table
from stratplan.exports.xlsx import to_xlsx
from stratplan.i18n import _
from stratplan.investments.findings import findings
from stratplan.investments.queries import lines_in_order, money_of
from stratplan.permissions import Permission
from stratplan.reviews import money_tables
from stratplan.reviews.stating import statement_of
from stratplan.view import View


def lines_table(view: View) -> Table:
    """The council's table in the reader's language; above it the day and what its marks mean."""
    notes = _above(view)
    if view.has_illustrative:
        notes.append(_("Progress and spending here are made-up demonstration data; the plan itself is real."))
    if not view.is_today and any(view.reworded_on(line) for line in lines_in_order(view.snapshot)):
        notes.append(_("Texts are today's: some were changed after this day."))
    return money_tables.investment_table(statement_of(view.snapshot, view.day, {}), notes)


def breakdown_table(view: View) -> Table:
    """Goal × source × year, a row for each that has money, with the sums of goals and of the whole plan."""
    return money_tables.breakdown_table(statement_of(view.snapshot, view.day, {}), _above(view))


def checks_table(view: View) -> Table:
    """The checks that fail, in the page's words and order."""
    groups = findings(view.snapshot, money_of(view.snapshot, view.day).checks)
    rows = [
        Row(
            [
                _(group.code.label),
                finding.text,
                ", ".join(subject.number for subject in finding.subjects),
                group.advice,
            ]
        )
        for group in groups
        for finding in group.findings
    ]
    columns = [
        Column(_("Check"), width=26),
        Column(_("What was found"), width=60),
        Column(_("Where"), width=24),
        Column(_("What to do"), width=60),
    ]
    return Table(_("Checks that fail"), _("Checks that fail"), columns, rows, _above(view))


def _above(view: View) -> list[str]:
    """What stands above every table: the plan and the day."""
    return [view.plan.title, _("As of %(day)s", day=i18n.short_date(view.day))]


@get("/plans/{slug:str}/investments.xlsx", permission=Permission.INVESTMENTS_READ)
async def investments_as_xlsx(request: HTMXRequest, view: View) -> Response[bytes]:
    """The investment plan as a workbook: the table, the breakdown, the failed checks."""
    tables = [lines_table(view), breakdown_table(view), checks_table(view)]
    body = await asyncio.to_thread(to_xlsx, tables)
    return download(body, name=f"{view.plan.slug}-investments-{view.day}.xlsx", media_type=XLSX)


@get("/plans/{slug:str}/investments.csv", permission=Permission.INVESTMENTS_READ)
async def investments_as_csv(request: HTMXRequest, view: View) -> Response[bytes]:
    """The investment plan's table as separated values."""
    body = await asyncio.to_thread(to_csv, lines_table(view))
    return download(body, name=f"{view.plan.slug}-investments-{view.day}.csv", media_type=CSV)


handlers = [investments_as_xlsx, investments_as_csv]
