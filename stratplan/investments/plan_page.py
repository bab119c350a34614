"""The page of the investment plan: the council's table, the money by source, year and goal, and the failed checks."""

from typing import Any

from litestar import get
from litestar.response import Response
from litestar_htmx import HTMXRequest

from stratplan.goals.models import Goal
from stratplan.goals.queries import goals_in_order
from stratplan.investments.breakdown import Measure, breakdown, cross_table
from stratplan.investments.findings import findings
from stratplan.investments.queries import money_of
from stratplan.investments.table import investment_table
from stratplan.permissions import Permission
from stratplan.view import View
from stratplan.web import page


def plan_context(view: View) -> dict[str, Any]:
    """What the page and its fragment need."""
    money = money_of(view.snapshot, view.day)
    asked = dict(view.asked).get("measure", "")
    measure = next((measure for measure in Measure if measure.value == asked), Measure.AMOUNT)
    table = investment_table(view.snapshot, view.day)
    return {
        "table": table,
        "has_reworded": not view.is_today
        and any(view.reworded_on(document) for document in (*view.snapshot.all(Goal).values(), *table.lines)),
        "money": money,
        "findings": findings(view.snapshot, money.checks),
        "breakdown": breakdown(view.snapshot, view.day),
        "cross": cross_table(view.snapshot, view.day, measure),
        "measures": list(Measure),
        "has_goals": bool(goals_in_order(view.snapshot)),
    }


@get("/plans/{slug:str}/investments", permission=Permission.INVESTMENTS_READ, kept=True)
async def list_lines(request: HTMXRequest, view: View) -> Response[str]:
    """The investment plan; `measure` chooses what goal × source × year shows: amount, contracted or spent."""
    return await page(
        request,
        "investments/plan.html",
        plan_context(view),
        view=view,
        section="investments",
        fragment="investments/_plan.html",
    )


handlers = [list_lines]
