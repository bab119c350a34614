"""The investment plan as a file: the rows, order and figures of its page, and on a second sheet its breakdown."""

import asyncio
from collections.abc import Iterable, Sequence
from decimal import Decimal

from litestar import get
from litestar.response import Response
from litestar_htmx import HTMXRequest

from stratplan import i18n
from stratplan.exports.downloads import CSV, XLSX, download
from stratplan.exports.separated_values import to_csv
from stratplan.exports.tables import Cell, Column, Kind, Row, RowKind, Table, Value
from stratplan.exports.xlsx import to_xlsx
from stratplan.i18n import _, ngettext
from stratplan.investments.breakdown import Measure, source_name, sources_with_money, year_name
from stratplan.investments.findings import findings
from stratplan.investments.queries import money_of
from stratplan.investments.sums import Axis, Sums
from stratplan.investments.table import FundingColumn, InvestmentTable, LineRow, Part, SumRow, investment_table
from stratplan.permissions import Permission
from stratplan.plans.models import FundingKind
from stratplan.view import View

YEARLY = "*"


def _columns(table: InvestmentTable) -> list[Column]:
    return [
        Column(_("No."), width=8),
        Column(_("Task"), width=48),
        Column(_("Tasks of the action plan"), width=14),
        Column(_("Indicative amount, EUR"), Kind.MONEY, 16),
        Column(_("Each year"), width=9),
        *(column for kind in table.columns for column in _funding_columns(kind)),
        Column(_("Over the plan's years, EUR"), Kind.MONEY, 18),
        Column(_("Contracted, EUR"), Kind.MONEY, 16),
        Column(_("Spent, EUR"), Kind.MONEY, 16),
        Column(_("Notes"), width=40),
    ]


def _funding_columns(kind: FundingColumn) -> list[Column]:
    """A percentage, EUR, and where a column has several sources, which."""
    match kind:
        case None:
            return [Column(_("No source, EUR"), Kind.MONEY, 16)]
        case FundingKind.MUNICIPAL:
            name = _("Municipal budget")
        case FundingKind.STATE:
            name = _("State budget")
        case FundingKind.EU:
            name = _("Foreign funding")
        case FundingKind.LOAN:
            name = i18n.pgettext("column", "Loans")
        case FundingKind.OTHER:
            name = _("Other sources")
    columns = [Column(f"{name}, %", Kind.SHARE, 11), Column(f"{name}, EUR", Kind.MONEY, 16)]
    return columns if _is_one_source(kind) else [*columns, Column(_("%(name)s: source", name=name), width=12)]


def _is_one_source(kind: FundingColumn) -> bool:
    return kind in (FundingKind.MUNICIPAL, FundingKind.STATE)


def _funding_cells(kind: FundingColumn, parts: Sequence[Part], mark: str = "") -> list[Value | Cell]:
    percents = [part.percent for part in parts if part.percent is not None]
    amount = _added(part.amount for part in parts)
    money: Value | Cell = None if amount is None else Cell(amount, Kind.MONEY, mark)
    if kind is None:
        return [money]
    cells: list[Value | Cell] = [_added(percents), money]
    if not _is_one_source(kind):
        cells.append(", ".join(part.source.code for part in parts if part.source is not None))
    return cells


def _added(values: Iterable[Decimal | None]) -> Decimal | None:
    known = [value for value in values if value is not None]
    return sum(known, Decimal(0)) if known else None


def _line_cells(table: InvestmentTable, row: LineRow) -> list[Value | Cell]:
    line = row.line
    mark = YEARLY if line.yearly else ""
    return [
        line.number,
        line.title,
        ", ".join(task.number for task in row.tasks),
        None if line.amount is None else Cell(line.amount, Kind.MONEY, mark),
        _("yes") if line.yearly else None,
        *(cell for kind in table.columns for cell in _funding_cells(kind, row.parts.get(kind, ()), mark)),
        row.sums.amount if line.heading else row.money.total,
        row.sums.contracted,
        row.sums.spent,
        "; ".join(_notes_of(row)),
    ]


def _notes_of(row: LineRow) -> list[str]:
    notes = []
    if row.line.heading:
        notes.append(_("Heading: the sums are those of its lines and not counted again"))
    elif row.line.amount is None:
        notes.append(_("The amount is not known"))
    inferred = [part.source.code for parts in row.parts.values() for part in parts if part.inferred and part.source]
    if inferred:
        notes.append(_("Inferred source: %(codes)s", codes=", ".join(inferred)))
    return notes


def _sum_cells(table: InvestmentTable, sums: SumRow, label: str) -> list[Value | Cell]:
    left_out = len(sums.left_out)
    note = ngettext(
        "%(num)s line without an amount is left out", "%(num)s lines without an amount are left out", left_out
    )
    return [
        None,
        label,
        None,
        None,
        None,
        *(cell for kind in table.columns for cell in _funding_cells(kind, sums.parts.get(kind, ()))),
        sums.sums.amount,
        sums.sums.contracted,
        sums.sums.spent,
        note if left_out else "",
    ]


def lines_table(view: View) -> Table:
    """The council's table in the reader's language; above it the day and what its marks mean."""
    table = investment_table(view.snapshot, view.day)
    columns = _columns(table)
    rows = []
    for group in table.groups:
        rows.append(Row([group.goal.caption], RowKind.GROUP))
        rows += [Row(_line_cells(table, row)) for row in group.rows]
        rows.append(Row(_sum_cells(table, group.sums, _("Total of %(code)s", code=group.goal.code)), RowKind.TOTAL))
    rows.append(Row(_sum_cells(table, table.total, _("Total")), RowKind.TOTAL))
    notes = _above(view)
    if table.has_yearly:
        meaning = _(
            "amount of one year; in the sums it counts once for each year of the plan, or of the line's own period"
        )
        notes.append(f"{YEARLY} {meaning}")
    if view.has_illustrative:
        notes.append(_("Progress and spending here are made-up demonstration data; the plan itself is real."))
    if not view.is_today and any(view.reworded_on(row.line) for row in table.rows):
        notes.append(_("Texts are today's: some were changed after this day."))
    return Table(_("Investment plan"), _("Investment plan"), columns, rows, notes)


def breakdown_table(view: View) -> Table:
    """Goal × source × year, a row for each that has money, with the sums of goals and of the whole plan."""
    money = money_of(view.snapshot, view.day)
    cells = money.cross(Axis.GOAL, Axis.SOURCE, Axis.YEAR)
    of_goals = {row.key: row.sums for row in money.by(Axis.GOAL).rows}
    of_sources = {row.key: row.sums for row in money.by(Axis.SOURCE).rows}
    years = [row.key for row in money.by(Axis.YEAR).rows]
    sources = sources_with_money(view.snapshot, money)
    rows = []
    for group in investment_table(view.snapshot, view.day).groups:
        for source in sources:
            for year in years:
                sums = cells.get((group.goal.key, None if source is None else source.key, year), Sums())
                if not sums.is_empty:
                    named = year_name(year if isinstance(year, int) else None)
                    rows.append(Row([group.goal.code, source_name(source), named, *_three(sums)]))
        if group.goal.key in of_goals:
            rows.append(Row([group.goal.code, _("Total"), None, *_three(of_goals[group.goal.key])], RowKind.TOTAL))
    for source in sources:
        sums = of_sources[None if source is None else source.key]
        rows.append(Row([_("The whole plan"), source_name(source), None, *_three(sums)]))
    rows.append(Row([_("The whole plan"), _("Total"), None, *_three(money.total)], RowKind.TOTAL))
    columns = [
        Column(_("Goal"), width=16),
        Column(_("Source"), width=16),
        Column(_("Year"), width=16),
        *(Column(f"{_(measure.label)}, EUR", Kind.MONEY, 20) for measure in Measure),
    ]
    return Table(_("Breakdown"), _("Money by goal, source and year"), columns, rows, _above(view))


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


def _three(sums: Sums) -> list[Decimal | None]:
    return [measure.of(sums) for measure in Measure]


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
