"""What a line's money has come to: planned, contracted and spent by source and year, and reporting on it."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from beanie import PydanticObjectId
from litestar import get, post
from litestar.response import Response
from litestar_htmx import HTMXRequest

from stratplan.errors import RuleBroken
from stratplan.forms import Form
from stratplan.i18n import _
from stratplan.investments.breakdown import year_name
from stratplan.investments.findings import findings
from stratplan.investments.forms import MoneyForm, grid_years, last_reported
from stratplan.investments.models import InvestmentLine, MoneyReport
from stratplan.investments.queries import find_line
from stratplan.investments.sums import Sums
from stratplan.investments.table import LineRow, line_row
from stratplan.permissions import Permission
from stratplan.plans.models import FundingSource
from stratplan.plans.queries import sources_in_order
from stratplan.snapshot import Snapshot
from stratplan.view import View
from stratplan.web import done, page, read_form


@dataclass(frozen=True, slots=True)
class SpendingRow:
    """The money of one source in one year; either may not be stated."""

    source: FundingSource | None
    year: int | None
    year_name: str
    sums: Sums

    @property
    def can_be_reported(self) -> bool:
        """Whether a report can be made of it."""
        return self.source is not None and self.year is not None


@dataclass(frozen=True, slots=True)
class Spending:
    """A line's money by year and source up to a day, the reports on it (newest first), and what a chart draws."""

    rows: tuple[SpendingRow, ...]
    reports: tuple[tuple[MoneyReport, FundingSource | None], ...]
    columns: list[dict[str, object]]


def spending_of(snapshot: Snapshot, row: LineRow, day: date) -> Spending:
    """The line's money up to the day."""
    sources = {source.key: place for place, source in enumerate(sources_in_order(snapshot))}
    rows = [
        SpendingRow(_source(snapshot, cell.source), cell.year, year_name(cell.year), cell.sums)
        for cell in row.money.cells
        if not cell.sums.is_empty
    ]
    rows.sort(
        key=lambda one: (
            one.year is None,
            one.year or 0,
            sources.get(one.source.key, len(sources)) if one.source else len(sources),
        )
    )
    reports = [report for report in row.line.money_reports if report.on <= day]
    reports.sort(key=lambda report: (report.on, report.year, -sources.get(report.source, len(sources))), reverse=True)
    by_year: dict[str, list[Decimal | None]] = {}
    for one in rows:
        bars = by_year.setdefault(one.year_name, [None, None, None])
        for place, value in enumerate((one.sums.amount, one.sums.contracted, one.sums.spent)):
            known = bars[place]
            bars[place] = known if value is None else value if known is None else known + value
    return Spending(
        rows=tuple(rows),
        reports=tuple((report, snapshot.find(FundingSource, report.source)) for report in reports),
        columns=[
            {"label": label, "bars": [{"value": value, "text": ""} for value in bars]}
            for label, bars in by_year.items()
        ],
    )


def _source(snapshot: Snapshot, key: object) -> FundingSource | None:
    return snapshot.find(FundingSource, key) if isinstance(key, PydanticObjectId) else None


def money_context(view: View, line: InvestmentLine) -> dict[str, Any]:
    """What the fragment of a line's money needs."""
    row = line_row(view.snapshot, view.day, line)
    return {
        "line": line,
        "row": row,
        "findings": findings(view.snapshot, row.checks),
        "spending": spending_of(view.snapshot, row, view.day),
    }


@get("/plans/{slug:str}/investments/{line:str}/money/new", permission=Permission.INVESTMENTS_WRITE)
async def new_money_report(request: HTMXRequest, view: View, line: str) -> Response[str]:
    """The form of a report on a line's money, of the `source` and `year` asked for, with the sums last reported."""
    document = find_line(view.snapshot, line)
    asked = dict(view.asked)
    sources = _sources_of(view, document)
    source = next((one for one in sources if asked.get("source") in (one.code, str(one.key))), sources[0])
    years = grid_years(view.plan.years, document)
    year = next((one for one in years if asked.get("year") == str(one)), min(max(view.day.year, years[0]), years[-1]))
    values = {
        "version": document.version,
        "on": min(view.day, view.today),
        "source": source.key,
        "year": year,
        **last_reported(document, source.key, year, view.day),
    }
    return await _form_page(request, view, document, Form.filled(MoneyForm, values))


@post("/plans/{slug:str}/investments/{line:str}/money", permission=Permission.INVESTMENTS_WRITE)
async def report_money(request: HTMXRequest, view: View, line: str) -> Response[Any]:
    """Report what is contracted and spent; HTMX gets the line's money as it is then, and the dialog closes."""
    form = await read_form(request, MoneyForm)
    document = find_line(view.snapshot, line)
    if form.data is None:
        return await _form_page(request, view, document, form, status=422)
    try:
        if form.data.on > view.today:
            raise RuleBroken(_("This day is still to come."), field="on")
        values = form.data.model_dump(exclude={"version"})
        entry = await document.report_money(**values, by=view.reader.actor, based_on=form.data.version)
    except RuleBroken as broken:
        form.refuse(broken)
        return await _form_page(request, view, document, form, status=409)
    fresh = await view.fresh()
    answer = await done(
        request,
        entry,
        view=fresh,
        to=fresh.url(f"/investments/{document.number}"),
        fragment="investments/_line_money.html",
        context=money_context(fresh, find_line(fresh.snapshot, str(document.key))),
    )
    answer.headers["HX-Trigger-After-Swap"] = "dialog-close"
    return answer


def _sources_of(view: View, line: InvestmentLine) -> list[FundingSource]:
    """The plan's sources, those of the line first."""
    own = {entry.source for entries in (line.shares, line.planned, line.money_reports) for entry in entries}
    found = sorted(sources_in_order(view.snapshot), key=lambda source: source.key not in own)
    if not found:
        raise RuleBroken(_("The plan has no funding sources yet. Add one first."))
    return found


async def _form_page(
    request: HTMXRequest, view: View, line: InvestmentLine, form: Form[Any], *, status: int = 200
) -> Response[str]:
    return await page(
        request,
        "investments/money_form.html",
        {
            "form": form,
            "line": line,
            "sources": [(str(source.key), f"{source.code} – {source.name}") for source in _sources_of(view, line)],
            "years": [(str(year), year_name(year)) for year in grid_years(view.plan.years, line)],
        },
        view=view,
        section="investments",
        fragment="investments/_money_form.html",
        status=status,
        retarget="#money-form" if status != 200 else None,
    )


handlers = [new_money_report, report_money]
