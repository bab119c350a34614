"""The card that other sites show of a plan: without scripts, in a frame, only where the plan's planners allow it."""

from __future__ import annotations

from litestar import get
from litestar.response import Response
from litestar_htmx import HTMXRequest

from stratplan.frame import HEADERS
from stratplan.goals.progress import percent
from stratplan.goals.queries import plan_progress
from stratplan.goals.states import Schedule
from stratplan.overview.overview import tally
from stratplan.permissions import Permission
from stratplan.plans.models import Plan
from stratplan.public.pages import goal_rows
from stratplan.public.resident_view import AS_RESIDENT, ResidentView, resident_page

GOALS_AT_MOST = 6


def frame_headers(plan: Plan) -> dict[str, str]:
    """The policies of every page, but this one may stand in the frames of the listed hosts, and of this site, which
    shows planners how it looks."""
    policy = HEADERS["content-security-policy"]
    allowed = " ".join(["'self'", *plan.widget_hosts])
    return {
        "content-security-policy": policy.replace("frame-ancestors 'none'", f"frame-ancestors {allowed}"),
        "cross-origin-resource-policy": "cross-origin",
        "cross-origin-opener-policy": "unsafe-none",
        "x-robots-tag": "noindex",
    }


@get("/p/{slug:str}/widget", permission=Permission.PLANS_READ, kept=True, **AS_RESIDENT)
async def show_widget(request: HTMXRequest, view: ResidentView) -> Response[str]:
    """The plan's progress as a card."""
    counted = tally(view.snapshot, view.day)
    progress = plan_progress(view.snapshot, view.day).value
    rows = goal_rows(view)
    return resident_page(
        request,
        "public/widget.html",
        view,
        context={
            "percent": None if progress is None else percent(progress),
            "overdue": counted.schedule[Schedule.OVERDUE],
            "goals": rows[:GOALS_AT_MOST],
            "more": max(0, len(rows) - GOALS_AT_MOST),
        },
        description=view.plan.title,
        section="plan",
        headers=frame_headers(view.plan),
    )


handlers = [show_widget]
