"""The page of one investment line: what it costs, who pays, how far its money has come, and its history."""

from litestar import get
from litestar.response import Response
from litestar_htmx import HTMXRequest

from stratplan.goals.models import Goal
from stratplan.history.rows import document_history
from stratplan.investments.queries import find_line, lines_in_order
from stratplan.investments.spending import money_context
from stratplan.investments.table import line_row, share_parts
from stratplan.numbering import is_under
from stratplan.permissions import Permission
from stratplan.view import View
from stratplan.web import page


@get("/plans/{slug:str}/investments/{line:str}", permission=Permission.INVESTMENTS_READ, kept=True)
async def show_line(request: HTMXRequest, view: View, line: str) -> Response[str]:
    """A line or a heading of the investment plan."""
    document = find_line(view.snapshot, line)
    rows = [line_row(view.snapshot, view.day, other) for other in lines_in_order(view.snapshot)]
    place = next(place for place, row in enumerate(rows) if row.line is document)
    return await page(
        request,
        "overview/line.html",
        {
            **money_context(view, document),
            "goal": view.snapshot.find(Goal, document.goal),
            "headings": [row.line for row in rows if row.line.heading and is_under(document.number, row.line.number)],
            "lines_under": [row for row in rows if document.heading and is_under(row.line.number, document.number)],
            "shares": share_parts(view.snapshot, document),
            "previous": rows[place - 1].line if place else None,
            "next": rows[place + 1].line if place + 1 < len(rows) else None,
            "rows": await document_history(document, view) if view.can(Permission.HISTORY_READ) else [],
        },
        view=view,
        section="investments",
        fragment="overview/_line.html",
    )


handlers = [show_line]
