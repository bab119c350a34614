"""The published part of a plan as files: the same tables that members take away, of what residents see."""

from __future__ import annotations

import asyncio

from litestar import get
from litestar.response import Response
from litestar_htmx import HTMXRequest

from stratplan.exports.downloads import CSV, XLSX, download
from stratplan.exports.separated_values import to_csv
from stratplan.exports.xlsx import to_xlsx
from stratplan.goals.action_plan import action_plan, read_selection
from stratplan.overview.export_investments import breakdown_table, lines_table
from stratplan.overview.export_routes import tasks_table
from stratplan.permissions import Permission
from stratplan.public.resident_view import AS_RESIDENT, ResidentView


@get("/p/{slug:str}/tasks.xlsx", permission=Permission.GOALS_READ, **AS_RESIDENT)
async def public_tasks_as_xlsx(request: HTMXRequest, view: ResidentView) -> Response[bytes]:
    """The tasks as a workbook."""
    selection = read_selection(view.snapshot, view.day, dict(view.asked))
    table = tasks_table(view, action_plan(view.snapshot, view.day, selection, paged=False))
    body = await asyncio.to_thread(to_xlsx, [table])
    return download(body, name=f"{view.plan.slug}-tasks-{view.day}.xlsx", media_type=XLSX)


@get("/p/{slug:str}/tasks.csv", permission=Permission.GOALS_READ, **AS_RESIDENT)
async def public_tasks_as_csv(request: HTMXRequest, view: ResidentView) -> Response[bytes]:
    """The tasks as separated values."""
    selection = read_selection(view.snapshot, view.day, dict(view.asked))
    table = tasks_table(view, action_plan(view.snapshot, view.day, selection, paged=False))
    body = await asyncio.to_thread(to_csv, table)
    return download(body, name=f"{view.plan.slug}-tasks-{view.day}.csv", media_type=CSV)


@get("/p/{slug:str}/funding.xlsx", permission=Permission.INVESTMENTS_READ, **AS_RESIDENT)
async def public_funding_as_xlsx(request: HTMXRequest, view: ResidentView) -> Response[bytes]:
    """The investment plan as a workbook: the table and the sums."""
    body = await asyncio.to_thread(to_xlsx, [lines_table(view), breakdown_table(view)])
    return download(body, name=f"{view.plan.slug}-funding-{view.day}.xlsx", media_type=XLSX)


@get("/p/{slug:str}/funding.csv", permission=Permission.INVESTMENTS_READ, **AS_RESIDENT)
async def public_funding_as_csv(request: HTMXRequest, view: ResidentView) -> Response[bytes]:
    """The investment plan's table as separated values."""
    body = await asyncio.to_thread(to_csv, lines_table(view))
    return download(body, name=f"{view.plan.slug}-funding-{view.day}.csv", media_type=CSV)


handlers = [public_tasks_as_xlsx, public_tasks_as_csv, public_funding_as_xlsx, public_funding_as_csv]
