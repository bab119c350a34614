"""The pages about money, where the plan publishes it: by source, by year, and the lines as the council has them."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from litestar import get
from litestar.response import Response
from litestar_htmx import HTMXRequest

from stratplan.i18n import _
from stratplan.investments.queries import money_of
from stratplan.investments.sums import Axis
from stratplan.investments.table import investment_table
from stratplan.overview.explanation_parts import Table
from stratplan.overview.money_explanations import breakdown_table
from stratplan.overview.overview import bars_by
from stratplan.permissions import Permission
from stratplan.plans.queries import sources_in_order
from stratplan.public.resident_view import AS_RESIDENT, ResidentView, resident_page
from stratplan.snapshot import Snapshot


def money_by_source(snapshot: Snapshot, day: date) -> Table:
    """The plan's money by source, each with its whole name beside its code."""
    table = breakdown_table(snapshot, money_of(snapshot, day), Axis.SOURCE)
    names = {source.code: f"{source.name} ({source.code})" for source in sources_in_order(snapshot)}
    rows = tuple((replace(row[0], text=names.get(row[0].text, row[0].text)), *row[1:]) for row in table.rows)
    return replace(table, rows=rows)


@get("/p/{slug:str}/funding", permission=Permission.INVESTMENTS_READ, kept=True, **AS_RESIDENT)
async def show_funding_to_residents(request: HTMXRequest, view: ResidentView) -> Response[str]:
    """What the plan costs and who pays."""
    money = money_of(view.snapshot, view.day)
    return resident_page(
        request,
        "public/funding.html",
        view,
        context={
            "money": money,
            "table": investment_table(view.snapshot, view.day),
            "by_source": money_by_source(view.snapshot, view.day),
            "by_year": breakdown_table(view.snapshot, money, Axis.YEAR),
            "source_bars": bars_by(view.snapshot, money, Axis.SOURCE),
            "year_bars": bars_by(view.snapshot, money, Axis.YEAR),
        },
        description=_("Whose money pays for the plan: %(plan)s", plan=view.plan.title),
        section="funding",
    )


handlers = [show_funding_to_residents]
