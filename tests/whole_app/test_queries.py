"""No page asks the database row by row: a plan ten times as large costs the same commands."""

from __future__ import annotations

import re
from datetime import date

import httpx

from benchmarks.plan_generator import generate
from stratplan.database import Database
from stratplan.frame import Frame
from tests.listening import listening
from tests.route_table import routes_of

FEW, MANY = 20, 200
# The heads, and for a page of one document or of the history its entries, and what those are shown beside.
MOST_COMMANDS = 4


async def test_a_plan_ten_times_as_large_takes_the_same_commands(
    db: Database, app: Frame, client: httpx.AsyncClient
) -> None:
    for size in (FEW, MANY):
        await generate(f"plan-{size}", size)
    pages = [
        route.path
        for route in routes_of(app)
        if route.method == "GET" and re.fullmatch(r"/plans/\{slug:str\}(/[a-z/.]+)?", route.path)
    ]
    assert len(pages) >= 15
    pages += ["/plans/{slug:str}/tasks/1.1", "/plans/{slug:str}/goals/SM1", "/plans/{slug:str}/investments/1.1"]
    sent: dict[tuple[str, int], list[str]] = {}
    for size in (FEW, MANY):
        await client.get(f"/plans/plan-{size}")  # reads the plan whole, once
        for page in pages:
            with listening() as commands:
                answer = await client.get(
                    page.replace("{slug:str}", f"plan-{size}"), params={"as_of": date(2016, 5, 1)}
                )
            assert answer.status_code == 200, page
            sent[page, size] = commands
    assert {page: sent[page, MANY] for page in pages if len(sent[page, MANY]) != len(sent[page, FEW])} == {}
    assert {page: sent[page, MANY] for page in pages if len(sent[page, MANY]) > MOST_COMMANDS} == {}
